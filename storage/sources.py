"""Sources and what polling them gave: due times, validators, failures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.pauses import NOT_PAUSED
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
        _forget_gone(database, source)


def _forget_gone(database: Database, source: Source) -> None:
    """Let an address that said it was gone be asked anew when it comes back into the configuration later."""
    configured = json.dumps([url for _, url in source.addresses])
    database.execute(
        """
        UPDATE feed SET failure = NULL, detail = NULL, failures = 0, resume_at = NULL
        WHERE source_id = ? AND failure = ? AND url NOT IN (SELECT value FROM json_each(?))
        """,
        (source.id, FailureReason.GONE, configured),
    )


def ensure(database: Database, source_id: str, name: str, url: str, now: datetime) -> None:
    """Make sure a source row exists for articles that come from elsewhere (an import); it is never polled."""
    database.execute(
        "INSERT INTO source (id, name, url, enabled, next_check_at) VALUES (?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING",
        (source_id, name, url, to_text(now)),
    )


def due(database: Database, now: datetime, limit: int = 100) -> list[str]:
    """Return ids of enabled sources whose time has come and that nobody paused, longest overdue first."""
    rows = database.execute(
        "SELECT s.id FROM source s WHERE s.enabled = 1 AND s.next_check_at <= :now "  # noqa: S608 (fixed text)
        f"AND {NOT_PAUSED} ORDER BY s.next_check_at LIMIT :limit",
        {"now": to_text(now), "limit": limit},
    )
    return [row[0] for row in rows]


def claim(database: Database, source_id: str, until: datetime) -> None:
    """Push a source's due time ahead while it is being polled, so that no second poll starts."""
    database.execute(
        "UPDATE source SET claimed_from = coalesce(claimed_from, next_check_at), next_check_at = ? WHERE id = ?",
        (to_text(until), source_id),
    )


def release(database: Database, source_id: str, at: datetime) -> None:
    """Give one source back that was claimed and could not be polled; it is due at a moment."""
    database.execute(
        "UPDATE source SET next_check_at = min(next_check_at, ?), claimed_from = NULL WHERE id = ?",
        (to_text(at), source_id),
    )


def release_claims(database: Database) -> int:
    """Give back the sources whose poll was cut off with the process that claimed them; return how many."""
    cursor = database.execute(
        "UPDATE source SET next_check_at = min(next_check_at, claimed_from), claimed_from = NULL "
        "WHERE claimed_from IS NOT NULL"
    )
    return int(cursor.rowcount)


def state(database: Database, source_id: str) -> SourceState | None:
    """Return what is known of one source."""
    found = states(database, source_id)
    return found[0] if found else None


def states(database: Database, source_id: str | None = None) -> list[SourceState]:
    """Return what is known of all enabled sources, or of one."""
    where, parameters = ("id = ?", [source_id]) if source_id else ("enabled = 1", [])
    rows = database.query(f"SELECT * FROM source WHERE {where} ORDER BY id", parameters)  # noqa: S608 (fixed text)
    return [state_of(row) for row in rows]


def country(database: Database, source_id: str) -> str | None:
    """Return the country of a source's owner."""
    row = database.execute("SELECT country FROM source WHERE id = ?", (source_id,)).fetchone()
    return None if row is None else row[0]


def feed_state(database: Database, source_id: str, url: str) -> FeedState:
    """Return what is remembered of one address, empty for a new one."""
    row = database.execute(
        """
        SELECT kind, etag, last_modified, body_hash, learnt, failures, failure, detail, checked_at, resume_at
        FROM feed WHERE source_id = ? AND url = ?
        """,
        (source_id, url),
    ).fetchone()
    if row is None:
        return FeedState(source_id=source_id, url=url)
    return FeedState(
        source_id=source_id,
        url=url,
        kind=AddressKind(row[0]),
        etag=row[1],
        last_modified=row[2],
        body_hash=row[3],
        learnt=row[4],
        failures=row[5],
        failure=FailureReason(row[6]) if row[6] else None,
        detail=row[7],
        checked_at=from_text_or_none(row[8]),
        resume_at=from_text_or_none(row[9]),
    )


def plan_address(
    database: Database, source_id: str, url: str, *, resume_at: datetime, failure: CrawlFailure | None
) -> None:
    """Store until when one address is left alone; a failure in which nothing was sent counts for nothing."""
    counted = failure is not None and failure.sent
    database.execute(
        """
        UPDATE feed SET resume_at = ?, failures = CASE WHEN ? THEN 0 WHEN ? THEN failures + 1 ELSE failures END
        WHERE source_id = ? AND url = ?
        """,
        (to_text(resume_at), failure is None, counted, source_id, url),
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
    worked: bool | None = None,
    asked: bool = True,
) -> None:
    """Store how polling a whole source went and when to come back.

    Args:
        database: the archive, inside a transaction.
        source_id: which source.
        failure: the first failure of an address.
        new_entries: entries never seen before.
        next_check_at: when to come back.
        now: the present.
        worked: at least one address answered; by default, when there is no failure.
        asked: at least one request was sent; otherwise failures are not counted.
    """
    moment = to_text(now)
    database.execute(
        """
        UPDATE source SET next_check_at = :next, claimed_from = NULL, last_checked_at = :now,
            last_success_at = CASE WHEN :worked THEN :now ELSE last_success_at END,
            last_new_at = CASE WHEN :new > 0 THEN :now ELSE last_new_at END,
            failures = CASE WHEN :worked THEN 0 WHEN :asked THEN failures + 1 ELSE failures END,
            failure = :failure, detail = :detail
        WHERE id = :source
        """,
        {
            "next": to_text(next_check_at), "now": moment, "new": new_entries, "source": source_id,
            "worked": failure is None if worked is None else worked, "asked": asked,
            "failure": failure.reason if failure else None, "detail": failure.detail if failure else None,
        },
    )  # fmt: skip


def state_of(row: dict[str, Any]) -> SourceState:
    """Return the state that a row of the table of sources tells."""
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


def clamp(database: Database, now: datetime) -> int:
    """Put right what a clock that ran ahead left behind; return how many sources it had parked.

    A plan later than every plan is pulled forward. A source that was polled in the future is due now: its
    plan came from a clock that has been set back since.
    """
    latest = to_text(now + LONGEST_BACKOFF)
    parked = database.execute(
        "UPDATE source SET next_check_at = ? WHERE enabled = 1 AND next_check_at > ?", (latest, latest)
    )
    ahead = database.execute(
        "UPDATE source SET next_check_at = :now WHERE enabled = 1 AND last_checked_at > :now AND next_check_at > :now",
        {"now": to_text(now)},
    )
    return int(parked.rowcount) + int(ahead.rowcount)
