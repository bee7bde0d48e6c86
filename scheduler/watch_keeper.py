"""Puts the watches that people edit on the page in place of those before, in a service that runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from scheduler.archive import Archive
from scheduler.batches import BatchDesk
from scheduler.building import routes
from scheduler.escalation import Escalation, build_escalation
from scheduler.pipeline import Pipeline
from scheduler.settings import ServiceSettings
from scheduler.watch_source import WatchSet
from storage.types import Watch

logger = logging.getLogger(__name__)


async def with_edits(archive: Archive, settings: ServiceSettings) -> ServiceSettings:
    """Return settings with the watches that hold: those of the file, as far as nobody edited them."""
    if settings.read_watches is None:
        return settings
    found = await archive.read(settings.read_watches)
    for warning in found.warnings:
        logger.warning(warning)
    return replace(settings, watches=found.watches, queries=found.queries)


class WatchKeeper:
    """Holds everything that asks for watches."""

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        *,
        pipeline: Pipeline,
        batches: BatchDesk,
        escalation: Escalation,
        clock: Callable[[], datetime],
    ) -> None:
        """Args: ``settings`` hold the watches that everything began with."""
        self._archive = archive
        self._settings = settings
        self._pipeline = pipeline
        self._batches = batches
        self._escalation = escalation
        self._clock = clock
        self._told: tuple[str, ...] = ()
        self.watches: tuple[Watch, ...] = settings.watches
        #: since when they hold, None while those hold that everything began with
        self.since: datetime | None = None
        #: hear of the watches that hold when they change
        self.hearers: list[Callable[[Sequence[Watch]], None]] = []

    def heard(self) -> tuple[list[str], datetime | None]:
        """Return the watches with a channel, and since when they have it as far as is known."""
        return [watch.id for watch in self.watches if watch.channels], self.since

    async def reread(self) -> None:
        """Read the watches that hold now and put them in place, between two articles."""
        if self._settings.read_watches is None:
            return
        found = await self._archive.read(self._swap)
        for warning in found.warnings:
            if warning not in self._told:
                logger.warning(warning)
        self._told = found.warnings
        for hear in self.hearers:
            hear(found.watches)
        logger.info("watches changed; these hold: %s", ", ".join(watch.id for watch in found.watches) or "none")

    def _swap(self, database: Database) -> WatchSet:
        """Swap them in the archive's thread, where every article is decided."""
        settings = self._settings
        found = WatchSet(watches=()) if settings.read_watches is None else settings.read_watches(database)
        alerting = self._pipeline.alerting
        self._pipeline.alerting = replace(alerting, watches=found.watches, queries=found.queries)
        self._batches.take_watches(found.watches)
        self._escalation.take(
            build_escalation(
                found.watches, routes(settings.channels), urgent_severity=settings.delivery.urgent_severity
            )
        )
        self.watches, self.since = found.watches, self._clock()
        return found
