"""Closes batches when their time has come, and keeps a daily digest open for every watch that has one.

Every step is one transaction and idempotent: a batch is found by its key and closed once, however often the process
dies in between. Nothing here is timed by anything but the moments in the archive, so a restart, or a clock that was
set, loses no batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from alerts import digest, holding, hours, identity
from alerts.digest import Coverage, Gathering
from alerts.holding import LONGEST_HOLD
from scheduler.archive import Archive
from scheduler.outbox import held_back, running_silences
from scheduler.outgoing import OutgoingSettings
from storage import batches
from storage import coverage as stored_coverage
from storage.alerts import NewDelivery
from storage.listed import batched
from storage.types import Alert, Batch, BatchKind, Delivery, DeliveryState, Watch

logger = logging.getLogger(__name__)

#: alerts named in one statement
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringSettings:
    """Whose alerts are gathered, and how their lists speak."""

    watches: tuple[Watch, ...]
    outgoing: OutgoingSettings
    #: identity of the archive, part of every alert's identity
    instance: str
    public_url: str
    language: Literal["fr", "en"]

    def watch(self, watch_id: str) -> Watch | None:
        """Return the watch with an id, None when it was taken out of the configuration."""
        return next((watch for watch in self.watches if watch.id == watch_id), None)


class BatchDesk:
    """Opens what must be open and closes what is due.

    Args:
        archive: where batches lie.
        settings: whose they are.
        clock: gives the aware time.
        closed: is called when something new waits to be sent.
    """

    def __init__(
        self,
        archive: Archive,
        settings: GatheringSettings,
        *,
        clock: Callable[[], datetime],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._clock = clock
        self._closed = closed

    def take_watches(self, watches: tuple[Watch, ...]) -> None:
        """Gather for these watches from now on."""
        self._settings = replace(self._settings, watches=watches)

    async def tick(self) -> int:
        """Close what is due; return how many batches were closed."""
        await self._archive.write(keep, self._settings, self._clock())
        done = 0
        for batch in await self._archive.read(batches.due, self._clock()):
            done += await self._close(batch)
        if done:
            # A digest that has just closed is followed by the next one.
            await self._archive.write(keep, self._settings, self._clock())
            self._closed()
        return done

    async def _close(self, batch: Batch) -> bool:
        try:
            return await self._archive.write(close, self._settings, batch, self._clock())
        except Exception:
            # Told one by one is told; a list that cannot be made must not hold up what it lists.
            logger.exception("batch %s: no list could be made of it; its alerts are sent one by one", batch.key)
            return await self._archive.write(batches.release, batch, self._clock())


def keep(database: Database, settings: GatheringSettings, now: datetime) -> None:
    """Put back in order what a wrong clock parked, and keep the next daily digest of each watch and channel open."""
    upcoming: dict[tuple[str, str], int] = {}
    for watch in settings.watches:
        for channel_id in watch.channels:
            try:
                batch_id = _next_daily(database, settings, watch, channel_id, now)
            except Exception:
                # What is due must close all the same; what would join the digest is sent by itself.
                logger.exception("watch %s: the next digest on channel %s cannot be planned", watch.id, channel_id)
                continue
            if batch_id is not None:
                upcoming[watch.id, channel_id] = batch_id
    _unpark(database, upcoming, now)


def _next_daily(
    database: Database, settings: GatheringSettings, watch: Watch, channel_id: str, now: datetime
) -> int | None:
    """Return the open daily digest of a watch on a channel, opened now if need be."""
    moment = now
    # Two at most are closed ahead of their time: today's, after a jump of the clock there and back.
    for _ in range(3):
        plan = holding.daily(watch, channel_id, settings.outgoing.zone(watch), moment)
        if plan is None:
            return None
        batch_id = batches.join(database, plan, watch_id=watch.id, channel_id=channel_id, now=now)
        if batch_id is not None:
            batches.move(database, plan)
            return batch_id
        moment = plan.closes_at
    return None


def _unpark(database: Database, upcoming: Mapping[tuple[str, str], int], now: datetime) -> None:
    """Let what waits for longer than anything may close now; a daily digest becomes part of the next one instead."""
    for batch in batches.waiting(database):
        if batch.closes_at <= now + LONGEST_HOLD:
            continue
        heir = upcoming.get((batch.watch_id, batch.channel_id))
        logger.warning("batch %s was to close at %s: the clock was wrong", batch.key, batch.closes_at)
        if batch.kind is BatchKind.DAILY and heir not in (None, batch.id):
            batches.hand_over(database, batch, heir)
    batches.clamp(database, now, LONGEST_HOLD)


def close(database: Database, settings: GatheringSettings, batch: Batch, now: datetime) -> bool:
    """Close one batch, inside a transaction: its members are frozen, and a list of them is queued.

    What a running silence matches is held back first, alert by alert, as it would be if it were sent by itself. What
    goes to other people than the rest, as a correction may, is sent to them by itself. A batch of one sends that one by
    itself; one of none says nothing. A daily digest is always a list.

    Returns:
        False when it was closed before.
    """
    running = running_silences(database, now)
    for delivery in batches.gathered(database, batch.id) if running else ():
        held_back(database, running, delivery)
    apart = addressed_apart(batches.gathered(database, batch.id))
    for some in batched(sorted(apart), MOST_AT_ONCE):
        batches.send_alone(database, batch.id, some, now)
    members = batches.members(database, batch.id)
    watch = settings.watch(batch.watch_id)
    daily = batch.kind is BatchKind.DAILY
    if daily and not members and not _still_daily(watch, batch.channel_id):
        return batches.close(database, batch, now, alert=None)
    if not daily and len(members) < 2:
        return batches.release(database, batch, now)
    alert = _list(database, settings, batch, members, watch, now)
    to = batches.recipients(database, batch.id) or settings.outgoing.routes[batch.channel_id].recipients
    rows = [
        NewDelivery(
            key=identity.delivery_key(alert_key=alert.key, channel_id=batch.channel_id, recipient=recipient),
            channel_id=batch.channel_id,
            recipient=recipient,
            state=DeliveryState.PENDING,
            next_attempt_at=now,
            reason=_REASONS[batch.kind],
        )
        for recipient in to
    ]
    return batches.close(database, batch, now, alert=alert, deliveries=rows)


def addressed_apart(waiting: Iterable[Delivery]) -> frozenset[str]:
    """Return the alerts that do not go to just those people to whom most alerts of a batch go.

    One list tells all its members to all who get it, so that these must be the same for each of them.
    """
    people: dict[str, set[str]] = {}
    for delivery in waiting:
        people.setdefault(delivery.alert_id, set()).add(delivery.recipient)
    groups: dict[frozenset[str], list[str]] = {}
    for alert_id, found in people.items():
        groups.setdefault(frozenset(found), []).append(alert_id)
    # Of two groups of one size the larger circle keeps the list: it is the one that more people would miss.
    most = max(groups, key=lambda group: (len(groups[group]), len(group), sorted(group)), default=frozenset())
    return frozenset(alert_id for group, found in groups.items() if group != most for alert_id in found)


_REASONS = {
    BatchKind.QUIET_HOURS: holding.QUIET_HOURS,
    BatchKind.COOLDOWN: holding.COOLDOWN,
    BatchKind.HOURLY: holding.DIGEST,
    BatchKind.DAILY: holding.DIGEST,
    BatchKind.STORM: holding.STORM,
}


def _still_daily(watch: Watch | None, channel_id: str) -> bool:
    return (
        watch is not None
        and watch.digest is not None
        and watch.digest.every == "daily"
        and channel_id in watch.channels
    )


def _list(
    database: Database,
    settings: GatheringSettings,
    batch: Batch,
    members: Sequence[Alert],
    watch: Watch | None,
    now: datetime,
) -> Alert:
    key = identity.alert_key(
        install_id=settings.instance, watch_id=batch.watch_id, subject=f"batch:{batch.key}", trigger="closed"
    )
    daily = batch.kind is BatchKind.DAILY
    found = stored_coverage.coverage(database, batch.watch_id, batch.opened_at) if daily else None
    gathering = Gathering(
        kind=batch.kind,
        watch_id=batch.watch_id,
        since=batch.opened_at,
        until=now,
        day=batch.key.rpartition(":")[2] if daily else None,
        night=_is_night(watch, batch, settings),
        coverage=Coverage(**asdict(found)) if found else None,
    )
    body = digest.build_digest(
        members,
        gathering,
        alert_id=identity.alert_id(key),
        public_url=settings.public_url,
        language=settings.language,
    )
    return Alert(
        id=body.data.alert,
        key=key,
        type=body.type,
        watch_id=batch.watch_id,
        story_id=None,
        severity=body.data.severity,
        headline=body.data.headline,
        payload=digest.to_json(body),
        created_at=now,
        sequence=body.data.sequence,
    )


def _is_night(watch: Watch | None, batch: Batch, settings: GatheringSettings) -> bool:
    if batch.kind is not BatchKind.QUIET_HOURS:
        return False
    if watch is not None and watch.quiet_hours is not None:
        return hours.is_overnight(watch.quiet_hours)
    return batch.closes_at.astimezone(ZoneInfo(settings.outgoing.timezone)).hour < 12
