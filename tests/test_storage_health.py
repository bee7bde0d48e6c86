"""What the archive remembers of how sources are doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import entries, health, sources, watch_state
from storage.database import open_writer, transaction
from storage.health import PageRow
from storage.types import (
    CanaryRun,
    Cause,
    CrawlFailure,
    Drift,
    FailureReason,
    FeedEntry,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
    PollResult,
    Source,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://fleuve.example/feed.xml"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    database = open_writer(tmp_path)
    with transaction(database):
        sources.sync(
            database, [Source(id=name, name=name, url=f"https://{name}.example/") for name in ("fleuve", "sahel")], NOW
        )
    yield database
    database.conn.close()


def test_health_and_its_history_come_back_as_they_were(archive: Database) -> None:
    cause = Cause(
        failure=FailureReason.TLS, detail="certificate expired", address=FEED, failing=1, addresses=2, polls=3,
        last_new_at=NOW - HOUR, usual=HOUR, limit=DAY, pages=11, hit=4, drift=Drift.LENGTH, before="1", after="2",
        moved_to="https://elsewhere.example/",
    )  # fmt: skip
    found = Health(state=HealthState.FAILING, since=NOW, cause=cause)
    health.save(archive, "fleuve", found, first_read_at=None)
    health.save(archive, "fleuve", found, first_read_at=NOW)
    health.save(archive, "fleuve", found, first_read_at=NOW + DAY)
    assert health.health(archive) == {"fleuve": found}
    assert health.first_read(archive, "fleuve") == NOW
    assert health.first_read(archive, "sahel") is None
    event = HealthEvent(source_id="fleuve", at=NOW, was=HealthState.FRESH, health=found)
    health.add_event(archive, event)
    assert health.events(archive) == [event]
    assert health.events(archive, "sahel") == []


def test_failures_in_a_row_are_counted_and_forgotten(archive: Database) -> None:
    for n in range(3):
        health.record_failure(archive, "fleuve", FEED, FailureReason.DNS, f"try {n}", NOW + n * HOUR)
    (row,) = health.addresses(archive, "fleuve")
    assert (row.failures, row.failing_since, row.failure, row.detail) == (3, NOW, FailureReason.DNS, "try 2")
    assert health.record_success(archive, "fleuve", FEED, None) == NOW
    assert health.record_success(archive, "fleuve", FEED, None) is None
    (row,) = health.addresses(archive, "fleuve")
    assert (row.failures, row.failing_since, row.failure) == (0, None, None)


def test_moves_to_one_address_are_counted(archive: Database) -> None:
    moves = []
    for target in ("a", "a", "b", "b", None):
        health.record_success(archive, "fleuve", FEED, target)
        (row,) = health.addresses(archive, "fleuve")
        moves.append((row.moved_to, row.moves))
    assert moves == [("a", 1), ("a", 2), ("b", 1), ("b", 2), (None, 0)]


def page(at: datetime) -> PageRow:
    return PageRow(at=at, length=5, titled=False, language="fr", failure=FailureReason.CONSENT, missed=True)


def test_the_last_pages_are_kept_and_those_before_a_drift(archive: Database) -> None:
    with transaction(archive):
        for n in range(health.PAGES + 20):
            health.record_page(archive, "fleuve", page(NOW + n * timedelta(minutes=1)))
        health.record_page(archive, "sahel", page(NOW))
    health.forget_pages(archive, "fleuve", frozen=NOW + timedelta(minutes=30))
    assert len(health.pages(archive, "fleuve")) == health.PAGES + 20
    health.forget_pages(archive, "fleuve", frozen=None)
    kept = health.pages(archive, "fleuve")
    assert len(kept) == health.PAGES
    assert kept[0] == page(NOW + 20 * timedelta(minutes=1))
    health.forget_pages_before(archive, "fleuve", NOW + timedelta(minutes=100))
    assert len(health.pages(archive, "fleuve")) == health.PAGES - 80
    assert health.pages(archive, "sahel") == [page(NOW)]


def test_pauses_and_dates_are_read_from_the_entries(archive: Database) -> None:
    for number, (seen, dated) in enumerate([(NOW, None), (NOW, NOW - DAY), (NOW + HOUR, NOW)]):
        entry = FeedEntry(url=f"https://fleuve.example/{number}", title="t", published_at=dated)
        entries.add(archive, "fleuve", f"key {number}", entry, seen)
    assert health.moments(archive, "fleuve", NOW - DAY) == [NOW, NOW + HOUR]
    assert health.moments(archive, "fleuve", NOW + HOUR) == [NOW + HOUR]
    assert health.published(archive, "fleuve") == [NOW, NOW - DAY]
    plan = archive.execute(
        "EXPLAIN QUERY PLAN SELECT DISTINCT seen_at FROM entry WHERE source_id = 'x' AND seen_at >= '2'"
    ).fetchall()
    assert "USING COVERING INDEX entry_seen" in str(plan)


def test_interruptions_of_all_and_of_one(archive: Database) -> None:
    health.add_interruption(archive, health.ALL, NOW - DAY, NOW)
    health.add_interruption(archive, "sahel", NOW, NOW + HOUR)
    assert health.interruptions(archive, "fleuve", NOW - DAY) == [(NOW - DAY, NOW)]
    assert health.interruptions(archive, "sahel", NOW - DAY) == [(NOW - DAY, NOW), (NOW, NOW + HOUR)]
    assert health.interruptions(archive, "fleuve", NOW) == []
    health.forget_before(archive, NOW + 2 * HOUR)
    assert health.interruptions(archive, "sahel", NOW - DAY) == []


def test_the_network_and_the_canary_are_remembered(archive: Database) -> None:
    assert watch_state.network(archive) == Network()
    down = Network(state=NetworkState.DOWN, since=NOW, failed=3, asked=4, failure=FailureReason.DNS)
    watch_state.save_network(archive, down)
    assert watch_state.network(archive) == down
    assert watch_state.last_canary(archive) is None
    well = CanaryRun(started_at=NOW, ended_at=NOW + HOUR)
    lost = CanaryRun(started_at=NOW + HOUR, ended_at=NOW + HOUR, stage="fetch", detail="no answer")
    watch_state.record_canary(archive, well)
    watch_state.record_canary(archive, lost)
    assert watch_state.last_canary(archive) == lost
    assert watch_state.last_canary(archive, ok=True) == well


def test_the_service_knows_when_it_last_ran(archive: Database) -> None:
    assert watch_state.seen_alive(archive, NOW) is None
    assert watch_state.seen_alive(archive, NOW + DAY) == NOW


def test_sources_cut_off_are_brought_forward_never_put_off(archive: Database) -> None:
    failure = CrawlFailure(reason=FailureReason.DNS, detail="no such host")
    sources.record_poll(archive, "fleuve", failure=failure, new_entries=0, next_check_at=NOW + DAY, now=NOW)
    sources.record_poll(archive, "sahel", failure=None, new_entries=0, next_check_at=NOW + DAY, now=NOW)
    assert watch_state.cut_off(archive, {FailureReason.DNS, FailureReason.TIMEOUT}) == ["fleuve"]
    reset = CrawlFailure(reason=FailureReason.BLOCKED, detail="no")
    for url, failed in ((FEED, failure), ("https://fleuve.example/other", reset)):
        sources.record_feed(archive, PollResult(order_id="o", source_id="fleuve", url=url, failure=failed), NOW)
        sources.plan_address(archive, "fleuve", url, resume_at=NOW + DAY, failure=failed)
    watch_state.hasten(archive, [("fleuve", NOW + HOUR)], {FailureReason.DNS})
    watch_state.hasten(archive, [("fleuve", NOW + 2 * HOUR)], {FailureReason.DNS})
    assert sources.feed_state(archive, "fleuve", FEED).resume_at == NOW + HOUR
    assert sources.feed_state(archive, "fleuve", "https://fleuve.example/other").resume_at == NOW + DAY
    state = sources.state(archive, "fleuve")
    assert state is not None
    assert state.next_check_at == NOW + HOUR
