"""Pauses of sources: nothing of them is due, they end by themselves, and the time counts as not watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import coverage, entries, health, overview, pauses, polls, sources
from storage.database import open_writer, transaction
from storage.errors import ConflictError, NotFoundError
from storage.types import FeedEntry, Health, HealthState, Source, SourcePause

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCES = [Source(id=name, name=name.title(), url=f"https://{name}.example/") for name in ("fleuve", "sahel")]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
        for source in SOURCES:
            health.save(opened, source.id, Health(state=HealthState.SILENT, since=NOW), first_read_at=NOW)
    yield opened
    opened.conn.close()


def pause(database: Database, now: datetime = NOW, lasts: timedelta | None = None) -> SourcePause:
    with transaction(database):
        return pauses.pause(
            database, "fleuve", now, ends_at=None if lasts is None else now + lasts, author="Awa", reason="travaux"
        )


def list_page(database: Database, source_id: str) -> None:
    url = f"https://{source_id}.example/a"
    with transaction(database):
        entries.add(database, source_id, url, FeedEntry(url=url, title="Un titre"), NOW)


def test_a_paused_source_is_not_due_until_the_pause_ends_or_somebody_resumes_it(database: Database) -> None:
    pause(database, lasts=HOUR)
    assert sources.due(database, NOW) == ["sahel"]
    assert sources.due(database, NOW + HOUR) == ["fleuve", "sahel"], "it needs nobody to end it"
    pause(database)
    assert sources.due(database, NOW + 1000 * HOUR) == ["sahel"]
    with transaction(database):
        pauses.resume(database, "fleuve", NOW + HOUR)
    assert sources.due(database, NOW + HOUR) == ["fleuve", "sahel"]
    with pytest.raises(NotFoundError, match="not paused"), transaction(database):
        pauses.resume(database, "fleuve", NOW + HOUR)


def test_its_pages_wait_and_hold_nobody_else_up(database: Database) -> None:
    for name in ("fleuve", "sahel"):
        list_page(database, name)
    assert {one.source_id for one in entries.due(database, NOW, 10)} == {"fleuve", "sahel"}
    pause(database)
    assert {one.source_id for one in entries.due(database, NOW, 10)} == {"sahel"}
    assert entries.count_due(database, NOW) == 1
    with transaction(database):
        database.execute("DELETE FROM entry WHERE source_id = 'sahel'")
    assert entries.oldest_due(database) is None, "what waits on purpose is not late"


def test_the_time_of_a_pause_is_time_in_which_nobody_watched(database: Database) -> None:
    pause(database, lasts=HOUR)
    with transaction(database):
        assert pauses.end_over(database, NOW + HOUR / 2) == []
        (over,) = pauses.end_over(database, NOW + 3 * HOUR)
    assert over.reason == "travaux"
    assert health.interruptions(database, "fleuve", NOW) == [(NOW, NOW + HOUR)]
    assert health.interruptions(database, "sahel", NOW) == []
    pause(database, NOW + 4 * HOUR)
    with transaction(database):
        pauses.resume(database, "fleuve", NOW + 6 * HOUR)
    assert health.interruptions(database, "fleuve", NOW)[1:] == [(NOW + 4 * HOUR, NOW + 6 * HOUR)]


def test_changing_a_pause_keeps_its_beginning(database: Database) -> None:
    pause(database)
    changed = pause(database, NOW + HOUR, lasts=HOUR)
    assert (changed.at, changed.ends_at) == (NOW, NOW + 2 * HOUR)
    assert pauses.active(database, NOW + HOUR) == {"fleuve": changed}
    assert str(changed) == "paused by Awa until 2026-03-10 11:00 UTC: travaux"
    again = pause(database, NOW + 5 * HOUR)
    assert again.at == NOW + 5 * HOUR, "the one before was over"
    assert health.interruptions(database, "fleuve", NOW) == [(NOW, NOW + 2 * HOUR)]


def test_what_cannot_be_paused_says_why(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no source"), transaction(database):
        pauses.pause(database, "nowhere", NOW, ends_at=None, author="Awa", reason="x")
    for author, reason in (("", "x"), ("Awa", " ")):
        with pytest.raises(ConflictError, match="name and a reason"), transaction(database):
            pauses.pause(database, "fleuve", NOW, ends_at=None, author=author, reason=reason)
    with pytest.raises(ConflictError, match="over already"):
        pause(database, lasts=-HOUR)
    with transaction(database):
        sources.sync(database, SOURCES[1:], NOW)
    with pytest.raises(ConflictError, match="switched off"):
        pause(database)


def test_trying_now_is_refused_with_the_reason(database: Database) -> None:
    pause(database)
    with pytest.raises(ConflictError, match="paused by Awa until somebody resumes it: travaux; resume it first"):
        polls.ask_now(database, "fleuve", NOW)


def test_figures_leave_it_out_and_name_it(database: Database) -> None:
    before = overview.overview(database, NOW)
    assert (before.sources_unchecked, before.sources_troubled, before.pauses) == (2, 2, ())
    made = pause(database)
    found = overview.overview(database, NOW)
    assert (found.sources_unchecked, found.sources_troubled, found.pauses) == (1, 1, (made,))
    assert [(one.id, one.pause) for one in overview.sources(database, NOW)] == [("fleuve", made), ("sahel", None)]
    covered = coverage.coverage(database, "w", NOW)
    assert (covered.sources_silent, covered.sources_new) == (1, 0)
    with transaction(database):
        sources.sync(database, SOURCES[1:], NOW)
    assert overview.overview(database, NOW).pauses == (), "it is off, which the configuration says"


def test_a_pause_without_an_end_is_brought_to_mind_after_a_week(database: Database) -> None:
    week = timedelta(days=7)
    made = pause(database)
    assert pauses.forgotten([made], NOW + week) == ()
    assert pauses.forgotten([made], NOW + week + HOUR) == (made,)
    limited = pause(database, NOW + HOUR, lasts=2 * week)
    assert pauses.forgotten([limited], NOW + week + HOUR) == (), "it ends by itself"
