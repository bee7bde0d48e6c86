"""Reports of one event share a story, whatever their words and language; its end, its denial and its like do not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from detection.stories import sketch
from scheduler import kin
from storage.database import open_writer
from storage.stories import MemberRow
from tests.grouping import Labelled, bcubed, group, polarity_merges, read_events
from tests.story_texts import NOW


def _stories(articles: list[Labelled], folder: Path) -> dict[str, int]:
    folder.mkdir(exist_ok=True)
    return {name: processed.story_id for name, processed in group(articles, folder).items()}


@pytest.mark.parametrize(("world", "least"), [("E1", 0.88), ("E2", 0.86)])
def test_reports_of_one_event_share_a_story(world: str, least: float, tmp_path: Path) -> None:
    articles = read_events(world)
    assert len(articles) == 150
    stories = _stories(articles, tmp_path)
    assert bcubed(articles, stories)[2] >= least
    assert polarity_merges(articles, stories) == []


def test_the_order_of_arrival_hardly_matters(tmp_path: Path) -> None:
    """And which texts are copies not at all: groups of copies are the same in any order."""
    articles = [one for one in read_events("E1") if one.thread in {"T1-1", "T1-2"}]
    results = []
    for seed in range(3):
        shuffled = list(articles)
        random.Random(seed).shuffle(shuffled)
        folder = tmp_path / str(seed)
        folder.mkdir()
        results.append(group(shuffled, folder))
    copies = [
        {
            frozenset(
                name
                for name, other in found.items()
                if (other.copy_of or other.article_id) == (processed.copy_of or processed.article_id)
            )
            for processed in found.values()
        }
        for found in results
    ]
    assert copies[0] == copies[1] == copies[2]
    scores = [bcubed(articles, {name: one.story_id for name, one in found.items()})[2] for found in results]
    assert min(scores) >= 0.8


def test_what_is_remembered_is_bounded_and_that_of_a_failed_transaction_harms_nobody(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    for number in range(kin._MOST_KNOWN + 10):
        kin.remember(database, number, "hash", None)
    assert len(kin._KNOWN[database]) == kin._MOST_KNOWN
    made = sketch("Le Mali et la France", "", ())
    kin.remember(database, 1, "failed", made)
    row = MemberRow(story_id=1, article_id=99, revision_id=1, content_hash="stored", effective_at=NOW)
    assert list(kin._sketches(database, [row])) == []
    database.conn.close()
