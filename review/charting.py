"""The geometry of charts: values in, places on a canvas out. Templates draw it as SVG.

Nothing here knows a colour or a word. A chart has a table beside it with the same figures, so whoever cannot see it
loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from alerts.ladder import Side
from alerts.state_acts import Standing

#: measures of every canvas, in units of the drawing
WIDTH, LEFT, RIGHT = 960.0, 34.0, 12.0
#: of one panel of the ladder, of one row of bars
RUNG_HEIGHT, PANEL_TOP, PANEL_GAP = 22.0, 26.0, 40.0
BAR_HEIGHT = 96.0
HIGHEST = 5
#: ticks of a time axis at most
MOST_TICKS = 10
#: marks of acts on one panel at most; the gravest stay
MOST_MARKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the axis of time."""

    x: float
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An act on a panel of the ladder."""

    x: float
    y: float
    act: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One direction of the ladder."""

    actor: str
    target: str
    rung: int
    top: float
    bottom: float
    #: the step line, and the same closed to the ground
    line: str
    area: str
    marks: tuple[Mark, ...]
    #: (rung, y) of the lines across
    rungs: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderChart:
    """Both directions over one axis of time."""

    width: float
    height: float
    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    axis: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day of a row of bars."""

    x: float
    y: float
    width: float
    height: float
    day: date
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Counts a day, as one row of bars."""

    width: float
    height: float
    top: float
    ground: float
    bars: tuple[Bar, ...]
    #: (count, y) of the lines across
    scale: tuple[tuple[int, float], ...]
    ticks: tuple[Tick, ...]
    total: int


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return the moment a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_between(since: datetime, until: datetime, zone: tzinfo) -> list[date]:
    """Return the days of a zone that a stretch of time touches."""
    first = since.astimezone(zone).date()
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def by_day(counts: Iterable[tuple[datetime, int]], days: Sequence[date], zone: tzinfo) -> list[tuple[date, int]]:
    """Add counts an hour up to counts a day of a zone; every day stands, also those without any."""
    found = dict.fromkeys(days, 0)
    for moment, count in counts:
        day = moment.astimezone(zone).date()
        if day in found:
            found[day] += count
    return list(found.items())


def ticks(days: Sequence[date]) -> list[date]:
    """Return the days an axis names: each of a week, Mondays of some months, else the first of months."""
    if len(days) <= MOST_TICKS:
        return list(days)
    mondays = [day for day in days if day.weekday() == 0]
    if len(mondays) <= MOST_TICKS:
        return mondays
    firsts = [day for day in days if day.day == 1]
    step = -(-len(firsts) // MOST_TICKS) or 1
    return [day for day in firsts if (day.month - 1) % step == 0] or firsts[:1] or [days[0]]


def ladder_chart(
    sides: Sequence[Side], acts: Sequence[Standing], *, since: datetime, until: datetime, zone: tzinfo
) -> LadderChart:
    """Return the chart of a ladder.

    Args:
        sides: both directions, their points in the order of time.
        acts: what is marked on them.
        since: left edge.
        until: right edge.
        zone: whose days the axis names.
    """
    span = (until - since).total_seconds() or 1.0
    plot = WIDTH - LEFT - RIGHT

    def x_of(moment: datetime) -> float:
        share = (moment - since).total_seconds() / span
        return round(LEFT + plot * min(1.0, max(0.0, share)), 1)

    height = HIGHEST * RUNG_HEIGHT
    panels = []
    for number, side in enumerate(sides):
        top = PANEL_TOP + number * (height + PANEL_GAP)
        panels.append(_panel(side, acts, top, top + height, x_of, until))
    axis = panels[-1].bottom if panels else PANEL_TOP
    days = days_between(since, until, zone)
    return LadderChart(
        width=WIDTH,
        height=axis + 24,
        panels=tuple(panels),
        ticks=tuple(Tick(x=x_of(local_midnight(day, zone)), day=day) for day in ticks(days)),
        axis=axis,
    )


def _panel(
    side: Side,
    acts: Sequence[Standing],
    top: float,
    bottom: float,
    x_of: Callable[[datetime], float],
    until: datetime,
) -> Panel:
    def y_of(rung: int) -> float:
        return round(bottom - rung * RUNG_HEIGHT, 1)

    steps: list[str] = []
    last: int | None = None
    begin = LEFT
    for point in side.points:
        x = x_of(datetime.combine(point.day, time(), UTC))
        if last is None:
            begin = x
            steps.append(f"M{x} {y_of(point.rung)}")
        elif point.rung != last:
            steps.append(f"H{x}V{y_of(point.rung)}")
        last = point.rung
    end = x_of(until)
    if steps:
        steps.append(f"H{end}")
    line = "".join(steps)
    own = [one for one in acts if (one.act.actor, one.act.target) == (side.actor, side.target)]
    gravest = sorted(own, key=lambda one: (-one.act.severity, one.act.at))[:MOST_MARKS]
    return Panel(
        actor=side.actor,
        target=side.target,
        rung=side.rung,
        top=top,
        bottom=bottom,
        line=line,
        area=f"{line}V{bottom}H{begin}Z" if line else "",
        marks=tuple(
            Mark(x=x_of(one.act.at), y=y_of(one.act.severity), act=one)
            for one in sorted(gravest, key=lambda one: one.act.at)
        ),
        rungs=tuple((rung, y_of(rung)) for rung in range(HIGHEST + 1)),
    )


def bars(counts: Sequence[tuple[date, int]], *, top: float = 8.0, height: float = BAR_HEIGHT) -> Bars:
    """Return counts a day as bars; a day with few still shows."""
    ground = top + height
    plot = WIDTH - LEFT - RIGHT
    step = plot / max(1, len(counts))
    highest = nice(max((count for _, count in counts), default=0))
    named = set(ticks([day for day, _ in counts])) if counts else set()
    drawn, marks = [], []
    for number, (day, count) in enumerate(counts):
        tall = 0.0 if not count else max(1.5, height * count / highest)
        gap = min(1.5, step * 0.2)
        x = LEFT + number * step
        drawn.append(
            Bar(
                x=round(x + gap / 2, 2),
                y=round(ground - tall, 1),
                width=round(step - gap, 2),
                height=round(tall, 1),
                day=day,
                count=count,
            )
        )
        if day in named:
            marks.append(Tick(x=round(x + step / 2, 1), day=day))
    return Bars(
        width=WIDTH,
        height=ground + 22,
        top=top,
        ground=ground,
        bars=tuple(drawn),
        scale=((highest, top), (highest // 2, round(ground - height * (highest // 2) / highest, 1)))
        if highest > 1
        else ((highest, top),),
        ticks=tuple(marks),
        total=sum(count for _, count in counts),
    )


def nice(highest: int) -> int:
    """Return the end of a scale: the next of 1, 2, 4, 5 or 10 times a power of ten."""
    power = 1
    while True:
        for factor in (1, 2, 4, 5, 8):
            if factor * power >= highest:
                return factor * power
        power *= 10
