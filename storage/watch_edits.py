"""Watches as people edited them on the page: every version, and the examples that must fire or must not.

The configuration file stays the source of what nobody edited. An edit holds the whole definition in the keys and forms
of the file, with the digest of the file's definition that it was made from, so that a later change of the file shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError, StorageError
from storage.times import from_text, to_text
from storage.types import Person

#: characters of a definition, of an example's title and of its text
LONGEST_DEFINITION = 40_000
LONGEST_TITLE, LONGEST_TEXT = 500, 20_000
#: examples of one watch
MOST_EXAMPLES = 100
#: versions that a history shows
MOST_VERSIONS = 200

#: a definition as the file writes it: lists, numbers, text
Definition = Mapping[str, Any]


class ChangedMeanwhileError(StorageError):
    """Somebody else saved first; what they saved would be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEdit:
    """One version of a watch."""

    watch_id: str
    #: 1 for the first edit of a watch
    version: int
    at: datetime
    by: str
    #: None: the file's definition holds again
    definition: dict[str, Any] | None
    enabled: bool
    #: digest of the file's definition at that time, empty when the file had none
    based_on: str
    #: names of examples that failed and were accepted to fail
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchExample:
    """A text on which a watch must fire, or must not."""

    id: int
    watch_id: str
    must: bool
    title: str
    text: str
    language: str | None
    source_id: str
    #: the article that it was taken from
    article_id: int | None
    at: datetime
    by: str


def create(database: Database) -> None:
    """Add the tables; called by a migration."""
    for statement in (
        """
        CREATE TABLE watch_edit (
            watch_id TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, person_id INTEGER, name TEXT NOT NULL,
            definition TEXT, enabled INTEGER NOT NULL, based_on TEXT NOT NULL, accepted TEXT NOT NULL,
            PRIMARY KEY (watch_id, version)
        )
        """,
        """
        CREATE TABLE watch_example (
            id INTEGER PRIMARY KEY, watch_id TEXT NOT NULL, must INTEGER NOT NULL, title TEXT NOT NULL,
            body TEXT NOT NULL, language TEXT, source_id TEXT NOT NULL, article_id INTEGER, at TEXT NOT NULL,
            name TEXT NOT NULL
        )
        """,
        "CREATE INDEX watch_example_watch ON watch_example (watch_id)",
    ):
        database.conn.execute(statement)


def latest(database: Database) -> dict[str, WatchEdit]:
    """Return the last version of every watch that was ever edited, by its id."""
    rows = database.query(
        """
        SELECT e.* FROM watch_edit e JOIN (SELECT watch_id, max(version) AS newest FROM watch_edit GROUP BY watch_id) n
            ON n.watch_id = e.watch_id AND n.newest = e.version
        ORDER BY e.watch_id
        """
    )
    return {row["watch_id"]: _edit(row) for row in rows}


def history(database: Database, watch_id: str) -> list[WatchEdit]:
    """Return the versions of a watch, the newest first."""
    rows = database.query(
        "SELECT * FROM watch_edit WHERE watch_id = ? ORDER BY version DESC LIMIT ?", (watch_id, MOST_VERSIONS)
    )
    return [_edit(row) for row in rows]


def version(database: Database, watch_id: str) -> int:
    """Return the number of a watch's last version, 0 when it was never edited."""
    row = database.execute("SELECT max(version) FROM watch_edit WHERE watch_id = ?", (watch_id,)).fetchone()
    return int(row[0] or 0)


