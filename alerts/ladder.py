"""The ladder of escalation of two states: how far each has gone towards the other, and how that changed.

Pure. The rung of A towards B is the gravest act of A on B in the last days (1 words, 5 rupture or arms; 0 none).
It goes up with an act and down when that act is taken back, disputed, or older than the window. Every change says
which act led to it, and there is at most one a direction and moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.replies import ANSWER, Reply, replies
from alerts.state_acts import HIGHEST, Standing, StateAct, standing
from storage.types import RungChange

#: how long an act counts
WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The highest rung that one state held towards another in a day (UTC)."""

    day: date
    rung: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One direction of a pair."""

    actor: str
    target: str
    #: at the end of the time looked at
    rung: int
    #: the act that holds it, None at rung 0
    held_by: Standing | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Everything about a pair in some time."""

    since: datetime
    until: datetime
    window: timedelta
    sides: tuple[Side, Side]
    #: first told in that time
    acts: tuple[Standing, ...]
    changes: tuple[RungChange, ...]
    replies: tuple[Reply, ...]


def ladder(
    acts: Iterable[StateAct],
    pair: tuple[str, str],
    *,
    since: datetime,
    until: datetime,
    window: timedelta = WINDOW,
    answer: timedelta = ANSWER,
) -> Ladder:
    """Return the ladder of a pair.

    Args:
        acts: what both did to each other, those of others are left out; they should reach back from ``since`` by the
            window and :data:`alerts.state_acts.AFFAIR`.
        pair: codes of both.
        since: beginning of the time looked at; aware.
        until: its end, usually now; aware. Nothing later is known.
        window: how long an act counts.
        answer: how long after an act of the same affair another one counts as its answer.
    """
    first, second = pair
    known = [act for act in acts if act.at <= until and {act.actor, act.target} == {first, second}]
    stood = standing(known, window)
    found = changes(stood, until=until)
    sides = tuple(
        _side(actor, target, stood, [one for one in found if (one.actor, one.target) == (actor, target)], since, until)
        for actor, target in ((first, second), (second, first))
    )
    return Ladder(
        since=since,
        until=until,
        window=window,
        sides=(sides[0], sides[1]),
        acts=tuple(one for one in stood if one.act.at >= since),
        changes=tuple(one for one in found if one.at >= since),
        replies=tuple(one for one in replies(stood, answer=answer) if one.reaction.at >= since),
    )


def changes(stood: Iterable[Standing], *, until: datetime) -> tuple[RungChange, ...]:
    """Return every change of rung up to a moment, in order of time; one a direction and moment at most."""
    directions: dict[tuple[str, str], list[Standing]] = {}
    for one in stood:
        if one.counts:
            directions.setdefault((one.act.actor, one.act.target), []).append(one)
    found = [change for acts in directions.values() for change in _changes(acts, until)]
    return tuple(sorted(found, key=lambda one: (one.at, one.actor, one.target)))


def _changes(acts: Sequence[Standing], until: datetime) -> list[RungChange]:
    """Sweep over the moments at which acts of one direction begin and stop to count."""
    moments: dict[datetime, tuple[list[Standing], list[Standing]]] = {}
    for one in acts:
        moments.setdefault(one.act.at, ([], []))[0].append(one)
        moments.setdefault(one.until, ([], []))[1].append(one)
    counts = [0] * (HIGHEST + 1)
    keys: dict[str, int] = {}
    rung, found = 0, []
    for at in sorted(moment for moment in moments if moment <= until):
        begun, over = moments[at]
        for one in begun:
            counts[one.act.severity] += 1
        for one in over:
            counts[one.act.severity] -= 1
        now = max((level for level in range(1, HIGHEST + 1) if counts[level]), default=0)
        if now != rung:
            causes = [one for one in (begun if now > rung else over) if one.act.severity == max(now, rung)]
            cause = min(causes, key=lambda one: (one.ended_by == "window", one.act.order))
            found.append(_change(cause, at, rung, now, keys))
            rung = now
    return found


def change_key(act: StateAct, after: int) -> str:
    """Return the identity of the change to a rung that an act led to."""
    return f"rung:{act.actor}-{act.target}:{after}:{act.story_id}"


def _change(cause: Standing, at: datetime, before: int, after: int, keys: dict[str, int]) -> RungChange:
    act = cause.act
    key = change_key(act, after)
    # A story may lead to the same rung twice: by an act, and by another that is taken back.
    keys[key] = keys.get(key, 0) + 1
    return RungChange(
        key=key if keys[key] == 1 else f"{key}:{keys[key]}",
        actor=act.actor,
        target=act.target,
        at=at,
        before=before,
        after=after,
        reason="act" if after > before else cause.ended_by,
        type=act.type,
        story_id=act.story_id,
    )


def _side(
    actor: str, target: str, stood: Sequence[Standing], found: Sequence[RungChange], since: datetime, until: datetime
) -> Side:
    holding = [
        one for one in stood
        if (one.act.actor, one.act.target) == (actor, target) and one.counts and one.until > until
    ]  # fmt: skip
    held_by = min(holding, key=lambda one: (-one.act.severity, one.act.order), default=None)
    return Side(
        actor=actor,
        target=target,
        rung=held_by.act.severity if held_by else 0,
        held_by=held_by,
        points=_points(found, since, until),
    )


def _points(found: Sequence[RungChange], since: datetime, until: datetime) -> tuple[Point, ...]:
    rung, at, points = 0, 0, []
    day = since.date()
    while at < len(found) and found[at].at.date() < day:
        rung, at = found[at].after, at + 1
    while day <= until.date():
        highest = rung
        while at < len(found) and found[at].at.date() == day:
            rung, at = found[at].after, at + 1
            highest = max(highest, rung)
        points.append(Point(day=day, rung=highest))
        day += timedelta(days=1)
    return tuple(points)
