"""The fast path for feeds: well-formed XML of the plain kind, read by fastfeedparser.

fastfeedparser is some forty times faster than feedparser and differs from it in many corners: it cuts text
at an entity it does not know, guesses links and dates, keeps one author, changes line separators. So a strict parse
comes first, and every item must be of a form for which both give the same (:func:`_plain`). Whatever
is not plain is None here and goes to the reference. A differential test over generated feeds holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import fastfeedparser
from lxml import etree

from crawler.dates import read_date
from crawler.guard import linked_address
from crawler.listings import MAX_ENTRIES, make_entry
from storage.types import FeedEntry

_ATOM = "{http://www.w3.org/2005/Atom}"
_RSS1 = "{http://purl.org/rss/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)[\"']")
# Things only the reference reads rightly: document types (entities), bases of relative links, line
# separators that fastfeedparser replaces, and its placeholders.
_FOREIGN = re.compile(rb"<!DOCTYPE|<!ENTITY|xml:base|\xe2\x80[\xa8\xa9]|\xee\x80[\x80\x81]", re.IGNORECASE)
# UTF-8 read as Latin-1, which feedparser repairs.
_DOUBLY_ENCODED = re.compile("[\xc2-\xf4][\x80-\xbf]")
_ABSOLUTE = re.compile(r"https?://[\w.-]+(?::\d+)?(?:[/?][!-~]*)?|(?:urn|tag):[!-~]+", re.ASCII)
#: elements of an item that say nothing of what is read here, to either parser
_OTHERS = frozenset(
    {"category", "comments", "enclosure", f"{_DC}subject", "{http://purl.org/rss/1.0/modules/slash/}comments"}
    | {"{http://wellformedweb.org/CommentAPI/}commentRss", f"{_ATOM}category", f"{_ATOM}rights"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """How a dialect calls what is read of an item."""

    item: str
    title: str
    link: str
    guid: str
    summary: str
    content: str
    #: where the publication stands, and the last change
    published: str
    updated: str
    author: str


_RSS2_NAMES = _Names(
    item="item",
    title="title",
    link="link",
    guid="guid",
    summary="description",
    content=_CONTENT,
    published="pubDate",
    updated=f"{_DC}date",
    author=f"{_DC}creator",
)
_RSS1_NAMES = _Names(
    item=f"{_RSS1}item",
    title=f"{_RSS1}title",
    link=f"{_RSS1}link",
    guid="",
    summary=f"{_RSS1}description",
    content=_CONTENT,
    published="",
    updated=f"{_DC}date",
    author=f"{_DC}creator",
)
_ATOM_NAMES = _Names(
    item=f"{_ATOM}entry",
    title=f"{_ATOM}title",
    link=f"{_ATOM}link",
    guid=f"{_ATOM}id",
    summary=f"{_ATOM}summary",
    content=f"{_ATOM}content",
    published=f"{_ATOM}published",
    updated=f"{_ATOM}updated",
    author=f"{_ATOM}author",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What the strict parse found of one plain item."""

    published_at: datetime | None
    updated_at: datetime | None
    has_summary: bool
    has_content: bool
    has_author: bool
    guid: str


def read_plain_feed(body: bytes, url: str) -> tuple[FeedEntry, ...] | None:
    """Return the entries of a plain feed, or None when the feed is not plain and the reference must read it."""
    root = _strict(body)
    names = _names(root)
    if root is None or names is None:
        return None
    elements = list(root.iter(names.item))
    if not 0 < len(elements) <= MAX_ENTRIES:
        return None
    plain: list[_Item] = []
    for element in elements:
        item = _plain(element, names)
        if item is None:
            return None
        plain.append(item)
    try:
        # Bytes, because text that begins like an address would be fetched.
        parsed = fastfeedparser.parse(bytes(body), include_tags=False, include_media=False, include_enclosures=False)
        found = parsed["entries"]
    except (ValueError, KeyError, TypeError, AttributeError, etree.XMLSyntaxError):
        return None
    if len(found) != len(plain):
        return None
    entries = [_entry(given, item, url) for given, item in zip(found, plain, strict=True)]
    kept = tuple(entry for entry in entries if entry is not None)
    return kept if len(kept) == len(entries) else None


