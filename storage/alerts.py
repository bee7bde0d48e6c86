"""Decisions and the alerts they led to; an alert and its deliveries are stored together or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Alert, Decision, DecisionKind, DeliveryState

Act = tuple[str, str | None, str | None]
#: type of an alert that corrects what earlier ones told
CORRECTION = "alert.correction"
#: reasons of those after which nobody stands behind an act; a denial leaves it disputed
RETRACTIONS = frozenset({"cancelled", "withdrawn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBefore:
    """What a watch's people were told of one story so far."""

    alerts: int
    severity: int
    #: each act told, with the highest severity it was told at
    acts: tuple[tuple[Act, int], ...]
    #: when the last alert was decided
    last_at: datetime
    #: why they were alerted
    reasons: frozenset[str] = frozenset()
    #: acts that they were told an edit took out
    removed: tuple[Act, ...] = ()
    #: acts of which the last that they heard is that nobody stands behind them
    retracted: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A row of the outbox to be."""

    key: str
    channel_id: str
    recipient: str
    state: DeliveryState
    next_attempt_at: datetime
    #: why it waits, or does not
    reason: str = "at_once"
    #: the open batch it joins
    batch_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """Why an article did or did not alert."""

    watch_id: str
    revision_id: int
    kind: DecisionKind
    reason: str
    detail: str
    severity: int
    alert_id: str | None
    rules_version: str
    decided_at: datetime


def told(database: Database, watch_id: str, story_id: int, *, sent_only: bool = False) -> ToldBefore | None:
    """Return what a watch's people were told of a story, or None for nothing yet.

    Args:
        database: the archive.
        watch_id: whose people.
        story_id: of what.
        sent_only: leave out alerts of an import, which nobody heard of.
    """
    rows = list(
        database.query(
            """
            SELECT type, severity, acts, created_at, reason, removed FROM alert
            WHERE watch_id = ? AND story_id = ? AND (recorded_only = 0 OR NOT ?) ORDER BY created_at, sequence
            """,
            (watch_id, story_id, int(sent_only)),
        )
    )
    if not rows:
        return None
    return ToldBefore(
        alerts=len(rows),
        severity=max(row["severity"] for row in rows),
        # What a correction names is what was told before.
        acts=_highest(row for row in rows if row["type"] != CORRECTION),
        last_at=from_text(max(row["created_at"] for row in rows)),
        reasons=frozenset(row["reason"] for row in rows if row["reason"]),
        removed=tuple(sorted({tuple(act) for row in rows for act in json.loads(row["removed"])}, key=str)),
        retracted=_retracted(rows),
    )


def _retracted(rows: Iterable[dict[str, Any]]) -> tuple[Act, ...]:
    """Return the acts that were taken back and not told anew since, of alerts in their order."""
    found: dict[Act, None] = {}
    for row in rows:
        acts = [(type_, actor, target) for type_, actor, target, _ in json.loads(row["acts"])]
        if row["type"] != CORRECTION:
            for act in acts:
                found.pop(act, None)
        elif row["reason"] in RETRACTIONS:
            found |= dict.fromkeys(acts)
    return tuple(found)


def _highest(rows: Iterable[dict[str, Any]]) -> tuple[tuple[Act, int], ...]:
    highest: dict[Act, int] = {}
    for row in rows:
        for type_, actor, target, severity in json.loads(row["acts"]):
            act = (type_, actor, target)
            highest[act] = max(severity, highest.get(act, 0))
    return tuple(sorted(highest.items(), key=str))


def record_decision(
    database: Database,
    decision: Decision,
    *,
    article_id: int,
    revision_id: int,
    alert_id: str | None,
    rules_version: str,
    now: datetime,
) -> None:
    """Keep the reason for every article and watch."""
    database.execute(
        """
        INSERT INTO decision (article_id, watch_id, revision_id, kind, reason, detail, severity, alert_id,
            rules_version, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (article_id, watch_id, revision_id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason,
            detail = excluded.detail, severity = excluded.severity, alert_id = excluded.alert_id,
            rules_version = excluded.rules_version, decided_at = excluded.decided_at
        """,
        (
            article_id, decision.watch_id, revision_id, decision.kind, decision.reason, decision.detail,
            decision.severity, alert_id, rules_version, to_text(now),
        ),
    )  # fmt: skip


def decisions(database: Database, article_id: int) -> list[StoredDecision]:
    """Return every decision taken on an article, oldest first."""
    rows = database.query("SELECT * FROM decision WHERE article_id = ? ORDER BY decided_at, watch_id", (article_id,))
    return [
        StoredDecision(
            watch_id=row["watch_id"],
            revision_id=row["revision_id"],
            kind=DecisionKind(row["kind"]),
            reason=row["reason"],
            detail=row["detail"],
            severity=row["severity"],
            alert_id=row["alert_id"],
            rules_version=row["rules_version"],
            decided_at=from_text(row["decided_at"]),
        )
        for row in rows
    ]


def thread_of(database: Database, watch_id: str, story_id: int) -> str | None:
    """Return the mail thread of a watch's alerts on a story, None for that of the story itself or before the first.

    Stories join and split; mails that were sent stay in the thread that they began.
    """
    row = database.execute(
        "SELECT thread FROM alert WHERE watch_id = ? AND story_id = ? ORDER BY created_at, sequence LIMIT 1",
        (watch_id, story_id),
    ).fetchone()
    return None if row is None else row[0]


def count_decisions(database: Database) -> list[tuple[str, str, int]]:
    """Return how many decisions of each watch have each reason: (watch, reason, count)."""
    rows = database.execute(
        "SELECT watch_id, reason, decisions FROM decision_count WHERE decisions > 0 ORDER BY watch_id, reason"
    )
    return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]


def raise_alert(
    database: Database,
    alert: Alert,
    deliveries: Iterable[NewDelivery],
    *,
    decision: Decision | None,
    article_id: int | None,
    recorded_only: bool = False,
) -> bool:
    """Store an alert with its outbox rows; the same identity a second time changes nothing.

    What was only recorded, as by an import, becomes an alert when it is told: nobody heard of it under its name.

    Returns:
        Whether the alert is new.
    """
    told = [signal for signal in decision.signals if signal not in decision.removed] if decision else []
    removed = decision.removed if decision else ()
    cursor = database.execute(
        """
        INSERT INTO alert (id, key, type, watch_id, story_id, article_id, severity, headline, payload, acts, sequence,
            recorded_only, created_at, escalates, reason, removed, thread)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET type = excluded.type, story_id = excluded.story_id,
            article_id = excluded.article_id, severity = excluded.severity, headline = excluded.headline,
            payload = excluded.payload, acts = excluded.acts, sequence = excluded.sequence, recorded_only = 0,
            created_at = excluded.created_at, reason = excluded.reason, removed = excluded.removed,
            thread = excluded.thread
        WHERE alert.recorded_only = 1 AND excluded.recorded_only = 0
        """,
        (
            alert.id, alert.key, alert.type, alert.watch_id, alert.story_id, article_id, alert.severity,
            alert.headline, alert.payload, json.dumps([[*signal.act, signal.severity] for signal in told]),
            alert.sequence, int(recorded_only), to_text(alert.created_at), alert.escalates,
            decision.reason if decision else None, json.dumps([signal.act for signal in removed]), alert.thread,
        ),
    )  # fmt: skip
    if cursor.rowcount != 1:
        return False
    for delivery in deliveries:
        database.execute(
            """
            INSERT INTO delivery (key, alert_id, channel_id, recipient, state, created_at, next_attempt_at, reason,
                batch_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
            """,
            (
                delivery.key, alert.id, delivery.channel_id, delivery.recipient, delivery.state,
                to_text(alert.created_at), to_text(delivery.next_attempt_at), delivery.reason, delivery.batch_id,
            ),
        )  # fmt: skip
    return True


def get(database: Database, alert_id: str) -> Alert:
    """Return one alert.

    Raises:
        NotFoundError: no alert has this id.
    """
    rows = list(database.query("SELECT * FROM alert WHERE id = ?", (alert_id,)))
    if not rows:
        raise NotFoundError(f"no alert {alert_id} is stored; 'vigie alerts list' shows what is")
    return alert_from_row(rows[0])


def recent(database: Database, *, limit: int = 100, story_id: int | None = None) -> list[Alert]:
    """Return alerts, newest first."""
    where, parameters = ("story_id = ?", [story_id]) if story_id is not None else ("1", [])
    rows = database.query(
        f"SELECT * FROM alert WHERE {where} ORDER BY created_at DESC, id LIMIT ?",  # noqa: S608 (fixed text)
        (*parameters, limit),
    )
    return [alert_from_row(row) for row in rows]


def acknowledge(database: Database, alert_id: str, now: datetime, *, author: str = "") -> Alert:
    """Record that somebody took an alert in hand, with all that its watch was told of the story before.

    What was acknowledged already keeps its time and name. An escalation and the alert that it carries further are
    acknowledged together, a list and all that it names too.

    Raises:
        NotFoundError: no alert has this id.
    """
    asked = get(database, alert_id)
    alert = get(database, asked.escalates) if asked.escalates else asked
    database.execute(
        """
        UPDATE alert SET acknowledged_at = :now, acknowledged_by = :author, escalate_at = NULL
        WHERE acknowledged_at IS NULL AND (
            id IN (:id, :asked) OR escalates = :id
            OR (watch_id = :watch AND story_id = :story AND created_at <= :created)
            OR id IN (
                SELECT d.alert_id FROM delivery d JOIN batch b ON b.id = d.batch_id
                WHERE b.alert_id = :id AND d.state = 'batched'
            )
        )
        """,
        {
            "now": to_text(now),
            "author": author or None,
            "id": alert.id,
            "asked": alert_id,
            "watch": alert.watch_id,
            "story": alert.story_id,
            "created": to_text(alert.created_at),
        },
    )
    database.execute(
        """
        UPDATE alert SET acknowledged_at = ?, acknowledged_by = ? WHERE acknowledged_at IS NULL
            AND escalates IN (SELECT id FROM alert WHERE acknowledged_at IS NOT NULL)
        """,
        (to_text(now), author or None),
    )
    # Nobody is to be told that nobody answers when somebody has.
    database.execute(
        """
        UPDATE delivery SET state = 'suppressed', reason = 'acknowledged'
        WHERE state = 'pending' AND NOT maybe_delivered
            AND alert_id IN (SELECT id FROM alert WHERE escalates IS NOT NULL AND acknowledged_at IS NOT NULL)
        """
    )
    return get(database, alert_id)


def without_deliveries(database: Database, watch_ids: Iterable[str], since: datetime | None = None) -> list[str]:
    """Return alerts of these watches that no outbox row stands for: there must be none.

    Args:
        database: the archive.
        watch_ids: watches with a channel.
        since: since when they have it; alerts before are left out.
    """
    wanted = list(watch_ids)
    marks = ",".join("?" * len(wanted))
    rows = database.execute(
        f"""
        SELECT id FROM alert WHERE recorded_only = 0 AND watch_id IN ({marks}) AND created_at >= ?
            AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.alert_id = alert.id)
        """,  # noqa: S608 (placeholders)
        (*wanted, to_text(since) if since else ""),
    )
    return [row[0] for row in rows]


def alert_from_row(row: dict[str, Any]) -> Alert:
    """Build an alert from its row."""
    return Alert(
        id=row["id"],
        key=row["key"],
        type=row["type"],
        watch_id=row["watch_id"],
        story_id=row["story_id"],
        severity=row["severity"],
        headline=row["headline"],
        payload=row["payload"],
        created_at=from_text(row["created_at"]),
        sequence=row["sequence"],
        acknowledged_at=from_text_or_none(row["acknowledged_at"]),
        acknowledged_by=row["acknowledged_by"],
        escalates=row["escalates"],
        thread=row["thread"],
    )
