"""Changes around channels. A test leaves before its change is made; the change says that it was sent, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage.types import Person

if TYPE_CHECKING:
    from scheduler.changes import Change


def _test_channel(_database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    """Return what the far end answered; whoever asks for this change sent the test."""
    return str(given["answer"])


CHANGES: dict[str, Change] = {"test_channel": _test_channel}
