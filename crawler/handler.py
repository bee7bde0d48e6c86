"""The one place where the crawler opens connections: Scrapy's aiohttp handler behind the egress guard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler

from crawler.errors import RefusedError
from crawler.failures import retry_after
from crawler.guard import GuardedConnector, url_refusal
from crawler.middlewares import LANE, ROBOTS, pause_from_now
from crawler.pace import pace_of
from storage.types import CrawlFailure, FailureReason, Lane

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.backoff import HostBackoff
    from crawler.settings import CrawlerSettings


class GuardedDownloadHandler(AiohttpDownloadHandler):
    """Fetches http and https with a total deadline, bounded headers and bodies, and guarded sockets.

    aiohttp bounds the status line and each header (8,190 bytes) and their number (128); Scrapy's base
    class bounds the body while it arrives.
    """

    # Scrapy warns at every start otherwise; its private parts used here are covered by tests.
    experimental: ClassVar[bool] = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings: CrawlerSettings = crawler.settings["VIGIE"]
        self._crawler = crawler
        self._settings = settings
        self._proxy = settings.proxy
        self._is_canary = settings.is_canary
        self._session._connector = GuardedConnector(
            settings.policy,
            limit=settings.max_open_orders,
            through_proxy=self._proxy is not None,
            max_body=settings.max_body,
        )

    async def download_request(self, request: Request) -> Response:
        """Return the response to ``request``.

        Raises:
            RefusedError: the address is not one to be asked.
        """
        reason = url_refusal(request.url)
        if reason is not None:
            raise RefusedError(CrawlFailure(reason=FailureReason.FORBIDDEN_ADDRESS, detail=reason))
        # Looked at here and not earlier: a request may have waited for its turn since its host asked for patience.
        slot = pace_of(request.url, self._settings).slot
        lane = request.meta.get(LANE, Lane.LISTING)
        held = self._backoff.refusal(slot, lane)
        if held is not None:
            raise RefusedError(held)
        if self._proxy is not None and not self._is_canary(request.url):
            request.meta["proxy"] = self._proxy
        try:
            response = await super().download_request(request)
        finally:
            # The pause between two requests counts from the answer: the far end must never see it shortened by
            # what the first request took to arrive.
            pause_from_now(self._crawler.engine.downloader, slot)
        asked = response.headers.get("Retry-After")
        seconds = None if asked is None else retry_after(asked.decode("latin-1"), datetime.now(UTC))
        self._backoff.answered(slot, lane, response.status, seconds, robots=bool(request.meta.get(ROBOTS)))
        return response

    @property
    def _backoff(self) -> HostBackoff:
        """The spider's; Scrapy makes the handler first."""
        backoff: HostBackoff = self._crawler.spider.backoff  # type: ignore[union-attr]  # the one spider there is
        return backoff
