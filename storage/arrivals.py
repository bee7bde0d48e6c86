"""What a source listed before: is an entry new, or known under another address; how many came today."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import AddressKind, FeedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry the archive holds, as far as it takes to recognise it under another address."""

    id: int
    url: str
    guid: str | None
    #: the headline of its article where that was read, else the one it was listed with
    title: str
    published_at: datetime | None
    seen_at: datetime
    #: its page is still to be read
    is_pending: bool


def unknown_keys(database: Database, keys: Iterable[str]) -> set[str]:
    """Return those of the keys that no entry has."""
    asked = set(keys)
    rows = database.execute(
        "SELECT key FROM entry WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(sorted(asked)),)
    )
    return asked - {row[0] for row in rows}


def recent(database: Database, source_id: str, since: datetime) -> list[KnownEntry]:
    """Return the entries a source listed since then, the latest first."""
    return _known(database, "e.source_id = ? AND e.seen_at >= ?", (source_id, to_text(since)))


def with_guids(database: Database, source_id: str, guids: Iterable[str]) -> list[KnownEntry]:
    """Return the entries of a source that have one of these identities, the latest first."""
    stated = json.dumps(sorted(set(guids)))
    return _known(database, "e.source_id = ? AND e.guid IN (SELECT value FROM json_each(?))", (source_id, stated))


def _known(database: Database, where: str, parameters: tuple[str, ...]) -> list[KnownEntry]:
    rows = database.query(
        f"""
        SELECT e.id, e.url, e.guid, coalesce(r.title, e.title) AS title, e.published_at, e.seen_at, e.state
        FROM entry e LEFT JOIN article a ON a.id = e.article_id LEFT JOIN revision r ON r.id = a.revision_id
        WHERE {where} ORDER BY e.seen_at DESC, e.id DESC LIMIT 5000
        """,  # noqa: S608 (fixed text)
        parameters,
    )
    return [
        KnownEntry(
            id=row["id"],
            url=row["url"],
            guid=row["guid"],
            title=row["title"],
            published_at=from_text_or_none(row["published_at"]),
            seen_at=from_text(row["seen_at"]),
            is_pending=row["state"] == "pending",
        )
        for row in rows
    ]


def link(database: Database, source_id: str, key: str, entry: FeedEntry, known: KnownEntry, now: datetime) -> None:
    """Note that a known entry is listed under another address now; its page is read at the new one if it is due."""
    database.execute(
        """
        INSERT INTO entry (key, source_id, url, title, summary, authors, published_at, guid, updated_at, seen_at,
            state, next_attempt_at, article_id)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'done', ?, article_id FROM entry WHERE id = ?
        ON CONFLICT (key) DO NOTHING
        """,
        (
            key, source_id, entry.url, entry.title, entry.summary, json.dumps(entry.authors),
            to_text_or_none(entry.published_at), entry.guid, to_text_or_none(entry.updated_at), to_text(now),
            to_text(now), known.id,
        ),
    )  # fmt: skip
    database.execute("UPDATE entry SET url = ? WHERE id = ? AND state = 'pending'", (entry.url, known.id))


def note_kind(database: Database, key: str, kind: AddressKind) -> None:
    """Note what kind of address an entry came from."""
    database.execute("UPDATE entry SET kind = ? WHERE key = ?", (kind, key))


def count_since(database: Database, source_id: str, kind: AddressKind, since: datetime) -> int:
    """Return how many entries a source's addresses of one kind brought since then."""
    row = database.execute(
        "SELECT count(*) FROM entry WHERE source_id = ? AND seen_at >= ? AND kind = ?",
        (source_id, to_text(since), kind),
    ).fetchone()
    return int(row[0])


def note_overflow(database: Database, source_id: str, url: str, now: datetime, *, again_after: datetime) -> bool:
    """Note that an address lists more than is taken over; return whether it is time to say so (again)."""
    cursor = database.execute(
        """
        UPDATE feed SET limited_at = ? WHERE source_id = ? AND url = ? AND (limited_at IS NULL OR limited_at < ?)
        """,
        (to_text(now), source_id, url, to_text(again_after)),
    )
    return cursor.rowcount == 1
