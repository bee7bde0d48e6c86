"""Who changed what: one line a change, written in the change's own transaction, with metadata only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, to_text
from storage.types import Person

#: of the values of a change, those that say what it is about; a note's text or a reason is content and stays out
ABOUT = frozenset(
    {
        "alert", "delivery", "silence", "channel", "story", "stories", "into", "articles", "article", "watch", "pair",
        "source", "severity", "seconds", "view", "rule", "token", "share", "person", "role", "state", "tag", "scope",
        "enabled", "event", "arrangement",
    }
)  # fmt: skip
#: characters of a line's values at most: a bulk change names its first stories
LONGEST_ABOUT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One change."""

    id: int
    at: datetime
    #: the account, or None for whoever sat at the machine
    person_id: int | None
    name: str
    #: name of the change
    change: str
    #: what it was about, as far as no content tells
    about: str


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    for statement in (
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, person_id INTEGER, name TEXT NOT NULL, change TEXT NOT NULL,
            about TEXT NOT NULL
        )
        """,
        "CREATE INDEX audit_person ON audit (person_id, id)",
    ):
        database.conn.execute(statement)


def record(database: Database, person: Person, change: str, given: Mapping[str, Any], now: datetime) -> None:
    """Write the line of a change, inside its transaction."""
    about = {name: given[name] for name in sorted(ABOUT & given.keys()) if given[name] is not None}
    database.conn.execute(
        "INSERT INTO audit (at, person_id, name, change, about) VALUES (?, ?, ?, ?, ?)",
        (to_text(now), person.id, person.name, change, json.dumps(about, ensure_ascii=False)[:LONGEST_ABOUT]),
    )


def lines(
    database: Database,
    *,
    before: int | None = None,
    name: str | None = None,
    change: str | None = None,
    about: str | None = None,
    limit: int = 100,
) -> tuple[AuditLine, ...]:
    """Return the newest changes, or those before a line.

    Args:
        database: the archive.
        before: number of a line.
        name: only those of whoever is called so.
        change: only those of this name.
        about: only those whose values hold this text.
        limit: lines at most.
    """
    conditions: list[tuple[str, Any]] = [("id < ?", 2**62 if before is None else before)]
    if name is not None:
        conditions.append(("name = ?", name))
    if change is not None:
        conditions.append(("change = ?", change))
    if about is not None:
        literal = about.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        conditions.append(("about LIKE ? ESCAPE '!'", f"%{literal}%"))
    where = " AND ".join(condition for condition, _ in conditions)
    rows = database.query(
        f"""
        SELECT id, at, person_id, name, change, about FROM audit WHERE {where} ORDER BY id DESC LIMIT ?
        """,  # noqa: S608 (fixed text)
        (*(value for _, value in conditions), limit),
    )
    return tuple(AuditLine(**{**row, "at": from_text(row["at"])}) for row in rows)


def names(database: Database) -> tuple[str, ...]:
    """Return who ever changed something."""
    return tuple(row[0] for row in database.execute("SELECT DISTINCT name FROM audit ORDER BY name LIMIT 500"))


def changes(database: Database) -> tuple[str, ...]:
    """Return what kinds of changes were ever made."""
    return tuple(row[0] for row in database.execute("SELECT DISTINCT change FROM audit ORDER BY change LIMIT 500"))
