"""Where an outlet lists its articles: what a home page, a robots.txt or an address itself says. Pure.

Only what is declared is taken: ``<link rel="alternate">`` of a feed's type (RSS Advisory Board, *RSS Autodiscovery*;
JSON Feed 1.1), links whose address or words say feed, ``Sitemap`` lines of robots.txt (sitemaps.org protocol 0.9).
Addresses by convention are :func:`usual_places`, hints for a person's command, never a reason for requests of the
service.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement
from w3lib.encoding import http_content_type_encoding

from crawler.clean import clean_line, cut
from crawler.feeds import parse_feed
from crawler.guard import linked_address
from crawler.listings import Listing, refusal
from crawler.page import looks_like_html, meta, parse, text_of
from crawler.sitemaps import is_sitemap
from storage.types import AddressKind, CrawlFailure, FailureReason, HomePage, NamedAddress

#: addresses taken over from one page
MAX_ADDRESSES = 30
_MAX_NAME = 200
_MAX_ANCHORS = 5000
_MAX_RULES = 512 * 1024
_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/xml"}
    | {"text/xml", "application/json"}
)
# JSON and XML are declared for much else; these need a word that says feed.
_VAGUE_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
_SAYS_FEED = re.compile(r"(?:^|[/._=?&-])(?:rss\w*|feeds?|atom|backend|fluxrss|flux)(?:$|[/._=?&-])", re.IGNORECASE)
_WORDS_SAY_FEED = re.compile(r"\b(?:rss|atom|flux|feeds?)\b", re.IGNORECASE)
_OF_COMMENTS = re.compile(r"comment", re.IGNORECASE)
_SITEMAP_LINE = re.compile(rb"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,4096})", re.IGNORECASE | re.MULTILINE)
_CODE = re.compile(r"[a-z]{2}")

#: paths of feeds and sitemaps by the convention of publishing systems, most common first
_CONVENTIONS = (
    (AddressKind.FEED, "/feed/"),
    (AddressKind.FEED, "/rss"),
    (AddressKind.FEED, "/rss.xml"),
    (AddressKind.FEED, "/feed.xml"),
    (AddressKind.FEED, "/atom.xml"),
    (AddressKind.FEED, "/spip.php?page=backend"),
    (AddressKind.FEED, "/arc/outboundfeeds/rss/?outputType=xml"),
    (AddressKind.FEED, "/?format=feed&type=rss"),
    (AddressKind.SITEMAP, "/news-sitemap.xml"),
    (AddressKind.SITEMAP, "/sitemap-news.xml"),
    (AddressKind.SITEMAP, "/sitemap.xml"),
)


def discover(body: bytes, url: str, *, content_type: str | None = None) -> Listing | CrawlFailure:
    """Return what an address says of where articles are listed: itself, or what it names.

    Args:
        body: the answer, content codings undone.
        url: its address; robots.txt is read as such.
        content_type: the Content-Type header.
    """
    if urlsplit(url).path == "/robots.txt":
        return Listing(home=HomePage(addresses=_from_robots(body, url)))
    if is_sitemap(body):
        return Listing(home=HomePage(kind=AddressKind.SITEMAP))
    tree = parse(body, http_content_type_encoding(content_type)) if looks_like_html(body) else None
    listing = parse_feed(body, url, content_type)
    if isinstance(listing, Listing):
        return Listing(home=HomePage(kind=AddressKind.FEED))
    if tree is None:
        if listing.reason is FailureReason.NOT_A_FEED:
            return refusal(FailureReason.NOT_A_FEED, "the address gave neither a web page nor a feed nor a sitemap")
        return listing
    return Listing(home=HomePage(title=_name(tree), language=_language(tree), addresses=_from_page(tree, url)))


def usual_places(url: str) -> tuple[NamedAddress, ...]:
    """Return where publishing systems put feeds and sitemaps by convention, on the host of ``url``."""
    return tuple(NamedAddress(kind=kind, url=urljoin(url, path)) for kind, path in _CONVENTIONS)


def _name(tree: HtmlElement) -> str:
    site = meta(tree, "og:site_name", "application-name")
    title = next((text_of(element) for element in tree.iter("title")), "")
    return cut(site or re.split(r"\s+[-–—|:·]\s+", title)[0], _MAX_NAME)


def _language(tree: HtmlElement) -> str | None:
    code = re.split(r"[-_]", (tree.get("lang") or "").strip().lower(), maxsplit=1)[0]
    return code if _CODE.fullmatch(code) else None


def _from_page(tree: HtmlElement, page: str) -> tuple[NamedAddress, ...]:
    base = page
    for element in tree.iter("base"):
        base = _address(page, element.get("href")) or page
        break
    found: dict[str, NamedAddress] = {}
    for element in tree.iter("link"):
        relations = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").split(";", 1)[0].strip().lower()
        if "alternate" in relations and kind in _FEED_TYPES:
            _take(found, base, element.get("href"), element.get("title") or "", vague=kind in _VAGUE_TYPES)
    for number, element in enumerate(tree.iter("a")):
        if number >= _MAX_ANCHORS:
            break
        words = text_of(element) or clean_line(element.get("title") or "")
        _take(found, base, element.get("href"), words, vague=not _WORDS_SAY_FEED.search(words[:100]))
    return tuple(found.values())[:MAX_ADDRESSES]


def _take(found: dict[str, NamedAddress], base: str, href: str | None, title: str, *, vague: bool) -> None:
    url = _address(base, href)
    if url is None or _OF_COMMENTS.search(title) or _OF_COMMENTS.search(urlsplit(url).path):
        return
    parts = urlsplit(url)
    if vague and not _SAYS_FEED.search(f"{parts.path}?{parts.query}"):
        return
    found.setdefault(url, NamedAddress(kind=AddressKind.FEED, url=url, title=cut(clean_line(title), _MAX_NAME)))


def _from_robots(body: bytes, url: str) -> tuple[NamedAddress, ...]:
    stated = [match[1].decode("utf-8", "replace") for match in _SITEMAP_LINE.finditer(body[:_MAX_RULES])]
    found = dict.fromkeys(address for line in stated if (address := _address(url, line)) is not None)
    return tuple(NamedAddress(kind=AddressKind.SITEMAP, url=address) for address in found)[:MAX_ADDRESSES]


def _address(base: str, href: str | None) -> str | None:
    href = (href or "").strip()
    # Some sites write feed:https://… for programs that subscribe.
    href = href.removeprefix("feed:") if href.startswith("feed:http") else href
    return None if href.startswith("#") else linked_address(base, href)
