"""Changes around sources: one is read at once, paused or resumed; some were added to the configuration file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage import pauses, polls
from storage.types import Person

if TYPE_CHECKING:
    from scheduler.changes import Change


def _poll_now(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    source = str(given["source"])
    polls.ask_now(database, source, now)
    return f"source {source} is read now"


def _pause_source(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    seconds = given.get("seconds")
    made = pauses.pause(
        database, str(given["source"]), now, author=str(given["author"]), reason=str(given["reason"]),
        ends_at=None if seconds is None else now + timedelta(seconds=float(seconds)),
    )  # fmt: skip
    return f"source {made.source_id} is {made}"


def _resume_source(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    pauses.resume(database, str(given["source"]), now)
    return f"source {given['source']} is read again"


def _add_sources(_database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    """Say so in the audit; whoever asks for this change wrote the configuration file."""
    return f"added {given['source']}"


CHANGES: dict[str, Change] = {
    "poll_now": _poll_now,
    "pause_source": _pause_source,
    "resume_source": _resume_source,
    "add_sources": _add_sources,
}
