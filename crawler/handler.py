"""The one place where the crawler opens connections: Scrapy's aiohttp handler behind the egress guard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler

from crawler.errors import RefusedError
from crawler.guard import GuardedConnector, url_refusal
from storage.types import CrawlFailure, FailureReason

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

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
        self._proxy = settings.proxy
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
        if self._proxy is not None:
            request.meta["proxy"] = self._proxy
        return await super().download_request(request)
