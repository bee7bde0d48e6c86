"""What the page offers to silence around an alert."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from storage.alert_log import AlertRow
from storage.types import Alert

#: how long a silence may last, in the order it is offered; the key stands in the form
DURATIONS: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "12h": timedelta(hours=12),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One choice of what to silence."""

    #: ``story``, ``pair``, ``watch`` or ``source``; stands in the form and names its words
    id: str
    #: the parts of the silence, as a ``silence`` change takes them
    parts: dict[str, Any]
    #: the states of a pair
    pair: tuple[str, str] | None = None


def scopes(row: AlertRow) -> tuple[Scope, ...]:
    """Return what may be silenced around an alert, the narrowest first; nothing for notices about no source."""
    alert = row.alert
    if not alert.watch_id:
        source = _told(alert).get("source")
        return (Scope(id="source", parts={"watch": None, "source": source}),) if isinstance(source, str) else ()
    found = []
    if alert.story_id is not None:
        found.append(Scope(id="story", parts={"watch": alert.watch_id, "story": alert.story_id}))
    pair = _pair(alert)
    if pair is not None:
        found.append(Scope(id="pair", parts={"watch": alert.watch_id, "pair": list(pair)}, pair=pair))
    return (*found, Scope(id="watch", parts={"watch": alert.watch_id}))


def told_summary(alert: Alert) -> str:
    """Return the paragraph an alert tells: the proof, and who reports it."""
    summary = _told(alert).get("summary")
    return summary if isinstance(summary, str) else ""


def _pair(alert: Alert) -> tuple[str, str] | None:
    """Return the two states of the act that an alert tells first, when both are known."""
    events = _told(alert).get("events")
    first = events[0] if isinstance(events, list) and events else None
    sides = (first.get("actor"), first.get("target")) if isinstance(first, dict) else (None, None)
    one, other = sides
    return (one, other) if isinstance(one, str) and isinstance(other, str) and one != other else None


def _told(alert: Alert) -> dict[str, Any]:
    try:
        data = json.loads(alert.payload)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}
