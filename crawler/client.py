"""The owner's side: start the crawler process, ask it, watch it, replace it.

The crawler may crash, hang or swell at any moment; the caller never notices more than a slower answer.
Each call ends within its deadline, with a result or with the failure ``crawler_lost``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from typing import IO, TypeVar
from uuid import uuid4

from crawler.child import Child
from crawler.errors import CrawlerClosedError, DuplicateOrderError, WireError
from crawler.holds import HoldBook
from crawler.orders import failed
from crawler.settings import MEBIBYTE, CrawlerSettings
from crawler.wire import Alive, Order, Result, decode_result, encode
from storage.types import CrawlFailure, FailureReason, FetchOrder, FetchResult, HostHold, PollOrder, PollResult

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer", PollResult, FetchResult)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """How long the owner waits and what it lets the crawler process take."""

    #: seconds from handing an order over to its answer, a replaced process included
    order_seconds: float = 150.0
    #: seconds without any sign of life after which the process is replaced; its start takes about two
    silence_seconds: float = 45.0
    #: resident memory above which the process is replaced, in bytes (extraction workers have their own limit)
    memory: int = 1024 * MEBIBYTE
    #: seconds between two looks at the process
    watch_seconds: float = 2.0
    #: orders open at once, as many as the crawler takes; further calls wait
    open_orders: int = 64
    #: first and longest pause before the process is started again, in seconds; doubled in between
    backoff_seconds: float = 0.5
    max_backoff_seconds: float = 30.0
    #: seconds stop() lets the process finish by itself
    stop_seconds: float = 4.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Open:
    order: Order
    answer: asyncio.Future[Result]
    #: processes the order was given to
    attempts: int = 0


class CrawlerProcess:
    """The crawler process and the orders it works on; to be used from one event loop.

    Args:
        settings: what the crawler is told.
        limits: how it is watched.
        stderr: where its log goes; the owner's standard error by default.
        browser: start the crawler that can run pages' scripts.
        holds: hosts that asked for patience, shared by all crawler processes of an owner.

    Raises:
        ValueError: the settings name a network or a port that cannot be read.
    """

    def __init__(
        self,
        settings: CrawlerSettings,
        *,
        limits: ClientLimits | None = None,
        stderr: IO[bytes] | int | None = None,
        browser: bool = False,
        holds: HoldBook | None = None,
    ) -> None:
        # Read here, because the process could only die of it again and again.
        _ = settings.policy
        self._settings = settings
        self._limits = limits or ClientLimits()
        self._stderr = stderr
        self._browser = browser
        self._holds = holds or HoldBook()
        self._room = asyncio.Semaphore(self._limits.open_orders)
        self._open: dict[str, _Open] = {}
        self._child: Child | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._stopping = False
        self._starts = 0

    @property
    def pid(self) -> int | None:
        """Process id of the crawler, None while there is none."""
        return None if self._child is None else self._child.pid

    @property
    def starts(self) -> int:
        """How many crawler processes were started so far; one is normal."""
        return self._starts

    async def start(self) -> None:
        """Start the crawler process and keep one running until :meth:`stop`."""
        if self._supervisor is None:
            self._stopping = False
            self._supervisor = asyncio.create_task(self._supervise(), name="crawler supervisor")

    async def stop(self) -> None:
        """Stop the crawler process, by force if need be; open orders fail. Takes five seconds at most."""
        self._stopping = True
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await supervisor
        child, self._child = self._child, None
        if child is not None:
            await child.stop(self._limits.stop_seconds)
        for entry in list(self._open.values()):
            self._fail(entry, "the crawler was stopped before it answered")

    async def poll(self, order: PollOrder) -> PollResult:
        """Return the crawler's answer to a poll order.

        Raises:
            CrawlerClosedError: the crawler is not running.
            DuplicateOrderError: an order of the same id is open.
        """
        return await self._ask(order, PollResult)

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return the crawler's answer to a fetch order.

        Raises:
            CrawlerClosedError: the crawler is not running.
            DuplicateOrderError: an order of the same id is open.
        """
        return await self._ask(order, FetchResult)

    async def _ask(self, order: Order, kind: type[_Answer]) -> _Answer:
        held = self._holds.refusal(order, self._settings)
        if held is not None and self._supervisor is not None:
            answer = failed(order, held)
            assert isinstance(answer, kind)
            return answer
        async with self._room:
            if self._supervisor is None:
                raise CrawlerClosedError
            if order.id in self._open:
                raise DuplicateOrderError(order.id)
            entry = _Open(order=order, answer=asyncio.get_running_loop().create_future())
            self._open[order.id] = entry
            try:
                async with asyncio.timeout(self._limits.order_seconds):
                    await self._hand_over(entry)
                    result = await entry.answer
            except TimeoutError:
                result = _lost(order, f"no answer within {self._limits.order_seconds:g} s")
            finally:
                self._open.pop(order.id, None)
        if not isinstance(result, kind):
            result = _lost(order, "the crawler answered an order of another kind")
            assert isinstance(result, kind)
        return result

    async def _hand_over(self, entry: _Open) -> None:
        """Give an order to the running process; without one the supervisor will, once it has started one."""
        child = self._child
        if child is None:
            return
        entry.attempts += 1
        with contextlib.suppress(ConnectionError):
            await child.send(encode(entry.order))

    # --- supervision -----------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Keep one process running; pause longer between starts the more often it fails at once."""
        pause = 0.0
        while not self._stopping:
            await asyncio.sleep(pause)
            useful = await self._one_life()
            first = self._limits.backoff_seconds
            pause = first if useful else min(max(pause * 2, first), self._limits.max_backoff_seconds)

    async def _one_life(self) -> bool:
        """Run one process from its start to its end; return whether it answered anything."""
        try:
            told = replace(self._settings, holds=self._holds.active())
            child = await Child.start(encode(told), stderr=self._stderr, browser=self._browser)
        except OSError:
            _log.exception("the crawler process cannot be started")
            return False
        self._starts += 1
        self._child = child
        reading = asyncio.create_task(self._read(child))
        watching = asyncio.create_task(self._watch(child))
        try:
            await self._repeat_open()
            await asyncio.wait((reading, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, watching):
                task.cancel()
            if not self._stopping:
                self._child = None
                await child.kill()
                _log.warning("the crawler process %d ended and is replaced", child.pid)
        await asyncio.gather(reading, watching, return_exceptions=True)
        return child.answers > 0

    async def _repeat_open(self) -> None:
        """Give the open orders to a fresh process; one that was lost twice is not tried again."""
        for entry in list(self._open.values()):
            if entry.attempts >= 2:
                self._fail(entry, "the crawler process ended twice while it worked on this order")
            elif not entry.answer.done():
                await self._hand_over(entry)

    async def _read(self, child: Child) -> None:
        """Hand out answers until the process ends or sends what is no message."""
        try:
            while line := await child.receive():
                message = decode_result(line)
                if isinstance(message, HostHold):
                    self._holds.take(message)
                    continue
                if isinstance(message, Alive):
                    continue
                child.answers += 1
                entry = self._open.get(message.order_id)
                if entry is not None and not entry.answer.done():
                    entry.answer.set_result(message)
        except (WireError, ValueError) as error:
            _log.error("the crawler process speaks nonsense: %s", error)
        except ConnectionError:
            return

    async def _watch(self, child: Child) -> None:
        """Return when the process has gone silent or grown too large."""
        while True:
            await asyncio.sleep(self._limits.watch_seconds)
            if child.silent_seconds() > self._limits.silence_seconds:
                _log.error("the crawler process %d gave no sign of life for %g s", child.pid, child.silent_seconds())
                return
            memory = child.memory()
            if memory > self._limits.memory:
                _log.error("the crawler process %d takes %d MiB of memory", child.pid, memory // MEBIBYTE)
                return

    def _fail(self, entry: _Open, detail: str) -> None:
        if not entry.answer.done():
            entry.answer.set_result(_lost(entry.order, detail))


def _lost(order: Order, detail: str) -> Result:
    return failed(order, CrawlFailure(reason=FailureReason.CRAWLER_LOST, detail=detail))


async def fetch_once(
    url: str, settings: CrawlerSettings, *, source_id: str = "", language: str | None = None
) -> FetchResult:
    """Fetch one page with a crawler process of its own, as the service would: robots, guard and all."""
    crawler = CrawlerProcess(settings)
    await crawler.start()
    try:
        return await crawler.fetch(FetchOrder(id=uuid4().hex, source_id=source_id, url=url, language=language))
    finally:
        await crawler.stop()
