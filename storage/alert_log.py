"""Read-only queries for alerts with all that became of them: each delivery, each attempt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.alerts import alert_from_row
from storage.deliveries import delivery_from_row
from storage.listed import batched, listed
from storage.times import from_text, to_text, to_text_or_none
from storage.types import Alert, Delivery, OutcomeClass

#: alerts in a statement
_TOGETHER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send a delivery, and what the far end said."""

    started_at: datetime
    ended_at: datetime
    outcome: OutcomeClass
    code: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLog:
    """A delivery with its attempts, earliest first."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """A line of the list of alerts."""

    alert: Alert
    article_id: int | None
    recorded_only: bool
    deliveries: tuple[DeliveryLog, ...]


def alerts(
    database: Database,
    *,
    alert_id: str | None = None,
    story_id: int | None = None,
    notices: bool | None = None,
    list_id: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[AlertRow]:
    """Return alerts with their delivery logs, newest first.

    Args:
        database: the archive.
        alert_id: only this alert.
        story_id: only alerts on this story.
        notices: only, or without, what the watch tells of itself.
        list_id: only what this list tells.
        before: only alerts after this (creation time, id) in the list.
        limit: at most so many.
    """
    before_time, before_id = before or (None, None)
    # Only the conditions that are asked for stand in the statement, so that an index can answer each.
    options: tuple[tuple[str, dict[str, object]], ...] = (
        ("id = :alert", {"alert": alert_id}),
        ("story_id = :story", {"story": story_id}),
        ("id IN (SELECT d.alert_id FROM batch b JOIN delivery d ON d.batch_id = b.id WHERE b.alert_id = :list)",
         {"list": list_id}),
        ("(created_at, id) < (:before, :before_id)",
         {"before": to_text_or_none(before_time), "before_id": before_id}),
    )  # fmt: skip
    chosen = [(clause, values) for clause, values in options if None not in values.values()]
    clauses = [clause for clause, _ in chosen]
    if notices is not None:
        clauses.append(f"watch_id {'=' if notices else '<>'} ''")
    rows = list(
        database.query(
            f"SELECT * FROM alert WHERE {' AND '.join(clauses) or '1 = 1'} "  # noqa: S608 (fixed clauses)
            "ORDER BY created_at DESC, id DESC LIMIT :limit",
            {key: value for _, values in chosen for key, value in values.items()} | {"limit": limit},
        )
    )
    return _with_logs(database, rows)


def by_id(database: Database, alert_ids: Sequence[str]) -> dict[str, AlertRow]:
    """Return those of some alerts that are stored, with their delivery logs, by their ids."""
    found: dict[str, AlertRow] = {}
    for some in batched(alert_ids, _TOGETHER):
        marks, values = listed(some)
        rows = list(database.query(f"SELECT * FROM alert WHERE id IN ({marks})", values))  # noqa: S608 (placeholders)
        found.update((row.alert.id, row) for row in _with_logs(database, rows))
    return found


def _with_logs(database: Database, rows: Sequence[dict[str, Any]]) -> list[AlertRow]:
    logs = _delivery_logs(database, [row["id"] for row in rows])
    return [
        AlertRow(
            alert=alert_from_row(row),
            article_id=row["article_id"],
            recorded_only=bool(row["recorded_only"]),
            deliveries=tuple(logs.get(row["id"], ())),
        )
        for row in rows
    ]


def one(database: Database, alert_id: str) -> AlertRow | None:
    """Return one alert with its delivery log."""
    return next(iter(alerts(database, alert_id=alert_id, limit=1)), None)


def newer_unacknowledged(database: Database, alert: Alert) -> list[Alert]:
    """Return what the same watch was told of the same story after an alert, and nobody acknowledged; earliest first."""
    rows = database.query(
        """
        SELECT * FROM alert WHERE watch_id = ? AND story_id = ? AND created_at > ? AND acknowledged_at IS NULL
            AND recorded_only = 0 ORDER BY created_at, id LIMIT 20
        """,
        (alert.watch_id, alert.story_id, to_text(alert.created_at)),
    )
    return [alert_from_row(row) for row in rows]


def _delivery_logs(database: Database, alert_ids: Sequence[str]) -> dict[str, list[DeliveryLog]]:
    wanted = {"alerts": json.dumps(list(alert_ids))}
    attempts: dict[int, list[Attempt]] = {}
    for row in database.query(
        """
        SELECT t.* FROM attempt t JOIN delivery d ON d.id = t.delivery_id
        WHERE d.alert_id IN (SELECT value FROM json_each(:alerts)) ORDER BY t.id
        """,
        wanted,
    ):
        attempts.setdefault(row["delivery_id"], []).append(attempt_from_row(row))
    logs: dict[str, list[DeliveryLog]] = {}
    for row in database.query(
        "SELECT * FROM delivery WHERE alert_id IN (SELECT value FROM json_each(:alerts)) ORDER BY channel_id, id",
        wanted,
    ):
        log = DeliveryLog(delivery=delivery_from_row(row), attempts=tuple(attempts.get(row["id"], ())))
        logs.setdefault(row["alert_id"], []).append(log)
    return logs


def attempt_from_row(row: dict[str, Any]) -> Attempt:
    """Build an attempt from its row."""
    return Attempt(
        started_at=from_text(row["started_at"]),
        ended_at=from_text(row["ended_at"]),
        outcome=OutcomeClass(row["outcome"]),
        code=row["code"],
        detail=row["detail"],
    )
