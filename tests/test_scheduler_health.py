"""How a source is doing, from facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.drift import PageOutcome
from scheduler.health import AddressFacts, Facts, judge
from scheduler.silence import Rhythm, learn
from storage.types import Drift, FailureReason, Health, HealthState

#: a Wednesday
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = "https://fleuve.example/feed.xml"
OTHER = "https://fleuve.example/monde.xml"
HOURLY = Rhythm(pauses=200, usual=3 * HOUR, weekend=10 * HOUR, last=NOW)
READ = Facts(
    polled=True,
    addresses=(AddressFacts(url=FEED),),
    last_new_at=NOW - HOUR,
    first_read_at=NOW - 30 * DAY,
    rhythm=HOURLY,
)


def failing(failure: FailureReason, polls: int = 3, lasted: timedelta = HOUR, url: str = FEED) -> AddressFacts:
    return AddressFacts(url=url, failures=polls, failing_since=NOW - lasted, failure=failure, detail="what it said")


def pages(
    count: int,
    *,
    failure: FailureReason | None = None,
    length: int = 3000,
    language: str = "fr",
    titled: bool = True,
    missed: bool = False,
    ago: timedelta = HOUR,
) -> list[PageOutcome]:
    return [
        PageOutcome(
            at=NOW - ago,
            length=None if failure else length,
            titled=titled,
            language=None if failure else language,
            failure=failure,
            missed=missed,
        )
        for _ in range(count)
    ]


def state(facts: Facts) -> HealthState:
    return judge(facts, NOW).state


def test_a_source_never_read_is_new() -> None:
    assert state(Facts(polled=False)) is HealthState.NEW


def test_news_at_its_pace_is_fresh() -> None:
    assert state(READ) is HealthState.FRESH


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (FailureReason.NOT_A_FEED, HealthState.BROKEN_FEED),
        (FailureReason.BROKEN_FEED, HealthState.BROKEN_FEED),
        (FailureReason.EMPTY_FEED, HealthState.BROKEN_FEED),
        (FailureReason.ROBOTS, HealthState.ROBOTS),
        (FailureReason.BLOCKED, HealthState.WALLED),
        (FailureReason.CHALLENGE, HealthState.WALLED),
        (FailureReason.NOT_FOUND, HealthState.GONE),
        (FailureReason.GONE, HealthState.GONE),
        (FailureReason.SERVER_ERROR, HealthState.FAILING),
        (FailureReason.TLS, HealthState.FAILING),
        (FailureReason.DNS, HealthState.FAILING),
        (FailureReason.RATE_LIMITED, HealthState.FAILING),
    ],
)
def test_three_failures_in_a_row_are_a_state(failure: FailureReason, expected: HealthState) -> None:
    two = replace(READ, addresses=(failing(failure, polls=2),))
    assert state(two) is HealthState.FRESH
    three = judge(replace(READ, addresses=(failing(failure),)), NOW)
    assert three.state is expected
    assert (three.cause.failure, three.cause.detail, three.cause.polls) == (failure, "what it said", 3)


def test_two_failures_over_six_hours_are_a_state() -> None:
    assert state(replace(READ, addresses=(failing(FailureReason.RATE_LIMITED, 2, 6 * HOUR),))) is HealthState.FAILING


def test_a_hiccup_of_the_line_is_none() -> None:
    quick = failing(FailureReason.DNS, 3, timedelta(seconds=20))
    assert state(replace(READ, addresses=(quick,))) is HealthState.FRESH
    broken = failing(FailureReason.NOT_A_FEED, 3, timedelta(seconds=20))
    assert state(replace(READ, addresses=(broken,))) is HealthState.BROKEN_FEED


def test_one_address_of_two_is_told_unless_the_source_is_silent() -> None:
    partly = replace(READ, addresses=(failing(FailureReason.NOT_FOUND), AddressFacts(url=OTHER)))
    found = judge(partly, NOW)
    assert found.state is HealthState.GONE
    assert (found.cause.failing, found.cause.addresses, found.cause.address) == (1, 2, FEED)
    assert state(replace(partly, last_new_at=NOW - 3 * DAY)) is HealthState.SILENT


def test_silence_follows_the_rhythm() -> None:
    # Sunday noon: the silence touches a weekend, which was ten hours long at most.
    assert state(replace(READ, last_new_at=NOW - 23 * HOUR)) is HealthState.QUIET
    silent = judge(replace(READ, last_new_at=NOW - 25 * HOUR), NOW)
    assert silent.state is HealthState.SILENT
    assert (silent.cause.limit, silent.cause.usual) == (24 * HOUR, 3 * HOUR)


def test_time_without_network_or_service_is_no_silence() -> None:
    away = replace(READ, last_new_at=NOW - 40 * HOUR, interruptions=((NOW - 39 * HOUR, NOW - 10 * HOUR),))
    assert state(away) is HealthState.QUIET


def test_a_stale_feed_is_silent_by_its_own_dates_after_a_day() -> None:
    dates = [NOW - 400 * DAY - n * 5 * HOUR for n in range(20)]
    stale = replace(
        READ, rhythm=None, dated=learn(dates), newest=dates[0], last_new_at=NOW - 2 * DAY, first_read_at=NOW - 2 * DAY
    )
    assert state(stale) is HealthState.SILENT
    assert state(replace(stale, first_read_at=NOW - 23 * HOUR, last_new_at=NOW - 23 * HOUR)) is HealthState.FRESH


def test_a_fresh_feed_is_not_silent_by_its_own_dates() -> None:
    dates = [NOW - n * 5 * HOUR for n in range(1, 20)]
    new = replace(READ, rhythm=None, dated=learn(dates), newest=dates[0], first_read_at=NOW - 2 * DAY)
    assert state(new) is HealthState.FRESH


def test_a_permanent_redirect_twice_is_a_move() -> None:
    once = AddressFacts(url=FEED, moved_to=OTHER, moves=1)
    assert state(replace(READ, addresses=(once,))) is HealthState.FRESH
    twice = judge(replace(READ, addresses=(replace(once, moves=2),)), NOW)
    assert twice.state is HealthState.MOVED
    assert twice.cause.moved_to == OTHER


def test_more_than_three_pages_of_ten_behind_a_wall() -> None:
    walled = [*pages(7), *pages(3, failure=FailureReason.CHALLENGE)]
    assert state(replace(READ, pages=walled)) is HealthState.FRESH
    found = judge(replace(READ, pages=[*walled, *pages(1, failure=FailureReason.CHALLENGE)]), NOW)
    assert found.state is HealthState.WALLED
    assert (found.cause.hit, found.cause.pages, found.cause.failure) == (4, 11, FailureReason.CHALLENGE)


def test_a_wall_stays_until_it_is_nearly_gone() -> None:
    known = Health(state=HealthState.WALLED, since=NOW - HOUR)
    quarter = [*pages(15), *pages(5, failure=FailureReason.CONSENT)]
    assert state(replace(READ, pages=quarter)) is HealthState.FRESH
    assert state(replace(READ, pages=quarter, known=known)) is HealthState.WALLED
    fifth = [*pages(16), *pages(4, failure=FailureReason.CONSENT)]
    assert state(replace(READ, pages=fifth, known=known)) is HealthState.FRESH


def test_walls_of_yesterday_are_no_wall() -> None:
    old = pages(20, failure=FailureReason.CHALLENGE, ago=25 * HOUR)
    assert state(replace(READ, pages=[*old, *pages(6)])) is HealthState.FRESH


@pytest.mark.parametrize(
    ("recent", "kind"),
    [
        (pages(20, length=1100), Drift.LENGTH),
        (pages(20, language="en"), Drift.LANGUAGE),
        ([*pages(15), *pages(5, titled=False)], Drift.TITLES),
        ([*pages(15), *pages(5, failure=FailureReason.NO_TITLE)], Drift.TITLES),
        ([*pages(9), *pages(11, failure=FailureReason.NO_TEXT)], Drift.TEXT),
        ([*pages(9), *pages(11, missed=True)], Drift.OVERRIDES),
    ],
)
def test_a_drift_is_named(recent: list[PageOutcome], kind: Drift) -> None:
    found = judge(replace(READ, pages=[*pages(60, ago=2 * DAY), *recent]), NOW)
    assert found.state is HealthState.DRIFTING
    assert found.cause.drift is kind


@pytest.mark.parametrize(
    "recent",
    [
        pages(20, length=1300),
        [*pages(10), *pages(10, language="en")],
        [*pages(16), *pages(4, titled=False)],
        [*pages(10), *pages(10, failure=FailureReason.NO_TEXT)],
        pages(9, length=10),
    ],
)
def test_what_varies_is_no_drift(recent: list[PageOutcome]) -> None:
    assert state(replace(READ, pages=[*pages(60, ago=2 * DAY), *recent])) is HealthState.FRESH


def test_a_new_source_is_compared_with_nothing() -> None:
    assert state(replace(READ, pages=[*pages(39), *pages(20, length=100)])) is HealthState.FRESH


def test_a_drift_does_not_become_its_own_measure() -> None:
    known = Health(state=HealthState.DRIFTING, since=NOW - 2 * DAY)
    before = [*pages(60, ago=4 * DAY), *pages(20, length=500, ago=3 * DAY)]
    drifted = replace(READ, known=known, pages=[*before, *pages(120, length=500)])
    assert state(drifted) is HealthState.DRIFTING
    assert state(replace(drifted, pages=[*before, *pages(100, length=500), *pages(20)])) is HealthState.FRESH


def test_a_look_that_lasts_a_week_is_accepted() -> None:
    known = Health(state=HealthState.DRIFTING, since=NOW - 7 * DAY - HOUR)
    pages_of_a_week = [*pages(60, ago=9 * DAY), *pages(20, length=500, ago=8 * DAY), *pages(50, length=500)]
    assert state(replace(READ, known=known, pages=pages_of_a_week)) is HealthState.FRESH


def test_a_state_keeps_the_moment_it_began() -> None:
    first = judge(replace(READ, addresses=(failing(FailureReason.ROBOTS),)), NOW)
    later = judge(replace(READ, known=first, addresses=(failing(FailureReason.ROBOTS, 4),)), NOW + HOUR)
    assert later.since == NOW
    assert later.cause.polls == 4
    assert judge(replace(READ, known=later), NOW + 2 * HOUR).since == NOW + 2 * HOUR
