"""The one spider: it never ends, is fed from a queue, and answers every order.

Politeness, robots rules and connections are kept per crawler in Scrapy, so one crawler for all orders is
what makes two orders for one host see each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from scrapy import Request, Spider, signals
from scrapy.http.request import NO_CALLBACK

from crawler.answers import Reply, answer_fetch, conditions
from crawler.browser import RENDER
from crawler.errors import RefusedError
from crawler.failures import from_exception
from crawler.guard import url_refusal
from crawler.holds import lane_of
from crawler.middlewares import LANE, delay_of
from crawler.orders import OrderBook
from crawler.pace import Pace, pace_of
from crawler.polls import answer_poll
from storage.types import CrawlFailure, FailureReason, PollOrder

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.backoff import HostBackoff
    from crawler.pool import ExtractionPool
    from crawler.settings import CrawlerSettings
    from crawler.wire import Order

_log = logging.getLogger(__name__)
_PERMANENT = frozenset({301, 308})


class PressSpider(Spider):
    """Turns orders into requests and responses into answers.

    Args:
        orders: orders to work on; None ends the spider.
        book: where each order is answered.
        pool: where bodies are read.
        settings: how to behave.
        backoff: which hosts asked for patience.
    """

    name = "press"

    def __init__(
        self,
        *,
        orders: asyncio.Queue[Order | None],
        book: OrderBook,
        pool: ExtractionPool,
        settings: CrawlerSettings,
        backoff: HostBackoff,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._orders = orders
        self._book = book
        self._pool = pool
        self._vigie = settings
        #: asked by the download handler, right before a request leaves
        self.backoff = backoff

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider, as Scrapy asks, and listen for requests that Scrapy drops."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._dropped, signal=signals.request_dropped)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Yield the request of each order, for as long as orders come."""
        while (order := await self._orders.get()) is not None:
            request = self._request(order)
            if request is not None:
                yield request

    def _request(self, order: Order) -> Request | None:
        """Return the order's request, or answer the order at once when there is none to make."""
        reason = url_refusal(order.url)
        if reason is not None:
            self._book.fail(order, CrawlFailure(reason=FailureReason.FORBIDDEN_ADDRESS, detail=reason))
            return None
        pace = self._pace(order.url)
        lane = lane_of(order)
        # Answered at once; a request would wait for its turn only to be turned down.
        refused = self.backoff.refusal(pace.slot, lane) or self._book.enter_slot(order, pace)
        if refused is not None:
            self._book.fail(order, refused)
            return None
        try:
            return Request(
                order.url,
                callback=self.answered,
                errback=self.failed,
                cb_kwargs={"order": order},
                headers=conditions(order),
                meta={LANE: lane, **({RENDER: True} if order.javascript else {})},
                dont_filter=True,
            )
        except ValueError as error:
            detail = f"{order.url!r} cannot be asked for: {error}"
            self._book.fail(order, CrawlFailure(reason=FailureReason.FORBIDDEN_ADDRESS, detail=detail))
            return None

    def _pace(self, url: str) -> Pace:
        pace = pace_of(url, self._vigie)
        delay = delay_of(self.crawler.engine.downloader, pace)
        return Pace(slot=pace.slot, delay=delay, concurrency=pace.concurrency)

    async def answered(self, response: Response, order: Order) -> None:
        """Answer an order from its response."""
        reply = _reply(response, order.url)
        pool = self._pool.of(order.source_id)
        try:
            if isinstance(order, PollOrder):
                result = await answer_poll(order, reply, pool, ask=self._ask, clock=_now)
            else:
                result = await answer_fetch(order, reply, pool, self._vigie)
        except RefusedError as error:
            self._book.fail(order, error.failure)
        except Exception as error:  # noqa: BLE001 - the edge of one order, logged
            # Whatever it was, the order is answered and the crawler goes on.
            _log.exception("order %s for %s failed", order.id, order.url)
            self._book.fail(order, from_exception(error, order.url, self._vigie.timeout_seconds))
        else:
            self._book.close(result)

    async def _ask(self, url: str) -> Reply:
        """Send one more request for an order, as polite and as guarded as the first.

        Raises:
            RefusedError: it may not be sent, or nothing came back.
        """
        refused = url_refusal(url)
        if refused is not None:
            raise RefusedError(CrawlFailure(reason=FailureReason.FORBIDDEN_ADDRESS, detail=refused))
        request = Request(url, callback=NO_CALLBACK, dont_filter=True)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            # The far end decides what is raised; each is named.
            raise RefusedError(from_exception(error, url, self._vigie.timeout_seconds)) from error
        return _reply(response, url)

    def failed(self, failure: Failure) -> None:
        """Answer an order whose request ended in an exception."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy adds it
        order: Order = request.cb_kwargs["order"]
        error = failure.value if failure.value is not None else RuntimeError("no exception")
        found = from_exception(error, request.url, self._vigie.timeout_seconds)
        if found.reason is FailureReason.INTERNAL:
            _log.error("order %s for %s failed: %s", order.id, order.url, failure.getTraceback())
        # Exceptions and their tracebacks hold each other, and with them megabytes of what was received.
        error.__traceback__ = None
        self._book.fail(order, found)

    def _dropped(self, request: Request) -> None:
        order = request.cb_kwargs.get("order")
        if order is not None:
            self._book.fail(order, CrawlFailure(reason=FailureReason.INTERNAL, detail="the request was dropped"))


def _now() -> datetime:
    return datetime.now(UTC)


def _reply(response: Response, asked: str) -> Reply:
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )
    return Reply(
        url=urldefrag(response.url).url,
        status=response.status,
        headers=headers,
        body=response.body,
        moved_to=_moved_to(response, asked),
    )


def _moved_to(response: Response, asked: str) -> str | None:
    """Return where the leading permanent redirects lead; a temporary one ends the chain of trust."""
    reasons = response.meta.get("redirect_reasons", [])
    hops = [*response.meta.get("redirect_urls", []), response.url]
    permanent = 0
    while permanent < len(reasons) and reasons[permanent] in _PERMANENT:
        permanent += 1
    target = urldefrag(hops[permanent]).url if permanent else None
    return target if target != asked else None
