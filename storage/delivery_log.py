"""Read-only lists of deliveries with their attempts, whichever alert they carry."""

from __future__ import annotations

import json
from datetime import datetime

from sqlite_utils import Database

from storage.alert_log import Attempt, DeliveryLog, attempt_from_row
from storage.deliveries import delivery_from_row
from storage.errors import NotFoundError
from storage.times import to_text_or_none
from storage.types import Delivery, DeliveryState


def listing(
    database: Database,
    *,
    state: DeliveryState | None = None,
    channel_id: str | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[DeliveryLog]:
    """Return deliveries with their attempts, newest first.

    Args:
        database: the archive.
        state: only those in this state.
        channel_id: only those through this channel.
        before: only those after this (creation time, id) in the list.
        limit: at most so many.
    """
    before_time, before_id = before or (None, None)
    rows = database.query(
        """
        SELECT * FROM delivery WHERE (:state IS NULL OR state = :state) AND (:channel IS NULL OR channel_id = :channel)
            AND (:before IS NULL OR (created_at, id) < (:before, :before_id))
        ORDER BY created_at DESC, id DESC LIMIT :limit
        """,
        {
            "state": state, "channel": channel_id, "before": to_text_or_none(before_time), "before_id": before_id,
            "limit": limit,
        },
    )  # fmt: skip
    return _with_attempts(database, [delivery_from_row(row) for row in rows])


def one(database: Database, delivery_id: int) -> DeliveryLog:
    """Return one delivery with its attempts.

    Raises:
        NotFoundError: no delivery has this id.
    """
    for row in database.query("SELECT * FROM delivery WHERE id = ?", (delivery_id,)):
        return _with_attempts(database, [delivery_from_row(row)])[0]
    raise NotFoundError(f"no delivery {delivery_id}; 'vigie deliveries list' shows them")


def _with_attempts(database: Database, found: list[Delivery]) -> list[DeliveryLog]:
    attempts: dict[int, list[Attempt]] = {}
    for row in database.query(
        "SELECT * FROM attempt WHERE delivery_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps([delivery.id for delivery in found]),),
    ):
        attempts.setdefault(row["delivery_id"], []).append(attempt_from_row(row))
    return [DeliveryLog(delivery=delivery, attempts=tuple(attempts.get(delivery.id, ()))) for delivery in found]
