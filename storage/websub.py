"""Subscriptions at hubs: stored as they are, decided about in ``scheduler/subscriptions.py``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text
from storage.types import Subscription, SubscriptionState


def all_subscriptions(database: Database) -> list[Subscription]:
    """Return every subscription, oldest first."""
    return [_subscription(row) for row in database.query("SELECT * FROM subscription ORDER BY created_at, token")]


def save(database: Database, subscription: Subscription) -> None:
    """Store a subscription, new or changed."""
    database.execute(
        """
        INSERT OR REPLACE INTO subscription (token, source_id, url, hub, topic, callback, secret, state, created_at,
            next_step_at, asked_at, lease_until, announced_at, failures, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            subscription.token, subscription.source_id, subscription.url, subscription.hub, subscription.topic,
            subscription.callback, subscription.secret, subscription.state, to_text(subscription.created_at),
            to_text(subscription.next_step_at), _text(subscription.asked_at), _text(subscription.lease_until),
            _text(subscription.announced_at), subscription.failures, subscription.detail,
        ),
    )  # fmt: skip


def remove(database: Database, token: str) -> None:
    """Forget a subscription."""
    database.execute("DELETE FROM subscription WHERE token = ?", (token,))


def hasten(database: Database, source_id: str, url: str, at: datetime) -> bool:
    """Have one feed of a source polled at ``at``, if not sooner; return whether that is so.

    A feed that failed keeps its own plan: an announcement lifts no back-off and no Retry-After.
    """
    cursor = database.execute(
        "UPDATE feed SET resume_at = min(coalesce(resume_at, ?), ?) WHERE source_id = ? AND url = ? AND failures = 0",
        (to_text(at), to_text(at), source_id, url),
    )
    if cursor.rowcount == 0:
        return False
    cursor = database.execute(
        "UPDATE source SET next_check_at = min(next_check_at, ?) WHERE id = ? AND enabled = 1", (to_text(at), source_id)
    )
    return int(cursor.rowcount) > 0


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _subscription(row: dict[str, Any]) -> Subscription:
    return Subscription(
        token=row["token"],
        source_id=row["source_id"],
        url=row["url"],
        hub=row["hub"],
        topic=row["topic"],
        callback=row["callback"],
        secret=row["secret"],
        state=SubscriptionState(row["state"]),
        created_at=from_text(row["created_at"]),
        next_step_at=from_text(row["next_step_at"]),
        asked_at=from_text_or_none(row["asked_at"]),
        lease_until=from_text_or_none(row["lease_until"]),
        announced_at=from_text_or_none(row["announced_at"]),
        failures=row["failures"],
        detail=row["detail"],
    )
