"""Scrapy's downloader middlewares, made strict: pace a host, bounded decompression, checked redirects."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest

from crawler.clean import clean_line, cut
from crawler.compression import ACCEPTED, decode_body
from crawler.errors import RefusedError
from crawler.guard import url_refusal
from crawler.pace import Pace, pace_of
from storage.types import CrawlFailure, FailureReason

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.core.downloader import Downloader
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.settings import CrawlerSettings

#: key of a request's meta: the :class:`storage.types.Lane` it is made for; a request without is for a listing
LANE = "vigie_lane"
#: key of a request's meta: it asks for robots.txt
ROBOTS = "vigie_robots"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class PaceMiddleware:
    """Puts every request, each hop of a redirect and each robots.txt, into the slot of its own host."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._settings: CrawlerSettings = crawler.settings["VIGIE"]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware, as Scrapy asks."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Name the slot; Scrapy would keep the slot of the first hop over a whole chain of redirects."""
        pace = pace_of(request.url, self._settings)
        request.meta["download_slot"] = pace.slot
        downloader = self._crawler.engine.downloader
        if pace.slot not in downloader.slots and pace.slot not in downloader.per_slot_settings:
            set_pace(downloader, pace)


def set_pace(downloader: Downloader, pace: Pace) -> None:
    """Set the rhythm of a slot, now and for when Scrapy forgets and makes it again."""
    if (pace.delay, pace.concurrency) != (downloader._delay, downloader.domain_concurrency):
        downloader.per_slot_settings[pace.slot] = {"delay": pace.delay, "concurrency": pace.concurrency}
    slot = downloader.slots.get(pace.slot)
    if slot is not None:
        slot.delay = pace.delay
        slot.concurrency = pace.concurrency


def pause_from_now(downloader: Downloader, name: str) -> None:
    """Let the pause before a slot's next request begin now; Scrapy counts it from the start of the last one."""
    slot = downloader.slots.get(name)
    if slot is not None:
        slot.lastseen = max(slot.lastseen, time.monotonic())


def delay_of(downloader: Downloader, pace: Pace) -> float:
    """Return the seconds between two requests to the slot, as in force."""
    slot = downloader.slots.get(pace.slot)
    if slot is not None:
        return slot.delay
    return float(downloader.per_slot_settings.get(pace.slot, {}).get("delay", pace.delay))


class StrictCompressionMiddleware:
    """Undoes content codings within the size limit; see :mod:`crawler.compression`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware, as Scrapy asks."""
        return cls(crawler.settings["VIGIE"].max_body)

    def process_request(self, request: Request) -> None:
        """Ask for what can be undone."""
        request.headers["Accept-Encoding"] = ACCEPTED

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response with a plain body.

        Raises:
            RefusedError: the body is too large, broken off or coded in an unknown way.
        """
        codings = [value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")]
        if not codings or not response.body:
            return response
        try:
            body = decode_body(response.body, codings, self._limit)
        except RefusedError as error:
            failure = replace(error.failure, status=response.status)
        else:
            return response.replace(body=body)
        # A traceback keeps what its frames hold; the bomb must not outlive its refusal.
        del response
        raise RefusedError(failure)


class StrictRedirectMiddleware(RedirectMiddleware):
    """Follows a few redirects, and only to addresses that would be crawled in their own right."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]  # Scrapy's signature still carries a deprecated argument
        """Return the response, or the request for the next hop.

        Raises:
            RefusedError: too many hops, or the next one leads off the web.
        """
        location = response.headers.get("Location")
        if response.status in _REDIRECTS and location is not None:
            self._check(request, response, location)
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            host = urlsplit(request.url).hostname
            raise RefusedError(
                CrawlFailure(
                    reason=FailureReason.TOO_MANY_REDIRECTS,
                    detail=f"{host} redirects more than {self.max_redirect_times} times",
                    status=response.status,
                )
            ) from error

    @staticmethod
    def _check(request: Request, response: Response, location: bytes) -> None:
        target = location.decode("utf-8", "replace").strip()
        try:
            reason = url_refusal(urljoin(request.url, target).replace(" ", "%20"))
        except ValueError as error:
            reason = str(error)
        if reason is not None:
            shown = cut(clean_line(target), 200)
            raise RefusedError(
                CrawlFailure(
                    reason=FailureReason.FORBIDDEN_ADDRESS,
                    detail=f"{urlsplit(request.url).hostname} redirects to {shown!r}: {reason}",
                    status=response.status,
                )
            )
