"""Silences: alerts that are recorded, not sent, for a while and for a stated reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError
from storage.times import from_text, to_text
from storage.types import Silence


def add(
    database: Database, *, watch_id: str | None, author: str, reason: str, starts_at: datetime, ends_at: datetime
) -> Silence:
    """Start a silence for one watch, or for all of them.

    Raises:
        ValueError: it would never hold.
    """
    if ends_at <= starts_at:
        raise ValueError(f"a silence that ends before it starts ({starts_at} – {ends_at}) silences nothing")
    cursor = database.execute(
        "INSERT INTO silence (watch_id, author, reason, starts_at, ends_at) VALUES (?, ?, ?, ?, ?)",
        (watch_id, author, reason, to_text(starts_at), to_text(ends_at)),
    )
    return Silence(
        id=int(cursor.lastrowid or 0),
        watch_id=watch_id,
        author=author,
        reason=reason,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def active(database: Database, watch_id: str, now: datetime) -> Silence | None:
    """Return the silence that holds for a watch now."""
    rows = database.query(
        """
        SELECT * FROM silence WHERE starts_at <= :now AND ends_at > :now AND (watch_id IS NULL OR watch_id = :watch)
        ORDER BY ends_at DESC LIMIT 1
        """,
        {"now": to_text(now), "watch": watch_id},
    )
    return next((_silence(row) for row in rows), None)


def listing(database: Database) -> list[Silence]:
    """Return all silences, the latest end first."""
    return [_silence(row) for row in database.query("SELECT * FROM silence ORDER BY ends_at DESC, id DESC")]


def end(database: Database, silence_id: int, now: datetime) -> None:
    """End a silence now.

    Raises:
        NotFoundError: no silence with this id is still running.
    """
    cursor = database.execute(
        "UPDATE silence SET ends_at = :now WHERE id = :id AND ends_at > :now", {"now": to_text(now), "id": silence_id}
    )
    if cursor.rowcount != 1:
        raise NotFoundError(f"no running silence {silence_id}; 'vigie silence list' shows them")


def _silence(row: dict[str, Any]) -> Silence:
    return Silence(
        id=row["id"],
        watch_id=row["watch_id"],
        author=row["author"],
        reason=row["reason"],
        starts_at=from_text(row["starts_at"]),
        ends_at=from_text(row["ends_at"]),
    )
