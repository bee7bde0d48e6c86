"""Sitemaps: bytes in, entries out. Google-News sitemaps, plain sitemaps, sitemap indexes; packed with gzip or not.

Formats: sitemaps.org protocol 0.9 and the news extension 0.9. A sitemap may list everything an outlet ever
published, so what counts as news is decided here (:func:`recent`):

* a URL with a publication date or ``lastmod`` counts for :data:`WINDOW` after it;
* a ``lastmod`` that most URLs share says when the file was made, not when the pages were, and counts for nothing;
* a URL without a date counts from the second reading on, when the first did not list it. What was listed is
  remembered as hashes in ``learnt``; of long lists, both ends, where outlets add.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from crawler.clean import MAX_TITLE, clean_line, cut, plain
from crawler.compression import decode_body
from crawler.dates import Moment, read_date
from crawler.errors import RefusedError
from crawler.guard import linked_address
from crawler.listings import ChildSitemap, Listing, refusal
from crawler.urls import article_key, same_site
from storage.types import CrawlFailure, FailureReason, FeedEntry

#: entries taken over from one sitemap, newest first (the news extension allows as many)
MAX_ENTRIES = 1000
#: URLs looked at in one sitemap (the protocol allows as many)
MAX_URLS = 50_000
#: bytes of a sitemap, unpacked (the protocol allows as many)
MAX_BYTES = 50 * 1024 * 1024
#: how long a dated URL counts as news
WINDOW = timedelta(hours=48)
#: URLs without a date that are remembered, half of them from each end of the list
MAX_REMEMBERED = 2000
# From here on, one lastmod for most of the URLs is no coincidence.
_MANY = 20
_CLOCK_SKEW = timedelta(days=2)
_SNIFFED_ROOTS = ("urlset", "sitemapindex")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    url: str
    title: str = ""
    published: Moment | None = None
    lastmod: Moment | None = None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What one pass over the file gathers."""

    root: str | None = None
    has_news: bool = False
    urls: list[_Located]
    children: list[ChildSitemap]
    broken: str | None = None


def is_sitemap(body: bytes) -> bool:
    """Whether the bytes begin as a sitemap or a sitemap index does, packed ones included."""
    unpacked = _unpacked(body, 4096)
    start = body[:4096] if isinstance(unpacked, CrawlFailure) else unpacked[:4096]
    return any(f"<{root}".encode() in start or f":{root}".encode() in start for root in _SNIFFED_ROOTS)


def read_sitemap(body: bytes, url: str, *, now: datetime, learnt: str | None = None) -> Listing | CrawlFailure:
    """Return what a sitemap lists as news now, or the children of an index, or why it cannot be read.

    Args:
        body: the file as received, content codings undone; a file that is itself packed with gzip is unpacked.
        url: its address; only addresses of the same site are taken over.
        now: the present, aware.
        learnt: what the last reading gave.
    """
    unpacked = _unpacked(body, MAX_BYTES)
    if isinstance(unpacked, CrawlFailure):
        return unpacked
    reading = _read(unpacked, url)
    if reading.root not in _SNIFFED_ROOTS:
        return refusal(
            FailureReason.NOT_A_FEED,
            "the address gave something else than a sitemap, often a web page; "
            "the site's robots.txt names its sitemaps",
        )
    if reading.root == "sitemapindex":
        if not reading.children:
            return _empty(reading, "the sitemap index names no sitemap")
        return Listing(children=tuple(reading.children))
    if not reading.urls and not (reading.has_news and reading.broken is None):
        return _empty(reading, "the sitemap is well-formed but lists nothing")
    entries, remembered = recent(reading.urls, now=now, known=_remembered(learnt))
    return Listing(entries=entries, learnt=_as_learnt(remembered))


def _empty(reading: _Reading, says: str) -> CrawlFailure:
    if reading.broken is not None:
        return refusal(FailureReason.BROKEN_FEED, f"the sitemap's XML cannot be read: {reading.broken}")
    return refusal(FailureReason.EMPTY_FEED, says)


