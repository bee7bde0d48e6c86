"""robots.txt after RFC 9309, where Scrapy's own middleware differs.

Scrapy fetches everything when robots.txt fails, reads the body of any status as rules and never asks
again. Here (RFC 9309 section 2.3.1) a 4xx answer allows everything, a 5xx answer or no answer allows
nothing, rules are kept for a day, a failure for five minutes, and Crawl-delay sets the host's pace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler

from crawler.errors import RefusedError
from crawler.failures import from_exception
from crawler.middlewares import set_pace
from crawler.pace import pace_of, slowed
from storage.types import CrawlFailure, FailureReason

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from crawler.settings import CrawlerSettings

_log = logging.getLogger(__name__)

#: seconds rules are kept (RFC 9309 section 2.4 asks for at most a day)
KEEP_SECONDS = 86400.0
#: seconds until a failed robots.txt is asked for again
RETRY_SECONDS = 300.0
#: bytes of rules that are read (RFC 9309 section 2.5 asks for at least 500 KiB)
MAX_RULES = 512 * 1024
#: origins remembered; the one asked longest ago goes first
MAX_ORIGINS = 5000
# Not reaching the host at all is told as such: the page would fail in the same way.
_HOST_FAULTS = frozenset(
    {FailureReason.DNS, FailureReason.CONNECTION, FailureReason.TLS, FailureReason.FORBIDDEN_ADDRESS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRecord:
    """What one origin's robots.txt says."""

    #: rules, or None when everything is allowed or nothing is
    rules: RobotParser | None = None
    #: why nothing may be fetched
    failure: CrawlFailure | None = None
    #: when to ask again, on the monotonic clock
    expires: float


class Rfc9309RobotsMiddleware(RobotsTxtMiddleware):
    """Lets a request pass, or raises :class:`crawler.errors.RefusedError` with the reason."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._vigie: CrawlerSettings = crawler.settings["VIGIE"]
        self._records: dict[str, RobotsRecord] = {}
        self._asking: dict[str, asyncio.Task[RobotsRecord]] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]  # Scrapy's signature still carries a deprecated argument
        """Do nothing when the request may be sent.

        Raises:
            RefusedError: the rules forbid it, or could not be had.
        """
        if request.meta.get("dont_obey_robotstxt"):
            return
        failure = await self.refusal(request.url)
        if failure is not None:
            raise RefusedError(failure)

    async def refusal(self, url: str) -> CrawlFailure | None:
        """Return why ``url`` must not be asked for, or None when it may."""
        record = await self._record(url)
        if record.failure is not None:
            return record.failure
        if record.rules is None or record.rules.allowed(url, self._vigie.product_token):
            return None
        return CrawlFailure(
            reason=FailureReason.ROBOTS,
            detail=f"robots.txt of {urlsplit(url).hostname} keeps {self._vigie.product_token} away from this address",
        )

    async def _record(self, url: str) -> RobotsRecord:
        """Return the origin's record; many requests at once share one question."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._records.get(origin)
        if known is not None and known.expires > time.monotonic():
            return known
        asking = self._asking.get(origin)
        if asking is None:
            asking = asyncio.create_task(self._ask(origin))
            self._asking[origin] = asking
            asking.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(asking)

    async def _ask(self, origin: str) -> RobotsRecord:
        record = await self._fetch(f"{origin}/robots.txt")
        self._records.pop(origin, None)
        while len(self._records) >= MAX_ORIGINS:
            self._records.pop(next(iter(self._records)))
        self._records[origin] = record
        return record

    async def _fetch(self, url: str) -> RobotsRecord:
        request = Request(
            url, priority=self.DOWNLOAD_PRIORITY, meta={"dont_obey_robotstxt": True}, callback=NO_CALLBACK
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - the far end decides what is raised; each is named
            return self._unreachable(url, error)
        return self._read(url, response)

    def _read(self, url: str, response: Response) -> RobotsRecord:
        now = time.monotonic()
        host = urlsplit(url).hostname
        if response.status >= 500:
            failure = CrawlFailure(
                reason=FailureReason.ROBOTS,
                detail=f"robots.txt of {host} answered {response.status}, which allows nothing (RFC 9309)",
                status=response.status,
            )
            return RobotsRecord(failure=failure, expires=now + RETRY_SECONDS)
        if not 200 <= response.status < 300:
            return RobotsRecord(expires=now + KEEP_SECONDS)
        rules: RobotParser = build_from_crawler(self._parserimpl, self.crawler, response.body[:MAX_RULES])
        pace = pace_of(url, self._vigie)
        asked = slowed(pace, rules.crawl_delay(self._vigie.product_token))
        if asked != pace:
            set_pace(self.crawler.engine.downloader, asked)
        return RobotsRecord(rules=rules, expires=now + KEEP_SECONDS)

    def _unreachable(self, url: str, error: Exception) -> RobotsRecord:
        now = time.monotonic()
        failure = from_exception(error, url, self._vigie.timeout_seconds)
        if failure.reason is FailureReason.TOO_MANY_REDIRECTS:
            # RFC 9309 section 2.3.1.2: no rules then.
            return RobotsRecord(expires=now + KEEP_SECONDS)
        if failure.reason is FailureReason.INTERNAL:
            _log.error("robots.txt %s: %s", url, failure.detail, exc_info=error)
        if failure.reason in _HOST_FAULTS:
            # Not kept: the next order must find out for itself whether the host is back.
            return RobotsRecord(failure=failure, expires=now)
        host = urlsplit(url).hostname
        detail = f"robots.txt of {host} could not be had, which allows nothing (RFC 9309): {failure.detail}"
        failure = CrawlFailure(reason=FailureReason.ROBOTS, detail=detail, beneath=failure.reason)
        return RobotsRecord(failure=failure, expires=now + RETRY_SECONDS)
