"""Second looks survive a restart, spare the hosts, and are counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, entries, looks, sources
from storage.database import open_writer, transaction
from storage.looks import DueLook, HostAnswers
from storage.types import Article, CrawlFailure, FailureReason, FeedEntry, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/")], NOW)
    yield opened
    opened.conn.close()


def planned(
    database: Database, slug: str, at: datetime | None, *, host: str = "fleuve.example", has_signal: bool = False
) -> int:
    url = f"https://{host}/{slug}"
    page = Article(source_id="fleuve", url=url, title=slug, paragraphs=("p",), fetched_at=NOW)
    saved = articles.save(database, page, key=url, origin="o", now=NOW)
    looks.begin(
        database, saved.article_id, host=host, next_look_at=at, reason="planned", has_signal=has_signal, etag='"1"',
        last_modified=None,
    )  # fmt: skip
    return saved.article_id


def due(database: Database, now: datetime = NOW, **more: object) -> list[DueLook]:
    limits: dict[str, object] = {"limit": 10, "host_looks": 5, "reserved_looks": 2, **more}
    return looks.due(database, now, **limits)  # type: ignore[arg-type]


def made(database: Database, look: DueLook, at: datetime | None, now: datetime = NOW) -> None:
    looks.record(
        database, look, next_look_at=at, reason="planned", missing=0, changed_at=None, has_signal=look.has_signal,
        etag=look.etag, last_modified=None, failure=None, now=now,
    )  # fmt: skip


def test_looks_are_due_in_their_order_one_a_host(database: Database) -> None:
    late = planned(database, "late", NOW - HOUR, host="sahel.example")
    first = planned(database, "first", NOW - 2 * HOUR)
    planned(database, "second", NOW - HOUR)
    planned(database, "coming", NOW + HOUR, host="kayes.example")
    planned(database, "never", None, host="rive.example")
    assert [look.article_id for look in due(database)] == [first, late]
    assert [look.article_id for look in due(database, limit=1)] == [first]
    assert [look.article_id for look in due(database, busy_hosts=["fleuve.example"])] == [late]
    assert looks.count_due(database, NOW) == 3


def test_the_other_pages_of_a_host_are_counted_since_a_moment(database: Database) -> None:
    gone = CrawlFailure(reason=FailureReason.NOT_FOUND, detail="no such page", status=404)
    fault = CrawlFailure(reason=FailureReason.SERVER_ERROR, detail="fault", status=500)
    answers = [("there", None, NOW), ("before", None, NOW - HOUR), ("gone", gone, NOW), ("fault", fault, NOW)]
    for slug, failure, at in answers:
        planned(database, slug, NOW)
        (look,) = due(database, host_looks=50)
        looks.record(
            database, look, next_look_at=None, reason="done", missing=int(failure is gone), changed_at=None,
            has_signal=False, etag=None, last_modified=None, failure=failure, now=at,
        )  # fmt: skip
    planned(database, "elsewhere", NOW + HOUR, host="sahel.example")
    planned(database, "asked", NOW)
    look = due(database, host_looks=50)[0]
    reasons = {FailureReason.NOT_FOUND}
    assert looks.others(database, look, NOW, reasons) == HostAnswers(there=1, missing=1)
    assert looks.others(database, look, NOW - HOUR, reasons) == HostAnswers(there=2, missing=1)
    assert looks.others(database, look, NOW + HOUR, reasons) == HostAnswers(there=0, missing=0)


def test_a_page_remembers_since_when_it_seems_gone(database: Database) -> None:
    planned(database, "a", NOW)
    seen = []
    for hour, missing in enumerate((1, 2, 2, 0, 1)):
        (look,) = due(database, NOW + hour * HOUR, host_looks=50)
        looks.record(
            database, look, next_look_at=NOW, reason="confirm", missing=missing, changed_at=None, has_signal=False,
            etag=None, last_modified=None, failure=None, now=NOW + hour * HOUR,
        )  # fmt: skip
        seen.append(due(database, NOW + hour * HOUR, host_looks=50)[0].missing_since)
    assert seen == [NOW, NOW, NOW, None, NOW + 4 * HOUR]


def test_a_look_knows_what_the_feed_said_and_what_was_found(database: Database) -> None:
    article_id = planned(database, "a", NOW, has_signal=True)
    entry = FeedEntry(url="https://fleuve.example/a", title="Titre", summary="s", authors=("Awa",), published_at=NOW)
    assert due(database)[0].entry is None
    entries.add(database, "fleuve", "https://fleuve.example/a", entry, NOW)
    (look,) = due(database)
    assert (look.entry, look.etag, look.has_signal, look.looks) == (entry, '"1"', True, 0)
    assert (look.first_seen_at, look.effective_at) == (NOW, NOW)
    failure = CrawlFailure(reason=FailureReason.NOT_FOUND, detail="no such page", status=404)
    looks.record(
        database, look, next_look_at=NOW + HOUR, reason="confirm", missing=1, changed_at=NOW, has_signal=False,
        etag=None, last_modified="x", failure=failure, now=NOW,
    )  # fmt: skip
    assert due(database) == []
    (again,) = due(database, NOW + HOUR)
    assert (again.looks, again.missing, again.changed_at, again.etag, again.last_modified) == (1, 1, NOW, None, "x")
    assert looks.next_at(database, article_id) == (NOW + HOUR, "confirm")
    assert looks.next_at(database, article_id + 1) is None


def test_a_look_that_is_planned_is_not_planned_anew(database: Database) -> None:
    article_id = planned(database, "a", NOW)
    planned(database, "a", NOW + HOUR)
    assert looks.next_at(database, article_id) == (NOW, "planned")


def test_a_host_gets_so_many_looks_a_day_and_signals_the_last_of_them(database: Database) -> None:
    for number in range(4):
        planned(database, f"p{number}", NOW)
    for _ in range(3):
        made(database, due(database)[0], None)
    assert due(database) == [], "what is left is kept for articles with signals"
    planned(database, "signal", NOW, has_signal=True)
    for _ in range(2):
        made(database, due(database)[0], NOW)
    assert due(database) == []
    assert len(due(database, NOW + timedelta(days=1))) == 1


def test_a_feed_that_dates_a_change_hastens_the_next_look(database: Database) -> None:
    key = "https://fleuve.example/a"
    article_id = planned(database, "a", None)
    entry = FeedEntry(url=key, title="Titre", updated_at=NOW - HOUR)
    entries.add(database, "fleuve", key, entry, NOW)
    assert not entries.renew(database, key, entry)
    changed = FeedEntry(url=key, title="Titre", updated_at=NOW + HOUR)
    assert entries.renew(database, key, changed)
    assert not entries.renew(database, key, changed)
    assert not entries.renew(database, key, FeedEntry(url=key, title="Autre titre"))
    looks.hasten(database, key, NOW, max_looks=1)
    assert looks.next_at(database, article_id) == (NOW, "feed")
    made(database, due(database)[0], None)
    looks.hasten(database, key, NOW, max_looks=1)
    assert looks.next_at(database, article_id) == (None, "planned")


def test_a_wrong_clock_parks_nothing_and_what_is_over_is_forgotten(database: Database) -> None:
    far = planned(database, "far", NOW + timedelta(days=900))
    over = planned(database, "over", None)
    assert looks.clamp(database, NOW + HOUR) == 1
    assert looks.next_at(database, far) == (NOW + HOUR, "planned")
    assert looks.forget(database, NOW) == 0
    assert looks.forget(database, NOW + HOUR) == 1
    assert looks.next_at(database, over) is None
    looks.postpone(database, far, None, "source_off")
    assert looks.next_at(database, far) == (None, "source_off")
