"""Feeds: bytes in, entries out. RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0, JSON Feed 1.0, 1.1.

feedparser is the reference: it forgives what real feeds get wrong (undeclared entities, bare ampersands, wrong
encodings), and its parser (expat) neither loads external entities nor expands nested ones without bound. It takes
a quarter of a millisecond an item, so feeds of the plain kind go another way (:mod:`crawler.plainfeeds`),
which a differential test holds to the same entries.
"""

from __future__ import annotations

import calendar
import itertools
import re
from datetime import UTC, datetime
from io import BytesIO
from time import struct_time
from typing import Any
from xml.sax import SAXException

import feedparser
from lxml import etree

from crawler.clean import clean_line, cut
from crawler.dates import read_date
from crawler.guard import linked_address
from crawler.hints import skip_hours, stated_interval, websub
from crawler.jsonfeeds import is_json, read_json_feed
from crawler.listings import MAX_ENTRIES, Listing, make_entry, refusal
from crawler.plainfeeds import is_utf8, read_plain_feed
from storage.types import CrawlFailure, FailureReason, FeedEntry, PaceHints

#: of a longer feed so many items are read from its end; some feeds list the oldest first
FROM_END = 100
_FEED_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
_ITEM_START = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ITEM_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:[xX]0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}));")
_SNIFFED = 4096
_MAX_HEAD = 64 * 1024
# What feedparser lets through of declarations and encodings that lie.
_PARSER_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
_YEARS = range(1990, 2101)
_SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"


def parse_feed(body: bytes, url: str, content_type: str | None = None) -> Listing | CrawlFailure:
    """Return the entries of a feed in its own order with its hints on pace, or why it has none.

    Args:
        body: the feed as received, content codings undone.
        url: its address, against which relative links are resolved.
        content_type: the Content-Type header, whose charset counts (RFC 7303) unless the bytes are UTF-8.
    """
    if not body.strip():
        return refusal(FailureReason.NOT_A_FEED, "the feed's address gave an empty answer")
    if is_json(body):
        return read_json_feed(body, url)
    bounded = with_possible_references(first_and_last_items(body))
    entries = read_plain_feed(bounded, url)
    if entries is None:
        found = read_by_reference(bounded, url, content_type)
        if isinstance(found, CrawlFailure):
            return found
        entries = found
    return Listing(entries=entries, hints=feed_hints(body, url))


def first_and_last_items(body: bytes) -> bytes:
    """Return a feed with at most :data:`MAX_ENTRIES` items, those in the middle left out."""
    ends = [match.end() for match in _ITEM_END.finditer(body)]
    if len(ends) > MAX_ENTRIES:
        body = body[: ends[MAX_ENTRIES - FROM_END - 1]] + body[ends[-FROM_END - 1] :]
    # Items that are never closed nest without end.
    starts = [match.start() for match in itertools.islice(_ITEM_START.finditer(body), MAX_ENTRIES + 1)]
    return body[: starts[MAX_ENTRIES]] if len(starts) > MAX_ENTRIES else body


def with_possible_references(body: bytes) -> bytes:
    """Return a feed with U+FFFD for each character reference to what XML has no character for (XML 1.0 section 2.2).

    One half of an emoji or one zero byte in one headline must not make the whole feed unreadable.
    """
    return _REFERENCE.sub(_possible, body)


def _possible(found: re.Match[bytes]) -> bytes:
    number = int(found[1], 16) if found[1] else int(found[2])
    possible = number in (0x9, 0xA, 0xD) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
    return found[0] if possible or 0x10000 <= number < 0x110000 else b"&#65533;"


def read_by_reference(body: bytes, url: str, content_type: str | None = None) -> tuple[FeedEntry, ...] | CrawlFailure:
    """Return the entries feedparser finds, or why there are none."""
    headers = {"content-location": url}
    if is_utf8(body):
        # Without a declaration feedparser assumes Latin-1 for many types, and a wrong one it believes.
        headers["content-type"] = "application/xml; charset=utf-8"
    elif content_type:
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
        return refusal(FailureReason.EMPTY_FEED, f"none of the feed's {count} items has a web address")
    return entries


def _parsed(body: bytes, headers: dict[str, str]) -> Any:
    # A stream, because feedparser opens bytes or text that happen to name a file.
    return feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _why_empty(parsed: Any, body: bytes) -> CrawlFailure:
    fault = parsed.get("bozo_exception")
    if isinstance(fault, (SAXException, UnicodeError)) or not parsed.version:
        return _unreadable(body, str(fault))
    return refusal(FailureReason.EMPTY_FEED, "the feed is well-formed but lists nothing")


def _unreadable(body: bytes, fault: str) -> CrawlFailure:
    if _FEED_ROOT.search(body[:_SNIFFED]):
        return refusal(FailureReason.BROKEN_FEED, f"the feed's XML cannot be read: {cut(clean_line(fault), 200)}")
    return refusal(
        FailureReason.NOT_A_FEED,
        "the address gave something else than a feed, often a web page; look for the feed's new address",
    )


# --- hints -----------------------------------------------------------------------------------------


def feed_hints(body: bytes, url: str) -> PaceHints:
    """Return what the head of a feed, before its first item, says of pace; a broken head says what can be read."""
    first = _ITEM_START.search(body, 0, _MAX_HEAD)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body[: first.start() if first else _MAX_HEAD].lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return PaceHints()
    if root is None:
        return PaceHints()
    texts: dict[str, list[str]] = {}
    links: list[tuple[str, str]] = []
    for element in root.iter(etree.Element):
        try:
            name = etree.QName(element)
            if name.localname == "link" and element.get("href"):
                links += [(rel, element.get("href")) for rel in (element.get("rel") or "").lower().split()]
            elif name.namespace in {None, _SYNDICATION} or name.localname in {"ttl", "hour"}:
                texts.setdefault(name.localname.lower(), []).append(element.text or "")
        except ValueError:
            # A parser that recovers lets through names that are none, and halves of characters that no text can hold.
            continue
    hub, topic = websub(links, url)
    stated = [next(iter(texts.get(name, [])), None) for name in ("ttl", "updateperiod", "updatefrequency")]
    return PaceHints(
        interval=stated_interval(*stated), skip_hours=skip_hours(texts.get("hour", ())), hub=hub, topic=topic
    )


# --- items, as feedparser gives them ---------------------------------------------------------------


def _entry(item: Any, base: str) -> FeedEntry | None:
    url = _link(item, base)
    if url is None:
        return None
    return make_entry(
        url=url,
        title=_text(item, "title"),
        summary=_text(item, "summary") or _content(item),
        published_at=_published(item),
        updated_at=_moment(item, "updated"),
        authors=_authors(item),
        guid=_text(item, "id"),
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
        url = linked_address(base, candidate) if isinstance(candidate, str) else None
        if url is not None and (candidate != item.get("id") or "://" in candidate):
            return url
    return None


def _published(item: Any) -> datetime | None:
    """Return the first date an item states: the first that is there counts, even when it is nonsense."""
    return next((_moment(item, key) for key in ("published", "updated", "created") if key in item), None)


def _moment(item: Any, key: str) -> datetime | None:
    # feedparser answers "updated" with "published" and warns; asking whether it is there tells the truth.
    if key not in item:
        return None
    stated = read_date(_text(item, key))
    return stated.at if stated is not None else _guessed(item.get(f"{key}_parsed"))


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
    return tuple(name for name in names if isinstance(name, str))
