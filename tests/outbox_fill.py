"""Alerts with their outbox rows for tests, stored as the service stores them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlite_utils import Database

from alerts import identity
from storage import alerts, sources
from storage.alerts import NewDelivery
from storage.types import Alert, Decision, DecisionKind, DeliveryState, Signal, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
EXPULSION = ("expel_diplomats", "MLI", "FRA")


def signal(act: tuple[str, str | None, str | None] = EXPULSION, severity: int = 4) -> Signal:
    """Return a signal of an act."""
    return Signal(
        type=act[0], severity=severity, actor=act[1], target=act[2], status=Status.ASSERTED,
        sentence="Le Mali a expulsé deux diplomates français.", start=0, end=5, rule="fr.expel",
    )  # fmt: skip


def add_story(database: Database, story_id: int) -> None:
    """Store a story without articles."""
    database.execute(
        "INSERT INTO story (id, headline, first_seen_at, last_seen_at) VALUES (?, 'Le Mali expulse', ?, ?)",
        (story_id, "2026-03-10T09:00:00.000000Z", "2026-03-10T09:00:00.000000Z"),
    )


def add_article(database: Database, source_id: str, now: datetime = NOW) -> int:
    """Store a bare article of an outlet; return its id."""
    sources.ensure(database, source_id, source_id, f"https://{source_id}.example/", now)
    cursor = database.execute(
        """INSERT INTO article (key, source_id, url, authors, origin, partial, first_seen_at, effective_at)
        VALUES (?, ?, 'https://x.example/', '[]', ?, 0, ?, ?)""",
        (f"{source_id}-{now}", source_id, source_id, "2026-03-10T09:00:00.000000Z", "2026-03-10T09:00:00.000000Z"),
    )
    return int(cursor.lastrowid or 0)


def add_alert(
    database: Database,
    name: str,
    *,
    watch: str = "france-mali",
    story: int | None = 1,
    signals: tuple[Signal, ...] = (signal(),),
    kind: str = "alert.new",
    channels: tuple[tuple[str, str], ...] = (("hook", ""),),
    article: int | None = None,
    now: datetime = NOW,
    sequence: int = 1,
) -> Alert:
    """Store an alert with a pending delivery for each channel and recipient."""
    if story is not None and not database.execute("SELECT 1 FROM story WHERE id = ?", (story,)).fetchone():
        add_story(database, story)
    severity = max((one.severity for one in signals), default=2)
    key = identity.alert_key(install_id="test", watch_id=watch, subject=name, trigger="new")
    events = [
        {"type": one.type, "actor": one.actor, "target": one.target, "status": "asserted", "severity": one.severity}
        for one in signals
    ]
    payload = {
        "type": kind,
        "timestamp": now.isoformat(),
        "data": {"headline": f"Grave · {name}", "summary": f"« {name} »", "events": events, "watch": watch},
    }
    alert = Alert(
        id=identity.alert_id(key), key=key, type=kind, watch_id=watch, story_id=story, severity=severity,
        headline=f"Grave · {name}", payload=json.dumps(payload), created_at=now, sequence=sequence,
    )  # fmt: skip
    rows = [
        NewDelivery(
            key=identity.delivery_key(alert_key=key, channel_id=channel, recipient=recipient),
            channel_id=channel,
            recipient=recipient,
            state=DeliveryState.PENDING,
            next_attempt_at=now,
        )
        for channel, recipient in channels
    ]
    decision = Decision(
        watch_id=watch, kind=DecisionKind.NEW, reason="new_story", detail="", severity=severity, signals=signals
    )
    assert alerts.raise_alert(database, alert, rows, decision=decision if signals else None, article_id=article)
    return alert
