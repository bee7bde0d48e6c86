"""Silences: they hold from their start until before their end, for one watch or all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import silences
from storage.database import open_writer
from storage.errors import NotFoundError
from storage.types import Silence

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def add(database: Database, watch: str | None = "w", *, start: int = 0, end: int = 2) -> Silence:
    return silences.add(
        database,
        watch_id=watch,
        author="Awa",
        reason="exercice",
        starts_at=NOW + start * HOUR,
        ends_at=NOW + end * HOUR,
    )


def test_silence_holds_from_start_until_before_its_end(database: Database) -> None:
    silence = add(database, start=1)
    second = timedelta(seconds=1)
    assert silences.active(database, "w", NOW + HOUR - second) is None
    assert silences.active(database, "w", NOW + HOUR) == silence
    assert silences.active(database, "w", NOW + 2 * HOUR - second) == silence
    assert silences.active(database, "w", NOW + 2 * HOUR) is None
    assert silences.active(database, "other", NOW + HOUR) is None


def test_silence_without_a_watch_holds_for_all(database: Database) -> None:
    silence = add(database, None)
    assert silences.active(database, "w", NOW) == silences.active(database, "other", NOW) == silence


def test_of_several_the_longest_is_named(database: Database) -> None:
    add(database, end=2)
    longest = add(database, None, end=5)
    add(database, end=3)
    assert silences.active(database, "w", NOW) == longest
    assert [silence.ends_at - NOW for silence in silences.listing(database)] == [5 * HOUR, 3 * HOUR, 2 * HOUR]


def test_ended_silence_is_over_at_once_and_cannot_end_twice(database: Database) -> None:
    silence = add(database)
    silences.end(database, silence.id, NOW + HOUR)
    assert silences.active(database, "w", NOW + HOUR) is None
    assert silences.listing(database)[0].ends_at == NOW + HOUR
    with pytest.raises(NotFoundError, match="silence list"):
        silences.end(database, silence.id, NOW + HOUR)
    with pytest.raises(NotFoundError):
        silences.end(database, 99, NOW)


def test_silence_that_ends_before_it_starts_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="ends before"):
        add(database, start=2, end=2)
    assert silences.listing(database) == []
