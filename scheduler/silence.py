"""When a source's silence is longer than its rhythm explains: pure arithmetic over moments.

The rhythm is learnt from the pauses between moments at which something new turned up. A source is silent
when nothing new came for longer than ``max(3 × p95, 24 h)``. Weekends are a class of their own: a pause that
touches one is measured by the longest such pause seen, so that an outlet that rests at weekends raises no
alarm on Sunday, and one that stops on a Tuesday is still found by the rhythm of its weekdays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

#: moments older than this are forgotten
WINDOW = timedelta(days=60)
#: no silence shorter than this is worth a message
LEAST = timedelta(hours=24)
#: pauses needed before a rhythm is spoken of, and before it is trusted without a margin
FEWEST, ENOUGH = 8, 20
FACTOR, CAUTIOUS_FACTOR = 3, 5
#: a weekend's pause may be so much longer than the longest one seen
WEEKEND_FACTOR, WEEKEND_MARGIN = 1.25, timedelta(hours=12)
#: a weekend nobody has seen yet is taken for this long: Friday noon to Tuesday morning
UNSEEN_WEEKEND = timedelta(hours=90)
#: without any rhythm, silence is spoken of after this
UNLEARNT = timedelta(days=21)
#: a source seen for the first time is watched for so long before its own dates are believed
FIRST_LOOK = timedelta(hours=24)
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The pauses between a source's news."""

    #: pauses it was learnt from
    pauses: int
    #: 95 of 100 pauses are shorter
    usual: timedelta
    #: the longest pause that touched a weekend, None when no weekend was seen
    weekend: timedelta | None
    #: the last moment it was learnt from
    last: datetime


def learn(moments: Sequence[datetime], interruptions: Sequence[tuple[datetime, datetime]] = ()) -> Rhythm | None:
    """Return the rhythm of these moments, or None when there are too few.

    Args:
        moments: when something new turned up; aware, in any order.
        interruptions: spans in which nobody looked; pauses that touch one teach nothing.
    """
    ordered = sorted(set(moments))
    every: list[timedelta] = []
    weekends: list[timedelta] = []
    for start, end in pairwise(ordered):
        if any(begun < end and start < ended for begun, ended in interruptions):
            continue
        every.append(end - start)
        if touches_weekend(start, end):
            weekends.append(end - start)
    if len(every) < FEWEST:
        return None
    return Rhythm(
        pauses=len(every),
        usual=_p95(every),
        weekend=max(weekends, default=None),
        last=ordered[-1],
    )


def limit(rhythm: Rhythm | None, start: datetime, now: datetime) -> timedelta:
    """Return the longest silence since ``start`` that is no silence yet."""
    if rhythm is None:
        return UNLEARNT
    factor = FACTOR if rhythm.pauses >= ENOUGH else CAUTIOUS_FACTOR
    longest = max(LEAST, rhythm.usual * factor)
    if touches_weekend(start, max(start, now)):
        weekend = UNSEEN_WEEKEND if rhythm.weekend is None else rhythm.weekend * WEEKEND_FACTOR + WEEKEND_MARGIN
        longest = max(longest, weekend)
    return longest


def watched(start: datetime, now: datetime, interruptions: Sequence[tuple[datetime, datetime]]) -> timedelta:
    """Return how long a silence has lasted, spans in which nobody looked left out."""
    blind, reached = timedelta(0), start
    for begun, ended in sorted(interruptions):
        span = min(ended, now) - max(begun, reached)
        if span > timedelta(0):
            blind += span
            reached = min(ended, now)
    return now - start - blind


def touches_weekend(start: datetime, end: datetime) -> bool:
    """Whether any of the time between two moments is a Saturday or a Sunday (UTC)."""
    if end - start >= 6 * _DAY:
        return True
    day = start.astimezone(UTC).date()
    last = end.astimezone(UTC).date()
    while day <= last:
        if day.weekday() >= _SATURDAY:
            return True
        day += _DAY
    return False


def believable(published: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """Return the dates a source gives its own articles as far as they can be: not ahead of now, not 1970."""
    earliest = datetime(1995, 1, 1, tzinfo=UTC)
    return tuple(moment for moment in published if earliest < moment <= now)


def _p95(pauses: Sequence[timedelta]) -> timedelta:
    """The nearest-rank percentile."""
    return sorted(pauses)[math.ceil(0.95 * len(pauses)) - 1]
