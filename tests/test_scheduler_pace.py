"""Plans for coming back: never before the far end allows it, never given up too late or too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.pace import LOST_RETRY, PAGE_RETRIES, SETTLED, SETTLED_RETRIES, next_page_attempt, next_poll
from storage.sources import LONGEST_BACKOFF
from storage.types import CrawlFailure, FailureReason

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
POLL = timedelta(minutes=15)
CHANCES = st.floats(0, 1)


def failure(reason: FailureReason = FailureReason.TIMEOUT, retry_after: float | None = None) -> CrawlFailure:
    return CrawlFailure(reason=reason, detail="…", retry_after=retry_after)


def wait(
    *, poll: timedelta = POLL, failures: int = 0, failed: CrawlFailure | None = None, chance: float = 0.5
) -> timedelta:
    return next_poll(poll=poll, failures=failures, failure=failed, now=NOW, chance=chance) - NOW


# --- polls ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 13.5), (0.5, 15.0), (1.0, 16.5)])
def test_source_comes_back_after_its_interval_give_or_take_a_tenth(chance: float, minutes: float) -> None:
    assert wait(chance=chance) == timedelta(minutes=minutes)


def test_each_failure_in_a_row_doubles_the_wait() -> None:
    waits = [wait(failures=count, failed=failure()) for count in range(5)]
    assert waits == [POLL * 2, POLL * 4, POLL * 8, POLL * 16, POLL * 32]


@settings(deadline=None)
@given(
    poll=st.timedeltas(timedelta(seconds=1), LONGEST_BACKOFF),
    failures=st.integers(0, 10_000),
    asked=st.none() | st.floats(-1e6, 1e12) | st.just(float("inf")),
    chance=CHANCES,
)
def test_failing_source_is_never_given_up(poll: timedelta, failures: int, asked: float | None, chance: float) -> None:
    plan = wait(poll=poll, failures=failures, failed=failure(retry_after=asked), chance=chance)
    assert poll * 0.9 <= plan <= LONGEST_BACKOFF
    if asked is not None and 0 < asked < LONGEST_BACKOFF.total_seconds():
        assert plan >= timedelta(seconds=asked)


@settings(deadline=None)
@given(poll=st.timedeltas(timedelta(seconds=1), LONGEST_BACKOFF), failures=st.integers(0, 50), chance=CHANCES)
def test_another_failure_never_shortens_the_wait(poll: timedelta, failures: int, chance: float) -> None:
    plans = [wait(poll=poll, failures=count, failed=failure(), chance=chance) for count in (failures, failures + 1)]
    assert plans[0] <= plans[1]


# --- pages ------------------------------------------------------------------------------------------


def test_page_is_tried_by_plan_and_then_given_up() -> None:
    waits = []
    attempts = 0
    while (moment := next_page_attempt(failure=failure(), attempts=attempts, now=NOW)) is not None:
        waits.append(moment - NOW)
        attempts += 1
    assert tuple(waits) == PAGE_RETRIES
    assert list(waits) == sorted(waits)


@pytest.mark.parametrize("reason", sorted(SETTLED))
def test_answer_that_will_hardly_change_is_asked_for_less(reason: FailureReason) -> None:
    plans = [next_page_attempt(failure=failure(reason), attempts=count, now=NOW) for count in range(3)]
    assert plans == [NOW + SETTLED_RETRIES[0], NOW + SETTLED_RETRIES[1], None]


def test_page_lost_with_the_crawler_is_asked_for_again_soon_but_not_for_ever() -> None:
    """A page that kills the crawler each time must not be fetched for the rest of time."""
    lost = failure(FailureReason.CRAWLER_LOST)
    plans = [next_page_attempt(failure=lost, attempts=count, now=NOW) for count in range(len(PAGE_RETRIES) + 1)]
    assert plans == [*[NOW + LOST_RETRY] * len(PAGE_RETRIES), None]


@settings(deadline=None)
@given(
    reason=st.sampled_from(list(FailureReason)),
    attempts=st.integers(0, 100),
    asked=st.none() | st.floats(-1e6, 1e12) | st.just(float("inf")),
)
def test_next_attempt_is_in_the_future_and_within_reach(
    reason: FailureReason, attempts: int, asked: float | None
) -> None:
    moment = next_page_attempt(failure=failure(reason, asked), attempts=attempts, now=NOW)
    if moment is None:
        assert attempts >= len(SETTLED_RETRIES)
        return
    assert NOW < moment <= NOW + LONGEST_BACKOFF
    if reason is not FailureReason.CRAWLER_LOST and asked is not None and 0 < asked < 86_400:
        assert moment >= NOW + timedelta(seconds=asked)
