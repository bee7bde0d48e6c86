"""Durations as people write them."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("72h", timedelta(hours=72)),
        ("14d", timedelta(days=14)),
        (" 5 m ", timedelta(minutes=5)),
        ("0s", timedelta(0)),
        ("3660d", LONGEST),
    ],
)
def test_duration_is_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "1.5h", "5 minutes", "1h30m", "10M", "1w", "5m\n5m", "1e3s"])
def test_anything_else_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ValueError, match="such as '30s'"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3661d", "999999999d", "9999999999s", "9" * 5000 + "d"])
def test_slip_of_the_keyboard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than ten years"):
        parse_duration(text)


@settings(deadline=None)
@given(st.integers(0, int(LONGEST.total_seconds())))
def test_what_is_written_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "90s"), (7200, "2h"), (86_400, "1d"), (90_000, "25h")])
def test_largest_whole_unit_is_written(seconds: int, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert timedelta(0) <= parse_duration(text) <= LONGEST
