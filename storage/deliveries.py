"""The outbox: deliveries leased, attempted, retried, and never forgotten.

``pending → leased → sent``, back to ``pending`` for another attempt, or ``dead``; ``batched`` while it is gathered with
others (:mod:`storage.batches`). A lease is committed
before the message leaves, the outcome after: a crash in between repeats a message under its own identity
instead of losing it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.alerts import alert_from_row
from storage.errors import NotFoundError
from storage.ordering import next_in_order
from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import Alert, Delivery, DeliveryState, Outcome


def lease(
    database: Database,
    channel_id: str,
    now: datetime,
    limit: int,
    lease_for: timedelta,
    *,
    without: Sequence[str] = (),
) -> list[tuple[Delivery, Alert]]:
    """Take due deliveries of one channel, oldest first; the caller commits before it sends.

    Those to the recipients ``without`` are left to others.

    What a watch tells of one story stays in order: a later alert waits while an earlier one, or its escalation, to the
    same recipient is still pending or under way, and a list while one waits that came before its own alert on a story.
    Neither a dead letter nor what its receiver cannot take blocks what follows it, and no watch waits for another.
    """
    rows = [
        next(iter(database.query("SELECT * FROM delivery WHERE id = ?", (delivery_id,))))
        for delivery_id in next_in_order(database, channel_id, now, limit, without)
    ]
    until = now + lease_for
    leased = []
    for row in rows:
        database.execute(
            "UPDATE delivery SET state = 'leased', lease_until = ? WHERE id = ?", (to_text(until), row["id"])
        )
        alert = next(iter(database.query("SELECT * FROM alert WHERE id = ?", (row["alert_id"],))))
        leased.append(
            (
                delivery_from_row({**row, "state": DeliveryState.LEASED, "lease_until": to_text(until)}),
                alert_from_row(alert),
            )
        )
    return leased


def record(
    database: Database,
    delivery_id: int,
    outcome: Outcome,
    *,
    state: DeliveryState,
    next_attempt_at: datetime | None,
    counts: bool,
    maybe_delivered: bool,
    started_at: datetime,
    ended_at: datetime,
) -> None:
    """Store what an attempt gave and where the delivery goes next.

    An attempt whose lease was taken back in the meantime is kept in the log and moves nothing, unless the
    message arrived: that is never taken back, and never forgotten.

    Args:
        database: the archive, inside a transaction.
        delivery_id: whose attempt it was.
        outcome: what the far end answered.
        state: the next state.
        next_attempt_at: when to try again, for ``pending``.
        counts: whether the attempt uses up a step of the retry schedule.
        maybe_delivered: the message may have arrived though no answer did.
        started_at: when the attempt began.
        ended_at: when it ended.
    """
    database.execute(
        """
        UPDATE delivery SET state = :state, attempts = attempts + :counts, lease_until = NULL,
            next_attempt_at = coalesce(:next, next_attempt_at), maybe_delivered = maybe_delivered OR :maybe,
            last_error = CASE WHEN :state = 'sent' THEN NULL ELSE :detail END,
            sent_at = CASE WHEN :state = 'sent' THEN :ended ELSE sent_at END
        WHERE id = :id AND (state = 'leased' OR (:state = 'sent' AND state <> 'sent'))
        """,
        {
            "state": state,
            "counts": int(counts),
            "next": to_text_or_none(next_attempt_at),
            "maybe": int(maybe_delivered),
            "detail": outcome.detail,
            "ended": to_text(ended_at),
            "id": delivery_id,
        },
    )
    database.table("attempt").insert(
        {
            "delivery_id": delivery_id,
            "started_at": to_text(started_at),
            "ended_at": to_text(ended_at),
            "outcome": outcome.outcome,
            "code": outcome.code,
            "detail": outcome.detail,
        }
    )


def release(database: Database, delivery_id: int, now: datetime, *, maybe_delivered: bool) -> None:
    """Give a lease back untried, or cut off half-way."""
    database.execute(
        """
        UPDATE delivery SET state = 'pending', lease_until = NULL, next_attempt_at = ?,
            maybe_delivered = maybe_delivered OR ? WHERE id = ? AND state = 'leased'
        """,
        (to_text(now), int(maybe_delivered), delivery_id),
    )


def hold_back(database: Database, delivery_id: int, *, silence_id: int, because: str) -> None:
    """Mark a delivery that is not sent yet as held back by a silence.

    Args:
        database: the archive, inside a transaction.
        delivery_id: which.
        silence_id: what holds it back.
        because: what of the silence matched.
    """
    database.execute(
        """
        UPDATE delivery SET state = 'suppressed', reason = 'silenced', lease_until = NULL, silence_id = ?,
            held_because = ? WHERE id = ? AND state IN ('pending', 'leased', 'batched')
        """,
        (silence_id, because, delivery_id),
    )


def revive(database: Database, delivery_id: int, at: datetime, detail: str) -> None:
    """Make a dead delivery pending again, due at a moment; its age, and so its horizon, stay."""
    database.execute(
        """
        UPDATE delivery SET state = 'pending', next_attempt_at = ?, last_error = ? WHERE id = ? AND state = 'dead'
        """,
        (to_text(at), detail, delivery_id),
    )


def put_back(database: Database, delivery_ids: Iterable[int]) -> None:
    """Give leases back in the transaction that took them: nothing was tried, and the place in the queue stays."""
    for delivery_id in delivery_ids:
        database.execute(
            "UPDATE delivery SET state = 'pending', lease_until = NULL WHERE id = ? AND state = 'leased'",
            (delivery_id,),
        )


def recover(database: Database, now: datetime, *, everything: bool) -> int:
    """Return expired leases to the queue, as possibly delivered; ``everything`` at start-up.

    The process that starts owns the data folder alone, so any lease it finds belongs to a dead one.
    """
    where = "1" if everything else "lease_until <= :now"
    cursor = database.execute(
        f"""
        UPDATE delivery SET state = 'pending', lease_until = NULL, next_attempt_at = :now, maybe_delivered = 1
        WHERE state = 'leased' AND {where}
        """,  # noqa: S608 (fixed text)
        {"now": to_text(now)},
    )
    return int(cursor.rowcount)


def clamp(database: Database, latest: datetime) -> int:
    """Pull attempts planned after ``latest`` forward: a clock that ran ahead must not park an alert."""
    cursor = database.execute(
        "UPDATE delivery SET next_attempt_at = ? WHERE state = 'pending' AND next_attempt_at > ?",
        (to_text(latest), to_text(latest)),
    )
    return int(cursor.rowcount)


def hurry(database: Database, watch_id: str, story_id: int, channel_id: str, now: datetime) -> int:
    """Let what waits on a story, and was never tried, go now, because something follows that must not wait for it."""
    cursor = database.execute(
        """
        UPDATE delivery SET next_attempt_at = :now WHERE id IN (
            SELECT d.id FROM alert a CROSS JOIN delivery d ON d.alert_id = a.id
            WHERE a.watch_id = :watch AND a.story_id = :story AND d.channel_id = :channel AND d.state = 'pending'
                AND d.attempts = 0 AND d.last_error IS NULL AND NOT d.maybe_delivered AND d.next_attempt_at > :now
        )
        """,
        {"now": to_text(now), "watch": watch_id, "story": story_id, "channel": channel_id},
    )
    return int(cursor.rowcount)


def next_due(database: Database, channel_id: str, *, without: Sequence[str] = ()) -> datetime | None:
    """Return when a channel's next attempt is due, those to some recipients left out."""
    row = database.execute(
        """
        SELECT min(next_attempt_at) FROM delivery
        WHERE channel_id = ? AND state = 'pending' AND recipient NOT IN (SELECT value FROM json_each(?))
        """,
        (channel_id, json.dumps(list(without))),
    ).fetchone()
    return from_text_or_none(row[0])


