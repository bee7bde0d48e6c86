"""The dispatcher's outbox on the archive: every method one durable transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.schedule import Next
from scheduler.archive import Archive
from storage import deliveries
from storage.types import Alert, Delivery, Outcome


class ArchiveOutbox:
    """Implements :class:`alerts.outbox.Outbox`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def lease(
        self, channel_id: str, now: datetime, limit: int, lease_for: timedelta
    ) -> list[tuple[Delivery, Alert]]:
        """Take due deliveries of a channel, oldest first."""
        if await self._archive.read(deliveries.next_due, channel_id) is None:
            return []
        return await self._archive.write(deliveries.lease, channel_id, now, limit, lease_for)

    async def record(
        self, delivery: Delivery, outcome: Outcome, following: Next, started_at: datetime, ended_at: datetime
    ) -> None:
        """Store an attempt and move its delivery on."""
        await self._archive.write(
            deliveries.record,
            delivery.id,
            outcome,
            state=following.state,
            next_attempt_at=following.next_attempt_at,
            counts=following.counts,
            maybe_delivered=following.maybe_delivered,
            started_at=started_at,
            ended_at=ended_at,
        )

    async def release(self, delivery: Delivery, now: datetime, *, maybe_delivered: bool) -> None:
        """Give a lease back without an outcome."""
        await self._archive.write(deliveries.release, delivery.id, now, maybe_delivered=maybe_delivered)

    async def expire(self, channel_id: str, created_before: datetime, detail: str) -> int:
        """Mark pending deliveries of a channel created before then as dead."""
        return await self._archive.write(deliveries.expire, channel_id, created_before, detail)

    async def next_due(self, channel_id: str) -> datetime | None:
        """Return when the earliest pending delivery of a channel is due."""
        return await self._archive.read(deliveries.next_due, channel_id)

    async def pending(self, channel_id: str) -> int:
        """Return how many deliveries of a channel are pending."""
        return await self._archive.read(deliveries.count_pending, channel_id)

    async def load_breaker(self, channel_id: str) -> str | None:
        """Return what was stored of a channel's health last."""
        return await self._archive.read(deliveries.channel_state, channel_id)

    async def save_breaker(self, channel_id: str, state: str, now: datetime) -> None:
        """Keep a channel's health over a restart."""
        await self._archive.write(deliveries.save_channel_state, channel_id, state, now)
