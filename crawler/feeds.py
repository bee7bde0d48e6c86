"""Feeds: bytes in, entries out. RSS 0.9x, 1.0, 2.0 and Atom 0.3, 1.0, read by feedparser.

feedparser forgives what real feeds get wrong (undeclared entities, bare ampersands, wrong encodings) and
its parser (expat) neither loads external entities nor expands nested ones without bound.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from io import BytesIO
from time import struct_time
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from crawler.clean import MAX_SUMMARY, MAX_TITLE, clean_line, cut, plain
from crawler.dates import read_date
from crawler.guard import url_refusal
from crawler.hints import stated_interval, websub
from crawler.listings import MAX_ENTRIES, Listing
from storage.types import CrawlFailure, FailureReason, FeedEntry, PaceHints

_MAX_AUTHORS = 20
_FEED_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
_SNIFFED = 4096
# What feedparser lets through of declarations and encodings that lie.
_PARSER_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
_YEARS = range(1990, 2101)


def parse_feed(body: bytes, url: str, content_type: str | None = None) -> Listing | CrawlFailure:
    """Return the entries of a feed in its own order with its hints on pace, or why it has none.

    Args:
        body: the feed as received, content codings undone.
        url: its address, against which relative links are resolved.
        content_type: the Content-Type header, whose charset counts (RFC 7303).
    """
    if not body.strip():
        return _failure(FailureReason.NOT_A_FEED, "the feed's address gave an empty answer")
    headers = {"content-location": url}
    if content_type:
        headers["content-type"] = content_type
    try:
        parsed = _parsed(body, headers)
    except _PARSER_FAULTS as error:
        return _unreadable(body, str(error))
    if not parsed.entries:
        return _why_empty(parsed, body)
    entries = tuple(entry for item in parsed.entries[:MAX_ENTRIES] if (entry := _entry(item, url)) is not None)
    if not entries:
        count = len(parsed.entries)
        return _failure(FailureReason.EMPTY_FEED, f"none of the feed's {count} items has a title and a web address")
    return Listing(entries=entries, hints=_hints(parsed.feed, url))


def _hints(feed: Any, url: str) -> PaceHints:
    links = [(str(link.get("rel")), str(link.get("href"))) for link in feed.get("links") or () if link.get("href")]
    hub, topic = websub(links, url)
    interval = stated_interval(_text(feed, "ttl"), _text(feed, "sy_updateperiod"), _text(feed, "sy_updatefrequency"))
    return PaceHints(interval=interval, hub=hub, topic=topic)


def _parsed(body: bytes, headers: dict[str, str]) -> Any:
    # A stream, because feedparser opens bytes or text that happen to name a file.
    return feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _why_empty(parsed: Any, body: bytes) -> CrawlFailure:
    fault = parsed.get("bozo_exception")
    if isinstance(fault, (SAXException, UnicodeError)) or not parsed.version:
        return _unreadable(body, str(fault))
    return _failure(FailureReason.EMPTY_FEED, "the feed is well-formed but lists nothing")


def _unreadable(body: bytes, fault: str) -> CrawlFailure:
    if _FEED_ROOT.search(body[:_SNIFFED]):
        return _failure(FailureReason.BROKEN_FEED, f"the feed's XML cannot be read: {cut(clean_line(fault), 200)}")
    return _failure(
        FailureReason.NOT_A_FEED,
        "the address gave something else than a feed, often a web page; look for the feed's new address",
    )


def _entry(item: Any, base: str) -> FeedEntry | None:
    url = _link(item, base)
    title = cut(plain(_text(item, "title")), MAX_TITLE)
    if url is None or not title:
        return None
    return FeedEntry(
        url=url,
        title=title,
        summary=cut(plain(_text(item, "summary") or _content(item)), MAX_SUMMARY),
        published_at=_published(item),
        authors=_authors(item),
    )


def _text(item: Any, key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _content(item: Any) -> str:
    for content in item.get("content") or ():
        value = content.get("value")
        if isinstance(value, str) and value:
            return value
    return ""


def _link(item: Any, base: str) -> str | None:
    """Return the first web address of an item: its link, its alternates, then a guid that is one."""
    candidates = [item.get("link")]
    candidates += [link.get("href") for link in item.get("links") or () if link.get("rel") == "alternate"]
    candidates.append(item.get("id"))
    for candidate in candidates:
        if not isinstance(candidate, str) or not candidate.strip():
            continue
        try:
            url = urljoin(base, candidate.strip()).replace(" ", "%20")
        except ValueError:
            continue
        if url_refusal(url) is None and (candidate != item.get("id") or "://" in candidate):
            return url
    return None


def _published(item: Any) -> datetime | None:
    # feedparser answers "updated" with "published" and warns, so the order of asking matters.
    for key in ("published", "updated", "created"):
        if key in item:
            stated = read_date(_text(item, key))
            return stated.at if stated is not None else _guessed(item.get(f"{key}_parsed"))
    return None


def _guessed(moment: struct_time | None) -> datetime | None:
    """Return what feedparser made of a date in a form of its own, such as those of Korean portals."""
    if moment is None or moment.tm_year not in _YEARS:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _authors(item: Any) -> tuple[str, ...]:
    names = [author.get("name") for author in item.get("authors") or ()]
    names = names if any(names) else [item.get("author")]
    cleaned = (cut(plain(name), 200) for name in names if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in cleaned if name))[:_MAX_AUTHORS]


def _failure(reason: FailureReason, detail: str) -> CrawlFailure:
    return CrawlFailure(reason=reason, detail=detail)