def count_pending(database: Database, channel_id: str) -> int:
    """Return how many deliveries of a channel are pending."""
    row = database.execute(
        "SELECT count(*) FROM delivery WHERE channel_id = ? AND state = 'pending'", (channel_id,)
    ).fetchone()
    return int(row[0])


def expire(
    database: Database, channel_id: str, created_before: datetime, detail: str, *, without: Sequence[str] = ()
) -> int:
    """Give up pending deliveries of a channel that were created before a moment; return how many.

    Those to the recipients ``without`` go on.
    """
    cursor = database.execute(
        """
        UPDATE delivery SET state = 'dead', last_error = coalesce(last_error || '; ', '') || ?
        WHERE channel_id = ? AND state = 'pending' AND created_at < ?
            AND recipient NOT IN (SELECT value FROM json_each(?))
        """,
        (detail, channel_id, to_text(created_before), json.dumps(list(without))),
    )
    return int(cursor.rowcount)


def give_up_unknown(database: Database, channel_ids: Sequence[str], detail: str) -> int:
    """Give up what waits for channels beside those named; return how many deliveries that were."""
    cursor = database.execute(
        """
        UPDATE delivery SET state = 'dead', lease_until = NULL, last_error = coalesce(last_error || '; ', '') || ?
        WHERE state = 'pending' AND channel_id NOT IN (SELECT value FROM json_each(?))
        """,
        (detail, json.dumps(list(channel_ids))),
    )
    return int(cursor.rowcount)


