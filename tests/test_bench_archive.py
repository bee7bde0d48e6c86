"""The archive that the pages are measured on is one as the service fills it, and is what it says it is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage.database import open_reader, open_writer
from tests import archive_rows, bench_pages
from tests.archive_press import Piece, Press

END = datetime(2026, 9, 1, tzinfo=UTC)
_COUNT = 1_200


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(_COUNT, END, sentences=800)


@pytest.fixture(scope="module")
def archive(press: Press, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("archive")
    archive_rows.fill(folder, press)
    database = open_reader(folder)
    yield database
    database.conn.close()


def test_a_press_prints_as_much_as_asked_in_the_order_of_time(press: Press) -> None:
    pieces = list(press.pieces())
    assert len(pieces) == _COUNT
    assert [piece.at for piece in pieces] == sorted(piece.at for piece in pieces)
    assert [piece.number for piece in pieces] == list(range(_COUNT))
    assert pieces == list(Press(_COUNT, END, sentences=800).pieces())


def test_stories_have_the_sizes_and_times_they_say(press: Press) -> None:
    stories: dict[int, list[Piece]] = {}
    for piece in press.pieces():
        stories.setdefault(piece.tale.number, []).append(piece)
    for pieces in stories.values():
        tale = pieces[0].tale
        assert (len(pieces), pieces[0].at, pieces[-1].at) == (tale.size, tale.first_at, tale.last_at)
        assert [piece.place for piece in pieces] == list(range(tale.size))
    assert max(len(pieces) for pieces in stories.values()) >= _COUNT // 4
    assert sum(len(pieces) == 1 for pieces in stories.values()) > len(stories) / 4


def test_every_reference_holds_and_the_index_is_that_of_the_texts(archive: Database) -> None:
    assert archive.execute("PRAGMA foreign_key_check").fetchall() == []
    writable = open_writer(Path(archive.execute("PRAGMA database_list").fetchone()[2]).parent)
    try:
        # Rank 1 compares with the texts of the table outside (sqlite.org/fts5.html section 6.4).
        writable.execute("INSERT INTO revision_search (revision_search, rank) VALUES ('integrity-check', 1)")
        writable.conn.rollback()
    finally:
        writable.conn.close()


def test_a_word_is_found_where_it_stands(archive: Database, press: Press) -> None:
    name = next(press.pieces()).tale.name
    found = {
        row[0] for row in archive.execute("SELECT rowid FROM revision_search WHERE revision_search MATCH ?", [name])
    }
    texts = archive.execute("SELECT id, title || ' ' || lede || ' ' || body FROM revision").fetchall()
    assert found == {number for number, text in texts if name in text}


def test_signals_stand_where_they_say(archive: Database) -> None:
    rows = archive.execute(
        "SELECT g.sentence, substr(r.title || char(10) || iif(r.lede = '', '', r.lede || char(10)) || r.body, "
        'g.start + 1, g."end" - g.start) FROM signal g JOIN revision r ON r.id = g.revision_id'
    ).fetchall()
    assert rows
    assert all(sentence == text for sentence, text in rows)


def test_every_table_of_an_article_and_of_what_follows_is_filled(archive: Database) -> None:
    for table in (
        "alert", "article", "article_event", "attempt", "decision", "delivery", "entry", "fingerprint", "look", "name",
        "reading", "revision", "seen", "signal", "source", "story", "story_act", "triage_event",
    ):  # fmt: skip
        assert archive.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone(), table


def test_kinds_of_page_are_found_in_it(archive: Database) -> None:
    kinds = bench_pages.kinds(archive, END, random.Random(1))
    assert len({kind.name for kind in kinds}) == len(kinds)
    assert all(kind.addresses for kind in kinds)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.95, 4.0), (0.01, 1.0), (1.0, 4.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert bench_pages.percentile([3.0, 1.0, 4.0, 2.0], share) == expected


def test_a_kind_over_its_target_is_missed() -> None:
    kind = bench_pages.Kind(name="desk", addresses=("/",), target=200)
    slow = bench_pages.Answers(kind=kind, alone=[250.0] * 20, together=[1.0])
    quick = bench_pages.Answers(kind=kind, alone=[150.0] * 19 + [900.0], together=[900.0])
    assert bench_pages.report([quick])[1]
    lines, holds = bench_pages.report([quick, slow])
    assert not holds
    assert [line.endswith("MISSED") for line in lines] == [False, False, True]
