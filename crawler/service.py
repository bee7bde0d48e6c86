"""The crawler process from the inside: orders from standard input, answers to the old standard output.

Standard output is moved away before anything else is imported, so that no library's chatter gets between
the answers. The process ends when its orders end, on SIGTERM, when nobody reads its answers, and by force
when its owner dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from crawler.settings import CrawlerSettings
    from crawler.wire import Alive, Order, Result
    from storage.types import HostHold

_log = logging.getLogger("crawler")

#: seconds the crawl may take to wind up before the process ends regardless
_STOP_SECONDS = 0.5
_PIPE_BYTES = 1024 * 1024
_MAX_ORDER_LINE = 4 * 1024 * 1024


def run(*, browser: bool = False) -> NoReturn:
    """Serve orders until they end, then leave without waiting for resolver threads or workers.

    Args:
        browser: be the crawler that can run pages' scripts.
    """
    answers = os.dup(1)
    os.dup2(2, 1)
    from crawler.process_group import die_with_parent

    owner = os.environ.get("VIGIE_OWNER", "")
    die_with_parent(int(owner) if owner.isdecimal() else None)
    # A Ctrl-C reaches the whole terminal; whether the crawler stops is the owner's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    code = 1
    try:
        if browser:
            from crawler.browser_service import run_in_reactor

            code = run_in_reactor(lambda: _serve(answers, browser=True))
        else:
            code = asyncio.new_event_loop().run_until_complete(_serve(answers))
    except Exception:  # noqa: BLE001 - the process edge, logged
        _log.exception("the crawler process failed")
    finally:
        logging.shutdown()
        # A look-up that hangs in a resolver thread would keep a normal exit waiting.
        os._exit(code)


async def _serve(answers: int, *, browser: bool = False) -> int:
    """Read the settings, then work until the orders end; return the exit code."""
    from crawler.errors import WireError
    from crawler.wire import decode_settings

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    lines = asyncio.StreamReader(limit=_MAX_ORDER_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    first = await lines.readline()
    if not first:
        return 0
    try:
        settings = decode_settings(first)
    except WireError as error:
        _log.error("%s", error)
        return 2
    service = _Service(settings, await _writer(answers), stopping, browser=browser)
    return await service.run(lines)


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    # A few answers may wait until the owner comes to them (pipe(7)).
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    pipe = os.fdopen(descriptor, "wb", buffering=0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


class _Service:
    """The running crawler: order book, pool, spider, and the writer of answers."""

    def __init__(
        self, settings: CrawlerSettings, writer: asyncio.StreamWriter, stopping: asyncio.Event, *, browser: bool
    ) -> None:
        from crawler.backoff import HostBackoff
        from crawler.orders import OrderBook
        from crawler.pool import ExtractionPool

        self._settings = settings
        self._writer = writer
        self._stopping = stopping
        self._browser = browser
        # Bounded by the order book: no more answers than open orders can wait here.
        self._answers: asyncio.Queue[Result | Alive | HostHold] = asyncio.Queue()
        self._orders: asyncio.Queue[Order | None] = asyncio.Queue(maxsize=settings.max_open_orders)
        self._book = OrderBook(self._answers.put_nowait, limit=settings.max_open_orders, seconds=settings.order_seconds)
        self._pool = ExtractionPool(settings)
        self._backoff = HostBackoff(settings.holds, self._answers.put_nowait)

    async def run(self, lines: asyncio.StreamReader) -> int:
        """Work until orders end, SIGTERM comes or a part fails; return the exit code."""
        from scrapy.crawler import AsyncCrawlerRunner

        from crawler.settings import browser_settings, scrapy_settings
        from crawler.spider import PressSpider

        scrapy = browser_settings(self._settings) if self._browser else scrapy_settings(self._settings)
        runner = AsyncCrawlerRunner(scrapy)
        crawl = runner.crawl(
            PressSpider,
            orders=self._orders,
            book=self._book,
            pool=self._pool,
            settings=self._settings,
            backoff=self._backoff,
        )
        parts = [
            asyncio.ensure_future(crawl),
            _task(self._read(lines)),
            _task(self._write()),
            _task(self._beat()),
            _task(self._stopping.wait()),
        ]
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        code = 0 if parts[1] in done or parts[4] in done or parts[2] in done else 1
        for part in done:
            error = None if part.cancelled() else part.exception()
            if error is not None:
                _log.error("a part of the crawler failed", exc_info=error)
                code = 1
        for part in parts[1:]:
            part.cancel()
        with contextlib.suppress(asyncio.TimeoutError, RuntimeError):
            await asyncio.wait_for(runner.stop(), _STOP_SECONDS)
        self._pool.stop()
        return code

    async def _read(self, lines: asyncio.StreamReader) -> None:
        """Take orders in until there are no more; a full order book stops the reading."""
        from crawler.errors import WireError
        from crawler.wire import decode_order

        while line := await lines.readline():
            try:
                order = decode_order(line)
            except WireError as error:
                # Without an id there is nobody to answer; the owner's deadline takes care of it.
                _log.error("%s", error)
                continue
            if await self._book.open(order):
                await self._orders.put(order)

    async def _write(self) -> None:
        """Send answers out; ends when nobody reads them."""
        from crawler.wire import encode

        with contextlib.suppress(ConnectionError):
            while True:
                self._writer.write(encode(await self._answers.get()))
                await self._writer.drain()

    async def _beat(self) -> None:
        from crawler.wire import Alive

        while True:
            # While answers wait to be read, each of them is a sign of life.
            if self._answers.empty():
                self._answers.put_nowait(Alive())
            await asyncio.sleep(self._settings.heartbeat_seconds)


def _task(part: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(part)
