"""Housekeeping in the schedule: the audit of every minute, and what is let go and copied a few times a day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from scheduler import maintenance
from scheduler.archive import Archive
from scheduler.settings import ServiceSettings
from storage import alerts

logger = logging.getLogger(__name__)


class Housekeeper:
    """Runs :mod:`scheduler.maintenance` on the service's archive, by its settings."""

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        *,
        clock: Callable[[], datetime],
        put_back: Callable[[], None],
    ) -> None:
        """Prepare; ``put_back`` hears when the audit put something back in order that may be due now."""
        self._archive = archive
        self._settings = settings
        self._clock = clock
        self._put_back = put_back
        self._channel_ids = tuple(channel.id for channel in settings.channels)

    async def give_up_removed(self) -> None:
        """Make dead letters of what waits for channels that are configured no more."""
        await self._archive.write(maintenance.give_up_removed, self._channel_ids)

    async def audit(self, heard: Iterable[str], since: datetime | None) -> None:
        """Put right what a crash or a wrong clock left behind; say which alerts nobody will hear of.

        Args:
            heard: watches with a channel.
            since: since when they have it; alerts before are left out.
        """
        delivery = self._settings.delivery
        longest = max(*delivery.webhook_retries, *delivery.email_retries, delivery.retry_after_limit)
        moved = await self._archive.write(maintenance.audit, self._clock(), longest_wait=longest * 1.5)
        if moved:
            logger.warning("the audit put %d rows back in order", moved)
            self._put_back()
        await self.give_up_removed()
        for alert_id in await self._archive.read(alerts.without_deliveries, heard, since):
            logger.error("alert %s has no delivery: nobody will hear of it; please report this", alert_id)

    async def keep_house(self) -> None:
        """Let go of what retention asks for, and write the day's copy of the archive."""
        settings = self._settings
        await self._archive.write(
            maintenance.forget, self._clock(), evidence=settings.keep_evidence, attempts=settings.keep_attempts
        )
        await asyncio.to_thread(maintenance.copy_archive, settings.data_dir, self._clock(), keep=settings.keep_backups)
