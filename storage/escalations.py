"""Alerts that go further when nobody acknowledges them: armed when the first delivery was sent, told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from storage.alerts import alert_from_row
from storage.times import from_text, to_text
from storage.types import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An alert whose time to be acknowledged is over."""

    alert: Alert
    #: when it reached the first recipient
    sent_at: datetime


def arm(database: Database, alert_id: str, due: datetime, *, least_severity: int) -> bool:
    """Plan when an alert goes further, unless that is planned or it is acknowledged; return whether it was planned.

    Args:
        database: the archive, in the transaction that records the first delivery as sent.
        alert_id: which.
        due: when.
        least_severity: lesser alerts never go further.
    """
    cursor = database.execute(
        """
        UPDATE alert SET escalate_at = :due
        WHERE id = :id AND severity >= :least AND escalate_at IS NULL AND acknowledged_at IS NULL
            AND story_id IS NOT NULL AND recorded_only = 0
            AND NOT EXISTS (SELECT 1 FROM alert e WHERE e.escalates = alert.id)
            AND (SELECT count(*) FROM delivery d WHERE d.alert_id = alert.id AND d.sent_at IS NOT NULL) <= 1
        """,
        {"due": to_text(due), "id": alert_id, "least": least_severity},
    )
    return int(cursor.rowcount) == 1


def carried_to_nobody(database: Database, alert_id: str, channel_id: str) -> bool:
    """Whether a channel has given up every delivery of an alert."""
    row = database.execute(
        "SELECT count(*), sum(state = 'dead') FROM delivery WHERE alert_id = ? AND channel_id = ?",
        (alert_id, channel_id),
    ).fetchone()
    return bool(row[0]) and row[0] == row[1]


def hasten(database: Database, alert_id: str, at: datetime, *, least_severity: int) -> bool:
    """Let an alert that a channel gave up go further at once, unless it is acknowledged or went further already.

    Returns:
        Whether it is planned.
    """
    cursor = database.execute(
        """
        UPDATE alert SET escalate_at = :at
        WHERE id = :id AND severity >= :least AND (escalate_at IS NULL OR escalate_at > :at)
            AND acknowledged_at IS NULL AND story_id IS NOT NULL AND recorded_only = 0
            AND NOT EXISTS (SELECT 1 FROM alert e WHERE e.escalates = alert.id)
        """,
        {"at": to_text(at), "id": alert_id, "least": least_severity},
    )
    return int(cursor.rowcount) == 1


def due(database: Database, now: datetime) -> list[Due]:
    """Return the alerts that nobody acknowledged in time, the oldest first."""
    rows = database.query(
        """
        SELECT a.*, (
            SELECT min(d.sent_at) FROM delivery d WHERE d.alert_id = a.id OR d.alert_id IN (
                SELECT b.alert_id FROM delivery m JOIN batch b ON b.id = m.batch_id WHERE m.alert_id = a.id)
        ) AS first_sent_at
        FROM alert a WHERE a.escalate_at <= ? ORDER BY a.escalate_at, a.id
        """,
        (to_text(now),),
    )
    return [
        Due(alert=alert_from_row(row), sent_at=from_text(row["first_sent_at"] or row["created_at"])) for row in rows
    ]


def disarm(database: Database, alert_id: str) -> None:
    """Forget the plan of an alert: it went further, or nobody is there to hear of it."""
    database.execute("UPDATE alert SET escalate_at = NULL WHERE id = ?", (alert_id,))


def clamp(database: Database, waits: dict[str, timedelta], now: datetime) -> int:
    """Pull forward what a clock that ran ahead planned: no alert waits longer than its watch says from now.

    Args:
        database: the archive.
        waits: how long each watch waits.
        now: aware.
    """
    return sum(
        int(
            database.execute(
                "UPDATE alert SET escalate_at = :latest WHERE watch_id = :watch AND escalate_at > :latest",
                {"latest": to_text(now + wait), "watch": watch_id},
            ).rowcount
        )
        for watch_id, wait in waits.items()
    )
