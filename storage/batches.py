"""Batches: alerts that are gathered and told together; each is closed once, in one transaction.

A batch is open until ``closed_at``. Its members are deliveries in state ``batched``; closing freezes them. They stay
so and point to the batch, whose own alert tells them; only a member that is alone, or that no list could be made
of, goes back to ``pending`` and is sent by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage import alerts
from storage.alerts import NewDelivery, alert_from_row
from storage.deliveries import delivery_from_row
from storage.listed import listed
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Alert, Batch, BatchKind, BatchPlan, Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOn:
    """What one channel carried of a story so far; what still waits in a batch was not told."""

    at: datetime
    severity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What one channel was given lately."""

    #: alerts, whoever of its recipients they went to; lists count as one
    messages: int
    #: when the first of them was queued
    oldest_at: datetime | None


def join(database: Database, plan: BatchPlan, *, watch_id: str, channel_id: str, now: datetime) -> int | None:
    """Return the open batch of a plan, opened now if need be; None when it is closed already."""
    database.execute(
        """
        INSERT INTO batch (kind, key, watch_id, channel_id, opened_at, closes_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO NOTHING
        """,
        (plan.kind, plan.key, watch_id, channel_id, to_text(now), to_text(plan.closes_at)),
    )
    row = database.execute("SELECT id FROM batch WHERE key = ? AND closed_at IS NULL", (plan.key,)).fetchone()
    return None if row is None else int(row[0])


def move(database: Database, plan: BatchPlan) -> None:
    """Let the open batch of a plan close when the plan says."""
    database.execute(
        "UPDATE batch SET closes_at = :at WHERE key = :key AND closed_at IS NULL AND closes_at <> :at",
        {"at": to_text(plan.closes_at), "key": plan.key},
    )


def find(database: Database, key: str) -> Batch | None:
    """Return the batch with a key."""
    return next((_batch(row) for row in database.query("SELECT * FROM batch WHERE key = ?", (key,))), None)


def open_storm(database: Database, watch_id: str, channel_id: str) -> Batch | None:
    """Return the list that a channel's flood of one watch goes to, as long as it is open."""
    rows = database.query(
        """
        SELECT * FROM batch WHERE watch_id = ? AND channel_id = ? AND kind = 'storm' AND closed_at IS NULL
        ORDER BY closes_at LIMIT 1
        """,
        (watch_id, channel_id),
    )
    return next((_batch(row) for row in rows), None)


def due(database: Database, now: datetime) -> list[Batch]:
    """Return the open batches whose time has come, the oldest first."""
    rows = database.query(
        "SELECT * FROM batch WHERE closed_at IS NULL AND closes_at <= ? ORDER BY closes_at, id", (to_text(now),)
    )
    return [_batch(row) for row in rows]


def waiting(database: Database) -> list[Batch]:
    """Return every open batch, the next to close first."""
    return [_batch(row) for row in database.query("SELECT * FROM batch WHERE closed_at IS NULL ORDER BY closes_at, id")]


def next_due(database: Database) -> datetime | None:
    """Return when the next batch closes."""
    row = database.execute("SELECT min(closes_at) FROM batch WHERE closed_at IS NULL").fetchone()
    return from_text_or_none(row[0])


def members(database: Database, batch_id: int) -> list[Alert]:
    """Return the alerts in a batch, as they were raised."""
    rows = database.query(
        """
        SELECT a.* FROM alert a WHERE a.id IN
            (SELECT alert_id FROM delivery WHERE batch_id = ? AND state = 'batched') ORDER BY a.created_at, a.rowid
        """,
        (batch_id,),
    )
    return [alert_from_row(row) for row in rows]


def gathered(database: Database, batch_id: int) -> list[Delivery]:
    """Return the deliveries that wait in a batch."""
    rows = database.query("SELECT * FROM delivery WHERE batch_id = ? AND state = 'batched' ORDER BY id", (batch_id,))
    return [delivery_from_row(row) for row in rows]


def list_of(database: Database, delivery: Delivery) -> Delivery | None:
    """Return the delivery of the list that told a gathered one; None where no list did, or not yet."""
    rows = database.query(
        """
        SELECT d.* FROM batch b JOIN delivery d
            ON d.alert_id = b.alert_id AND d.channel_id = b.channel_id AND d.recipient = ?
        WHERE b.id = ? AND d.id != ?
        """,
        (delivery.recipient, delivery.batch_id, delivery.id),
    )
    return next((delivery_from_row(row) for row in rows), None)


def recipients(database: Database, batch_id: int) -> tuple[str, ...]:
    """Return who has a row in a batch."""
    rows = database.execute(
        "SELECT recipient FROM delivery WHERE batch_id = ? AND state = 'batched' GROUP BY recipient ORDER BY min(id)",
        (batch_id,),
    )
    return tuple(row[0] for row in rows)


def close(
    database: Database, batch: Batch, now: datetime, *, alert: Alert | None, deliveries: Iterable[NewDelivery] = ()
) -> bool:
    """Close a batch, inside a transaction: from now on it takes no member, and its alert tells those it has.

    Args:
        database: the archive, inside a transaction.
        batch: which one.
        now: when.
        alert: the list; None: there is nothing to tell.
        deliveries: a row for each who gets the list.

    Returns:
        False when it was closed before; nothing is changed then.
    """
    if not _shut(database, batch.id, now):
        return False
    if alert is not None:
        alerts.raise_alert(database, alert, deliveries, decision=None, article_id=None)
        database.execute("UPDATE batch SET alert_id = ? WHERE id = ?", (alert.id, batch.id))
    return True


