"""A story's page: originals in order, copies under them, who spoke, and giant stories page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from review.opened import ARTICLES_PAGE
from review.settings import ReviewSettings
from storage import stories, story_lines
from storage.database import open_writer, transaction
from storage.story_lines import MOST_COPIES
from storage.types import Source, Status
from tests.outbox_fill import NOW
from tests.test_review_app import ORTM, RFI, Told, store
from tests.visitor import Visitor, application

MINUTE = timedelta(minutes=1)
STATE = Source(id="amap", name="AMAP", url="https://amap.example/", language="fr", country="MLI")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def tell(database: Database, number: int, story: int | None, source: Source = RFI, **more: Any) -> tuple[int, int]:
    """Store an article of a story, so many minutes after the first."""
    told = Told(
        title=f"Titre {number}", url=f"https://x.example/{number}", source=source, when=NOW + number * MINUTE, **more
    )
    return store(database, told, story=story)


def copy(database: Database, copies: int, original: int) -> None:
    with transaction(database):
        database.execute("UPDATE article SET copy_of = ? WHERE id = ?", (original, copies))


def visit(database: Database, folder: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=folder, watches=(), version="0"
    )
    return Visitor(application(database, settings))


def test_copies_stand_under_their_original(database: Database) -> None:
    first, story = tell(database, 0, None)
    second, _ = tell(database, 1, story, ORTM)
    third, _ = tell(database, 2, story, ORTM)
    fourth, _ = tell(database, 3, story, ORTM)
    copy(database, second, first)
    copy(database, fourth, first)
    found = story_lines.originals(database, story)
    assert [(one.line.id, [copied.id for copied in one.copies], one.copied) for one in found] == [
        (first, [second, fourth], 2),
        (third, [], 0),
    ]


def test_a_copy_whose_original_tells_another_story_is_not_lost(database: Database) -> None:
    elsewhere, _ = tell(database, 0, None)
    here, story = tell(database, 1, None, ORTM)
    copy(database, here, elsewhere)
    copied_here, _ = tell(database, 2, story)
    copy(database, copied_here, here)
    assert sorted(one.line.id for one in story_lines.originals(database, story)) == [here, copied_here]
    assert story_lines.count_originals(database, story) == 2


def test_of_many_copies_the_earliest_are_read_and_all_are_counted(database: Database) -> None:
    first, story = tell(database, 0, None)
    ids = [tell(database, number, story)[0] for number in range(1, MOST_COPIES + 6)]
    with transaction(database):
        database.execute("UPDATE article SET copy_of = ? WHERE id <> ?", (first, first))
    (one,) = story_lines.originals(database, story)
    assert [copied.id for copied in one.copies] == ids[:MOST_COPIES]
    assert one.copied == len(ids)


def test_origins_and_sides_are_told_in_the_order_in_which_they_spoke(database: Database) -> None:
    _, story = tell(database, 0, None, ORTM, origin="AFP")
    tell(database, 1, story, RFI, origin="AFP")
    tell(database, 2, story, RFI, origin="RFI")
    tell(database, 3, story, STATE, origin="AMAP")
    with transaction(database):
        database.execute("UPDATE source SET country = CASE id WHEN 'rfi' THEN 'FRA' ELSE 'MLI' END")
        database.execute("UPDATE source SET state_affiliation = 'MLI' WHERE id = 'amap'")
    origins = [(voice.name, voice.articles, voice.outlets) for voice in story_lines.origins(database, story)]
    assert origins == [("AFP", 2, 2), ("RFI", 1, 1), ("AMAP", 1, 1)]
    sides = [(voice.name, voice.outlets, voice.state_outlets) for voice in story_lines.sides(database, story)]
    assert sides == [("MLI", 2, 1), ("FRA", 1, 0)]


def test_a_giant_story_is_shown_page_by_page(database: Database, tmp_path: Path) -> None:
    _, story = tell(database, 0, None)
    for number in range(1, ARTICLES_PAGE + 8):
        tell(database, number, story)
    visitor = visit(database, tmp_path)
    first = visitor.get(f"/?story={story}")
    shown = [
        number for number in range(ARTICLES_PAGE + 8) if f">Titre {number}<" in first.body.split('id="articles"')[1]
    ]
    assert shown == list(range(ARTICLES_PAGE))
    assert f"More of the {ARTICLES_PAGE + 8} articles" in first.text
    address = first.body.split(f'href="/?story={story}&amp;from=')[1].partition("#")[0]
    following = visitor.get(f"/?story={story}&from={address}")
    rest = following.body.split('id="articles"')[1]
    assert [number for number in range(ARTICLES_PAGE + 8) if f">Titre {number}<" in rest] == list(
        range(ARTICLES_PAGE, ARTICLES_PAGE + 8)
    )
    assert "Back to the first article" in following.text
    assert visitor.get(f"/stories/{story}?from=nonsense").status == 200


def test_the_timeline_says_who_told_what_first_and_background_is_folded(database: Database, tmp_path: Path) -> None:
    _, story = tell(database, 0, None, ORTM, origin="ORTM")
    tell(database, 1, story, RFI, origin="RFI", type="recall_ambassador", trigger="expulsé")
    tell(database, 2, story, RFI, status=Status.PAST, type="break_relations")
    page = visit(database, tmp_path).get(f"/stories/{story}")
    firsts = page.body.split('id="firsts"')[1].split("</section>")[0]
    assert firsts.index("ORTM") < firsts.index("RFI")
    assert firsts.count("<li>") == 3
    assert 'class="background"><summary>1 further mention' in page.body
    assert stories.get(database, story).articles == 3
    assert "no outlet of this country speaks" not in page.text  # no outlet has a known country


def test_a_side_that_no_outlet_speaks_for_is_named(database: Database, tmp_path: Path) -> None:
    _, story = tell(database, 0, None, RFI)
    with transaction(database):
        database.execute("UPDATE source SET country = 'FRA'")
    text = visit(database, tmp_path).get(f"/stories/{story}").text
    assert "Mali no outlet of this country speaks" in text


def test_an_act_told_late_in_a_giant_story_is_not_lost(database: Database, tmp_path: Path) -> None:
    _, story = tell(database, 0, None, severity=3)
    for number in range(1, 60):
        tell(database, number, story, severity=3)
    graver, _ = tell(database, 60, story, severity=5)
    late, _ = tell(database, 61, story, type="recall_ambassador", actor=None)
    expulsion, recall = story_lines.acts(database, story)
    assert (expulsion.articles, expulsion.first_article, expulsion.article_id) == (61, 1, graver)
    assert expulsion.signal.severity == 5
    assert (recall.articles, recall.first_article, recall.signal.actor) == (1, late, None)
    assert story_lines.first_article(database, story) == 1
    page = visit(database, tmp_path).get(f"/stories/{story}")
    assert "61 articles" in page.body.split('id="events"')[1].split("</section>")[0]
    assert "Titre 61" in page.body.split('id="firsts"')[1].split("</section>")[0]


def test_a_story_without_articles_has_nothing_to_tell(database: Database) -> None:
    assert story_lines.acts(database, 7) == []
    assert story_lines.first_article(database, 7) is None
    assert story_lines.lines(database, ()) == {}
