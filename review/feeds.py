"""A view as a feed: Atom (RFC 4287) and JSON Feed 1.1, from the same entries.

Ids are ``tag:`` addresses (RFC 4151) of the archive's own numbers, so they stay when the service moves; all text is
plain text, so nothing that was fetched can be markup in a reader. An archive longer than one page is linked page by
page (RFC 5005 section 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"
_NAMESPACE = "http://www.w3.org/2005/Atom"
#: the year from which on the name in ``tag:`` addresses is said to be ours (RFC 4151 section 2.1)
_TAGGED_SINCE = "2026"
# What XML 1.0 does not allow, whichever way it is written (XML 1.0 section 2.2).
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One event of a feed."""

    story_id: int
    title: str
    #: plain text: what happened, the sentence that proves it, who reports it
    text: str
    published: datetime
    updated: datetime
    #: the outlet that reported it first
    author: str
    #: machine-readable terms: the type of the act, its states, the tags
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One page of a view."""

    #: of the view
    id: str
    title: str
    #: address of the service, without a slash at its end
    base: str
    #: path and query of this page of the feed
    path: str
    #: path and query of the feed's first page
    first: str
    #: path and query of the page after this one
    next: str | None
    #: path and query of the page that shows the same
    page: str
    language: str
    items: tuple[FeedItem, ...]
    #: what stands as the time of a feed without items
    now: datetime

    @property
    def updated(self) -> datetime:
        """When the newest item changed."""
        return max((item.updated for item in self.items), default=self.now)


def atom(feed: Feed) -> bytes:
    """Return a feed as an Atom document."""
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(_name("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": feed.language})
    _add(root, "id", _tag(feed.base, f"view/{feed.id}"))
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(feed.updated))
    _link(root, "self", feed.base + feed.path, "application/atom+xml")
    _link(root, "alternate", feed.base + feed.page, "text/html")
    _link(root, "first", feed.base + feed.first, "application/atom+xml")
    if feed.next is not None:
        _link(root, "next", feed.base + feed.next, "application/atom+xml")
    ET.SubElement(root, _name("generator")).text = "Vigie"
    _author(root, "Vigie")
    for item in feed.items:
        entry = ET.SubElement(root, _name("entry"))
        _add(entry, "id", _tag(feed.base, f"story/{item.story_id}"))
        _add(entry, "title", item.title)
        _add(entry, "published", _moment(item.published))
        _add(entry, "updated", _moment(item.updated))
        _link(entry, "alternate", f"{feed.base}/stories/{item.story_id}", "text/html")
        _author(entry, item.author)
        for term in item.terms:
            ET.SubElement(entry, _name("category"), {"term": xml_text(term)})
        content = ET.SubElement(entry, _name("content"), {"type": "text"})
        content.text = xml_text(item.text)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def json_feed(feed: Feed) -> bytes:
    """Return a feed as a JSON Feed document."""
    found: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title or feed.id,
        "home_page_url": feed.base + feed.page,
        "feed_url": feed.base + feed.path,
        "language": feed.language,
        "authors": [{"name": "Vigie", "url": f"{feed.base}/"}],
        "items": [_item(feed, item) for item in feed.items],
    }
    if feed.next is not None:
        found["next_url"] = feed.base + feed.next
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def _item(feed: Feed, item: FeedItem) -> dict[str, Any]:
    return {
        "id": _tag(feed.base, f"story/{item.story_id}"),
        "url": f"{feed.base}/stories/{item.story_id}",
        "title": item.title,
        "content_text": item.text or item.title,
        "date_published": _moment(item.published),
        "date_modified": _moment(item.updated),
        "authors": [{"name": item.author or "Vigie"}],
        "tags": list(item.terms),
    }


def xml_text(text: str) -> str:
    """Return text without the characters that no XML document may hold."""
    return _NO_XML.sub("\ufffd", text)


def terms_of(values: Sequence[str | None]) -> tuple[str, ...]:
    """Return the terms of an item: each once, none empty."""
    return tuple(dict.fromkeys(value for value in values if value))


def _name(tag: str) -> str:
    return f"{{{_NAMESPACE}}}{tag}"


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, _name(tag)).text = xml_text(text)


def _link(parent: ET.Element, rel: str, address: str, kind: str) -> None:
    ET.SubElement(parent, _name("link"), {"rel": rel, "type": kind, "href": xml_text(address)})


def _author(parent: ET.Element, name: str) -> None:
    author = ET.SubElement(parent, _name("author"))
    # A person without a name is none (RFC 4287 section 3.2.1).
    _add(author, "name", name or "Vigie")


def _tag(base: str, specific: str) -> str:
    return f"tag:{urlsplit(base).hostname or 'localhost'},{_TAGGED_SINCE}:{specific}"


def _moment(moment: datetime) -> str:
    """A time as RFC 3339 has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
