"""Sources and what polling them gave: due times, validators, failures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text
from storage.types import AddressKind, CrawlFailure, FailureReason, FeedState, PollResult, Source, SourceState

#: longest wait between two polls of a source that keeps failing: it is never given up
LONGEST_BACKOFF = timedelta(hours=24)


def sync(database: Database, sources: Iterable[Source], now: datetime) -> None:
    """Make the archive's sources those of the configuration; a source that left it is switched off.

    What is known of a source (validators, failures, due time) survives; nothing is deleted.
    """
    database.execute("UPDATE source SET enabled = 0")
    for source in sources:
        database.execute(
            """
            INSERT INTO source (id, name, url, language, country, state_affiliation, enabled, next_check_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, language = excluded.language,
                country = excluded.country, state_affiliation = excluded.state_affiliation, enabled = excluded.enabled,
                -- A clock that ran ahead must not park a source in the future.
                next_check_at = min(next_check_at, ?)
            """,
            (
                source.id, source.name, source.url, source.language, source.country, source.state_affiliation,
                int(source.enabled), to_text(now), to_text(now + LONGEST_BACKOFF),
            ),
        )  # fmt: skip


def ensure(database: Database, source_id: str, name: str, url: str, now: datetime) -> None:
    """Make sure a source row exists for articles that come from elsewhere (an import); it is never polled."""
    database.execute(
        "INSERT INTO source (id, name, url, enabled, next_check_at) VALUES (?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING",
        (source_id, name, url, to_text(now)),
    )


def due(database: Database, now: datetime, limit: int = 100) -> list[str]:
    """Return ids of enabled sources whose time has come, longest overdue first."""
    rows = database.execute(
        "SELECT id FROM source WHERE enabled = 1 AND next_check_at <= ? ORDER BY next_check_at LIMIT ?",
        (to_text(now), limit),
    )
    return [row[0] for row in rows]


def claim(database: Database, source_id: str, until: datetime) -> None:
    """Push a source's due time ahead while it is being polled, so that no second poll starts."""
    database.execute("UPDATE source SET next_check_at = ? WHERE id = ?", (to_text(until), source_id))


def state(database: Database, source_id: str) -> SourceState | None:
    """Return what is known of one source."""
    found = states(database, source_id)
    return found[0] if found else None


def states(database: Database, source_id: str | None = None) -> list[SourceState]:
    """Return what is known of all enabled sources, or of one."""
    where, parameters = ("id = ?", [source_id]) if source_id else ("enabled = 1", [])
    rows = database.query(f"SELECT * FROM source WHERE {where} ORDER BY id", parameters)  # noqa: S608 (fixed text)
    return [_state(row) for row in rows]


def country(database: Database, source_id: str) -> str | None:
    """Return the country of a source's owner."""
    row = database.execute("SELECT country FROM source WHERE id = ?", (source_id,)).fetchone()
    return None if row is None else row[0]


def feed_state(database: Database, source_id: str, url: str) -> FeedState:
    """Return the validators of one feed, empty for a new one."""
    row = database.execute(
        "SELECT etag, last_modified, body_hash, learnt FROM feed WHERE source_id = ? AND url = ?", (source_id, url)
    ).fetchone()
    etag, last_modified, body_hash, learnt = row or (None, None, None, None)
    return FeedState(
        source_id=source_id, url=url, etag=etag, last_modified=last_modified, body_hash=body_hash, learnt=learnt
    )


def record_feed(database: Database, result: PollResult, now: datetime, *, kind: AddressKind = AddressKind.FEED) -> None:
    """Store one address's validators and what it taught, or its failure.

    Validators of a failed poll stay as they were. An unchanged feed need not repeat them all: those it leaves
    out still hold (RFC 9111 section 4.3.4).
    """
    failure = result.failure
    database.execute(
        """
        INSERT INTO feed (source_id, url, kind, etag, last_modified, body_hash, learnt, failure, detail, checked_at)
        VALUES (:source, :url, :kind, :etag, :modified, :hash, :learnt, :failure, :detail, :now)
        ON CONFLICT (source_id, url) DO UPDATE SET
            etag = CASE WHEN :failed THEN etag WHEN :unchanged THEN coalesce(:etag, etag) ELSE :etag END,
            last_modified = CASE WHEN :failed THEN last_modified
                WHEN :unchanged THEN coalesce(:modified, last_modified) ELSE :modified END,
            body_hash = CASE WHEN :failed THEN body_hash
                WHEN :unchanged THEN coalesce(:hash, body_hash) ELSE :hash END,
            kind = :kind, learnt = coalesce(:learnt, learnt),
            failure = :failure, detail = :detail, checked_at = :now
        """,
        {
            "kind": kind, "learnt": result.learnt, "source": result.source_id, "url": result.url,
            "etag": result.etag, "modified": result.last_modified,
            "hash": result.body_hash, "failure": failure.reason if failure else None,
            "detail": failure.detail if failure else None, "now": to_text(now),
            "failed": failure is not None, "unchanged": result.unchanged,
        },
    )  # fmt: skip


def record_poll(
    database: Database,
    source_id: str,
    *,
    failure: CrawlFailure | None,
    new_entries: int,
    next_check_at: datetime,
    now: datetime,
) -> None:
    """Store how polling a whole source went and when to come back."""
    moment = to_text(now)
    database.execute(
        """
        UPDATE source SET next_check_at = :next, last_checked_at = :now,
            last_success_at = CASE WHEN :failure IS NULL THEN :now ELSE last_success_at END,
            last_new_at = CASE WHEN :new > 0 THEN :now ELSE last_new_at END,
            failures = CASE WHEN :failure IS NULL THEN 0 ELSE failures + 1 END,
            failure = :failure, detail = :detail
        WHERE id = :source
        """,
        {
            "next": to_text(next_check_at), "now": moment, "new": new_entries, "source": source_id,
            "failure": failure.reason if failure else None, "detail": failure.detail if failure else None,
        },
    )  # fmt: skip


def _state(row: dict[str, Any]) -> SourceState:
    return SourceState(
        source_id=row["id"],
        next_check_at=from_text(row["next_check_at"]),
        last_checked_at=from_text_or_none(row["last_checked_at"]),
        last_success_at=from_text_or_none(row["last_success_at"]),
        last_new_at=from_text_or_none(row["last_new_at"]),
        failures=row["failures"],
        failure=FailureReason(row["failure"]) if row["failure"] else None,
        detail=row["detail"],
    )


def clamp(database: Database, latest: datetime) -> int:
    """Pull polls planned after ``latest`` forward: a clock that ran ahead must not park a source."""
    cursor = database.execute(
        "UPDATE source SET next_check_at = ? WHERE enabled = 1 AND next_check_at > ?",
        (to_text(latest), to_text(latest)),
    )
    return int(cursor.rowcount)
