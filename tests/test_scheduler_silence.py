"""The rhythm of a source, and when its silence is longer than that explains."""

from __future__ import annotations

import bisect
import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.silence import LEAST, UNLEARNT, Rhythm, believable, learn, limit, touches_weekend, watched

#: a Monday
START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def trace(
    chance: random.Random, *, days: int, daily: float, weekend: float = 1.0, night: float = 0.15
) -> list[datetime]:
    """Return moments at which a source has news, as polls each quarter of an hour see it."""
    moments = []
    for quarter in range(days * 96):
        at = START + quarter * timedelta(minutes=15)
        rate = daily / 96 * (weekend if at.weekday() >= 5 else 1.0) * (night if at.hour < 5 else 1.2)
        if chance.random() < 1 - math.exp(-rate):
            moments.append(at)
    return moments


def silent_hours(moments: list[datetime], since: datetime, until: datetime) -> list[datetime]:
    """Return the starts of the silences an hourly judge would tell of."""
    told: list[datetime] = []
    rhythm: Rhythm | None = None
    for hour in range(int((until - since) / HOUR)):
        at = since + hour * HOUR
        seen = bisect.bisect_right(moments, at)
        if hour % 24 == 0:
            rhythm = learn(moments[bisect.bisect_left(moments, at - 60 * DAY) : seen])
        last = moments[seen - 1] if seen else since
        if at - last > limit(rhythm, last, at) and last not in told:
            told.append(last)
    return told


def test_pauses_that_nobody_watched_teach_nothing() -> None:
    moments = [START + n * HOUR for n in range(12)] + [START + 100 * HOUR + n * HOUR for n in range(12)]
    taught = learn(moments, [(START + 20 * HOUR, START + 90 * HOUR)])
    assert taught is not None
    assert taught.usual == HOUR
    assert taught.weekend is None
    assert taught.pauses == 22


def test_too_few_pauses_are_no_rhythm() -> None:
    assert learn([START + n * DAY for n in range(8)]) is None
    assert learn([START + n * DAY for n in range(9)]) is not None


def test_a_weekly_magazine_is_given_weeks() -> None:
    rhythm = learn([START + 3 * DAY + n * 7 * DAY for n in range(9)])
    assert rhythm is not None
    assert limit(rhythm, START, START + 8 * DAY) >= 21 * DAY


def test_a_source_that_rests_at_weekends_is_quiet_until_monday_and_missed_on_tuesday() -> None:
    office = [START + day * DAY + hour * HOUR for day in range(28) for hour in range(8, 18) if day % 7 < 5]
    rhythm = learn(office)
    assert rhythm is not None
    friday = START + 25 * DAY + 17 * HOUR
    assert limit(rhythm, friday, friday + 62 * HOUR) > 63 * HOUR
    assert limit(rhythm, friday, friday + 62 * HOUR) <= 95 * HOUR
    tuesday = START + 22 * DAY + 17 * HOUR
    assert limit(rhythm, tuesday, tuesday + 30 * HOUR) <= 45 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "touches"),
    [
        (START + 4 * DAY, START + 4 * DAY + 23 * HOUR, False),
        (START + 4 * DAY, START + 5 * DAY, True),
        (START, START + 4 * DAY, False),
        (START, START + 7 * DAY, True),
        (START + 6 * DAY + 23 * HOUR, START + 7 * DAY, True),
    ],
)
def test_touches_weekend(start: datetime, end: datetime, touches: bool) -> None:
    assert touches_weekend(start, end) is touches


def test_time_that_nobody_watched_is_no_silence() -> None:
    spans = [(START + HOUR, START + 5 * HOUR), (START + 3 * HOUR, START + 6 * HOUR), (START + 9 * HOUR, START + DAY)]
    assert watched(START, START + 10 * HOUR, spans) == 4 * HOUR
    assert watched(START, START + 10 * HOUR, ()) == 10 * HOUR


def test_dates_ahead_of_time_and_from_the_stone_age_are_not_believed() -> None:
    assert believable([START + DAY, datetime(1970, 1, 1, tzinfo=UTC), START], START) == (START,)


@given(
    pauses=st.lists(st.integers(1, 40 * 24), min_size=20, max_size=80),
    quiet=st.integers(1, 2000),
    seed=st.integers(0, 2**32),
)
def test_a_source_that_stops_is_found_within_the_bound(pauses: list[int], quiet: int, seed: int) -> None:
    """Three times the p95 pause, or a day, or over a weekend a little more than the longest one seen."""
    at, moments = START, [START]
    for pause in pauses:
        at += pause * HOUR
        moments.append(at)
    rhythm = learn(moments)
    assert rhythm is not None
    longest = limit(rhythm, at, at + quiet * HOUR)
    weekend = timedelta(hours=90) if rhythm.weekend is None else rhythm.weekend * 1.25 + 12 * HOUR
    bound = max(3 * rhythm.usual, LEAST, weekend if touches_weekend(at, at + quiet * HOUR) else LEAST)
    assert LEAST <= longest <= bound
    assert longest >= 3 * rhythm.usual


def test_a_stopped_source_of_every_kind_is_found_in_time() -> None:
    late = []
    for seed in range(60):
        chance = random.Random(seed)
        daily = math.exp(chance.uniform(math.log(0.7), math.log(40)))
        moments = trace(chance, days=42, daily=daily, weekend=chance.choice([1.0, 0.6, 0.3, 0.0]))
        rhythm = learn(moments)
        assert rhythm is not None
        last = moments[-1]
        hour = next(n for n in range(1, 24 * 90) if n * HOUR > limit(rhythm, last, last + n * HOUR))
        bound = max(3 * rhythm.usual, LEAST)
        if touches_weekend(last, last + bound):
            bound = max(bound, (rhythm.weekend or timedelta(0)) * 1.25 + 12 * HOUR)
        if hour * HOUR > bound + HOUR:
            late.append((seed, daily, hour, bound))
    assert not late


def test_a_normal_week_of_eighty_five_sources_raises_at_most_one_false_alarm() -> None:
    alarms = []
    for seed in range(4):
        chance = random.Random(seed)
        told = 0
        for _ in range(85):
            daily = math.exp(chance.uniform(math.log(0.5), math.log(60)))
            moments = trace(chance, days=49, daily=daily, weekend=chance.choice([1.0, 0.8, 0.5, 0.3, 0.1, 0.0]))
            told += len(silent_hours(moments, START + 42 * DAY, START + 49 * DAY))
        alarms.append(told)
    assert sum(alarms) / len(alarms) <= 1, alarms


def test_without_a_rhythm_three_weeks_are_silence() -> None:
    assert limit(None, START, START + DAY) == UNLEARNT