def overdue_since(database: Database, now: datetime) -> datetime | None:
    """Return since when the oldest unsent delivery should have left, or the oldest batch should have closed.

    What is held back on purpose is not overdue.
    """
    row = database.execute(
        """
        SELECT min(since) FROM (
            SELECT min(CASE WHEN attempts > 0 THEN created_at ELSE next_attempt_at END) AS since FROM delivery
            WHERE state IN ('pending', 'leased') AND (attempts > 0 OR next_attempt_at <= :now)
            UNION ALL SELECT min(closes_at) FROM batch WHERE closed_at IS NULL AND closes_at <= :now
        )
        """,
        {"now": to_text(now)},
    ).fetchone()
    return from_text_or_none(row[0])


def count(database: Database, state: DeliveryState) -> int:
    """Return how many deliveries stand in a state."""
    return int(database.execute("SELECT count(*) FROM delivery WHERE state = ?", (state,)).fetchone()[0])


def listing(
    database: Database, *, alert_id: str | None = None, state: DeliveryState | None = None, limit: int = 100
) -> list[Delivery]:
    """Return deliveries, newest first."""
    rows = database.query(
        """
        SELECT * FROM delivery WHERE (:alert IS NULL OR alert_id = :alert) AND (:state IS NULL OR state = :state)
        ORDER BY created_at DESC, id DESC LIMIT :limit
        """,
        {"alert": alert_id, "state": state, "limit": limit},
    )
    return [delivery_from_row(row) for row in rows]


def replay(database: Database, delivery_id: int, now: datetime) -> None:
    """Queue a dead or suppressed delivery again under its own identity, with a fresh retry schedule.

    No silence holds back what somebody asked to be sent.

    Raises:
        NotFoundError: no dead or suppressed delivery has this id.
    """
    cursor = database.execute(
        """
        UPDATE delivery SET state = 'pending', attempts = 0, created_at = :now, next_attempt_at = :now,
            reason = 'at_once', silence_id = NULL, held_because = NULL, by_hand = 1
        WHERE id = :id AND state IN ('dead', 'suppressed')
        """,
        {"now": to_text(now), "id": delivery_id},
    )
    if cursor.rowcount != 1:
        raise NotFoundError(f"no dead or suppressed delivery {delivery_id}; 'vigie deliveries list' shows their states")


def discard(database: Database, delivery_id: int, now: datetime) -> None:
    """Give a delivery up by hand; what a list told already, or is about to, is none that could be.

    Raises:
        NotFoundError: no unsent delivery has this id.
    """
    cursor = database.execute(
        "UPDATE delivery SET state = 'suppressed', last_error = ? WHERE id = ? AND (state IN ('pending', 'dead') "
        "OR (state = 'batched' AND batch_id IN (SELECT id FROM batch WHERE closed_at IS NULL)))",
        (f"discarded by hand at {to_text(now)}", delivery_id),
    )
    if cursor.rowcount != 1:
        raise NotFoundError(
            f"no pending, batched or dead delivery {delivery_id}; 'vigie deliveries list' shows their states"
        )


def delivery_from_row(row: dict[str, Any]) -> Delivery:
    """Build a delivery from its row."""
    return Delivery(
        id=row["id"],
        key=row["key"],
        alert_id=row["alert_id"],
        channel_id=row["channel_id"],
        recipient=row["recipient"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        created_at=from_text(row["created_at"]),
        next_attempt_at=from_text(row["next_attempt_at"]),
        lease_until=from_text_or_none(row["lease_until"]),
        maybe_delivered=bool(row["maybe_delivered"]),
        last_error=row["last_error"],
        sent_at=from_text_or_none(row["sent_at"]),
        reason=row["reason"],
        batch_id=row["batch_id"],
        silence_id=row["silence_id"],
        held_because=row["held_because"],
    )
