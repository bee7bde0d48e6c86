"""Sources that people paused on the page: nothing is asked of them until the pause ends or somebody resumes them.

Where sources stand, and which are switched off, the configuration says; a pause is state kept beside it. While one
holds, its row stands here. When it is over the span is an interruption of the source (:mod:`storage.health`), so that
the silence in between is not held against it; who paused what and resumed it stays in the audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage import health
from storage.errors import ConflictError, NotFoundError
from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import SourcePause

#: a pause without an end that is older than this is brought to mind
LONG = timedelta(days=7)
#: characters of a reason, and of a name
LONGEST_REASON, LONGEST_NAME = 200, 80
#: of ``source s``: nobody paused it at ``:now``, or the pause is over
NOT_PAUSED = (
    "NOT EXISTS (SELECT 1 FROM source_pause p WHERE p.source_id = s.id AND (p.ends_at IS NULL OR p.ends_at > :now))"
)


_PAUSES = "SELECT p.*, s.name FROM source_pause p JOIN source s ON s.id = p.source_id"


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    database.conn.execute(
        """
        CREATE TABLE source_pause (
            source_id TEXT PRIMARY KEY REFERENCES source (id), at TEXT NOT NULL, ends_at TEXT, author TEXT NOT NULL,
            reason TEXT NOT NULL
        )
        """
    )


def active(database: Database, now: datetime) -> dict[str, SourcePause]:
    """Return the pauses that hold, by the id of their source."""
    rows = database.query(
        f"{_PAUSES} WHERE p.ends_at IS NULL OR p.ends_at > ? ORDER BY p.at, p.source_id", (to_text(now),)
    )
    return {row["source_id"]: _pause(row) for row in rows}


def one(database: Database, source_id: str, now: datetime) -> SourcePause | None:
    """Return the pause of a source, None when none holds."""
    return active(database, now).get(source_id)


def pause(
    database: Database, source_id: str, now: datetime, *, ends_at: datetime | None, author: str, reason: str
) -> SourcePause:
    """Pause a source, or change the end and the reason of its pause; who paused it first is told by the audit.

    Args:
        database: the archive, inside a transaction.
        source_id: which.
        now: when.
        ends_at: when it ends by itself; None: when somebody resumes the source.
        author: who.
        reason: why.

    Raises:
        NotFoundError: there is no such source.
        ConflictError: it is switched off, or the pause would be over already, or nobody says who or why.
    """
    row = database.execute("SELECT enabled, name FROM source WHERE id = ?", (source_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no source {source_id!r}")
    if not row[0]:
        raise ConflictError(f"{source_id} is switched off in the configuration: nobody reads it")
    if ends_at is not None and ends_at <= now:
        raise ConflictError("the pause would be over already; choose an end that lies ahead")
    author, reason = author.strip()[:LONGEST_NAME], reason.strip()[:LONGEST_REASON]
    if not author or not reason:
        raise ConflictError("a pause needs a name and a reason: others must know whom to ask")
    begun = one(database, source_id, now)
    end_over(database, now)
    made = SourcePause(
        source_id=source_id, name=row[1], at=begun.at if begun else now, ends_at=ends_at, author=author, reason=reason
    )
    database.execute(
        "INSERT INTO source_pause (source_id, at, ends_at, author, reason) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (source_id) DO UPDATE SET ends_at = excluded.ends_at, author = excluded.author, "
        "reason = excluded.reason",
        (source_id, to_text(made.at), to_text_or_none(ends_at), author, reason),
    )
    return made


def resume(database: Database, source_id: str, now: datetime) -> None:
    """Read a source again: it is due at once when it would have been read meanwhile.

    Raises:
        NotFoundError: it is not paused.
    """
    found = one(database, source_id, now)
    if found is None:
        raise NotFoundError(f"{source_id} is not paused")
    _end(database, found, now)


def end_over(database: Database, now: datetime) -> list[SourcePause]:
    """Put away the pauses whose time is over, and return them."""
    rows = database.query(f"{_PAUSES} WHERE p.ends_at <= ?", (to_text(now),))
    found = [_pause(row) for row in rows]
    for over in found:
        _end(database, over, over.ends_at or now)
    return found


def forgotten(pauses: Iterable[SourcePause], now: datetime) -> tuple[SourcePause, ...]:
    """Return the pauses without an end that have lasted for longer than :data:`LONG`, the oldest first."""
    lasting = (pause for pause in pauses if pause.ends_at is None and pause.at < now - LONG)
    return tuple(sorted(lasting, key=lambda pause: pause.at))


def _end(database: Database, over: SourcePause, moment: datetime) -> None:
    database.execute("DELETE FROM source_pause WHERE source_id = ?", (over.source_id,))
    health.add_interruption(database, over.source_id, over.at, max(over.at, moment))


def _pause(row: dict[str, Any]) -> SourcePause:
    return SourcePause(
        source_id=row["source_id"],
        name=row["name"],
        at=from_text(row["at"]),
        ends_at=from_text_or_none(row["ends_at"]),
        author=row["author"],
        reason=row["reason"],
    )