def is_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8, which text in another encoding practically never is."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body


def _strict(body: bytes) -> Any:
    """Return the tree of well-formed UTF-8, or None."""
    declared = _DECLARED.search(body[:200])
    if not is_utf8(body) or (declared and declared[1].lower() not in {b"utf-8", b"utf8", b"us-ascii"}):
        return None
    if _FOREIGN.search(body):
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _names(root: Any) -> _Names | None:
    tag = None if root is None else root.tag
    if tag == "rss":
        return _RSS2_NAMES
    if tag == f"{_RDF}RDF":
        return _RSS1_NAMES
    return _ATOM_NAMES if tag == f"{_ATOM}feed" else None


def _plain(element: Any, names: _Names) -> _Item | None:
    """Return what an item holds when both parsers read it alike, else None."""
    fields: dict[str, Any] = {}
    links: list[Any] = []
    for child in element:
        if child.tag in _OTHERS:
            continue
        if child.tag == names.link and names is _ATOM_NAMES:
            links.append(child)
        elif child.tag in fields or not _is_plain_field(child, names):
            return None
        else:
            fields[child.tag] = child
    if names is _ATOM_NAMES:
        if len([link for link in links if link.get("rel") in {None, "alternate"}]) != 1 or any(map(len, links)):
            return None
    elif not _words(fields.get(names.link)) or (element.get(f"{_RDF}about") is None) == (names is _RSS1_NAMES):
        return None
    stated = [_words(fields.get(name)) for name in (names.published, names.updated)]
    moments = [read_date(text) for text in stated]
    if not _words(fields.get(names.title)) or any(
        text and not moment for text, moment in zip(stated, moments, strict=True)
    ):
        return None
    guid = fields.get(names.guid)
    # feedparser resolves an identity that is a relative address.
    is_free = guid is not None and guid.get("isPermaLink") == "false"
    if _words(guid) and not is_free and not _ABSOLUTE.fullmatch(_words(guid)):
        return None
    published, updated = (moment.at if moment else None for moment in moments)
    return _Item(
        published_at=published or updated,
        updated_at=updated,
        has_summary=bool(_words(fields.get(names.summary))),
        has_content=bool(_words(fields.get(names.content))),
        has_author=names.author in fields,
        guid=_words(guid) or element.get(f"{_RDF}about") or "",
    )


def _is_plain_field(child: Any, names: _Names) -> bool:
    """Whether a field is one that is known, with text alone inside and nothing for feedparser to repair."""
    known = {names.title, names.link, names.guid, names.summary, names.content, names.published, names.updated}
    if child.tag == names.author and names is _ATOM_NAMES:
        return [part.tag for part in child] == [f"{_ATOM}name"] and _is_name(_words(next(iter(child))))
    if child.tag == names.author:
        return len(child) == 0 and _is_name(child.text or "")
    return (
        child.tag in known
        and len(child) == 0
        and child.get("type", "text") in {"text", "html"}
        and not child.get("src")
        and child.get("mode") is None
        and not _DOUBLY_ENCODED.search(child.text or "")
    )


def _is_name(text: str) -> bool:
    return bool(text.strip()) and not set("@()<>&,;") & set(text) and not _DOUBLY_ENCODED.search(text)


def _words(element: Any) -> str:
    return "" if element is None else (element.text or "").strip()


def _entry(given: Any, item: _Item, base: str) -> FeedEntry | None:
    url = linked_address(base, _link(given))
    if url is None:
        return None
    summary = given.get("description") if item.has_summary else ""
    if item.has_content and not item.has_summary:
        content = list(given.get("content") or ())
        if not content:
            return None
        summary = content[0]["value"]
    return make_entry(
        url=url,
        title=given.get("title") or "",
        summary=summary or "",
        published_at=item.published_at,
        updated_at=item.updated_at,
        authors=(given.get("author") or "",) if item.has_author else (),
        guid=item.guid,
    )


def _link(given: Any) -> str:
    """Return the one link to the article; Atom items may have others beside it."""
    for link in given.get("links") or ():
        if link.get("rel") in {None, "alternate"} and link.get("href"):
            return str(link["href"])
    return str(given.get("link") or "")
