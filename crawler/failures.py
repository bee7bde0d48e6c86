"""From exceptions and status codes to named failures: pure, one sentence each.

Every way in which a request can end without an article is listed here and nowhere else.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from crawler.backoff import MAX_RETRY_AFTER
from crawler.causes import no_connection, no_trust
from crawler.clean import clean_line, cut
from crawler.errors import RefusedError
from storage.egress import refusal_in
from storage.types import CrawlFailure, FailureReason, utc

_BY_STATUS: Mapping[int, tuple[FailureReason, str]] = {
    401: (FailureReason.BLOCKED, "asks for a login"),
    402: (FailureReason.PAYWALL, "asks for payment"),
    403: (FailureReason.BLOCKED, "refuses the crawler"),
    404: (FailureReason.NOT_FOUND, "has no such page"),
    410: (FailureReason.GONE, "says the page is gone for good"),
    429: (FailureReason.RATE_LIMITED, "asks for fewer requests"),
    451: (FailureReason.BLOCKED, "withholds the page for legal reasons"),
}


def from_status(status: int, retry_after_header: str | None, url: str, now: datetime) -> CrawlFailure | None:
    """Return the failure that an HTTP status means, or None for a success (RFC 9110 section 15)."""
    if 200 <= status < 300:
        return None
    host = urlsplit(url).hostname or url
    if status in _BY_STATUS:
        reason, says = _BY_STATUS[status]
    elif status >= 500:
        reason, says = FailureReason.SERVER_ERROR, "has a fault of its own"
    elif 300 <= status < 400:
        reason, says = FailureReason.HTTP_ERROR, "redirects without saying where to"
    else:
        reason, says = FailureReason.HTTP_ERROR, "gave an answer that is not a page"
    return CrawlFailure(
        reason=reason,
        detail=f"{host} {says} (HTTP {status})",
        status=status,
        retry_after=retry_after(retry_after_header, now),
    )


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks to wait, or None (RFC 9110 section 10.2.3).

    Both forms are read, seconds and date; nonsense is None, a date gone by is 0, and no wait is longer
    than :data:`MAX_RETRY_AFTER`.
    """
    if not header:
        return None
    text = header.strip()
    try:
        seconds = float(text) if text.isascii() and text.isdecimal() else _seconds_until(text, now)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else MAX_RETRY_AFTER


def _seconds_until(date: str, now: datetime) -> float:
    moment = parsedate_to_datetime(date)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    return (utc(moment) - now).total_seconds()


def from_exception(error: BaseException, url: str, timeout_seconds: float) -> CrawlFailure:
    """Return the failure behind whatever Scrapy, aiohttp or this package raised for ``url``."""
    chain = tuple(_chain(error))
    for link in chain:
        if isinstance(link, RefusedError):
            return link.failure
    host = urlsplit(url).hostname or url
    refused = refusal_in(error)
    if refused is not None:
        return CrawlFailure(reason=FailureReason.FORBIDDEN_ADDRESS, detail=f"{host}: {refused}")
    for kinds, reason, says in _BY_EXCEPTION:
        found = next((link for link in chain if isinstance(link, kinds)), None)
        if found is not None:
            why = _WORDED[reason](chain) if reason in _WORDED else _first_line(found)
            detail = says.format(host=host, timeout=timeout_seconds, error=why)
            return CrawlFailure(reason=reason, detail=detail)
    return CrawlFailure(
        reason=FailureReason.INTERNAL,
        detail=f"{host}: the crawler failed with {type(error).__name__}: {_first_line(error)}",
    )


#: failures whose texts would name objects of this program
_WORDED: Mapping[FailureReason, Callable[[Iterable[BaseException]], str]] = {
    FailureReason.CONNECTION: no_connection,
    FailureReason.TLS: no_trust,
}

# Order matters: a TLS fault is an OSError too, and a wrapped timeout is a failed download.
_BY_EXCEPTION: tuple[tuple[tuple[type[BaseException], ...], FailureReason, str], ...] = (
    (
        (DownloadTimeoutError, TimeoutError),
        FailureReason.TIMEOUT,
        "{host} did not answer completely within {timeout:g} s",
    ),
    (
        (CannotResolveHostError, aiohttp.ClientConnectorDNSError, socket.gaierror),
        FailureReason.DNS,
        "{host} has no address in the name system, or the name server does not answer",
    ),
    (
        (ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError),
        FailureReason.TLS,
        "{host} cannot be trusted: {error}",
    ),
    ((DownloadCancelledError,), FailureReason.TOO_LARGE, "{host} sent more than the crawler accepts"),
    ((ResponseDataLossError, aiohttp.ClientPayloadError), FailureReason.TRUNCATED, "{host} broke off its answer"),
    (
        (UnsupportedURLSchemeError, aiohttp.InvalidURL),
        FailureReason.FORBIDDEN_ADDRESS,
        "the address cannot be called: {error}",
    ),
    (
        (HttpProcessingError, aiohttp.ClientResponseError),
        FailureReason.HTTP_ERROR,
        "{host} does not speak proper HTTP: {error}",
    ),
    (
        (DownloadConnectionRefusedError, DownloadFailedError, aiohttp.ClientError, OSError),
        FailureReason.CONNECTION,
        "no connection to {host}: {error}",
    ),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything that led to it, once each."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return cut(clean_line(lines[0]) if lines else type(error).__name__, 200)
