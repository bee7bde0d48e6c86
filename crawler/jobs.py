"""The work of extraction processes: plain functions over plain values, and the limits around them."""

from __future__ import annotations

import gzip
import hashlib
import math
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from w3lib.encoding import http_content_type_encoding

from crawler.discovery import discover
from crawler.extract import read_page
from crawler.feeds import parse_feed
from crawler.listings import Listing
from crawler.process_group import die_with_parent
from crawler.sections import read_section
from crawler.sitemaps import is_sitemap, read_sitemap
from storage.types import AddressKind, Article, CrawlFailure, Evidence, FailureReason, FetchOrder

_Answer = TypeVar("_Answer")

#: address space below which Python and the libraries do not start
MIN_MEMORY = 256 * 1024 * 1024


def prepare_worker(memory: int) -> None:
    """Bound a worker's address space and tie its life to its parent's; runs first in every worker."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The pool's own handler would wait for Python, which a parser written in C may not return to.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limit = max(memory, MIN_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # A crash is an answer here; a core file of a page would only fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def within(seconds: float, job: Callable[..., _Answer], *arguments: object) -> _Answer:
    """Return what ``job`` gives, or be ended by the kernel after ``seconds`` of a processor (RLIMIT_CPU).

    The limit is a whole number of seconds, so that it comes up to a second late.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + seconds), hard))
    return job(*arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """The answer to a poll, as a worker reads it."""

    kind: AddressKind
    url: str
    body: bytes
    content_type: str | None
    robots_tag: str | None
    learnt: str | None
    now: datetime


def listing_job(page: ListedPage) -> Listing | CrawlFailure:
    """Read a feed, a sitemap, a section page, or a home page."""
    if page.kind is AddressKind.SECTION:
        encoding = http_content_type_encoding(page.content_type)
        return read_section(page.body, page.url, encoding=encoding, robots_tag=page.robots_tag, learnt=page.learnt)
    if page.kind is AddressKind.HOME:
        return discover(page.body, page.url, content_type=page.content_type)
    if page.kind is AddressKind.SITEMAP:
        return read_sitemap(page.body, page.url, now=page.now, learnt=page.learnt)
    if is_sitemap(page.body):
        detail = "the address gave a sitemap, not a feed; list it under 'sitemaps'"
        return CrawlFailure(reason=FailureReason.NOT_A_FEED, detail=detail)
    return parse_feed(page.body, page.url, page.content_type)


def page_job(
    order: FetchOrder, page: Evidence, body: bytes, encoding: str | None
) -> tuple[Article, Evidence | None, CrawlFailure | None] | CrawlFailure:
    """Extract a page and pack its evidence.

    Args:
        order: what was asked for.
        page: the evidence, still without hash and body.
        body: the page, content codings undone.
        encoding: character encoding the server declared.

    Returns:
        The article with its evidence; no evidence where the source reserves its text, since that would be
        the text. A teaser comes with the failure that says what keeps the rest. Or the failure alone: what the
        feed said is the owner's to use.
    """
    reading = read_page(
        body,
        url=page.url,
        source_id=order.source_id,
        fetched_at=page.captured_at,
        asked=order.url,
        encoding=encoding,
        entry=order.entry,
        language=order.language,
        full_text=order.full_text,
    )
    if reading.article is None or (reading.failure is not None and not reading.from_page):
        return reading.failure or CrawlFailure(reason=FailureReason.NO_TEXT, detail="the page gave nothing")
    if not order.full_text:
        return reading.article, None, reading.failure
    evidence = Evidence(
        url=page.url,
        captured_at=page.captured_at,
        status=page.status,
        headers=page.headers,
        sha256=hashlib.sha256(body).hexdigest(),
        # No time stamp, so that one body always packs to the same bytes.
        body_gzip=gzip.compress(body, compresslevel=1, mtime=0),
    )
    return reading.article, evidence, reading.failure
