"""The download handler of the browser's crawler: fetch as ever, then run the scripts of pages that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from crawler.browser import RENDER
from crawler.browser_pages import PageRunner
from crawler.compression import decode_body
from crawler.handler import GuardedDownloadHandler

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.settings import CrawlerSettings

#: header of a page that was run: what its body is, for whoever looks at the evidence
RENDERED_HEADER = "X-Vigie-Rendered"
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
# Scrapy makes a handler for each scheme; they share one browser.
_runners: WeakKeyDictionary[Crawler, PageRunner] = WeakKeyDictionary()


class BrowserDownloadHandler(GuardedDownloadHandler):
    """Fetches like its base; a successful page whose request asks for it is then run in the browser."""

    experimental: ClassVar[bool] = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings: CrawlerSettings = crawler.settings["VIGIE"]
        self._limit = settings.max_body
        if crawler not in _runners:
            _runners[crawler] = PageRunner(crawler)
        self._runner = _runners[crawler]

    async def download_request(self, request: Request) -> Response:
        """Return the response, its body the page's markup after its scripts where that was asked for.

        Raises:
            RefusedError: the address is not one to be asked, or its page cannot be run.
        """
        response = await super().download_request(request)
        if not request.meta.get(RENDER) or response.status != 200 or _kind(response) not in _PAGES:
            return response
        codings = [value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")]
        body = decode_body(response.body, codings, self._limit) if codings else response.body
        document = response.replace(body=body)
        markup = await self._runner.run(request, document)
        headers = response.headers.copy()
        for name in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
            headers.pop(name, None)
        headers["Content-Type"] = f"{_kind(response)}; charset=utf-8"
        headers[RENDERED_HEADER] = "the page after its scripts ran, not as it was sent"
        return response.replace(body=markup.encode("utf-8", "replace"), headers=headers)

    async def close(self) -> None:
        """Close the connections and end the browser."""
        await self._runner.close()
        await super().close()


def _kind(response: Response) -> str:
    stated = response.headers.get("Content-Type") or b""
    return stated.decode("latin-1").split(";", 1)[0].strip().lower()
