"""Feed entries whose page is still to be read: the crawler's work queue, safe across a crash.

A feed's validators and the entries it brought are stored in one transaction. A crash after it repeats
the page fetches; a crash before it repeats the poll. Either way no entry is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import CrawlFailure, FailureReason, FeedEntry

#: no page waits longer than this for its next attempt
LONGEST_WAIT = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """An entry whose page is due."""

    id: int
    #: identity of the article, over tracking parameters and the like
    key: str
    source_id: str
    entry: FeedEntry
    #: fetches that failed so far
    attempts: int
    #: when the entry was first listed
    seen_at: datetime


def add(database: Database, source_id: str, key: str, entry: FeedEntry, now: datetime) -> bool:
    """Queue an entry unless its key is known already; return whether it is new."""
    cursor = database.execute(
        """
        INSERT INTO entry (key, source_id, url, title, summary, authors, published_at, guid, updated_at, seen_at,
            state, next_attempt_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?) ON CONFLICT (key) DO NOTHING
        """,
        (
            key, source_id, entry.url, entry.title, entry.summary, json.dumps(entry.authors),
            to_text_or_none(entry.published_at), entry.guid, to_text_or_none(entry.updated_at),
            to_text(now), to_text(now),
        ),
    )  # fmt: skip
    return cursor.rowcount == 1


def renew(database: Database, key: str, entry: FeedEntry) -> bool:
    """Take over a later date of change of a known entry; return whether it lies after the entry was first seen.

    Titles are no sign of a change: the feed and the sitemap of one outlet word them differently.
    """
    cursor = database.execute(
        """
        UPDATE entry SET updated_at = :updated
        WHERE key = :key AND :updated > seen_at AND (updated_at IS NULL OR updated_at < :updated)
        """,
        {"key": key, "updated": to_text_or_none(entry.updated_at)},
    )
    return cursor.rowcount == 1


def due(
    database: Database, now: datetime, limit: int, *, busy: frozenset[int] = frozenset(), per_source: int = 1_000_000
) -> list[PendingEntry]:
    """Return entries whose page should be fetched now, oldest first, except those under way or of paused sources.

    Args:
        database: the archive.
        now: the present.
        limit: most entries returned.
        busy: ids of entries whose page is being read.
        per_source: most entries of one source, those under way included. A host is asked one page at a
            time, so a long backlog of one outlet would otherwise hold every place.
    """
    # The recursion seeks from one waiting source to the next; DISTINCT would walk over every waiting entry.
    rows = database.query(
        """
        WITH RECURSIVE waiting (id) AS (
            SELECT min(source_id) FROM entry WHERE state = 'pending'
            UNION ALL
            SELECT (SELECT min(source_id) FROM entry WHERE state = 'pending' AND source_id > waiting.id)
            FROM waiting WHERE waiting.id IS NOT NULL
        )
        SELECT entry.* FROM waiting JOIN entry ON entry.id IN (
            SELECT id FROM entry WHERE state = 'pending' AND source_id = waiting.id AND next_attempt_at <= :now
            ORDER BY next_attempt_at, id LIMIT :per_source
        )
        WHERE waiting.id NOT IN (SELECT source_id FROM source_pause WHERE ends_at IS NULL OR ends_at > :now)
        ORDER BY entry.next_attempt_at, entry.id LIMIT :limit
        """,
        {"now": to_text(now), "per_source": per_source, "limit": limit + len(busy)},
    )
    return [_pending(row) for row in rows if row["id"] not in busy][:limit]


def count_due(database: Database, now: datetime) -> int:
    """Return how many pages are due, those of paused sources left out."""
    row = database.execute(
        "SELECT count(*) FROM entry WHERE state = 'pending' AND next_attempt_at <= ? "
        "AND source_id NOT IN (SELECT source_id FROM source_pause)",
        (to_text(now),),
    ).fetchone()
    return int(row[0])


def oldest_due(database: Database) -> datetime | None:
    """Return when the oldest entry that was never tried turned up, those of paused sources left out."""
    row = database.execute(
        "SELECT min(seen_at) FROM entry WHERE state = 'pending' AND attempts = 0 "
        "AND source_id NOT IN (SELECT source_id FROM source_pause)"
    ).fetchone()
    return from_text_or_none(row[0])


def read(database: Database, entry_id: int, article_id: int) -> None:
    """Mark an entry's page as read into an article."""
    database.execute(
        "UPDATE entry SET state = 'done', article_id = ?, failure = NULL, detail = NULL WHERE id = ?",
        (article_id, entry_id),
    )


def failed(
    database: Database,
    entry_id: int,
    failure: CrawlFailure,
    next_attempt_at: datetime | None,
    article_id: int | None,
    *,
    counted: bool = True,
) -> None:
    """Record a failed fetch; without a next attempt the page is given up.

    Args:
        database: the archive, inside a transaction.
        entry_id: whose page failed.
        failure: the named reason.
        next_attempt_at: when to try again, or None.
        article_id: the partial article stored from the entry's own title and summary, if any.
        counted: False when the host only asked to be asked later.
    """
    database.execute(
        """
        UPDATE entry SET attempts = attempts + ?, failure = ?, detail = ?, article_id = coalesce(?, article_id),
            state = CASE WHEN ? IS NULL THEN 'failed' ELSE 'pending' END, next_attempt_at = coalesce(?, next_attempt_at)
        WHERE id = ?
        """,
        (
            int(counted), failure.reason, failure.detail, article_id, to_text_or_none(next_attempt_at),
            to_text_or_none(next_attempt_at), entry_id,
        ),
    )  # fmt: skip


def unread(database: Database, article_id: int) -> CrawlFailure | None:
    """Return why an article's page could not be read the last time, or None when it could, or nothing is known."""
    row = database.execute(
        """
        SELECT e.failure, e.detail FROM entry e JOIN article a ON a.key = e.key
        WHERE a.id = ? AND a.partial = 1 AND e.failure IS NOT NULL
        """,
        (article_id,),
    ).fetchone()
    return None if row is None else CrawlFailure(reason=FailureReason(row[0]), detail=row[1] or "")


def clamp(database: Database, now: datetime) -> int:
    """Make pages due that a clock which ran ahead had parked; return how many."""
    cursor = database.execute(
        """
        UPDATE entry SET next_attempt_at = :now
        WHERE state = 'pending' AND next_attempt_at > :now AND (seen_at > :now OR next_attempt_at > :latest)
        """,
        {"now": to_text(now), "latest": to_text(now + LONGEST_WAIT)},
    )
    return int(cursor.rowcount)


def _pending(row: dict[str, Any]) -> PendingEntry:
    return PendingEntry(
        id=row["id"],
        key=row["key"],
        source_id=row["source_id"],
        attempts=row["attempts"],
        seen_at=from_text(row["seen_at"]),
        entry=FeedEntry(
            url=row["url"],
            title=row["title"],
            summary=row["summary"],
            authors=tuple(json.loads(row["authors"])),
            published_at=from_text_or_none(row["published_at"]),
            guid=row["guid"],
            updated_at=from_text_or_none(row["updated_at"]),
        ),
    )
