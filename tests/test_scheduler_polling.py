"""A source of several addresses: each fails, rests and wishes for itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler.polling import PollRound, finish, remembered
from storage import rhythm as lessons
from storage import sources
from storage.database import open_writer
from storage.types import (
    AddressKind,
    CrawlFailure,
    FailureReason,
    FeedEntry,
    PaceHints,
    Plan,
    PlanReason,
    PollResult,
    Source,
    SourceState,
)

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED, MAP = "https://journal.example/feed.xml", "https://journal.example/news.xml"
SOURCE = Source(id="a", name="A", url="https://journal.example/", feeds=(FEED,), sitemaps=(MAP,), poll=15 * MINUTE)
GONE = CrawlFailure(reason=FailureReason.GONE, detail="gone for good")
HELD = CrawlFailure(reason=FailureReason.RATE_LIMITED, detail="asked for patience", retry_after=300.0, sent=False)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    sources.sync(opened, [SOURCE], NOW)
    yield opened
    opened.conn.close()


def answer(url: str, new: int = 0, listed: int = 10, **more: object) -> PollResult:
    entries = tuple(
        FeedEntry(url=f"{url}/{number}", title="T", published_at=NOW - number * MINUTE) for number in range(listed)
    )
    return PollResult(order_id="o", source_id="a", url=url, entries=entries, **more)  # type: ignore[arg-type]


def polled(database: Database, now: datetime, answers: dict[str, PollResult]) -> tuple[Plan, list[str], SourceState]:
    """Poll the source as the desk does; return the plan, the addresses asked and the source's state."""
    done = PollRound()
    asked = []
    for _, url in SOURCE.addresses:
        known = sources.feed_state(database, "a", url)
        if done.rests(known, now):
            continue
        asked.append(url)
        result = answers[url]
        sources.record_feed(database, result, now, kind=AddressKind.FEED)
        done.take(known, result, result.entries[:1])
    plan = finish(database, SOURCE, done, now=now, chance=0.5, floor=MINUTE)
    state = sources.state(database, "a")
    assert state is not None
    return plan, asked, state


def test_address_that_fails_rests_while_the_other_is_polled_on(database: Database) -> None:
    answers = {FEED: answer(FEED), MAP: answer(MAP, listed=0, failure=GONE)}
    now, asked_map = NOW, 0
    for _ in range(30):
        plan, asked, state = polled(database, now, answers)
        assert FEED in asked
        assert state.failures == 0
        assert (state.failure, state.last_success_at) == (FailureReason.GONE, now)
        assert MAP in (state.detail or "")
        assert now + 5 * MINUTE <= plan.at <= now + 60 * MINUTE
        asked_map += MAP in asked
        now = plan.at
    assert 2 <= asked_map <= 8


def test_address_that_works_again_is_polled_with_the_other(database: Database) -> None:
    polled(database, NOW, {FEED: answer(FEED), MAP: answer(MAP, failure=GONE)})
    later = NOW + timedelta(hours=30)
    polled(database, later, {FEED: answer(FEED), MAP: answer(MAP)})
    _, asked, state = polled(database, later + timedelta(hours=1), {FEED: answer(FEED), MAP: answer(MAP)})
    assert asked == [FEED, MAP]
    assert state.failure is None


def test_source_whose_addresses_all_fail_comes_back_ever_later(database: Database) -> None:
    answers = {url: answer(url, listed=0, failure=GONE) for url in (FEED, MAP)}
    waits, now = [], NOW
    for count in range(10):
        plan, _, state = polled(database, now, answers)
        assert state.failures == count + 1
        waits.append(plan.at - now)
        now = plan.at
    assert waits == sorted(waits)
    assert waits[0] == 30 * MINUTE
    assert waits[-1] == sources.LONGEST_BACKOFF


def test_order_that_was_not_sent_delays_the_source_and_no_more(database: Database) -> None:
    answers = {url: answer(url, listed=0, failure=HELD) for url in (FEED, MAP)}
    plan, _, state = polled(database, NOW, answers)
    assert state.failures == 0
    assert plan.reason is PlanReason.ASKED
    assert timedelta(seconds=300) <= plan.at - NOW <= timedelta(seconds=330)


def test_wish_of_one_address_does_not_slow_the_other(database: Database) -> None:
    answers = {FEED: answer(FEED), MAP: answer(MAP, hints=PaceHints(max_age=3600.0))}
    plan, _, _ = polled(database, NOW, answers)
    assert plan.at - NOW < 20 * MINUTE
    _, asked, _ = polled(database, plan.at, answers)
    assert asked == [FEED]


def test_unchanged_list_keeps_its_wishes(database: Database) -> None:
    wishes = PaceHints(interval=1800.0, skip_hours=(3,))
    first = answer(FEED, hints=wishes)
    unchanged = answer(FEED, listed=0, unchanged=True, hints=PaceHints(max_age=60.0))
    assert remembered(wishes, unchanged) == PaceHints(max_age=60.0, interval=1800.0, skip_hours=(3,))
    assert remembered(None, first) == wishes
    assert remembered(wishes, answer(FEED)) == PaceHints()
    polled(database, NOW, {FEED: first, MAP: answer(MAP)})
    assert lessons.load(database, "a")[1][FEED] == wishes


def test_reason_of_the_plan_is_stored(database: Database) -> None:
    plan, _, _ = polled(database, NOW, {FEED: answer(FEED), MAP: answer(MAP)})
    assert lessons.plan_reason(database, "a") == (plan.reason, plan.detail)


def test_rest_planned_by_a_clock_that_ran_ahead_is_no_rest(database: Database) -> None:
    polled(database, NOW + timedelta(days=3650), {url: answer(url, failure=GONE) for url in (FEED, MAP)})
    _, asked, _ = polled(database, NOW, {FEED: answer(FEED), MAP: answer(MAP)})
    assert asked == [FEED, MAP]
