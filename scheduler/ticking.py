"""The tick: starts what is due, sources first, then pages, then second looks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from scheduler.archive import Archive
from scheduler.crawl import ARCHIVE_PAUSE, CrawlDesk
from scheduler.looks import LookDesk
from storage import sources
from storage.errors import StorageError
from storage.types import Source


class Ticker:
    """Starts what is due, each source once at a time."""

    def __init__(
        self,
        archive: Archive,
        configured: Mapping[str, Source],
        desk: CrawlDesk,
        looks: LookDesk,
        *,
        clock: Callable[[], datetime],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        polled: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        """Prepare.

        Args:
            archive: says what is due.
            configured: the sources that are read, by their id.
            desk: polls sources and reads pages.
            looks: looks at pages again.
            clock: gives the aware time.
            spawn: runs a poll beside everything else.
            polled: hears of each source that was polled.
        """
        self._archive = archive
        self._sources = configured
        self._desk = desk
        self._looks = looks
        self._clock = clock
        self._spawn = spawn
        self._polled = polled
        self._polling: set[str] = set()
        #: sources whose poll could not be stored
        self._cut_off: set[str] = set()
        self.last_tick: datetime | None = None

    def polling(self, source_id: str) -> bool:
        """Tell whether a source is being polled."""
        return source_id in self._polling

    async def tick(self) -> None:
        """Start what is due."""
        now = self._clock()
        for source_id in tuple(self._cut_off):
            # While the archive is full this fails as well, and the next tick tries again.
            with contextlib.suppress(StorageError):
                await self._archive.write(sources.release, source_id, now + ARCHIVE_PAUSE)
                self._cut_off.discard(source_id)
        for source_id in await self._archive.read(sources.due, now):
            if source_id in self._sources and source_id not in self._polling and self._sources[source_id].addresses:
                self._polling.add(source_id)
                self._spawn(self._poll(source_id))
        # New pages always come first: looking again waits until none is due.
        if not await self._desk.start_due_pages() and not self._desk.full:
            await self._looks.start_due()
        self.last_tick = self._clock()

    async def _poll(self, source_id: str) -> None:
        try:
            await self._desk.poll_source(source_id)
        except StorageError:
            # Its claim would keep it from being read for minutes after the archive can be written again.
            self._cut_off.add(source_id)
            raise
        finally:
            self._polling.discard(source_id)
        await self._polled(source_id)
        await self._desk.start_due_pages()
