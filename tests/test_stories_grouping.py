"""Reports of one event share a story, whatever their words and language; its end, its denial and its like do not."""

from __future__ import annotations

import random
from collections.abc import Mapping
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


@pytest.mark.parametrize(("world", "least"), [("E1", 0.92), ("E2", 0.88), ("E3", 0.86), ("E4", 0.94)])
def test_reports_of_one_event_share_a_story(world: str, least: float, tmp_path: Path) -> None:
    articles = read_events(world)
    assert len(articles) >= 100
    stories = _stories(articles, tmp_path)
    assert bcubed(articles, stories)[2] >= least
    assert polarity_merges(articles, stories) == []


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_arrival_hardly_matters(seed: int, tmp_path: Path) -> None:
    """And which texts are copies not at all: groups of copies are the same in any order."""
    articles = [one for one in read_events("E1") if one.thread in {"T1-1", "T1-2"}]
    shuffled = list(articles)
    random.Random(seed).shuffle(shuffled)
    found = []
    for name, order in (("in order", articles), ("shuffled", shuffled)):
        (tmp_path / name).mkdir()
        found.append(group(order, tmp_path / name))
    copies = [_held({name: one.copy_of or one.article_id for name, one in given.items()}) for given in found]
    assert copies[0] == copies[1]
    stories = [_held({name: one.story_id for name, one in given.items()}) for given in found]
    apart = [name for name in found[0] if not any(name in held and held in stories[1] for held in stories[0])]
    assert len(apart) <= 0.1 * len(articles)


def _held(groups: Mapping[str, int]) -> set[frozenset[str]]:
    """Return the groups of what has the same value."""
    return {frozenset(name for name, other in groups.items() if other == value) for value in groups.values()}


def test_what_is_remembered_is_bounded_and_that_of_a_failed_transaction_harms_nobody(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    for number in range(kin._MOST_KNOWN + 10):
        kin.remember(database, number, "hash", None)
    assert len(kin._MEMORIES[database].articles) == kin._MOST_KNOWN
    made = sketch("Le Mali et la France", "", ())
    kin.remember(database, 1, "failed", made)
    row = MemberRow(story_id=1, article_id=99, revision_id=1, content_hash="stored", effective_at=NOW)
    assert list(kin._held(database, [row])) == []
    database.conn.close()
