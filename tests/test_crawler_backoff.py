"""A host that asked for patience has it, from every lane, over restarts, and is not forgotten for ever either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.backoff import FIRST, JITTER, LONGEST, MAX_HOSTS, MAX_RETRY_AFTER, HostBackoff, hold_seconds
from crawler.holds import HoldBook
from crawler.settings import CrawlerSettings
from storage.types import CrawlFailure, FailureReason, FetchOrder, HostHold, Lane, PollOrder

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOST = "journal.example"


class Clock:
    """A monotonic and a wall clock that run together, unless the wall clock is set."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.wall = NOW
        self.told: list[HostHold] = []

    def run(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds)

    def backoff(self, *holds: HostHold, chance: float = 0.0) -> HostBackoff:
        return HostBackoff(
            holds,
            self.told.append,
            clock=lambda: self.monotonic,
            present=lambda: self.wall,
            chance=lambda: chance,
        )


def left(backoff: HostBackoff, lane: Lane = Lane.LISTING, host: str = HOST) -> float:
    failure = backoff.refusal(host, lane)
    return 0.0 if failure is None else failure.retry_after or 0.0


def test_hold_doubles_from_a_minute_to_a_day() -> None:
    holds = [hold_seconds(strikes, None, 0.0) for strikes in range(1, 14)]
    assert holds[:4] == [60.0, 120.0, 240.0, 480.0]
    assert holds[-1] == LONGEST


def test_short_wait_is_believed_once_and_then_doubled_away() -> None:
    assert [hold_seconds(strikes, 1.0, 0.0) for strikes in range(1, 5)] == [1.0, 60.0, 120.0, 240.0]
    assert hold_seconds(9, 7200.0, 0.0) == 7680.0


@settings(deadline=None)
@given(strikes=st.integers(1, 10_000), asked=st.none() | st.floats(-1e9, 1e12), chance=st.floats(0, 1))
def test_hold_is_never_tighter_than_retry_after_and_never_endless(
    strikes: int, asked: float | None, chance: float
) -> None:
    held = hold_seconds(strikes, asked, chance)
    if asked is not None:
        assert held >= min(asked, MAX_RETRY_AFTER)
    assert held >= (FIRST if asked is None else 0.0)
    assert held <= MAX_RETRY_AFTER * (1 + JITTER)
    assert hold_seconds(strikes + 1, asked, chance) >= held


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("asked", [None, 300.0])
def test_host_that_asks_for_patience_is_left_alone_altogether(status: int, lane: Lane, asked: float | None) -> None:
    clock = Clock()
    backoff = clock.backoff()
    backoff.answered(HOST, lane, status, asked)
    for each in Lane:
        failure = backoff.refusal(HOST, each)
        assert failure is not None
        assert (failure.reason, failure.status, failure.sent) == (FailureReason.RATE_LIMITED, status, False)
        assert failure.retry_after == (asked or FIRST)
    assert backoff.refusal("other.example", lane) is None
    clock.run((asked or FIRST) - 0.5)
    assert backoff.refusal(HOST, lane) is not None
    clock.run(0.6)
    assert backoff.refusal(HOST, lane) is None


def test_wall_before_pages_does_not_silence_the_feed() -> None:
    clock = Clock()
    backoff = clock.backoff()
    backoff.answered(HOST, Lane.PAGE, 403, None)
    failure = backoff.refusal(HOST, Lane.PAGE)
    assert failure is not None
    assert (failure.reason, failure.sent) == (FailureReason.BLOCKED, False)
    assert backoff.refusal(HOST, Lane.LISTING) is None
    backoff.answered(HOST, Lane.LISTING, 403, None)
    assert (left(backoff, Lane.LISTING), left(backoff, Lane.PAGE)) == (FIRST, FIRST)


