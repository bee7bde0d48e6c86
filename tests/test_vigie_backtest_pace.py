"""How long a backtest takes by its pace, and what is said early of one that would not end in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from review.bench import Run
from scheduler.backtest import WARM_UP
from vigie.backtest_pace import Pace
from vigie.backtest_runs import DEADLINE, paced

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
RUN = Run(number=1, about="watch:sahel", by="Awa", at=NOW, days=90, state="running")


def test_nothing_says_how_long_it_takes_before_the_first_readings_are_through() -> None:
    begun = paced(RUN, Pace(done=0, total=900, seconds=4), NOW)
    assert (begun.done, begun.total, begun.ends_at, begun.fits) == (0, 900, None, None)


def test_it_ends_when_its_pace_says_so() -> None:
    run = paced(RUN, Pace(done=300, total=900, seconds=10), NOW)
    assert run.ends_at == NOW + timedelta(seconds=20)
    assert run.fits is None


def test_what_would_not_end_in_time_says_so_at_once_and_offers_fewer_days() -> None:
    slow = Pace(done=1_000, total=240_000, seconds=60)
    run = paced(RUN, slow, NOW)
    assert run.ends_at == NOW + timedelta(minutes=239)
    assert run.fits == 27
    assert not slow.is_hopeless(DEADLINE), "a machine may be busy for a minute"
    assert replace(slow, done=3_000, seconds=181).is_hopeless(DEADLINE)
    assert not replace(slow, done=6_000, seconds=181).is_hopeless(DEADLINE), "it may catch up"
    assert Pace(done=10, total=240_000, seconds=60).fits(90, DEADLINE) == 0


@given(
    done=st.integers(1, 10**6), left=st.integers(0, 10**6), seconds=st.floats(0.001, 10**5), days=st.integers(1, 400)
)
def test_the_days_that_are_offered_end_in_time_and_are_fewer(done: int, left: int, seconds: float, days: int) -> None:
    pace = Pace(done=done, total=done + left, seconds=seconds)
    fits = pace.fits(days, DEADLINE)
    whole = seconds * pace.total / done
    if fits is None:
        assert whole <= DEADLINE.total_seconds() * 1.000_001
    else:
        assert 0 <= fits < days
        gone_through = timedelta(days=fits) + WARM_UP if fits else timedelta(0)
        assert whole * (gone_through / (timedelta(days=days) + WARM_UP)) <= DEADLINE.total_seconds()