def save(
    database: Database,
    watch_id: str,
    definition: Definition | None,
    *,
    base: int,
    based_on: str,
    by: Person,
    now: datetime,
    enabled: bool = True,
    accepted: tuple[str, ...] = (),
) -> int:
    """Store a new version and return its number.

    Args:
        database: the archive, inside a transaction.
        watch_id: whose.
        definition: in the form of the file; None goes back to the file's.
        base: the version that its author saw.
        based_on: digest of the file's definition, empty when there is none.
        by: who.
        now: when.
        enabled: False switches the watch off.
        accepted: names of examples that may fail.

    Raises:
        ChangedMeanwhileError: there is a newer version than ``base``.
        ValueError: the definition is too long.
    """
    newest = version(database, watch_id)
    if newest != base:
        last = database.execute(
            "SELECT name FROM watch_edit WHERE watch_id = ? AND version = ?", (watch_id, newest)
        ).fetchone()
        who = f" by {last[0]}" if last else ""
        raise ChangedMeanwhileError(
            f"watch {watch_id} was changed meanwhile{who}: version {newest} holds, you saw {base}; nothing was saved"
        )
    text = None if definition is None else json.dumps(dict(definition), ensure_ascii=False, sort_keys=True)
    if text is not None and len(text) > LONGEST_DEFINITION:
        raise ValueError(f"a watch may have {LONGEST_DEFINITION:,} characters; shorten its query")
    database.execute(
        """
        INSERT INTO watch_edit (watch_id, version, at, person_id, name, definition, enabled, based_on, accepted)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            watch_id, newest + 1, to_text(now), by.id, by.name, text, int(enabled), based_on,
            json.dumps(list(accepted), ensure_ascii=False),
        ),
    )  # fmt: skip
    return newest + 1


def add_example(
    database: Database,
    watch_id: str,
    *,
    must: bool,
    title: str,
    text: str,
    language: str | None,
    source_id: str,
    article_id: int | None,
    by: Person,
    now: datetime,
) -> int:
    """Keep an example with a watch and return its number; the same text a second time only changes what it must do.

    Raises:
        ValueError: it is empty, or the watch has too many.
    """
    title, text = title.strip()[:LONGEST_TITLE], text.strip()[:LONGEST_TEXT]
    if not title and not text:
        raise ValueError("an example needs a text")
    known = database.execute(
        "SELECT id FROM watch_example WHERE watch_id = ? AND title = ? AND body = ?", (watch_id, title, text)
    ).fetchone()
    if known is not None:
        database.execute("UPDATE watch_example SET must = ? WHERE id = ?", (int(must), known[0]))
        return int(known[0])
    count = database.execute("SELECT count(*) FROM watch_example WHERE watch_id = ?", (watch_id,)).fetchone()[0]
    if count >= MOST_EXAMPLES:
        raise ValueError(f"watch {watch_id} has {MOST_EXAMPLES} examples; delete some that tell the same")
    cursor = database.execute(
        """
        INSERT INTO watch_example (watch_id, must, title, body, language, source_id, article_id, at, name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (watch_id, int(must), title, text, language, source_id, article_id, to_text(now), by.name),
    )
    return int(cursor.lastrowid or 0)


def drop_example(database: Database, watch_id: str, example_id: int) -> None:
    """Delete an example.

    Raises:
        NotFoundError: the watch has no such example.
    """
    cursor = database.execute("DELETE FROM watch_example WHERE id = ? AND watch_id = ?", (example_id, watch_id))
    if cursor.rowcount != 1:
        raise NotFoundError(f"watch {watch_id} has no example {example_id}")


def examples(database: Database, watch_id: str) -> list[WatchExample]:
    """Return a watch's examples, those that must fire first."""
    rows = database.query("SELECT * FROM watch_example WHERE watch_id = ? ORDER BY must DESC, id", (watch_id,))
    return [
        WatchExample(
            id=row["id"],
            watch_id=row["watch_id"],
            must=bool(row["must"]),
            title=row["title"],
            text=row["body"],
            language=row["language"],
            source_id=row["source_id"],
            article_id=row["article_id"],
            at=from_text(row["at"]),
            by=row["name"],
        )
        for row in rows
    ]


def alert_counts(database: Database, since: datetime) -> dict[str, int]:
    """Return how many alerts on articles each watch raised at or after a moment."""
    rows = database.execute(
        "SELECT watch_id, count(*) FROM alert WHERE created_at >= ? AND article_id IS NOT NULL AND escalates IS NULL "
        "GROUP BY watch_id",
        (to_text(since),),
    )
    return {row[0]: int(row[1]) for row in rows}


def _edit(row: dict[str, Any]) -> WatchEdit:
    return WatchEdit(
        watch_id=row["watch_id"],
        version=row["version"],
        at=from_text(row["at"]),
        by=row["name"],
        definition=None if row["definition"] is None else json.loads(row["definition"]),
        enabled=bool(row["enabled"]),
        based_on=row["based_on"],
        accepted=tuple(json.loads(row["accepted"])),
    )
