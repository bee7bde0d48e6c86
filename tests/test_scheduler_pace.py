"""Plans for coming back: never before the far end allows it, never given up too late or too early."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.pace import (
    LOST_RETRY,
    PAGE_PATIENCE,
    PAGE_RETRIES,
    PUBLIC_FLOOR,
    SETTLED,
    SETTLED_RETRIES,
    asks_patience,
    bounds_of,
    floor_of,
    next_check,
    next_page_attempt,
    shares_of,
)
from scheduler.rhythm import rates_of
from storage.egress import EgressPolicy
from storage.sources import LONGEST_BACKOFF
from storage.types import CrawlFailure, FailureReason, PaceHints, Plan, PlanReason, Rhythm, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
POLL = timedelta(minutes=15)
#: times are whole microseconds
TICK = timedelta(milliseconds=1)
CHANCES = st.floats(0, 1)


def failure(reason: FailureReason = FailureReason.TIMEOUT, retry_after: float | None = None) -> CrawlFailure:
    return CrawlFailure(reason=reason, detail="…", retry_after=retry_after)


def plan(failed: CrawlFailure | None = None, chance: float = 0.5, **more: Any) -> Plan:
    return next_check(**{"poll": POLL, "now": NOW, "chance": chance, "failure": failed, **more})


def wait(failed: CrawlFailure | None = None, **more: Any) -> timedelta:
    return plan(failed, **more).at - NOW


def known(rate: float, *, peak: range = range(168), window: float | None = None, heat: float = 1.0) -> Rhythm:
    """Return the rhythm of a source watched for months that publishes at ``rate`` an hour during ``peak``."""
    return Rhythm(
        entries=tuple(50 * rate if hour in peak else 0.0 for hour in range(168)),
        watched=(50.0,) * 168,
        recent=10 * heat - 2 + 2 * heat,
        expected=10.0,
        window=window,
        learnt_until=NOW,
    )


RHYTHMS = st.builds(
    lambda entries, watched, recent, expected, window: Rhythm(
        entries=tuple(entries),
        watched=tuple(watched),
        recent=recent,
        expected=expected,
        window=window,
        learnt_until=NOW,
    ),
    st.lists(st.floats(0, 1e4), min_size=168, max_size=168),
    st.lists(st.floats(0, 1e3), min_size=168, max_size=168),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.none() | st.floats(0.1, 1e4),
)
HINTS = st.builds(
    PaceHints,
    max_age=st.none() | st.floats(-1, 1e12) | st.just(math.inf) | st.just(math.nan),
    interval=st.none() | st.floats(-1, 1e12) | st.just(math.inf),
    skip_hours=st.lists(st.integers(-5, 30)).map(tuple),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (given a zone)


# --- polls that worked ------------------------------------------------------------------------------


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 13.5), (0.5, 15.0), (1.0, 16.5)])
def test_source_nothing_is_known_of_keeps_its_interval_give_or_take_a_tenth(chance: float, minutes: float) -> None:
    assert wait(chance=chance) == timedelta(minutes=minutes)
    assert plan(chance=chance).reason is PlanReason.STEADY


@settings(deadline=None, max_examples=200)
@given(
    poll=st.timedeltas(timedelta(seconds=1), timedelta(days=30)),
    floor=st.sampled_from([timedelta(0), PUBLIC_FLOOR, timedelta(hours=2)]),
    rhythm=RHYTHMS,
    hints=HINTS,
    now=MOMENTS,
    chance=CHANCES,
)
def test_plan_lies_between_floor_and_ceiling(
    poll: timedelta, floor: timedelta, rhythm: Rhythm, hints: PaceHints, now: datetime, chance: float
) -> None:
    made = next_check(poll=poll, floor=floor, rhythm=rhythm, hints=hints, now=now, chance=chance)
    base = min(max(poll, floor), LONGEST_BACKOFF)
    assert made.detail
    assert floor <= made.at - now or floor > LONGEST_BACKOFF
    assert base / 3 - TICK <= made.at - now <= min(base * 4, LONGEST_BACKOFF * 1.1) + TICK


@settings(deadline=None)
@given(
    poll=st.timedeltas(timedelta(seconds=1), timedelta(seconds=60)),
    rhythm=RHYTHMS,
    hints=HINTS,
    now=MOMENTS,
    chance=CHANCES,
)
def test_interval_of_a_minute_or_less_on_own_machines_is_kept(
    poll: timedelta, rhythm: Rhythm, hints: PaceHints, now: datetime, chance: float
) -> None:
    made = next_check(poll=poll, rhythm=rhythm, hints=hints, now=now, chance=chance)
    assert poll * 0.9 - TICK <= made.at - now <= poll * 1.1 + TICK


def test_public_host_is_never_polled_more_than_once_a_minute() -> None:
    for chance in (0.0, 0.5, 1.0):
        assert wait(poll=timedelta(seconds=1), floor=PUBLIC_FLOOR, chance=chance) >= PUBLIC_FLOOR


def test_only_addresses_inside_allow_cidrs_are_own() -> None:
    policy = EgressPolicy(allow_cidrs=("10.0.0.0/8",))
    own = Source(id="a", name="A", url="http://10.1.1.1/", feeds=("http://10.1.1.1/feed",))
    both = replace(own, sections=("https://journal.example/",))
    assert floor_of(own, policy) == timedelta(0)
    assert floor_of(both, policy) == PUBLIC_FLOOR


def test_busy_hours_are_polled_more_and_quiet_ones_less() -> None:
    # NOW is a Tuesday, 09:00: hour 33 of the week.
    office = known(6, peak=range(33, 36))
    busy = plan(rhythm=office)
    quiet = next_check(poll=POLL, now=NOW + timedelta(hours=12), chance=0.5, rhythm=office)
    assert busy.reason is PlanReason.RHYTHM
    assert busy.at - NOW < POLL < quiet.at - (NOW + timedelta(hours=12))


@settings(deadline=None, max_examples=20)
@given(rhythm=RHYTHMS)
def test_budget_holds_whatever_the_rhythm(rhythm: Rhythm) -> None:
    """Over the week the mean number of polls is what the interval says."""
    shares = shares_of(rates_of(rhythm), bounds_of(POLL, PUBLIC_FLOOR))
    assert sum(shares) / 168 == pytest.approx(1, abs=0.02)


def test_week_ends_where_it_begins() -> None:
    """On Sunday at 23:59 the plan looks at Monday's first hour."""
    monday = known(40, peak=range(2))
    sunday = datetime(2026, 3, 15, 23, 59, tzinfo=UTC)
    soon = next_check(poll=POLL, now=sunday, chance=0.5, rhythm=monday)
    assert soon.at - sunday < timedelta(minutes=10)


