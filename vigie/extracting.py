"""Extraction alone: what the crawler would store of a page."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.types import Article, CrawlFailure, FailureReason, FeedEntry
from vigie import inputs
from vigie.errors import VigieError
from vigie.settings import Settings

#: bytes of a saved page; larger ones are no articles
LARGEST = 16 * 1024 * 1024


def read_bytes(name: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``; gzip is unpacked.

    Raises:
        VigieError: it cannot be read, or is too large.
    """
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = zlib.decompressobj(wbits=31).decompress(raw, LARGEST + 1)
    except (OSError, zlib.error, gzip.BadGzipFile) as error:
        raise VigieError(f"{name} cannot be read: {error}") from error
    if len(raw) > LARGEST:
        raise VigieError(f"{name} is larger than {LARGEST // 1024 // 1024} MiB")
    return raw


def is_html(raw: bytes) -> bool:
    """Tell whether bytes look like a web page."""
    start = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<!--")) or b"<html" in start or b"<body" in start


def extract_file(name: str, settings: Settings) -> dict[str, Any]:
    """Extract a saved page or a web address."""
    if name.startswith(("http://", "https://")):
        return asyncio.run(_extract_address(name, settings))
    return extract_bytes(name, read_bytes(name))


def extract_bytes(name: str, raw: bytes) -> dict[str, Any]:
    """Extract a saved page that was read already."""
    return _extract(name, raw, url=f"file:{name}", entry=None)


def extract_lines(name: str) -> Iterator[tuple[int, dict[str, Any], str | None]]:
    """Yield (number, record, problem) for each line ``{"id", "url", "file" or "html", "entry"?}``."""
    for number, line in inputs.read_lines(name):
        try:
            given = json.loads(line)
            if not isinstance(given, dict):
                raise TypeError("is not a JSON object")
            raw = given["html"].encode("utf-8", "replace") if "html" in given else read_bytes(given["file"])
            record = _extract(str(given.get("id", number)), raw, url=given.get("url") or "", entry=_entry(given))
        except KeyError as error:
            yield number, {}, f"lacks the key {error}"
        except (ValueError, TypeError, AttributeError, VigieError) as error:
            yield number, {}, str(error)
        else:
            yield number, record, None


def _entry(given: dict[str, Any]) -> FeedEntry | None:
    entry = given.get("entry")
    if not isinstance(entry, dict):
        return None
    published = entry.get("published")
    return FeedEntry(
        url=given.get("url") or "",
        title=entry.get("title") or "",
        summary=entry.get("summary") or "",
        published_at=inputs.parse_moment(published) if published else None,
    )


def _extract(name: str, raw: bytes, *, url: str, entry: FeedEntry | None) -> dict[str, Any]:
    from crawler.extract import read_page
    from scheduler.clock import now_utc

    reading = read_page(raw, url=url, encoding=None, entry=entry, fetched_at=now_utc(), source_id="file")
    return _record(name, reading.article, reading.failure)


async def _extract_address(url: str, settings: Settings) -> dict[str, Any]:
    from crawler.client import fetch_once
    from vigie.crawling import crawler_settings

    result = await fetch_once(url, crawler_settings(settings))
    if result.article is None and result.failure is None:
        missing = CrawlFailure(reason=FailureReason.INTERNAL, detail="the crawler gave no answer")
        return _record(url, None, missing)
    return _record(url, result.article, result.failure)


def _record(name: str, article: Article | None, failure: CrawlFailure | None) -> dict[str, Any]:
    return {
        "id": name,
        "title": article.title if article else "",
        "lede": article.lede if article else "",
        "paragraphs": list(article.paragraphs) if article else [],
        "date": _date(article.published_at) if article else None,
        "modified": _date(article.modified_at) if article else None,
        "authors": list(article.authors) if article else [],
        "lang": article.language if article else None,
        "agency": article.agency if article else None,
        "canonical_url": article.canonical_url if article else None,
        "partial": article.partial if article else False,
        "failure": failure.reason.value if failure else None,
        "detail": failure.detail if failure else None,
    }


def _date(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
