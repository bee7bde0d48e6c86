"""The ladder of escalation as the command line tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from alerts.ladder import Ladder, Side
from alerts.replies import Reply
from alerts.state_acts import StateAct
from detection.countries import country_name
from detection.taxonomy import type_label
from review.ladder import read_ladder
from storage import ladder as stored
from storage.types import RungChange

#: pairs that are listed
MOST_PAIRS = 200
_REASONS = {
    "act": "{act}", "taken_back": "{act} taken back", "denied": "{act} denied", "window": "{act} too long ago to count",
}  # fmt: skip
_ANSWERS = {"says_so": "the text says so", "same_affair": "same affair"}


def pairs_record(database: Database, *, since: datetime, until: datetime, window: timedelta) -> list[dict[str, Any]]:
    """Return the pairs between which something happened in a time, the highest rung first."""
    pairs = {tuple(sorted(one)) for one in stored.directions(database, since, until)}
    rows = [
        _pair_row(read_ladder(database, (first, second), since=since, until=until, window=window))
        for first, second in pairs
    ]
    found = [row for row in rows if row["changes"] or row["forth"] or row["back"]]
    found.sort(key=lambda row: (-max(row["forth"], row["back"]), row["pair"]))
    return found[:MOST_PAIRS]


def _pair_row(found: Ladder) -> dict[str, Any]:
    forth, back = found.sides
    last = found.changes[-1] if found.changes else None
    return {
        "pair": f"{forth.actor}-{forth.target}",
        "forth": forth.rung,
        "back": back.rung,
        "changes": len(found.changes),
        "answers": len(found.replies),
        "last_change": last.at if last else None,
        "because": _because(last) if last else None,
    }


def peak_lines(found: Ladder) -> list[str]:
    """Return how far each side went at most, and what was answered in kind, a line each."""
    lines = []
    for side in found.sides:
        rises = [one for one in found.changes if one.up and (one.actor, one.target) == (side.actor, side.target)]
        if rises:
            highest = max(rises, key=lambda one: (one.after, -one.at.timestamp()))
            direction = _direction(side.actor, side.target)
            lines.append(f"{direction}: up to rung {highest.after} on {highest.at:%Y-%m-%d}, {_because(highest)}")
    return lines + [_reply(one) for one in found.replies if one.reciprocal]


def ladder_text(found: Ladder) -> str:
    """Return a ladder as lines for people."""
    lines = [_side(side) for side in found.sides]
    lines += ["", f"Changes from {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d} (UTC):"]
    lines += [f"  {one.at:%Y-%m-%d %H:%M}  {_change(one)}" for one in found.changes] or ["  none"]
    lines += ["", "Answers:"]
    lines += [f"  {one.reaction.at:%Y-%m-%d %H:%M}  {_reply(one)}" for one in found.replies] or ["  none"]
    return "\n".join(lines)


def _direction(actor: str, target: str) -> str:
    return f"{country_name(actor)} → {country_name(target)}"


def _act(act: StateAct) -> str:
    return type_label(act.type) + (f" ({act.persons})" if act.persons else "")


def _side(side: Side) -> str:
    text = f"{_direction(side.actor, side.target)}: rung {side.rung}"
    if side.held_by is None:
        return text
    act = side.held_by.act
    return (
        f"{text}, {_act(act)}, first told {act.at:%Y-%m-%d %H:%M} (story {act.story_id}); "
        f"counts until {side.held_by.until:%Y-%m-%d}"
    )


def _change(change: RungChange) -> str:
    return f"{_direction(change.actor, change.target)}: {change.before} → {change.after}, {_because(change)}"


def _because(change: RungChange) -> str:
    return _REASONS[change.reason].format(act=type_label(change.type)) + f" (story {change.story_id})"


def _reply(reply: Reply) -> str:
    action, reaction = reply.action, reply.reaction
    text = (
        f"{country_name(reaction.actor)}: {_act(reaction)} answers {country_name(action.actor)}: {_act(action)} "
        f"after {duration_text(reply.after)}; {_ANSWERS[reply.reason]}"
    )
    if reply.reciprocal:
        text += "; in kind"
    if reply.numbers:
        text += f", {reply.numbers[0]} → {reply.numbers[1]}"
    return text


def duration_text(length: timedelta) -> str:
    """Return a duration in its two largest units: ``3 d 7 h``, ``1 h 55 min``."""
    minutes = round(length.total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "d"), (hours, "h"), (rest, "min")]
    while len(units) > 1 and not units[0][0]:
        units.pop(0)
    return " ".join(f"{count} {unit}" for count, unit in units[:2] if count) or "0 min"