@pytest.mark.parametrize("switch", [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)])
def test_daylight_saving_neither_skips_nor_repeats_an_hour(switch: datetime) -> None:
    at = switch - timedelta(hours=2)
    polls = 0
    while at < switch + timedelta(hours=2):
        at = next_check(poll=POLL, now=at, chance=0.5, rhythm=known(3)).at
        polls += 1
    assert 15 <= polls <= 17


def test_more_news_than_usual_is_polled_sooner_and_silence_later() -> None:
    usual, hot, cold = (wait(rhythm=known(2, heat=heat)) for heat in (1.0, 6.0, 0.2))
    assert hot < usual < cold
    assert plan(rhythm=known(2, heat=6.0)).reason is PlanReason.HEAT


def test_short_list_is_read_before_it_overflows() -> None:
    short = plan(rhythm=known(20, window=10))
    assert short.reason is PlanReason.WINDOW
    assert short.at - NOW <= timedelta(minutes=15)
    assert wait(rhythm=known(40, window=10)) < timedelta(minutes=9)


# --- wishes -----------------------------------------------------------------------------------------


def test_cache_control_is_waited_for() -> None:
    made = plan(hints=PaceHints(max_age=1800.0))
    assert (made.at - NOW, made.reason) == (timedelta(minutes=30), PlanReason.WISH)
    assert wait(hints=PaceHints(max_age=60.0)) == POLL


def test_stated_interval_is_waited_for_unless_the_list_belies_it() -> None:
    hourly = PaceHints(interval=3600.0)
    assert wait(hints=hourly) == timedelta(hours=1)
    assert wait(hints=hourly, rhythm=known(0.1)) == timedelta(hours=1)
    assert wait(hints=hourly, rhythm=known(12)) < timedelta(minutes=20)


