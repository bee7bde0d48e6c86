"""Second looks at pages: when the next one is due, and what the last one gave. Safe across a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import CrawlFailure, FailureReason, FeedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLook:
    """An article whose page is to be looked at again."""

    article_id: int
    key: str
    source_id: str
    url: str
    host: str
    #: what the feed said of the page, None when nothing is known of it any more
    entry: FeedEntry | None
    etag: str | None
    last_modified: str | None
    #: looks made so far
    looks: int
    #: answers in a row that said the page is gone
    missing: int
    #: the first of them
    missing_since: datetime | None
    changed_at: datetime | None
    first_seen_at: datetime
    effective_at: datetime
    has_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswers:
    """What the other pages of a host were found to be, each at its latest look."""

    #: pages that were there
    there: int
    #: pages that seemed gone
    missing: int


def begin(
    database: Database,
    article_id: int,
    *,
    host: str,
    next_look_at: datetime | None,
    reason: str,
    has_signal: bool,
    etag: str | None,
    last_modified: str | None,
    read_at: datetime | None = None,
) -> None:
    """Plan the first look at an article's page; one that is planned already stays as it is.

    ``read_at`` is when the page itself was read, None when it was not.
    """
    database.execute(
        """
        INSERT INTO look (article_id, host, next_look_at, reason, has_signal, etag, last_modified, looked_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (article_id) DO NOTHING
        """,
        (
            article_id, host, to_text_or_none(next_look_at), reason, int(has_signal), etag, last_modified,
            to_text_or_none(read_at),
        ),
    )  # fmt: skip


def due(
    database: Database,
    now: datetime,
    limit: int,
    *,
    busy_hosts: Iterable[str] = (),
    host_looks: int,
    reserved_looks: int,
) -> list[DueLook]:
    """Return looks that are due, longest overdue first, at most one a host.

    Args:
        database: the archive.
        now: the present.
        limit: at most so many.
        busy_hosts: hosts that are being looked at.
        host_looks: looks a host gets within a day (UTC).
        reserved_looks: how many of them only articles with signals get.
    """
    rows = database.query(
        """
        WITH RECURSIVE
        -- The index gives each host and its next look at once, however many wait.
        host (name) AS (
            SELECT min(host) FROM look
            UNION ALL SELECT (SELECT min(l.host) FROM look l WHERE l.host > host.name) FROM host
                WHERE host.name IS NOT NULL
        ),
        room (name, plain, signal) AS (
            SELECT host.name, coalesce(d.looks, 0) < :all - :reserved, coalesce(d.looks, 0) < :all
            FROM host LEFT JOIN look_day d ON d.host = host.name AND d.day = :day
            WHERE host.name IS NOT NULL AND host.name NOT IN (SELECT value FROM json_each(:busy))
        ),
        next (article_id) AS (
            SELECT (SELECT article_id FROM look WHERE host = room.name AND has_signal = 1 AND next_look_at <= :now
                ORDER BY next_look_at LIMIT 1) FROM room WHERE room.signal
            UNION ALL
            SELECT (SELECT article_id FROM look WHERE host = room.name AND has_signal = 0 AND next_look_at <= :now
                ORDER BY next_look_at LIMIT 1) FROM room WHERE room.plain
        ),
        ready AS (
            SELECT l.*, min(l.next_look_at) FROM next JOIN look l ON l.article_id = next.article_id GROUP BY l.host
        )
        SELECT ready.*, a.key, a.source_id, a.url, a.first_seen_at, a.effective_at, e.url AS entry_url, e.title,
            e.summary, e.authors AS entry_authors, e.published_at AS entry_published_at, e.guid, e.updated_at
        FROM ready JOIN article a ON a.id = ready.article_id LEFT JOIN entry e ON e.key = a.key
        ORDER BY ready.next_look_at, ready.article_id LIMIT :limit
        """,
        {
            "day": _day(now), "now": to_text(now), "busy": json.dumps(list(busy_hosts)), "all": host_looks,
            "reserved": reserved_looks, "limit": limit,
        },
    )  # fmt: skip
    return [_due(row) for row in rows]


def record(
    database: Database,
    look: DueLook,
    *,
    next_look_at: datetime | None,
    reason: str,
    missing: int,
    changed_at: datetime | None,
    has_signal: bool,
    etag: str | None,
    last_modified: str | None,
    failure: CrawlFailure | None,
    now: datetime,
) -> None:
    """Store what a look gave and when the next one is due, and count it for its host."""
    database.execute(
        """
        UPDATE look SET next_look_at = :at, reason = :reason, looks = looks + 1, missing = :missing,
            changed_at = :changed_at, has_signal = :has_signal, etag = :etag, last_modified = :last_modified,
            failure = :failure, detail = :detail, looked_at = :now,
            missing_since = iif(:missing = 0, NULL, coalesce(missing_since, :now))
        WHERE article_id = :id
        """,
        {
            "at": to_text_or_none(next_look_at), "reason": reason, "missing": missing,
            "changed_at": to_text_or_none(changed_at), "has_signal": int(has_signal), "etag": etag,
            "last_modified": last_modified, "failure": failure.reason if failure else None,
            "detail": failure.detail if failure else None, "now": to_text(now), "id": look.article_id,
        },
    )  # fmt: skip
    database.execute(
        """
        INSERT INTO look_day (host, day, looks) VALUES (?, ?, 1)
        ON CONFLICT (host, day) DO UPDATE SET looks = looks + 1
        """,
        (look.host, _day(now)),
    )


def others(database: Database, look: DueLook, since: datetime, reasons: Iterable[FailureReason]) -> HostAnswers:
    """Return what the other pages of a look's host were found to be since a moment.

    Args:
        database: the archive.
        look: the page that is left out.
        since: what was found before says nothing.
        reasons: failures that say a page is gone; pages that failed otherwise are not counted.
    """
    row = database.execute(
        """
        SELECT count(*) FILTER (WHERE failure IS NULL),
            count(*) FILTER (WHERE failure IN (SELECT value FROM json_each(:reasons)))
        FROM look WHERE host = :host AND article_id <> :id AND looked_at >= :since
        """,
        {"host": look.host, "id": look.article_id, "since": to_text(since), "reasons": json.dumps(list(reasons))},
    ).fetchone()
    return HostAnswers(there=int(row[0]), missing=int(row[1]))


def seen_at(database: Database, article_id: int) -> datetime | None:
    """Return when an article's page was last looked at and was there, None when it was not."""
    row = database.execute("SELECT looked_at FROM look WHERE article_id = ? AND failure IS NULL", (article_id,))
    found = row.fetchone()
    return None if found is None else from_text_or_none(found[0])


def postpone(database: Database, article_id: int, next_look_at: datetime | None, reason: str) -> None:
    """Move a look that was not made; None gives it up."""
    database.execute(
        "UPDATE look SET next_look_at = ?, reason = ? WHERE article_id = ?",
        (to_text_or_none(next_look_at), reason, article_id),
    )


def hasten(database: Database, key: str, now: datetime, *, max_looks: int) -> None:
    """Make an article's next look due at once, because its feed says it changed; also after the last planned one."""
    database.execute(
        """
        UPDATE look SET next_look_at = min(coalesce(next_look_at, :now), :now), reason = 'feed'
        WHERE article_id = (SELECT id FROM article WHERE key = :key) AND looks < :max
        """,
        {"now": to_text(now), "key": key, "max": max_looks},
    )


def count_due(database: Database, now: datetime) -> int:
    """Return how many looks are due."""
    row = database.execute("SELECT count(*) FROM look WHERE next_look_at <= ?", (to_text(now),)).fetchone()
    return int(row[0])


def next_at(database: Database, article_id: int) -> tuple[datetime | None, str] | None:
    """Return when an article's page is looked at again and why, or None when it never is."""
    row = database.execute("SELECT next_look_at, reason FROM look WHERE article_id = ?", (article_id,)).fetchone()
    return None if row is None else (from_text_or_none(row[0]), row[1])


def clamp(database: Database, latest: datetime) -> int:
    """Pull looks planned after ``latest`` forward: a clock that ran ahead must not park them."""
    cursor = database.execute(
        "UPDATE look SET next_look_at = ? WHERE next_look_at > ?", (to_text(latest), to_text(latest))
    )
    return int(cursor.rowcount)


def forget(database: Database, before: datetime) -> int:
    """Delete what is known of looks at articles first seen before a moment that are over, and old counts."""
    database.execute("DELETE FROM look_day WHERE day < ?", (_day(before),))
    cursor = database.execute(
        """
        DELETE FROM look WHERE next_look_at IS NULL
            AND article_id IN (SELECT id FROM article WHERE first_seen_at < ?)
        """,
        (to_text(before),),
    )
    return int(cursor.rowcount)


def _day(moment: datetime) -> str:
    return to_text(moment)[:10]


def _due(row: dict[str, Any]) -> DueLook:
    return DueLook(
        article_id=row["article_id"],
        key=row["key"],
        source_id=row["source_id"],
        url=row["url"],
        host=row["host"],
        entry=_entry(row),
        etag=row["etag"],
        last_modified=row["last_modified"],
        looks=row["looks"],
        missing=row["missing"],
        missing_since=from_text_or_none(row["missing_since"]),
        changed_at=from_text_or_none(row["changed_at"]),
        first_seen_at=from_text(row["first_seen_at"]),
        effective_at=from_text(row["effective_at"]),
        has_signal=bool(row["has_signal"]),
    )


def _entry(row: dict[str, Any]) -> FeedEntry | None:
    if row["entry_url"] is None:
        return None
    return FeedEntry(
        url=row["entry_url"],
        title=row["title"],
        summary=row["summary"],
        authors=tuple(json.loads(row["entry_authors"])),
        published_at=from_text_or_none(row["entry_published_at"]),
        guid=row["guid"],
        updated_at=from_text_or_none(row["updated_at"]),
    )