def _unpacked(body: bytes, limit: int) -> bytes | CrawlFailure:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        return decode_body(body, ("gzip",), limit)
    except RefusedError as error:
        return error.failure


def _read(body: bytes, base: str) -> _Reading:
    reading = _Reading(urls=[], children=[])
    # A bound on what is built at once: each finished element is thrown away with what stood before it.
    events = etree.iterparse(
        BytesIO(body.lstrip()),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    fields: dict[str, str] = {}
    try:
        for event, element in events:
            if event == "start":
                if reading.root is None:
                    reading.root = _name(element)
                    reading.has_news = any("sitemap-news" in (uri or "") for uri in element.nsmap.values())
                    if reading.root not in _SNIFFED_ROOTS:
                        break
                continue
            name = _name(element)
            if _is_field(element, name):
                fields.setdefault(name, element.text or "")
            elif name in {"url", "sitemap"}:
                _take(reading, name, fields, base)
                fields = {}
                element.clear()
                _drop_before(element)
                if len(reading.urls) + len(reading.children) >= MAX_URLS:
                    break
    except etree.XMLSyntaxError as error:
        reading.broken = cut(clean_line(str(error)), 200)
    return reading


def _name(element: etree._Element | None) -> str:
    """Return the element's name without its namespace, declared or not."""
    if element is None or not isinstance(element.tag, str):
        return ""
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower()


def _is_field(element: etree._Element, name: str) -> bool:
    """Whether the element describes the page itself, and not an image or a video on it."""
    if name in {"loc", "lastmod"}:
        return _name(element.getparent()) in {"url", "sitemap"}
    return name in {"title", "publication_date"} and _name(element.getparent()) == "news"


def _drop_before(element: etree._Element) -> None:
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _take(reading: _Reading, name: str, fields: dict[str, str], base: str) -> None:
    url = linked_address(base, fields.get("loc", ""))
    if url is None or not same_site(url, base):
        return
    lastmod = read_date(fields.get("lastmod", ""))
    if name == "sitemap":
        at = lastmod.at if lastmod else None
        reading.children.append(ChildSitemap(url=url, lastmod=at, to_the_minute=bool(lastmod and lastmod.has_time)))
        return
    title = cut(plain(fields.get("title", "")[: MAX_TITLE * 4]), MAX_TITLE)
    published = read_date(fields.get("publication_date", ""))
    reading.urls.append(_Located(url=url, title=title, published=published, lastmod=lastmod))


def recent(
    urls: list[_Located], *, now: datetime, known: frozenset[int] | None
) -> tuple[tuple[FeedEntry, ...], frozenset[int]]:
    """Return the entries that count as news, newest first, and the hashes of the URLs without a date.

    Args:
        urls: what the sitemap lists.
        now: the present.
        known: hashes of the last reading, None at the first.
    """
    shared = _shared_lastmod(urls)
    dated: list[tuple[datetime, _Located]] = []
    undated: list[_Located] = []
    for located in urls:
        moment = located.published or (None if located.lastmod == shared else located.lastmod)
        if moment is None:
            undated.append(located)
        elif now - WINDOW - _day(moment) <= moment.at <= now + _CLOCK_SKEW:
            dated.append((moment.at, located))
    dated.sort(key=lambda pair: pair[0], reverse=True)
    if len(undated) > MAX_REMEMBERED:
        undated = undated[: MAX_REMEMBERED // 2] + undated[-MAX_REMEMBERED // 2 :]
    hashes = {_hash(located.url): located for located in undated}
    unknown = [] if known is None else [located for key, located in hashes.items() if key not in known]
    chosen = [located for _, located in dated] + unknown
    return tuple(_entry(located, shared) for located in chosen[:MAX_ENTRIES]), frozenset(hashes)


def _day(moment: Moment) -> timedelta:
    """Return how much later than its start a date without a time of day may mean."""
    return timedelta(0) if moment.has_time else timedelta(days=1)


def _shared_lastmod(urls: list[_Located]) -> Moment | None:
    stated = Counter(located.lastmod for located in urls if located.lastmod is not None and located.published is None)
    if not stated:
        return None
    moment, count = stated.most_common(1)[0]
    # A date without a time of day is shared by all that was published on that day.
    return moment if moment.has_time and count > _MANY and count * 2 > len(urls) else None


def _entry(located: _Located, shared: Moment | None) -> FeedEntry:
    changed = None if located.lastmod is None or located.lastmod == shared else located.lastmod.at
    published = located.published.at if located.published else None
    return FeedEntry(url=located.url, title=located.title, published_at=published, updated_at=changed)


#: a sitemap of an index that changed longer ago holds no news
CHILD_WINDOW = timedelta(days=7)
_UNLIKELY = re.compile(
    r"categor|rubrique|tag|author|auteur|page|image|photo|video|static|product|topic|theme|dossier", re.IGNORECASE
)
_LIKELY = re.compile(r"news|actu|article|post|latest|recent|today|jour", re.IGNORECASE)


def children_to_read(
    children: tuple[ChildSitemap, ...], known: Mapping[str, Mapping[str, Any]], now: datetime
) -> list[ChildSitemap]:
    """Return the sitemaps of an index that may hold something new, the most likely first.

    Those with a date come by it, newest first, and are left out when they are old or were read in that state. Those
    without come after, by what their names say; the later number first, since outlets add at the end. When all are
    old, the newest is read all the same: many indexes are not kept up.

    Args:
        children: in the order of the index.
        known: what earlier readings noted of each address.
        now: the present.
    """
    dated = sorted((child for child in children if child.lastmod), key=_lastmod, reverse=True)
    fresh = [child for child in dated if now - CHILD_WINDOW <= _lastmod(child)] or dated[:1]
    changed = [child for child in fresh if not _is_known(child, known)]
    undated = [child for child in children if child.lastmod is None]
    undated.sort(key=lambda child: (_likelihood(child.url), _numbers_in(child.url)), reverse=True)
    changed.sort(key=lambda child: _likelihood(child.url), reverse=True)
    return changed + undated


def _lastmod(child: ChildSitemap) -> datetime:
    assert child.lastmod is not None
    return child.lastmod


def _is_known(child: ChildSitemap, known: Mapping[str, Mapping[str, Any]]) -> bool:
    stated = known.get(child.url, {}).get("lastmod")
    return child.to_the_minute and stated == _lastmod(child).isoformat()


def _likelihood(url: str) -> int:
    path = urlsplit(url).path
    return bool(_LIKELY.search(path)) - bool(_UNLIKELY.search(path))


def _numbers_in(url: str) -> tuple[int, ...]:
    return tuple(int(number[:12]) for number in re.findall(r"\d+", urlsplit(url).path)[:8])


def _hash(url: str) -> int:
    return zlib.crc32(article_key(url).encode("utf-8", "replace"))


def _as_learnt(hashes: frozenset[int]) -> str:
    packed = b"".join(number.to_bytes(4, "big") for number in sorted(hashes))
    return json.dumps({"listed": base64.b64encode(packed).decode()})


def _remembered(learnt: str | None) -> frozenset[int] | None:
    """Return the hashes of an earlier reading; None when there was none, or it cannot be read."""
    if not learnt:
        return None
    try:
        packed = base64.b64decode(json.loads(learnt)["listed"], validate=True)
    except (ValueError, KeyError, TypeError):
        return None
    return frozenset(_numbers(packed))


def _numbers(packed: bytes) -> Iterator[int]:
    for start in range(0, len(packed) - 3, 4):
        yield int.from_bytes(packed[start : start + 4], "big")