@pytest.mark.parametrize("wish", [PaceHints(interval=525_600 * 60.0), PaceHints(max_age=math.inf)])
def test_silly_wish_blinds_nobody(wish: PaceHints) -> None:
    assert wait(hints=wish) == POLL * 4


def test_hour_to_be_skipped_is_left_as_far_as_the_ceiling_goes() -> None:
    at = datetime(2026, 3, 10, 21, 50, tzinfo=UTC)
    short = next_check(poll=POLL, now=at, chance=0.5, hints=PaceHints(skip_hours=(22,)))
    night = next_check(poll=POLL, now=at, chance=0.5, hints=PaceHints(skip_hours=(22, 23, 0, 1, 2, 3)))
    assert short.at == at + POLL * 4  # 22:50 at the latest
    assert night.at == at + POLL * 4
    early = next_check(poll=POLL, now=at - timedelta(minutes=10), chance=0.5, hints=PaceHints(skip_hours=(22,)))
    assert early.at < at + timedelta(minutes=10)
    always = next_check(poll=POLL, now=at, chance=0.5, hints=PaceHints(skip_hours=tuple(range(24))))
    assert always.at == at + POLL


# --- polls that failed ------------------------------------------------------------------------------


def test_each_failure_in_a_row_doubles_the_wait() -> None:
    waits = [wait(failure(), failures=count) for count in range(5)]
    assert waits == [POLL * 2, POLL * 4, POLL * 8, POLL * 16, POLL * 32]
    assert plan(failure()).reason is PlanReason.FAILED


def test_patience_asked_for_is_had() -> None:
    asked = failure(FailureReason.RATE_LIMITED, 7200.0)
    assert (wait(asked), plan(asked).reason) == (timedelta(hours=2), PlanReason.ASKED)


def test_order_that_was_not_sent_is_no_failure_of_the_source() -> None:
    held = replace(failure(FailureReason.RATE_LIMITED, 40.0), sent=False)
    assert timedelta(seconds=40) <= wait(held, failures=9) <= POLL * 1.1


@settings(deadline=None)
@given(
    poll=st.timedeltas(timedelta(seconds=1), LONGEST_BACKOFF),
    failures=st.integers(0, 10_000),
    asked=st.none() | st.floats(-1e6, 1e12) | st.just(float("inf")),
    chance=CHANCES,
)
def test_failing_source_is_never_given_up(poll: timedelta, failures: int, asked: float | None, chance: float) -> None:
    made = wait(failure(retry_after=asked), poll=poll, failures=failures, chance=chance)
    assert poll * 0.9 <= made <= LONGEST_BACKOFF
    if asked is not None and 0 < asked < LONGEST_BACKOFF.total_seconds():
        assert made >= timedelta(seconds=asked)


@settings(deadline=None)
@given(poll=st.timedeltas(timedelta(seconds=1), LONGEST_BACKOFF), failures=st.integers(0, 50), chance=CHANCES)
def test_another_failure_never_shortens_the_wait(poll: timedelta, failures: int, chance: float) -> None:
    plans = [wait(failure(), poll=poll, failures=count, chance=chance) for count in (failures, failures + 1)]
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
    if reason is FailureReason.RATE_LIMITED or asked is not None:
        assert moment is not None
    if moment is None:
        assert attempts >= len(SETTLED_RETRIES)
        return
    assert NOW < moment <= NOW + LONGEST_BACKOFF
    if asked is not None and 0 < asked < 86_400:
        assert moment >= NOW + timedelta(seconds=asked)


def test_host_that_asks_for_patience_burns_no_attempt() -> None:
    """A page is not given up because its host wants to be asked later; only age ends that."""
    for said in (failure(FailureReason.RATE_LIMITED), failure(FailureReason.SERVER_ERROR, 90.0)):
        assert asks_patience(said)
        for attempts in (0, 50):
            moment = next_page_attempt(failure=said, attempts=attempts, now=NOW, seen_at=NOW - timedelta(days=6))
            assert moment is not None
            assert moment >= NOW + timedelta(seconds=said.retry_after or 0)
        assert next_page_attempt(failure=said, attempts=0, now=NOW, seen_at=NOW - PAGE_PATIENCE * 1.01) is None
    assert asks_patience(replace(failure(FailureReason.BLOCKED), sent=False))
    assert not asks_patience(failure(FailureReason.BLOCKED))
