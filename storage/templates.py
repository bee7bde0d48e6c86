"""Texts that stand at several addresses of one source: a wall or a template, not an article each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlite_utils import Database

from storage.comparing import words
from storage.times import to_text
from storage.types import Article

#: how far apart two readings of one template may lie
REMEMBERED = timedelta(hours=24)


def text_key(article: Article) -> str:
    """Return a key that pages share whose standfirst and text have the same words; titles may come from feeds."""
    lines: Iterable[str] = (article.lede, *article.paragraphs)
    body = " ".join(word for line in lines for word in words(line))
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def addresses_with(database: Database, article: Article, entry_key: str, now: datetime) -> int:
    """Remember the text of a page; return at how many addresses of its source it stood lately, this one included."""
    key = text_key(article)
    database.execute(
        "INSERT INTO page_text (source_id, text, entry_key, seen_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (source_id, text, entry_key) DO UPDATE SET seen_at = excluded.seen_at",
        (article.source_id, key, entry_key, to_text(now)),
    )
    row = database.execute(
        "SELECT count(*) FROM page_text WHERE source_id = ? AND text = ? AND seen_at > ?",
        (article.source_id, key, to_text(now - REMEMBERED)),
    ).fetchone()
    return int(row[0])


def forget(database: Database, now: datetime) -> None:
    """Let go of texts read longer ago than templates are looked for."""
    database.execute("DELETE FROM page_text WHERE seen_at <= ?", (to_text(now - REMEMBERED),))
