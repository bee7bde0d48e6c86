"""The present is aware, and a jump of the wall clock is noticed once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import JUMP, Every, JumpDetector, now_utc


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the wall clock by so many seconds against the monotonic one, which runs on."""
    clocks = {"wall": 1_000_000.0, "monotonic": 500.0}
    monkeypatch.setattr(time, "time", lambda: clocks["wall"])
    monkeypatch.setattr(time, "monotonic", lambda: clocks["monotonic"])

    def move(seconds: float) -> None:
        clocks["wall"] += seconds + 30
        clocks["monotonic"] += 30

    return move


def test_present_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    moment = now_utc()
    assert moment.tzinfo is UTC
    assert before <= moment <= datetime.now(UTC)


def test_clock_that_runs_on_has_not_jumped(shift: Callable[[float], None]) -> None:
    detector = JumpDetector()
    for drift in (0, 0.5, -0.5, 59, -59):
        shift(drift)
        assert detector.jumped() is None


@pytest.mark.parametrize("seconds", [61, 3600, -3600, 86_400 * 365])
def test_jump_is_told_once_with_its_size(shift: Callable[[float], None], seconds: int) -> None:
    detector = JumpDetector()
    shift(seconds)
    jump = detector.jumped()
    assert jump is not None
    assert abs(jump - timedelta(seconds=seconds)) < timedelta(milliseconds=1)
    shift(0)
    assert detector.jumped() is None


def test_a_minute_is_the_limit(shift: Callable[[float], None]) -> None:
    detector = JumpDetector()
    shift(JUMP.total_seconds() - 0.01)
    assert detector.jumped() is None
    shift(JUMP.total_seconds() + 0.01)
    assert detector.jumped() is not None


@pytest.mark.parametrize(
    ("late", "wait"),
    [(0, 10), (3, 7), (10, 10), (3600, 10), (10 * 365 * 86_400, 10), (-1, 10), (-3600, 10), (-10 * 365 * 86_400, 10)],
)
def test_next_run_is_within_the_interval_wherever_the_clock_went(late: int, wait: int) -> None:
    previous = datetime(2026, 3, 10, 9, tzinfo=UTC)
    now = previous + timedelta(seconds=late)
    every = Every(timedelta(seconds=10))
    assert every.get_next_fire_time(previous, now) == now + timedelta(seconds=wait)
    assert every.get_next_fire_time(None, now) == now
