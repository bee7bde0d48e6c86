"""JSON Feed 1.0 and 1.1 (jsonfeed.org): bytes in, entries out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from crawler.dates import read_date
from crawler.guard import linked_address
from crawler.hints import websub
from crawler.listings import MAX_ENTRIES, Listing, make_entry, refusal
from storage.types import CrawlFailure, FailureReason, FeedEntry, PaceHints

_VERSION = "jsonfeed.org/version/1"
_MARK = b"\xef\xbb\xbf"


def is_json(body: bytes) -> bool:
    """Whether the bytes begin as a JSON object does."""
    return body[:64].removeprefix(_MARK).lstrip()[:1] == b"{"


def read_json_feed(body: bytes, url: str) -> Listing | CrawlFailure:
    """Return the entries of a JSON Feed in its own order, or why it has none.

    Args:
        body: the feed as received, content codings undone.
        url: its address, against which relative links are resolved.
    """
    try:
        feed = json.loads(body.removeprefix(_MARK).decode("utf-8"))
    except (ValueError, RecursionError):
        return refusal(FailureReason.NOT_A_FEED, "the address gave JSON that cannot be read, no feed")
    if _VERSION not in _text(feed, "version"):
        return refusal(FailureReason.NOT_A_FEED, "the address gave JSON that is no JSON Feed, often an error message")
    items = feed.get("items")
    if not isinstance(items, list) or not items:
        return refusal(FailureReason.EMPTY_FEED, "the feed is well-formed but lists nothing")
    entries = tuple(entry for item in items[:MAX_ENTRIES] if (entry := _entry(item, url)) is not None)
    if not entries:
        return refusal(FailureReason.EMPTY_FEED, f"none of the feed's {len(items)} items has a web address")
    return Listing(entries=entries, hints=_hints(feed, url))


def _hints(feed: dict[str, Any], url: str) -> PaceHints:
    hubs = feed.get("hubs")
    links = [("hub", _text(hub, "url")) for hub in (hubs if isinstance(hubs, list) else ())]
    topic = _text(feed, "feed_url")
    hub, found = websub([*links, *([("self", topic)] if topic else [])], url)
    return PaceHints(hub=hub, topic=found)


def _entry(item: Any, base: str) -> FeedEntry | None:
    url = _link(item, base)
    if url is None:
        return None
    published, updated = (_moment(item, name) for name in ("date_published", "date_modified"))
    return make_entry(
        url=url,
        title=_text(item, "title"),
        summary=_text(item, "summary") or _text(item, "content_html") or _text(item, "content_text"),
        published_at=published or updated,
        updated_at=updated,
        authors=_authors(item),
        guid=_text(item, "id"),
    )


def _text(values: Any, key: str) -> str:
    value = values.get(key) if isinstance(values, dict) else None
    # Version 1.0 lets an id be a number.
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _link(item: Any, base: str) -> str | None:
    identifier = _text(item, "id")
    candidates = (_text(item, "url"), _text(item, "external_url"), identifier if "://" in identifier else "")
    return next((url for candidate in candidates if (url := linked_address(base, candidate)) is not None), None)


def _moment(item: Any, key: str) -> datetime | None:
    stated = read_date(_text(item, key))
    return stated.at if stated else None


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    authors = item.get("authors")
    if not isinstance(authors, list):
        authors = [item.get("author")]
    return tuple(name for author in authors if (name := _text(author, "name")))
