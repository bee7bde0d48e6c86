"""Hours of the day as the configuration writes them: ``22:00-07:00``, ``mon-fri 22:00-07:00``, ``08:00``."""

from __future__ import annotations

import re
from datetime import time

from alerts.hours import LONGEST_QUIET, length_of
from storage.types import DAYS, Digest, QuietHours

_QUIET = re.compile(r"(?:([a-z, -]+?)\s+)?(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})", re.ASCII)
_QUIET_FORM = "write them like '22:00-07:00' or 'mon-fri 22:00-07:00'"


def parse_quiet_hours(text: str) -> QuietHours:
    """Return quiet hours; days, if any are named, are those on which they begin.

    Raises:
        ValueError: says what is wrong and how it is written.
    """
    found = _QUIET.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} are no quiet hours; {_QUIET_FORM}")
    days = _days(found[1]) if found[1] else frozenset(range(7))
    quiet = QuietHours(start=_time(found[2]), end=_time(found[3]), days=days)
    if quiet.start == quiet.end:
        raise ValueError(f"{text!r} begin and end at the same time; {_QUIET_FORM}")
    if length_of(quiet) > LONGEST_QUIET:
        raise ValueError(f"{text!r} leave no time to be told anything; quiet hours last 22 hours at most")
    return quiet


def parse_digest(text: str) -> Digest:
    """Return how alerts are gathered: ``hourly``, ``daily`` (at 08:00) or the time of a daily digest.

    Raises:
        ValueError: says what is wrong and how it is written.
    """
    word = text.strip().lower()
    if word == "hourly":
        return Digest(every="hourly")
    if word == "daily":
        return Digest(every="daily")
    if re.fullmatch(r"\d{1,2}:\d{2}", word):
        return Digest(every="daily", at=_time(word))
    raise ValueError(f"{text!r} is no digest; write 'hourly', 'daily' or a time such as '08:00'")


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    try:
        return time(int(hour), int(minute))
    except ValueError as error:
        raise ValueError(f"{text!r} is no time of day; write '07:00', or '00:00' for midnight") from error


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in re.split(r"\s*,\s*", text.strip()):
        first, to, last = (piece.strip() for piece in part.partition("-"))
        last = last if to else first
        for name in (first, last):
            if name not in DAYS:
                raise ValueError(f"{name!r} is no day; write mon, tue, wed, thu, fri, sat or sun, such as 'mon-fri'")
        begin, end = DAYS.index(first), DAYS.index(last)
        days.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(days)
