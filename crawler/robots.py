"""robots.txt after RFC 9309, where Scrapy's own middleware differs.

Scrapy fetches everything when robots.txt fails, reads the body of any status as rules and never asks
again. Here (RFC 9309 section 2.3.1) a 4xx answer allows everything and a 5xx answer or no answer allows
nothing, unless an answer of the last 24 hours is known, which then goes on to hold. Answers are renewed
after 12 hours, failures tried again after five minutes or more, and Crawl-delay sets the host's pace. 429 is no
"unavailable": the host asks for patience, and has it (:mod:`crawler.backoff`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler

from crawler.errors import RefusedError
from crawler.failures import from_exception
from crawler.middlewares import ROBOTS, set_pace
from crawler.pace import pace_of, slowed
from storage.types import CrawlFailure, FailureReason

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from crawler.settings import CrawlerSettings

_log = logging.getLogger(__name__)

#: seconds until rules are asked for again
KEEP_SECONDS = 43200.0
#: seconds after which rules that cannot be had again no longer hold (RFC 9309 section 2.4)
GOOD_SECONDS = 86400.0
#: seconds until a failed robots.txt is asked for again at first, and when it has failed for long
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 300.0, 3600.0
# With rules still in force, a host that cannot be reached is not asked for robots.txt before every page.
_HOST_RETRY_SECONDS = 60.0
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
    #: until when this holds though it cannot be had again, on the monotonic clock
    good_until: float = 0.0
    #: since when robots.txt cannot be had, on the monotonic clock; None while it can
    failing_since: float | None = None


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
        record = succeeding(
            await self._fetch(f"{origin}/robots.txt"), self._records.pop(origin, None), time.monotonic()
        )
        while len(self._records) >= MAX_ORIGINS:
            self._records.pop(next(iter(self._records)))
        self._records[origin] = record
        return record

    async def _fetch(self, url: str) -> RobotsRecord:
        meta = {"dont_obey_robotstxt": True, ROBOTS: True}
        request = Request(url, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - the far end decides what is raised; each is named
            return self._unreachable(url, error)
        return self._read(url, response)

    def _read(self, url: str, response: Response) -> RobotsRecord:
        now = time.monotonic()
        host = urlsplit(url).hostname
        if response.status == 429 or response.status >= 500:
            failure = CrawlFailure(
                reason=FailureReason.ROBOTS,
                detail=f"robots.txt of {host} answered {response.status}, which allows nothing (RFC 9309)",
                status=response.status,
                retry_after=RETRY_SECONDS,
            )
            return RobotsRecord(failure=failure, expires=now + RETRY_SECONDS)
        if not 200 <= response.status < 300:
            return RobotsRecord(expires=now + KEEP_SECONDS, good_until=now + GOOD_SECONDS)
        rules: RobotParser = build_from_crawler(self._parserimpl, self.crawler, response.body[:MAX_RULES])
        pace = pace_of(url, self._vigie)
        asked = slowed(pace, rules.crawl_delay(self._vigie.product_token))
        if asked != pace:
            set_pace(self.crawler.engine.downloader, asked)
        return RobotsRecord(rules=rules, expires=now + KEEP_SECONDS, good_until=now + GOOD_SECONDS)

    def _unreachable(self, url: str, error: Exception) -> RobotsRecord:
        now = time.monotonic()
        failure = from_exception(error, url, self._vigie.timeout_seconds)
        if failure.reason is FailureReason.TOO_MANY_REDIRECTS:
            # RFC 9309 section 2.3.1.2: no rules then.
            return RobotsRecord(expires=now + KEEP_SECONDS, good_until=now + GOOD_SECONDS)
        if failure.reason is FailureReason.INTERNAL:
            _log.error("robots.txt %s: %s", url, failure.detail, exc_info=error)
        if failure.reason in _HOST_FAULTS or not failure.sent:
            # Not kept: the next order must find out for itself whether the host is back, or free again.
            return RobotsRecord(failure=failure, expires=now)
        host = urlsplit(url).hostname
        detail = f"robots.txt of {host} could not be had, which allows nothing (RFC 9309): {failure.detail}"
        failure = CrawlFailure(
            reason=FailureReason.ROBOTS, detail=detail, beneath=failure.reason, retry_after=RETRY_SECONDS
        )
        return RobotsRecord(failure=failure, expires=now + RETRY_SECONDS)


def succeeding(record: RobotsRecord, known: RobotsRecord | None, now: float) -> RobotsRecord:
    """Return what counts after ``record`` was had where ``known`` was known.

    A failure leaves the last answer in force for as long as it is good, and says afterwards since when
    robots.txt cannot be had.

    Args:
        record: what asking gave.
        known: what was known before, if anything.
        now: the monotonic clock.
    """
    if record.failure is None or known is None:
        return record if record.failure is None else replace(record, failing_since=now)
    since = now if known.failing_since is None else known.failing_since
    if known.failure is None and known.good_until > now:
        return replace(known, expires=max(record.expires, now + _HOST_RETRY_SECONDS), failing_since=since)
    failure = record.failure
    if failure.reason is not FailureReason.ROBOTS:
        return replace(record, failing_since=since)
    wait = min(max((now - since) / 2, RETRY_SECONDS), LONGEST_RETRY_SECONDS)
    detail = f"{failure.detail}; so it has been for {_spoken(now - since)}" if now - since >= 60 else failure.detail
    return replace(
        record, failure=replace(failure, detail=detail, retry_after=wait), expires=now + wait, failing_since=since
    )


def _spoken(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"
