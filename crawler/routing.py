"""Two crawler processes behind one face: the second runs pages' scripts and lives only while it is needed.

An order that needs a browser starts the second process. While that lives it also gets the other orders for
the hosts it reads, because robots rules, pace and "one request at a time" are kept within a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import IO
from urllib.parse import urlsplit

from crawler.browser import no_browser
from crawler.client import ClientLimits, CrawlerProcess
from crawler.holds import HoldBook
from crawler.orders import failed
from crawler.settings import CrawlerSettings
from storage.types import FetchOrder, FetchResult, PollOrder, PollResult

_log = logging.getLogger(__name__)

#: seconds without an order after which the process with the browser is stopped
IDLE_SECONDS = 600.0


def needs_browser(order: PollOrder | FetchOrder, hosts: frozenset[str]) -> bool:
    """Whether an order goes to the process with the browser.

    Args:
        order: what is asked for.
        hosts: hosts that this process reads already.
    """
    return order.javascript or host_of(order.url) in hosts


def host_of(url: str) -> str:
    """Return the host of ``url`` as pace counts it, empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


class CrawlerRouter:
    """Gives each order to the process that can carry it out; to be used from one event loop.

    Args:
        settings: what both processes are told.
        limits: how both are watched.
        stderr: where their logs go; the owner's standard error by default.
        idle_seconds: see :data:`IDLE_SECONDS`.
        holds: hosts that asked for patience, known to both.

    Raises:
        ValueError: the settings name a network or a port that cannot be read.
    """

    def __init__(
        self,
        settings: CrawlerSettings,
        *,
        limits: ClientLimits | None = None,
        stderr: IO[bytes] | int | None = None,
        idle_seconds: float = IDLE_SECONDS,
        holds: HoldBook | None = None,
    ) -> None:
        self._settings = settings
        self._limits = limits
        self._stderr = stderr
        self._idle = idle_seconds
        self._holds = holds or HoldBook()
        self._plain = CrawlerProcess(settings, limits=limits, stderr=stderr, holds=self._holds)
        self._browser: CrawlerProcess | None = None
        self._hosts: set[str] = set()
        self._open = 0
        self._changing = asyncio.Lock()
        self._retiring: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the crawler without a browser, None while there is none."""
        return self._plain.pid

    @property
    def starts(self) -> int:
        """How many crawlers without a browser were started so far; one is normal."""
        return self._plain.starts

    @property
    def browser_pid(self) -> int | None:
        """Process id of the crawler with a browser, None while there is none."""
        return None if self._browser is None else self._browser.pid

    async def start(self) -> None:
        """Start the crawler without a browser; the other one comes with its first order."""
        await self._plain.start()

    async def stop(self) -> None:
        """Stop both; open orders fail."""
        retiring, self._retiring = self._retiring, None
        if retiring is not None:
            retiring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await retiring
        await asyncio.gather(self._plain.stop(), self._stop_browser(unless_used=False))

    async def poll(self, order: PollOrder) -> PollResult:
        """Return the answer to a poll order; see :meth:`crawler.client.CrawlerProcess.poll`."""
        if not needs_browser(order, frozenset(self._hosts)):
            return await self._plain.poll(order)
        failure = no_browser(self._settings.browser)
        if failure is not None:
            result = failed(order, failure)
            assert isinstance(result, PollResult)
            return result
        async with self._using(order) as browser:
            return await browser.poll(order)

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return the answer to a fetch order; see :meth:`crawler.client.CrawlerProcess.fetch`."""
        if not needs_browser(order, frozenset(self._hosts)):
            return await self._plain.fetch(order)
        failure = no_browser(self._settings.browser)
        if failure is not None:
            result = failed(order, failure)
            assert isinstance(result, FetchResult)
            return result
        async with self._using(order) as browser:
            return await browser.fetch(order)

    @contextlib.asynccontextmanager
    async def _using(self, order: PollOrder | FetchOrder) -> AsyncIterator[CrawlerProcess]:
        """Lend the process with the browser for one order, and start it when there is none."""
        async with self._changing:
            browser = self._browser
            if browser is None:
                _log.info("a crawler with a browser is started for %s", host_of(order.url))
                browser = CrawlerProcess(
                    self._settings, limits=self._limits, stderr=self._stderr, browser=True, holds=self._holds
                )
                await browser.start()
                self._browser = browser
            self._hosts.add(host_of(order.url))
            self._open += 1
        try:
            yield browser
        finally:
            self._open -= 1
            if self._retiring is not None:
                self._retiring.cancel()
            self._retiring = asyncio.create_task(self._retire(), name="retire the browser")

    async def _retire(self) -> None:
        """Stop the process with the browser once nothing was asked of it for long enough."""
        await asyncio.sleep(self._idle)
        self._retiring = None
        await self._stop_browser(unless_used=True)

    async def _stop_browser(self, *, unless_used: bool) -> None:
        async with self._changing:
            if unless_used and self._open:
                return
            browser, self._browser = self._browser, None
            self._hosts.clear()
            if browser is not None:
                await browser.stop()
