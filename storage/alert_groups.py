"""Read-only queries for the page of alerts: all a watch was told of one story is one group; and what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from storage import alert_log
from storage.alert_log import AlertRow
from storage.alerts import alert_from_row
from storage.deliveries import delivery_from_row
from storage.listed import listed
from storage.times import from_text, to_text
from storage.types import Alert, Delivery, DeliveryState

#: alerts of one group that are read, the newest
MOST_MEMBERS = 12


class AlertState(StrEnum):
    """What alerts the list is narrowed to."""

    UNACKNOWLEDGED = "unacknowledged"
    #: a delivery is not sent yet
    WAITING = "waiting"
    #: a delivery was given up
    FAILED = "failed"
    #: a silence, or somebody, held a delivery back
    WITHHELD = "withheld"


_DELIVERIES = {
    AlertState.WAITING: (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.BATCHED),
    AlertState.FAILED: (DeliveryState.DEAD,),
    AlertState.WITHHELD: (DeliveryState.SUPPRESSED,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """What the groups are narrowed to, by their alerts; None means any."""

    state: AlertState | None = None
    watch_id: str | None = None
    min_severity: int | None = None
    #: keyset paging: only groups after this (time of the newest alert, its id) in the list
    before: tuple[datetime, str] | None = None
    limit: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """What one watch was told of one story; a list or another alert without a story stands alone."""

    watch_id: str
    story_id: int | None
    #: the story's headline, None where there is no story
    headline: str | None
    #: its newest alerts, the newest first
    rows: tuple[AlertRow, ...]
    #: how many there are in all
    alerts: int
    first_at: datetime
    last_at: datetime
    severity: int
    #: alerts that nobody took in hand, those that were only recorded left out
    unacknowledged: int

    @property
    def newest(self) -> Alert:
        """The alert that was raised last: taking it in hand takes in hand what came before."""
        return self.rows[0].alert


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that was given up, with what it was to tell."""

    delivery: Delivery
    alert: Alert


def groups(database: Database, wanted: AlertFilter) -> list[AlertGroup]:
    """Return the groups that hold an alert that passes, the one that rang last first; notices are left out."""
    clauses, parameters = _clauses(wanted)
    having = ""
    if wanted.before is not None:
        having = "HAVING (max(a.created_at), max(a.id)) < (:before, :before_id)"
        parameters |= {"before": to_text(wanted.before[0]), "before_id": wanted.before[1]}
    found = list(
        database.query(
            f"""
            SELECT a.watch_id, a.story_id, CASE WHEN a.story_id IS NULL THEN a.id END AS alone
            FROM alert a WHERE {" AND ".join(clauses)}
            GROUP BY a.watch_id, a.story_id, CASE WHEN a.story_id IS NULL THEN a.id END {having}
            ORDER BY max(a.created_at) DESC, max(a.id) DESC LIMIT :limit
            """,  # noqa: S608 (fixed clauses)
            {**parameters, "limit": wanted.limit},
        )
    )
    return [group for row in found if (group := _group(database, row)) is not None]


def _clauses(wanted: AlertFilter) -> tuple[list[str], dict[str, Any]]:
    clauses, parameters = ["a.watch_id <> ''"], dict[str, Any]()
    if wanted.watch_id is not None:
        clauses.append("a.watch_id = :watch")
        parameters["watch"] = wanted.watch_id
    if wanted.min_severity is not None:
        clauses.append("a.severity >= :severity")
        parameters["severity"] = wanted.min_severity
    if wanted.state is AlertState.UNACKNOWLEDGED:
        clauses.append("a.acknowledged_at IS NULL AND a.recorded_only = 0")
    elif wanted.state is not None:
        states = ", ".join(f"'{state}'" for state in _DELIVERIES[wanted.state])
        clauses.append(f"EXISTS (SELECT 1 FROM delivery d WHERE d.alert_id = a.id AND d.state IN ({states}))")  # noqa: S608 (fixed)
    return clauses, parameters


def _group(database: Database, row: dict[str, Any]) -> AlertGroup | None:
    where = "a.id = :alone" if row["story_id"] is None else "a.watch_id = :watch_id AND a.story_id = :story_id"
    values = {key: row[key] for key in (("alone",) if row["story_id"] is None else ("watch_id", "story_id"))}
    figures = next(
        database.query(
            f"""
            SELECT count(*) AS alerts, min(a.created_at) AS first_at, max(a.created_at) AS last_at,
                max(a.severity) AS severity,
                count(*) FILTER (WHERE a.acknowledged_at IS NULL AND a.recorded_only = 0) AS unacknowledged,
                max(s.headline) AS headline
            FROM alert a LEFT JOIN story s ON s.id = a.story_id WHERE {where}
            """,  # noqa: S608 (fixed)
            values,
        )
    )
    ids = database.execute(
        f"SELECT a.id FROM alert a WHERE {where} ORDER BY a.created_at DESC, a.id DESC LIMIT {MOST_MEMBERS}",  # noqa: S608 (fixed)
        values,
    )
    wanted = [str(one[0]) for one in ids.fetchall()]
    known = alert_log.by_id(database, wanted)
    rows = tuple(known[one] for one in wanted if one in known)
    if not rows:
        return None
    return AlertGroup(
        watch_id=row["watch_id"],
        story_id=row["story_id"],
        headline=figures["headline"],
        rows=rows,
        alerts=figures["alerts"],
        first_at=from_text(figures["first_at"]),
        last_at=from_text(figures["last_at"]),
        severity=figures["severity"],
        unacknowledged=figures["unacknowledged"],
    )


def of_story(database: Database, story_id: int) -> list[AlertGroup]:
    """Return what was told of a story, a group for each watch, the one that rang last first."""
    rows = list(
        database.query(
            "SELECT watch_id, story_id, max(created_at) AS last FROM alert WHERE story_id = ? "
            "GROUP BY watch_id, story_id ORDER BY last DESC, watch_id LIMIT 50",
            (story_id,),
        )
    )
    return [group for row in rows if (group := _group(database, row)) is not None]


def dead_letters(database: Database, limit: int = 50) -> list[DeadLetter]:
    """Return deliveries that were given up, the last one made first."""
    rows = list(
        database.query(
            "SELECT * FROM delivery WHERE state = 'dead' ORDER BY created_at DESC, id DESC LIMIT ?", (limit,)
        )
    )
    told = _alerts(database, [row["alert_id"] for row in rows])
    return [DeadLetter(delivery=delivery_from_row(row), alert=told[row["alert_id"]]) for row in rows]


def watch_ids(database: Database) -> list[str]:
    """Return the watches that raised an alert."""
    rows = database.execute("SELECT DISTINCT watch_id FROM alert WHERE watch_id <> '' ORDER BY watch_id")
    return [row[0] for row in rows]


def _alerts(database: Database, ids: Sequence[str]) -> dict[str, Alert]:
    marks, values = listed(sorted(set(ids)))
    if not values:
        return {}
    rows = database.query(f"SELECT * FROM alert WHERE id IN ({marks})", values)  # noqa: S608 (placeholders)
    return {row["id"]: alert_from_row(row) for row in rows}
