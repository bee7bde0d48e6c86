"""The queue of pages: an entry is queued once, tried as planned, and never forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, entries, sources
from storage.database import open_writer, transaction
from storage.types import Article, CrawlFailure, FailureReason, FeedEntry, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENTRY = FeedEntry(
    url="https://fleuve.example/a", title="Titre", summary="Résumé", published_at=NOW, authors=("Awa Koné", "B. Cissé")
)
TIMEOUT = CrawlFailure(reason=FailureReason.TIMEOUT, detail="no answer within 30 s")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        outlets = [Source(id=name, name=name, url=f"https://{name}.example/") for name in ("fleuve", "sahel")]
        sources.sync(opened, outlets, NOW)
    yield opened
    opened.conn.close()


def add(database: Database, key: str, *, source: str = "fleuve", now: datetime = NOW) -> bool:
    return entries.add(database, source, key, ENTRY, now)


def due_keys(database: Database, now: datetime = NOW, limit: int = 10) -> list[str]:
    return [pending.key for pending in entries.due(database, now, limit)]


def only(database: Database, now: datetime = NOW) -> entries.PendingEntry:
    (pending,) = entries.due(database, now, 10)
    return pending


def article(database: Database) -> int:
    page = Article(source_id="fleuve", url=ENTRY.url, title="Titre", paragraphs=("Texte",), fetched_at=NOW)
    return articles.save(database, page, key="k", origin="fleuve", now=NOW).article_id


def state(database: Database) -> dict[str, object]:
    return next(iter(database.query("SELECT state, attempts, failure, detail, article_id FROM entry")))


def test_entry_comes_back_as_the_feed_gave_it(database: Database) -> None:
    assert add(database, "k")
    pending = only(database)
    assert (pending.key, pending.source_id, pending.attempts, pending.entry) == ("k", "fleuve", 0, ENTRY)


def test_entry_is_never_queued_twice(database: Database) -> None:
    """Whoever lists it again, however it went with it meanwhile."""
    assert add(database, "k")
    assert not add(database, "k", now=NOW + MINUTE)
    assert not add(database, "k", source="sahel")
    assert due_keys(database) == ["k"]
    entries.read(database, only(database).id, article(database))
    assert not add(database, "k")
    assert due_keys(database, NOW + timedelta(days=400)) == []
    assert add(database, "other")
    entries.failed(database, only(database).id, TIMEOUT, None, None)
    assert not add(database, "other")
    assert database.table("entry").count == 2


def test_due_entries_come_oldest_first_and_leave_out_those_under_way(database: Database) -> None:
    for number in range(5):
        add(database, f"k{number}", now=NOW + (5 - number) * MINUTE)
    assert due_keys(database, NOW) == []
    assert due_keys(database, NOW + 2 * MINUTE) == ["k4", "k3"]
    later = NOW + 9 * MINUTE
    assert due_keys(database, later, limit=3) == ["k4", "k3", "k2"]
    assert entries.count_due(database, later) == 5
    busy = frozenset(pending.id for pending in entries.due(database, later, 2))
    assert [pending.key for pending in entries.due(database, later, 2, busy=busy)] == ["k2", "k1"]
    assert entries.oldest_due(database) == NOW + MINUTE


def test_read_page_is_done(database: Database) -> None:
    add(database, "k")
    entries.failed(database, only(database).id, TIMEOUT, NOW, None)
    stored = article(database)
    entries.read(database, only(database).id, stored)
    assert state(database) == {
        "state": "done", "attempts": 1, "failure": None, "detail": None, "article_id": stored,
    }  # fmt: skip
    assert entries.count_due(database, NOW) == 0
    assert entries.oldest_due(database) is None


def test_failed_page_comes_back_when_planned_and_counts_its_attempts(database: Database) -> None:
    add(database, "k")
    entries.failed(database, only(database).id, TIMEOUT, NOW + MINUTE, None)
    assert due_keys(database) == []
    pending = only(database, NOW + MINUTE)
    assert pending.attempts == 1
    entries.failed(database, pending.id, TIMEOUT, NOW + 3 * MINUTE, None)
    assert only(database, NOW + 3 * MINUTE).attempts == 2
    assert (state(database)["failure"], state(database)["detail"]) == ("timeout", TIMEOUT.detail)


def test_page_given_up_keeps_its_reason_and_the_partial_article(database: Database) -> None:
    add(database, "k")
    stored = article(database)
    entries.failed(database, only(database).id, TIMEOUT, NOW, stored)
    entries.failed(database, only(database).id, TIMEOUT, None, None)
    assert state(database) == {
        "state": "failed", "attempts": 2, "failure": "timeout", "detail": TIMEOUT.detail, "article_id": stored,
    }  # fmt: skip
    assert due_keys(database, NOW + timedelta(days=9)) == []


def test_entries_and_validators_are_lost_or_kept_together(database: Database) -> None:
    with pytest.raises(KeyError), transaction(database):
        add(database, "k")
        raise KeyError
    assert add(database, "k")


def test_page_parked_by_a_clock_that_ran_ahead_is_due_again(database: Database) -> None:
    add(database, "seen in the future")
    back = NOW - timedelta(hours=1)
    add(database, "planned", now=back)
    assert due_keys(database, back) == ["planned"]
    assert entries.clamp(database, back) == 1
    assert sorted(due_keys(database, back)) == ["planned", "seen in the future"]


def test_page_that_waits_as_planned_is_not_pulled_forward(database: Database) -> None:
    add(database, "k")
    entries.failed(database, only(database).id, TIMEOUT, NOW + timedelta(hours=24), None)
    assert entries.clamp(database, NOW) == 0
    assert due_keys(database) == []
