"""Rule files that people wrote on the page: every version.

The archive is where they stand; the service writes those in use into a folder of the data folder, from which rules are
read like those of any rule folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError
from storage.times import from_text, to_text
from storage.types import Person
from storage.watch_edits import ChangedMeanwhileError

#: characters of a file
LONGEST_RULE = 20_000
#: files in use, and versions that a history shows
MOST_RULES, MOST_VERSIONS = 300, 100

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEdit:
    """One version of a rule file."""

    name: str
    #: 1 for the first
    version: int
    at: datetime
    by: str
    #: TOML; None: it was deleted
    text: str | None
    enabled: bool
    #: the article that it was made from
    article_id: int | None


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    database.conn.execute(
        """
        CREATE TABLE rule_edit (
            name TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, person_id INTEGER, author TEXT NOT NULL,
            body TEXT, enabled INTEGER NOT NULL, article_id INTEGER, PRIMARY KEY (name, version)
        )
        """
    )


def usable_name(name: str) -> bool:
    """Whether a file may have this name, without its ending."""
    return _NAME.fullmatch(name) is not None


def latest(database: Database) -> list[RuleEdit]:
    """Return the last version of every file, deleted ones among them, in the order of their names."""
    rows = database.query(
        """
        SELECT e.* FROM rule_edit e JOIN (SELECT name, max(version) AS newest FROM rule_edit GROUP BY name) n
            ON n.name = e.name AND n.newest = e.version
        ORDER BY e.name
        """
    )
    return [_edit(row) for row in rows]


def one(database: Database, name: str) -> RuleEdit | None:
    """Return the last version of a file, None when there never was one."""
    return next(iter(history(database, name)), None)


def history(database: Database, name: str) -> list[RuleEdit]:
    """Return the versions of a file, the newest first."""
    rows = database.query("SELECT * FROM rule_edit WHERE name = ? ORDER BY version DESC LIMIT ?", (name, MOST_VERSIONS))
    return [_edit(row) for row in rows]


def save(
    database: Database,
    name: str,
    text: str | None,
    *,
    base: int,
    by: Person,
    now: datetime,
    enabled: bool = True,
    article_id: int | None = None,
) -> int:
    """Store a new version and return its number.

    Args:
        database: the archive, inside a transaction.
        name: of the file, without its ending.
        text: TOML; None deletes it.
        base: the version that its author saw.
        by: who.
        now: when.
        enabled: False switches it off.
        article_id: the article that it was made from.

    Raises:
        ChangedMeanwhileError: there is a newer version than ``base``.
        NotFoundError: there is nothing to delete.
        ValueError: the name cannot be used, the text is too long, or there are too many files.
    """
    if not usable_name(name):
        raise ValueError(f"{name!r} is no name of a rule file; use lower-case letters, digits, '-' and '_', at most 60")
    if text is not None and len(text) > LONGEST_RULE:
        raise ValueError(f"a rule file of the page has {LONGEST_RULE:,} characters at most; split it")
    last = one(database, name)
    newest = last.version if last is not None else 0
    if newest != base:
        who = f" by {last.by}" if last is not None else ""
        raise ChangedMeanwhileError(
            f"rule {name} was changed meanwhile{who}: version {newest} holds, you saw {base}; nothing was saved"
        )
    if text is None and (last is None or last.text is None):
        raise NotFoundError(f"there is no rule {name!r}")
    if text is not None and (last is None or last.text is None):
        count = sum(row.text is not None for row in latest(database))
        if count >= MOST_RULES:
            raise ValueError(f"there are {MOST_RULES} rule files already; delete some, or put rules together")
    database.execute(
        "INSERT INTO rule_edit (name, version, at, person_id, author, body, enabled, article_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, newest + 1, to_text(now), by.id, by.name, text, int(enabled), article_id),
    )
    return newest + 1


def _edit(row: dict[str, Any]) -> RuleEdit:
    return RuleEdit(
        name=row["name"],
        version=row["version"],
        at=from_text(row["at"]),
        by=row["author"],
        text=row["body"],
        enabled=bool(row["enabled"]),
        article_id=row["article_id"],
    )
