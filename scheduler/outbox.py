"""The dispatcher's outbox on the archive: every method one durable transaction.

Silences are judged here, when a delivery is about to be sent: one that begins while an alert waits holds it too, and
one that is over holds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from alerts import silencing
from alerts.schedule import Next
from scheduler.archive import Archive
from scheduler.escalation import Escalation
from storage import channels, deliveries, silences
from storage.types import Alert, Delivery, DeliveryState, Outcome, OutcomeClass, Silence

logger = logging.getLogger(__name__)

#: deliveries that one transaction judges at most, so that no silence keeps other writes waiting
MOST_JUDGED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """What one transaction took."""

    taken: tuple[tuple[Delivery, Alert], ...]
    #: more may be due than was looked at
    more: bool


def lease_unsilenced(
    database: Database,
    channel_id: str,
    now: datetime,
    limit: int,
    lease_for: timedelta,
    *,
    without: Sequence[str] = (),
) -> Leased:
    """Take due deliveries of one channel, and mark those before them that a running silence matches as held back."""
    running = running_silences(database, now)
    if not running:
        found = deliveries.lease(database, channel_id, now, limit, lease_for, without=without)
        return Leased(taken=tuple(found), more=False)
    # Many at once: finding what is due costs far more than judging it.
    found = deliveries.lease(database, channel_id, now, max(limit, MOST_JUDGED), lease_for, without=without)
    taken: list[tuple[Delivery, Alert]] = []
    left: list[int] = []
    for delivery, alert in found:
        if len(taken) == limit:
            left.append(delivery.id)
        elif not held_back(database, running, delivery):
            taken.append((delivery, alert))
    deliveries.put_back(database, left)
    # What was held back may have stood before something else on its story.
    return Leased(taken=tuple(taken), more=len(taken) + len(left) < len(found))


def running_silences(database: Database, now: datetime) -> list[Silence]:
    """Return the silences in force; none when they cannot be read."""
    try:
        return silences.running(database, now)
    except Exception:  # an alert too many is better than one that nobody hears
        logger.exception("the silences in force could not be read; nothing is held back")
        return []


def held_back(database: Database, running: Sequence[Silence], delivery: Delivery) -> bool:
    """Judge one delivery, and mark it when silences match all that it tells; tell whether they do."""
    if not running:
        return False
    try:
        found = [silencing.judge(running, matter) for matter in silences.matters(database, delivery.id)]
    except Exception:  # an alert too many is better than one that nobody hears
        logger.exception("delivery %s could not be held against the silences in force; it is sent", delivery.key)
        return False
    held = [(verdict.silence, verdict.detail) for verdict in found if verdict.silence is not None]
    if not held or len(held) < len(found):
        return False
    # Of several, the one that lasts longest: what it hides is told when nothing hides it any more.
    silence, detail = max(held, key=lambda one: one[0].ends_at)
    deliveries.hold_back(database, delivery.id, silence_id=silence.id, because=detail)
    return True


class ArchiveOutbox:
    """Implements :class:`alerts.outbox.Outbox`."""

    def __init__(self, archive: Archive, escalation: Escalation | None = None) -> None:
        self._archive = archive
        self._escalation = escalation or Escalation()

    async def lease(
        self, channel_id: str, now: datetime, limit: int, lease_for: timedelta, *, without: Sequence[str] = ()
    ) -> list[tuple[Delivery, Alert]]:
        """Take due deliveries of a channel that no silence holds back, oldest first."""
        if await self._archive.read(deliveries.next_due, channel_id, without=without) is None:
            return []
        while True:
            leased = await self._archive.write(lease_unsilenced, channel_id, now, limit, lease_for, without=without)
            if leased.taken or not leased.more:
                return list(leased.taken)

    async def record(
        self, delivery: Delivery, outcome: Outcome, following: Next, started_at: datetime, ended_at: datetime
    ) -> None:
        """Store an attempt and move its delivery on."""
        await self._archive.write(self._record, delivery, outcome, following, started_at, ended_at)

    def _record(
        self,
        database: Database,
        delivery: Delivery,
        outcome: Outcome,
        following: Next,
        started_at: datetime,
        ended_at: datetime,
    ) -> None:
        deliveries.record(
            database,
            delivery.id,
            outcome,
            state=following.state,
            next_attempt_at=following.next_attempt_at,
            counts=following.counts,
            maybe_delivered=following.maybe_delivered,
            started_at=started_at,
            ended_at=ended_at,
        )
        if following.state is DeliveryState.SENT or outcome.outcome is OutcomeClass.BUG:
            self._escalation.sent(database, delivery.alert_id, ended_at)
        if following.state is DeliveryState.DEAD:
            self._escalation.given_up(database, delivery.alert_id, delivery.channel_id, ended_at)

    async def release(self, delivery: Delivery, now: datetime, *, maybe_delivered: bool) -> None:
        """Give a lease back without an outcome."""
        await self._archive.write(deliveries.release, delivery.id, now, maybe_delivered=maybe_delivered)

    async def revive(self, delivery: Delivery, at: datetime, detail: str) -> None:
        """Make a dead letter pending again."""
        await self._archive.write(deliveries.revive, delivery.id, at, detail)

    async def expire(
        self, channel_id: str, created_before: datetime, detail: str, *, without: Sequence[str] = ()
    ) -> int:
        """Mark pending deliveries of a channel created before then as dead."""
        return await self._archive.write(deliveries.expire, channel_id, created_before, detail, without=without)

    async def next_due(self, channel_id: str, *, without: Sequence[str] = ()) -> datetime | None:
        """Return when the earliest pending delivery of a channel is due."""
        return await self._archive.read(deliveries.next_due, channel_id, without=without)

    async def pending(self, channel_id: str) -> int:
        """Return how many deliveries of a channel are pending."""
        return await self._archive.read(deliveries.count_pending, channel_id)

    async def load_breaker(self, name: str) -> str | None:
        """Return what was stored of a channel's health last."""
        return await self._archive.read(channels.state, name)

    async def save_breaker(self, name: str, state: str, now: datetime) -> None:
        """Keep a channel's health over a restart."""
        await self._archive.write(channels.save, name, state, now)
