"""The geometry of a source's rhythm: entries a day beside those expected, gaps, and the hours of its week."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from review.charting import BAR_HEIGHT, LEFT, RIGHT, WIDTH, Tick, by_day, days_between, local_midnight, nice, ticks
from storage.types import Rhythm

#: hours a source must have been watched before its rhythm lets expect anything
LEARNT_HOURS = 24.0
#: of an hour of the week: hours watched before it counts by itself
_WATCHED_HOUR = 0.5
#: shades of the week's hours, above nothing
SHADES = 4
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmDay:
    """What a source listed on one day."""

    day: date
    x: float
    y: float
    width: float
    height: float
    seen: int
    #: None while too little was learnt
    expected: float | None
    expected_y: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span in which the source could not be read, as a band over the days."""

    x: float
    width: float
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmChart:
    """Entries a day, each with what the rhythm let expect, and the gaps."""

    width: float
    height: float
    top: float
    ground: float
    days: tuple[RhythmDay, ...]
    gaps: tuple[Gap, ...]
    scale: tuple[tuple[int, float], ...]
    ticks: tuple[Tick, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCell:
    """One hour of the local week."""

    weekday: int
    hour: int
    x: float
    y: float
    seen: int
    #: 0 for nothing, else 1 to :data:`SHADES`
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekChart:
    """The hours of a week as seven rows."""

    width: float
    height: float
    cell_width: float
    cell_height: float
    cells: tuple[WeekCell, ...]
    #: entries by weekday, Monday first
    rows: tuple[tuple[int, ...], ...]


def rates(rhythm: Rhythm) -> tuple[float, ...] | None:
    """Return new entries an hour by hour of the week (UTC), or None while too little was watched.

    An hour that was hardly watched stands for itself no more than the source's mean does.
    """
    watched, entries = sum(rhythm.watched), sum(rhythm.entries)
    if watched < LEARNT_HOURS:
        return None
    mean = entries / watched
    return tuple(
        seen / hours if hours >= _WATCHED_HOUR else mean
        for seen, hours in zip(rhythm.entries, rhythm.watched, strict=True)
    )


def expected_on(day: date, rate: Sequence[float], zone: tzinfo, now: datetime) -> float:
    """Return how many entries a day of a zone lets expect, of 23 to 25 hours, and of today up to now."""
    at, end = local_midnight(day, zone), min(local_midnight(day + timedelta(days=1), zone), now)
    total = 0.0
    while at < end:
        share = min((end - at) / _HOUR, 1.0)
        there = at.astimezone(UTC)
        total += rate[there.weekday() * 24 + there.hour] * share
        at += _HOUR
    return total


def rhythm_chart(
    counts: Iterable[tuple[datetime, int]],
    rhythm: Rhythm,
    gaps: Sequence[tuple[datetime, datetime]],
    *,
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> RhythmChart:
    """Return entries a day beside what was to be expected.

    Args:
        counts: new entries by hour.
        rhythm: what polling taught.
        gaps: spans in which the source could not be read.
        since: left edge, a midnight of the zone.
        now: right edge.
        zone: whose days are drawn.
    """
    days = days_between(since, now, zone)
    rate = rates(rhythm)
    seen = by_day(counts, days, zone)
    hoped = [None if rate is None else expected_on(day, rate, zone, now) for day in days]
    highest = nice(max(1, *(count for _, count in seen), *(math.ceil(one or 0.0) for one in hoped)))
    top = 10.0
    ground = top + BAR_HEIGHT
    step = (WIDTH - LEFT - RIGHT) / len(days)
    gap = min(3.0, step * 0.2)

    def y_of(value: float) -> float:
        return round(ground - BAR_HEIGHT * value / highest, 1)

    drawn = []
    for number, ((day, count), expected) in enumerate(zip(seen, hoped, strict=True)):
        tall = 0.0 if not count else max(1.5, BAR_HEIGHT * count / highest)
        drawn.append(
            RhythmDay(
                day=day,
                x=round(LEFT + number * step + gap / 2, 2),
                y=round(ground - tall, 1),
                width=round(step - gap, 2),
                height=round(tall, 1),
                seen=count,
                expected=expected,
                expected_y=None if expected is None else y_of(expected),
            )
        )
    named = set(ticks(days))
    return RhythmChart(
        width=WIDTH,
        height=ground + 22,
        top=top,
        ground=ground,
        days=tuple(drawn),
        gaps=tuple(_bands(gaps, days, step, since=since, now=now, zone=zone)),
        scale=((highest, top), (highest // 2, y_of(highest // 2))) if highest > 1 else ((highest, top),),
        ticks=tuple(
            Tick(x=round(LEFT + (number + 0.5) * step, 1), day=day) for number, day in enumerate(days) if day in named
        ),
        total=sum(count for _, count in seen),
    )


def _bands(
    gaps: Sequence[tuple[datetime, datetime]],
    days: Sequence[date],
    step: float,
    *,
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> Iterable[Gap]:
    def x_of(moment: datetime) -> float:
        # A day is as wide as any other, however many hours it has.
        day = moment.astimezone(zone).date()
        begin, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
        return LEFT + step * ((day - days[0]).days + (moment - begin) / (end - begin))

    for began, ended in gaps:
        first, last = max(began, since), min(ended, now)
        if first < last:
            x = x_of(first)
            yield Gap(x=round(x, 1), width=round(max(2.0, x_of(last) - x), 1), began=began, ended=ended)


def week_chart(counts: Iterable[tuple[datetime, int]], zone: tzinfo) -> WeekChart:
    """Return how many entries turned up in which hour of the local week."""
    rows = [[0] * 24 for _ in range(7)]
    for moment, count in counts:
        there = moment.astimezone(zone)
        rows[there.weekday()][there.hour] += count
    highest = max(max(row) for row in rows)
    left, top, height = 44.0, 4.0, 18.0
    width = (WIDTH - left - RIGHT) / 24
    return WeekChart(
        width=WIDTH,
        height=top + 7 * height + 22,
        cell_width=round(width - 1.5, 2),
        cell_height=height - 1.5,
        cells=tuple(
            WeekCell(
                weekday=weekday,
                hour=hour,
                x=round(left + hour * width, 2),
                y=top + weekday * height,
                seen=seen,
                shade=math.ceil(SHADES * seen / highest) if seen else 0,
            )
            for weekday, row in enumerate(rows)
            for hour, seen in enumerate(row)
        ),
        rows=tuple(tuple(row) for row in rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A small row of bars without an axis."""

    width: float
    height: float
    #: (x, y, height)
    bars: tuple[tuple[float, float, float], ...]
    counts: tuple[int, ...]


def spark(counts: Sequence[int]) -> Spark:
    """Return a source's last days as small bars."""
    height, step = 20.0, 6.0
    highest = max(1, *counts) if counts else 1
    return Spark(
        width=step * len(counts),
        height=height,
        bars=tuple(
            (number * step, round(height - tall, 1), round(tall, 1))
            for number, count in enumerate(counts)
            if count and (tall := max(1.5, height * count / highest))
        ),
        counts=tuple(counts),
    )