def release(database: Database, batch: Batch, now: datetime) -> bool:
    """Close a batch and send its members one by one, under their own identities.

    Their horizon counts from now: the time they waited on purpose is not held against them.

    Returns:
        False when it was closed before; nothing is changed then.
    """
    if not _shut(database, batch.id, now):
        return False
    database.execute(
        """
        UPDATE batch SET alert_id = (SELECT min(alert_id) FROM delivery WHERE batch_id = :batch AND state = 'batched')
        WHERE id = :batch
            AND 1 = (SELECT count(DISTINCT alert_id) FROM delivery WHERE batch_id = :batch AND state = 'batched')
        """,
        {"batch": batch.id},
    )
    database.execute(
        """
        UPDATE delivery SET state = 'pending', created_at = :now, next_attempt_at = :now
        WHERE batch_id = :batch AND state = 'batched'
        """,
        {"now": to_text(now), "batch": batch.id},
    )
    return True


def send_alone(database: Database, batch_id: int, alert_ids: Iterable[str], now: datetime) -> int:
    """Take alerts out of an open batch and send them by themselves; return how many deliveries that were.

    Their horizon counts from now, as that of what is released.
    """
    marks, wanted = listed(alert_ids)
    cursor = database.execute(
        f"""
        UPDATE delivery SET state = 'pending', batch_id = NULL, created_at = ?, next_attempt_at = ?
        WHERE batch_id = ? AND state = 'batched' AND alert_id IN ({marks})
        """,  # noqa: S608 (placeholders)
        (to_text(now), to_text(now), batch_id, *wanted),
    )
    return int(cursor.rowcount)


def clamp(database: Database, now: datetime, longest: timedelta) -> int:
    """Let what a wrong clock parked for longer than any batch lasts close now; return how many."""
    cursor = database.execute(
        "UPDATE batch SET closes_at = ? WHERE closed_at IS NULL AND closes_at > ?",
        (to_text(now), to_text(now + longest)),
    )
    return int(cursor.rowcount)


def hand_over(database: Database, batch: Batch, heir_id: int) -> None:
    """Move the members of a batch to another one and forget the first: it never was."""
    database.execute("UPDATE delivery SET batch_id = ? WHERE batch_id = ? AND state = 'batched'", (heir_id, batch.id))
    database.execute("UPDATE delivery SET batch_id = NULL WHERE batch_id = ?", (batch.id,))
    database.execute("DELETE FROM batch WHERE id = ? AND closed_at IS NULL", (batch.id,))


def waits_in(database: Database, alert_ids: Iterable[str], channel_id: str) -> Batch | None:
    """Return the open batch in which the last of some alerts waits on a channel; None when one of them does not wait.

    Args:
        database: the archive.
        alert_ids: which alerts; what nobody is to get of them through the channel does not count.
        channel_id: which channel.
    """
    marks, wanted = listed(alert_ids)
    rows = list(
        database.query(
            f"""
            SELECT b.*, d.state = 'batched' AND b.closed_at IS NULL AS waits
            FROM delivery d LEFT JOIN batch b ON b.id = d.batch_id
            WHERE d.alert_id IN ({marks}) AND d.channel_id = ? AND d.state NOT IN ('suppressed', 'dead')
            ORDER BY b.closes_at DESC
            """,  # noqa: S608 (placeholders)
            (*wanted, channel_id),
        )
    )
    return _batch(rows[0]) if rows and all(row["waits"] for row in rows) else None


def told_on(database: Database, watch_id: str, story_id: int, channel_id: str) -> ToldOn | None:
    """Return what a channel carried of a story to a watch's people, None for nothing yet."""
    # CROSS: from the story's few alerts to their deliveries, never through all that the channel ever had.
    row = database.execute(
        """
        SELECT max(CASE WHEN d.state = 'batched' THEN b.closed_at ELSE coalesce(d.sent_at, d.created_at) END),
            max(a.severity)
        FROM alert a CROSS JOIN delivery d ON d.alert_id = a.id LEFT JOIN batch b ON b.id = d.batch_id
        WHERE a.watch_id = ? AND a.story_id = ? AND d.channel_id = ? AND d.state NOT IN ('suppressed', 'dead')
            AND NOT (d.state = 'batched' AND b.closed_at IS NULL)
        """,
        (watch_id, story_id, channel_id),
    ).fetchone()
    return None if row[0] is None else ToldOn(at=from_text(row[0]), severity=int(row[1]))


def traffic(database: Database, channel_id: str, since: datetime, until: datetime) -> Traffic:
    """Return what a channel was given in a time; what waits in a batch or was held back does not count.

    Neither does what a clock that ran ahead dates after it.
    """
    row = database.execute(
        """
        SELECT count(DISTINCT alert_id), min(created_at) FROM delivery
        WHERE channel_id = ? AND created_at > ? AND created_at <= ? AND state NOT IN ('batched', 'suppressed')
        """,
        (channel_id, to_text(since), to_text(until)),
    ).fetchone()
    return Traffic(messages=int(row[0]), oldest_at=from_text_or_none(row[1]))


def _shut(database: Database, batch_id: int, now: datetime) -> bool:
    cursor = database.execute(
        "UPDATE batch SET closed_at = ? WHERE id = ? AND closed_at IS NULL", (to_text(now), batch_id)
    )
    return int(cursor.rowcount) == 1


def _batch(row: dict[str, Any]) -> Batch:
    return Batch(
        id=row["id"],
        kind=BatchKind(row["kind"]),
        key=row["key"],
        watch_id=row["watch_id"],
        channel_id=row["channel_id"],
        opened_at=from_text(row["opened_at"]),
        closes_at=from_text(row["closes_at"]),
        closed_at=from_text_or_none(row["closed_at"]),
        alert_id=row["alert_id"],
    )
