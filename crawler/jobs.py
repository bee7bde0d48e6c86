"""The work of extraction processes: plain functions over plain values, and the limits around them."""

from __future__ import annotations

import gzip
import hashlib
import resource
import signal

from crawler.extract import extract_page
from crawler.feeds import parse_feed
from crawler.process_group import die_with_parent
from storage.types import Article, CrawlFailure, Evidence, FeedEntry, FetchOrder

#: address space below which Python and the libraries do not start
MIN_MEMORY = 256 * 1024 * 1024


def prepare_worker(memory: int) -> None:
    """Bound a worker's address space and tie its life to its parent's; runs first in every worker."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit = max(memory, MIN_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # A crash is an answer here; a core file of a page would only fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def feed_job(body: bytes, url: str, content_type: str | None) -> tuple[FeedEntry, ...] | CrawlFailure:
    """Read a feed; see :func:`crawler.feeds.parse_feed`."""
    return parse_feed(body, url, content_type)


def page_job(
    order: FetchOrder, page: Evidence, body: bytes, encoding: str | None
) -> tuple[Article, Evidence | None] | CrawlFailure:
    """Extract a page and pack its evidence.

    Args:
        order: what was asked for.
        page: the evidence, still without hash and body.
        body: the page, content codings undone.
        encoding: character encoding the server declared.

    Returns:
        The article with its evidence; no evidence where the source reserves its text, since that would be
        the text. Or the failure.
    """
    found = extract_page(
        body,
        url=page.url,
        source_id=order.source_id,
        fetched_at=page.captured_at,
        encoding=encoding,
        entry=order.entry,
        language=order.language,
        full_text=order.full_text,
    )
    if isinstance(found, CrawlFailure):
        return found
    if not order.full_text:
        return found, None
    evidence = Evidence(
        url=page.url,
        captured_at=page.captured_at,
        status=page.status,
        headers=page.headers,
        sha256=hashlib.sha256(body).hexdigest(),
        # No time stamp, so that one body always packs to the same bytes.
        body_gzip=gzip.compress(body, compresslevel=6, mtime=0),
    )
    return found, evidence
