"""A rhythm is learnt from what polls bring, and fades."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.rhythm import (
    COLDEST,
    FADE,
    HOTTEST,
    LONGEST_LOOK,
    Sighting,
    heat_of,
    hour_of_week,
    hours_between,
    learn,
    rates_of,
)
from storage.types import Rhythm

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (given a zone)


def watched(newsday: dict[int, int], *, weeks: int = 6, start: datetime = MONDAY) -> Rhythm:
    """Return the rhythm learnt by hourly polls of a source that publishes so many entries by hour of the day."""
    rhythm = Rhythm(learnt_until=start)
    for step in range(1, weeks * 168 + 1):
        now = start + step * HOUR
        new = (None,) * newsday.get((now - HOUR).hour, 0)
        rhythm = learn(rhythm, Sighting(new=new), now)
    return rhythm


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        (MONDAY, 0),
        (MONDAY + timedelta(days=6, hours=23, minutes=59), 167),
        (MONDAY + timedelta(days=7), 0),
        (datetime(2026, 3, 3, 0, 30, tzinfo=timezone(HOUR)), 23),
    ],
)
def test_hours_of_the_week_are_counted_from_monday_in_utc(moment: datetime, hour: int) -> None:
    assert hour_of_week(moment) == hour


@settings(deadline=None)
def is_sound(rhythm: Rhythm) -> bool:
    numbers = (*rhythm.entries, *rhythm.watched, rhythm.recent, rhythm.expected, rhythm.window or 0.0)
    return all(math.isfinite(number) and number >= 0 for number in numbers)


@given(start=MOMENTS, length=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_pieces_of_a_time_add_up_to_it(start: datetime, length: timedelta) -> None:
    pieces = list(hours_between(start, start + length))
    assert sum(piece for _, _, piece in pieces) == pytest.approx(length / HOUR)
    assert all(0 < piece <= 1 and hour_of_week(at) == hour for hour, at, piece in pieces)


def test_hour_with_news_is_told_from_one_without() -> None:
    rates = rates_of(watched({6: 8, 17: 4}))
    assert rates[6] > 3
    assert rates[6] > rates[17] > rates[2] * 4
    # Monday 06:00 and Sunday 06:00 alike: every day is the same here.
    assert rates[6 * 24 + 6] == pytest.approx(rates[6], rel=0.3)


def test_day_without_news_is_told_from_others() -> None:
    rhythm = Rhythm(learnt_until=MONDAY)
    for step in range(1, 5 * 168 + 1):
        now = MONDAY + step * HOUR
        new = (None,) * 3 if (now - HOUR).weekday() < 5 else ()
        rhythm = learn(rhythm, Sighting(new=new), now)
    rates = rates_of(rhythm)
    assert rates[12] > 2.5
    assert rates[5 * 24 + 12] < 0.5


def test_old_rhythm_gives_way_to_a_new_one() -> None:
    before = watched({6: 8})
    after = replace(before, learnt_until=MONDAY + timedelta(weeks=6))
    for step in range(1, 8 * 168 + 1):
        now = MONDAY + timedelta(weeks=6) + step * HOUR
        after = learn(after, Sighting(new=(None,) * (8 if (now - HOUR).hour == 18 else 0)), now)
    assert rates_of(after)[18] > 2 * rates_of(after)[6]
    assert sum(after.watched) < 2 * (FADE / HOUR)


def test_first_look_learns_from_the_dates_of_the_list() -> None:
    now = MONDAY + timedelta(days=3)
    dates = tuple(now - step * HOUR / 4 for step in range(1, 41))
    rhythm = learn(Rhythm(), Sighting(new=dates, unknown_share=1.0), now)
    assert sum(rhythm.entries) == 39
    assert sum(rhythm.watched) == pytest.approx(10)
    assert max(rates_of(rhythm)) > 2
    assert rhythm.window is None


def test_undated_first_look_teaches_nothing_but_the_time() -> None:
    rhythm = learn(Rhythm(), Sighting(new=(None, None), unknown_share=1.0), MONDAY)
    assert rhythm == Rhythm(learnt_until=MONDAY)


def test_pause_longer_than_a_week_is_not_taken_for_silence() -> None:
    rhythm = watched({6: 8})
    assert rhythm.learnt_until is not None
    later = rhythm.learnt_until + LONGEST_LOOK + HOUR
    assert learn(rhythm, Sighting(new=()), later).watched == rhythm.watched


def test_time_nobody_could_look_at_is_counted_once_it_can_be() -> None:
    start = watched({6: 8})
    assert start.learnt_until is not None
    blind = learn(start, Sighting(blind=True), start.learnt_until + HOUR)
    assert blind == start
    seen = learn(blind, Sighting(new=(None,)), start.learnt_until + 2 * HOUR)
    assert seen.watched[0] > start.watched[0] + 0.9
    assert seen.watched[1] > start.watched[1] + 0.9


def test_clock_that_is_set_back_teaches_nothing() -> None:
    rhythm = watched({6: 8}, weeks=1)
    assert rhythm.learnt_until is not None
    back = learn(rhythm, Sighting(new=(None,)), rhythm.learnt_until - 5 * HOUR)
    assert back.entries == rhythm.entries
    assert back.learnt_until == rhythm.learnt_until - 5 * HOUR


def test_surplus_heats_and_silence_cools() -> None:
    usual = watched(dict.fromkeys(range(24), 2), weeks=2)
    assert heat_of(usual) == pytest.approx(1, abs=0.2)
    now = usual.learnt_until
    assert now is not None
    burst = learn(usual, Sighting(new=(None,) * 12), now + HOUR)
    assert heat_of(burst) > 2
    silent = usual
    for step in range(1, 7):
        silent = learn(silent, Sighting(), now + step * HOUR)
    assert heat_of(silent) < 0.7
    assert silent.quiet_polls == 6
    assert COLDEST <= heat_of(silent) < heat_of(burst) <= HOTTEST


def test_length_of_a_list_is_told_by_the_share_of_unknown_entries() -> None:
    rhythm = Rhythm(learnt_until=MONDAY)
    rhythm = learn(rhythm, Sighting(new=(None,) * 5, unknown_share=0.25), MONDAY + HOUR)
    assert rhythm.window == 20
    rhythm = learn(rhythm, Sighting(new=(None,), unknown_share=0.05), MONDAY + 2 * HOUR)
    assert rhythm.window == 20
    rhythm = learn(rhythm, Sighting(new=(None,) * 10, unknown_share=1.0), MONDAY + 3 * HOUR)
    assert rhythm.window == 10
    rhythm = learn(rhythm, Sighting(new=(None,) * 10, unknown_share=0.5), MONDAY + 4 * HOUR)
    assert rhythm.window == pytest.approx(11)


@settings(deadline=None, max_examples=50)
@given(
    polls=st.lists(
        st.tuples(
            st.timedeltas(timedelta(days=-400), timedelta(days=400)),
            st.lists(st.none() | MOMENTS, max_size=20),
            st.floats(0, 1),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_no_history_makes_a_rhythm_unsound(
    polls: list[tuple[timedelta, list[datetime | None], float, bool]],
) -> None:
    rhythm, now = Rhythm(), MONDAY
    for step, new, share, blind in polls:
        now = max(now + step, datetime(2026, 1, 1, tzinfo=UTC))
        rhythm = learn(rhythm, Sighting(new=tuple(new), unknown_share=share, blind=blind), now)
        assert is_sound(rhythm)
        assert all(rate > 0 for rate in rates_of(rhythm))
        assert COLDEST <= heat_of(rhythm) <= HOTTEST
