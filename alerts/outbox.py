"""What the dispatcher needs of the archive, as a protocol: alerts never touches SQL.

Every method is one transaction, committed when it returns: a message leaves only after the lease that
covers it is durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alerts.schedule import Next
from storage.types import Alert, Delivery, Outcome


class Outbox(Protocol):
    """The rows of deliveries and the health of channels."""

    async def lease(
        self, channel_id: str, now: datetime, limit: int, lease_for: timedelta, *, without: Sequence[str] = ()
    ) -> list[tuple[Delivery, Alert]]:
        """Take due deliveries of a channel, oldest first, and mark them leased until ``now + lease_for``.

        Those to the recipients ``without`` are left alone, here and below: other workers serve them.

        A delivery is not taken while an earlier one on the same story to the same recipient is pending or
        leased: what concerns one story arrives in order. A dead one does not block.
        """
        ...

    async def record(
        self, delivery: Delivery, outcome: Outcome, following: Next, started_at: datetime, ended_at: datetime
    ) -> None:
        """Store an attempt and move its delivery on; ends the lease.

        ``attempts`` grows by one when ``following.counts``; ``maybe_delivered`` is set, never cleared.
        """
        ...

    async def release(self, delivery: Delivery, now: datetime, *, maybe_delivered: bool) -> None:
        """Give a lease back without an outcome: the delivery is pending again, and no attempt was counted."""
        ...

    async def revive(self, delivery: Delivery, at: datetime, detail: str) -> None:
        """Make a dead letter pending again, due at a moment: it died of what was the channel's fault."""
        ...

    async def expire(
        self, channel_id: str, created_before: datetime, detail: str, *, without: Sequence[str] = ()
    ) -> int:
        """Mark pending deliveries of a channel created before then as dead; returns how many."""
        ...

    async def next_due(self, channel_id: str, *, without: Sequence[str] = ()) -> datetime | None:
        """Return when the earliest pending delivery of a channel is due, None when there is none."""
        ...

    async def pending(self, channel_id: str) -> int:
        """Return how many deliveries of a channel are pending."""
        ...

    async def load_breaker(self, name: str) -> str | None:
        """Return what :meth:`save_breaker` stored last."""
        ...

    async def save_breaker(self, name: str, state: str, now: datetime) -> None:
        """Keep the health of a channel, or of one service of it, over a restart."""
        ...
