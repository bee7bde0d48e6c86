"""The last polls of each source, address by address: what was asked, what was answered, what was new in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage import pauses
from storage.errors import ConflictError, NotFoundError
from storage.times import from_text, from_text_or_none, to_text
from storage.types import AddressKind, FailureReason, PollResult

#: polls remembered of each source
KEPT = 50
#: seconds between two polls of a source that people ask for
ASKED_EVERY = 60
#: characters of an answer in words
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One address that was asked, or that was to be asked."""

    at: datetime
    #: seconds from the order to the answer; waiting for the host's pace is part of it
    seconds: float
    kind: AddressKind
    url: str
    failure: FailureReason | None
    #: HTTP status of a failure, where there is one
    code: int | None
    detail: str | None
    #: it answered that nothing changed, or sent just what it had sent before
    unchanged: bool
    #: entries it listed, and those never seen before
    listed: int
    fresh: int


def create(database: Database) -> None:
    """Make the table; called by a step of :mod:`storage.migrations`."""
    database.conn.execute(
        """
        CREATE TABLE poll (
            id INTEGER PRIMARY KEY, source_id TEXT NOT NULL REFERENCES source (id), at TEXT NOT NULL,
            seconds REAL NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL, failure TEXT, code INTEGER, detail TEXT,
            unchanged INTEGER NOT NULL, listed INTEGER NOT NULL, fresh INTEGER NOT NULL
        )
        """
    )
    database.conn.execute("CREATE INDEX poll_source ON poll (source_id, id)")


def record(
    database: Database, kind: AddressKind, result: PollResult, *, fresh: int, asked_at: datetime, now: datetime
) -> None:
    """Keep what an address answered, inside the transaction that stores its entries; the oldest of many goes."""
    failure = result.failure
    database.execute(
        """
        INSERT INTO poll (source_id, at, seconds, kind, url, failure, code, detail, unchanged, listed, fresh)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            result.source_id, to_text(now), max(0.0, (now - asked_at).total_seconds()), kind, result.url,
            failure.reason if failure else None, failure.status if failure else None,
            failure.detail[:_LONGEST_DETAIL] if failure else None, int(result.unchanged), len(result.entries), fresh,
        ),
    )  # fmt: skip
    database.execute(
        """
        DELETE FROM poll WHERE source_id = :source AND id <= (
            SELECT id FROM poll WHERE source_id = :source ORDER BY id DESC LIMIT 1 OFFSET :kept)
        """,
        {"source": result.source_id, "kept": KEPT},
    )


def latest(database: Database, source_id: str, limit: int) -> list[Poll]:
    """Return the last polls of a source, the latest first."""
    rows = database.query("SELECT * FROM poll WHERE source_id = ? ORDER BY id DESC LIMIT ?", (source_id, limit))
    return [
        Poll(
            at=from_text(row["at"]),
            seconds=row["seconds"],
            kind=AddressKind(row["kind"]),
            url=row["url"],
            failure=FailureReason(row["failure"]) if row["failure"] else None,
            code=row["code"],
            detail=row["detail"],
            unchanged=bool(row["unchanged"]),
            listed=row["listed"],
            fresh=row["fresh"],
        )
        for row in rows
    ]


def ask_now(database: Database, source_id: str, now: datetime) -> None:
    """Make a source due at once, with those of its addresses that are left alone for a while.

    A host that asked for patience is not asked all the same: the crawler keeps its promise.

    Raises:
        NotFoundError: there is no such source.
        ConflictError: it is switched off, paused, being read or due already, or was read less than
            :data:`ASKED_EVERY` ago.
    """
    row = database.execute(
        "SELECT enabled, next_check_at, last_checked_at, claimed_from FROM source WHERE id = ?", (source_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"there is no source {source_id!r}")
    enabled, due_at, checked_at, claimed_from = row
    if not enabled:
        raise ConflictError(f"{source_id} is switched off in the configuration: nobody reads it")
    if (pause := pauses.one(database, source_id, now)) is not None:
        raise ConflictError(f"{source_id} is {pause}; resume it first")
    if claimed_from is not None:
        raise ConflictError(f"{source_id} is being read at this moment")
    if from_text(due_at) <= now:
        raise ConflictError(f"{source_id} is due already and is read within seconds")
    checked = from_text_or_none(checked_at)
    ago = None if checked is None else (now - checked).total_seconds()
    if ago is not None and 0 <= ago < ASKED_EVERY:
        raise ConflictError(f"{source_id} was read {ago:.0f} s ago; wait {ASKED_EVERY - ago:.0f} s more")
    database.execute("UPDATE source SET next_check_at = ? WHERE id = ?", (to_text(now), source_id))
    database.execute("UPDATE feed SET resume_at = NULL WHERE source_id = ?", (source_id,))
