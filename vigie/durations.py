"""Durations as people write them in the configuration: ``30s``, ``10m``, ``72h``, ``14d``."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
#: ten years; beyond it a duration is a slip of the keyboard and overflows dates
LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: the text is not a number with a unit, or longer than ten years.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number and a unit, such as '30s', '10m', '72h' or '14d'")
    number, unit = match.groups()
    if len(number) > 9 or (duration := timedelta(**{_UNITS[unit]: int(number)})) > LONGEST:
        raise ValueError(f"{text!r} is longer than ten years")
    return duration


def format_duration(duration: timedelta) -> str:
    """Write a duration in its largest whole unit."""
    seconds = round(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
