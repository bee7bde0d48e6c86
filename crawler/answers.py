"""From a response to an answer: status, validators and type are judged here, the body in a worker."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from w3lib.encoding import http_content_type_encoding

from crawler.clean import clean_line, cut
from crawler.failures import from_status
from crawler.jobs import page_job
from crawler.orders import failed
from crawler.walls import challenge
from storage.types import CrawlFailure, Evidence, FailureReason, FetchOrder, FetchResult

if TYPE_CHECKING:
    from crawler.pool import Reader
    from crawler.settings import CrawlerSettings
    from crawler.wire import Order, Result

#: statuses under which protections show their bot checks
_CHECKED = frozenset({401, 403, 405, 406, 429, 503})
_PAGE_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "application/xml", "text/xml"})
_VALIDATOR = re.compile(r"[\x20-\x7e\xa0-\xff]{1,512}")
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)
#: bytes of a page that are looked at for its title
_MARKED = 64 * 1024
_MAX_HEADERS = 100
_MAX_HEADER = 2000
# Evidence must not become a store of sessions.
_PRIVATE_HEADERS = frozenset({"set-cookie", "set-cookie2", "authorization", "proxy-authenticate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for an order, after redirects, content codings undone."""

    url: str
    status: int
    #: names in lower case, in the order received
    headers: tuple[tuple[str, str], ...]
    body: bytes
    #: address after permanent redirects, None when there were none
    moved_to: str | None = None

    def header(self, name: str) -> str | None:
        """Return the first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)


async def answer_fetch(
    order: FetchOrder, reply: Reply, pool: Reader, settings: CrawlerSettings, *, captured_at: datetime | None = None
) -> Result:
    """Return the article of a fetched page, or that it did not change, or what went wrong.

    Args:
        order: what was asked for.
        reply: what came back.
        pool: who reads the page.
        settings: limits.
        captured_at: when it came back, if not now: a page out of a file.

    Raises:
        RefusedError: the page could not be read within its limits.
    """
    now = captured_at or datetime.now(UTC)
    if reply.status == 304 and conditions(order):
        return FetchResult(
            order_id=order.id,
            source_id=order.source_id,
            url=order.url,
            unchanged=True,
            etag=validator(reply.header("etag")) or order.etag,
            last_modified=validator(reply.header("last-modified")) or order.last_modified,
        )
    failure = refused(reply, now) or _unfit(reply, settings)
    if failure is not None:
        return failed(order, failure)
    evidence = Evidence(
        url=reply.url,
        captured_at=now,
        status=reply.status,
        headers=kept_headers(reply.headers),
        sha256="",
        body_gzip=b"",
    )
    encoding = http_content_type_encoding(reply.header("content-type"))
    found = await pool.run(page_job, order, evidence, reply.body, encoding)
    if isinstance(found, CrawlFailure):
        return failed(order, found)
    article, proof, failure = found
    return FetchResult(
        order_id=order.id,
        source_id=order.source_id,
        url=order.url,
        article=article,
        evidence=proof,
        failure=failure,
        etag=validator(reply.header("etag")),
        last_modified=validator(reply.header("last-modified")),
    )


def refused(reply: Reply, now: datetime) -> CrawlFailure | None:
    """Return what an answer's status means when it is no success, and whether a bot check stands behind it."""
    failure = from_status(reply.status, reply.header("retry-after"), reply.url, now)
    body = reply.body if failure is not None and reply.status in _CHECKED else b""
    check = challenge(reply.status, reply.headers, body, reply.url) if failure is None or body else None
    if failure is None or check is None:
        return failure or check
    return replace(check, retry_after=failure.retry_after)


def _unfit(reply: Reply, settings: CrawlerSettings) -> CrawlFailure | None:
    """Return why a successful answer is no page to be read."""
    kind = (reply.header("content-type") or "").split(";", 1)[0].strip().lower()
    if kind not in _PAGE_TYPES:
        return CrawlFailure(
            reason=FailureReason.NOT_HTML,
            detail=f"the address gave {cut(kind, 80)!r}, no web page",
            status=reply.status,
        )
    if len(reply.body) > settings.max_page:
        return CrawlFailure(
            reason=FailureReason.TOO_LARGE,
            detail=f"the page has {len(reply.body)} bytes; at most {settings.max_page} are read",
            status=reply.status,
        )
    return None


def conditions(order: Order) -> dict[str, str]:
    """Return the headers of a conditional GET (RFC 9110 section 13.1); a browser asks in its own way."""
    if order.javascript:
        return {}
    stated = {"If-None-Match": validator(order.etag), "If-Modified-Since": validator(order.last_modified)}
    return {name: value for name, value in stated.items() if value is not None}


def page_mark(asked: str, reply: Reply) -> str:
    """Return what tells that two hosts answered one page: where they sent us, its title, or the page itself."""
    host = urlsplit(reply.url).hostname
    if host != urlsplit(asked).hostname:
        return f"host {host}"
    title = _TITLE.search(reply.body[:_MARKED])
    found = b" ".join(title[1].split()) if title else b""
    return f"title {hashlib.sha256(found).hexdigest()}" if found else f"page {hashlib.sha256(reply.body).hexdigest()}"


def validator(value: str | None) -> str | None:
    """Return a validator fit to be sent back in a header, or None."""
    value = (value or "").strip()
    return value if _VALIDATOR.fullmatch(value) else None


def kept_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the headers evidence keeps: a bounded number, without those that carry sessions."""
    kept = ((name, cut(clean_line(value), _MAX_HEADER)) for name, value in headers if name not in _PRIVATE_HEADERS)
    return tuple(kept)[:_MAX_HEADERS]
