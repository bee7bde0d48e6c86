"""The health of channels, kept over a restart."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import to_text


def state(database: Database, channel_id: str) -> str | None:
    """Return what the sender of a channel last saved of its health, as JSON."""
    row = database.execute("SELECT state FROM channel WHERE id = ?", (channel_id,)).fetchone()
    return None if row is None else str(row[0])


def forget(database: Database, channel_id: str) -> None:
    """Forget the health of a channel and of each of its services, whose names begin with its id and a slash."""
    database.execute(
        "DELETE FROM channel WHERE id = ? OR substr(id, 1, ?) = ?", (channel_id, len(channel_id) + 1, f"{channel_id}/")
    )


def save(database: Database, channel_id: str, state: str, now: datetime) -> None:
    """Keep a channel's health over a restart."""
    database.table("channel").upsert({"id": channel_id, "state": state, "updated_at": to_text(now)}, pk="id")