def test_pages_that_fail_again_and_again_do_not_starve_the_feed() -> None:
    """Each page asked after a hold is refused anew; the listing's own hold must not grow with it."""
    clock = Clock()
    backoff = clock.backoff()
    for _ in range(8):
        backoff.answered(HOST, Lane.PAGE, 503, None)
        assert left(backoff, Lane.LISTING) == FIRST
        clock.run(left(backoff, Lane.PAGE) + 1)
    backoff.answered(HOST, Lane.PAGE, 503, None)
    assert left(backoff, Lane.PAGE) == FIRST * 2**8
    clock.run(FIRST + 1)
    assert left(backoff, Lane.LISTING) == 0.0


def test_success_ends_the_doubling_of_its_own_lane() -> None:
    clock = Clock()
    backoff = clock.backoff()
    for status, expected in ((429, 60.0), (429, 120.0), (200, 0.0), (429, 60.0), (500, 0.0), (429, 120.0), (404, 0.0)):
        backoff.answered(HOST, Lane.LISTING, status, None)
        assert left(backoff) == expected
        clock.run(expected + 1)


def test_hold_is_not_cut_short_by_an_answer_that_was_under_way() -> None:
    clock = Clock()
    backoff = clock.backoff()
    backoff.answered(HOST, Lane.PAGE, 429, 600.0)
    backoff.answered(HOST, Lane.PAGE, 200, None)
    backoff.answered(HOST, Lane.PAGE, 429, 5.0)
    assert left(backoff, Lane.PAGE) == 600.0


@pytest.mark.parametrize(("status", "held"), [(403, 0.0), (404, 0.0), (429, 60.0), (503, 60.0), (200, 0.0)])
def test_robots_txt_may_be_forbidden_but_its_patience_counts(status: int, held: float) -> None:
    clock = Clock()
    backoff = clock.backoff()
    backoff.answered(HOST, Lane.LISTING, status, None, robots=True)
    assert left(backoff, Lane.PAGE) == held


def test_setting_the_clock_frees_nobody() -> None:
    clock = Clock()
    backoff = clock.backoff()
    backoff.answered(HOST, Lane.LISTING, 429, 3600.0)
    clock.wall += timedelta(days=3650)
    assert left(backoff) == 3600.0


def test_hold_goes_on_in_the_next_process() -> None:
    clock = Clock()
    before = clock.backoff(chance=0.5)
    before.answered(HOST, Lane.PAGE, 429, 1000.0)
    assert before.active() == tuple(clock.told)
    clock.run(500)
    after = clock.backoff(*clock.told)
    assert left(after, Lane.PAGE) == pytest.approx(550)
    clock.run(549)
    assert left(after, Lane.LISTING) > 0
    clock.run(2)
    assert left(after, Lane.LISTING) == 0
    assert after.active() == ()


def test_owner_knows_the_holds_of_all_its_crawlers() -> None:
    stored: list[HostHold] = []
    book = HoldBook(record=stored.append, present=lambda: NOW)
    settings = CrawlerSettings(user_agent="Vigie/1")
    hold = HostHold(host=HOST, lane=Lane.PAGE, until=NOW + timedelta(minutes=5), strikes=1, status=429)
    book.take(hold)
    assert stored == [hold]
    failure = book.refusal(FetchOrder(id="1", source_id="s", url=f"https://{HOST}/a"), settings)
    assert failure is not None
    assert not failure.sent
    assert book.refusal(PollOrder(id="2", source_id="s", url=f"https://{HOST}/feed"), settings) is None
    assert book.refusal(FetchOrder(id="3", source_id="s", url="http://[broken/"), settings) is None


def test_memory_is_bounded() -> None:
    backoff = Clock().backoff()
    for number in range(MAX_HOSTS + 10):
        backoff.answered(f"{number}.example", Lane.LISTING, 429, None)
    assert left(backoff, host="0.example") == 0.0
    assert left(backoff, host=f"{MAX_HOSTS + 9}.example") == FIRST


def test_failure_says_what_to_expect() -> None:
    backoff = Clock().backoff()
    backoff.answered(HOST, Lane.PAGE, 429, 90.0)
    failure = backoff.refusal(HOST, Lane.PAGE)
    assert isinstance(failure, CrawlFailure)
    assert failure.detail == "journal.example asked for patience (HTTP 429) and is left alone for another 90 s"
