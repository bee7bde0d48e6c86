"""Changes around sources: one is read at once; some were added to the configuration file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage import polls
from storage.types import Person

if TYPE_CHECKING:
    from scheduler.changes import Change


def _poll_now(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    source = str(given["source"])
    polls.ask_now(database, source, now)
    return f"source {source} is read now"


def _add_sources(_database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    """Say so in the audit; whoever asks for this change wrote the configuration file."""
    return f"added {given['source']}"


CHANGES: dict[str, Change] = {"poll_now": _poll_now, "add_sources": _add_sources}
