"""What became of the last message of each channel: one short walk along an index for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text

#: messages looked at of each channel, the newest first
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDelivery:
    """The last message of a channel that left, or that could not."""

    channel_id: str
    #: None when none left yet
    at: datetime | None = None
    ok: bool = True
    #: what the far end said of it, when it failed
    error: str | None = None


def last_deliveries(database: Database, channel_ids: Iterable[str]) -> tuple[LastDelivery, ...]:
    """Return the last attempt of each channel, in the order given; messages that were held back are none."""
    return tuple(_last(database, channel_id) for channel_id in channel_ids)


def _last(database: Database, channel_id: str) -> LastDelivery:
    rows = database.execute(
        """
        SELECT d.state, d.sent_at, d.last_error,
            (SELECT max(t.ended_at) FROM attempt t WHERE t.delivery_id = d.id) AS tried_at
        FROM (
            SELECT id, state, sent_at, last_error FROM delivery
            WHERE channel_id = ? AND state NOT IN ('batched', 'suppressed') ORDER BY created_at DESC LIMIT ?
        ) d
        """,
        (channel_id, _LOOKED_AT),
    ).fetchall()
    tried = [(sent_at or tried_at, state, error) for state, sent_at, error, tried_at in rows if sent_at or tried_at]
    if not tried:
        return LastDelivery(channel_id=channel_id)
    at, state, error = max(tried)
    ok = state == "sent"
    return LastDelivery(channel_id=channel_id, at=from_text(at), ok=ok, error=None if ok else error)
