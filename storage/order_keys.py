"""Orders that programs named by a key, with their answers: one that is sent twice is carried out once.

The key is kept in the transaction of the change that it names, so neither a crash nor a restart parts the two. Keys and
orders stand here as hashes: what an order says is nobody's business once it is carried out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.times import to_text
from storage.triage_history import person_number
from storage.types import Person

#: how long a key is remembered
LASTS = timedelta(hours=24)
#: keys of one person that are remembered; the oldest go first
MOST = 1_000
#: under which a change carries the key of its order
FIELD = "order_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKey:
    """A key with the order that it stands for, as hashes."""

    key: str
    order: str

    @classmethod
    def of(cls, key: str, change: str, given: dict[str, Any]) -> OrderKey:
        """Make one of what a program sent."""
        content = json.dumps([change, given], ensure_ascii=False, sort_keys=True)
        return cls(key=_hash(key), order=_hash(content))

    @property
    def plain(self) -> dict[str, str]:
        """It as values that travel with a change."""
        return {"key": self.key, "order": self.order}


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    for statement in (
        """
        CREATE TABLE order_key (
            person_id INTEGER NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, answer TEXT NOT NULL,
            at TEXT NOT NULL, PRIMARY KEY (person_id, name)
        )
        """,
        "CREATE INDEX order_key_at ON order_key (at)",
        "CREATE INDEX order_key_person ON order_key (person_id, at)",
    ):
        database.conn.execute(statement)


def remember(database: Database, by: Person, named: OrderKey, answer: str, now: datetime) -> None:
    """Keep what an order was answered, inside its transaction, and let go of keys that are old or too many."""
    person = person_number(by.id)
    database.execute("DELETE FROM order_key WHERE at <= ?", (to_text(now - LASTS),))
    database.execute(
        """
        DELETE FROM order_key WHERE person_id = :person AND at <= (
            SELECT at FROM order_key WHERE person_id = :person ORDER BY at DESC LIMIT 1 OFFSET :kept)
        """,
        {"person": person, "kept": MOST - 1},
    )
    database.execute(
        # Who asked took a key for forgotten that still stands here: the clock was set back in between.
        "INSERT INTO order_key (person_id, name, content, answer, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (person_id, name) DO UPDATE SET content = excluded.content, answer = excluded.answer, "
        "at = excluded.at",
        (person, named.key, named.order, answer, to_text(now)),
    )


def answered(database: Database, by: Person, key: str, now: datetime) -> tuple[str, str] | None:
    """Return (hash of the order, its answer) behind the hash of a key, None when it is not remembered."""
    row = database.execute(
        "SELECT content, answer FROM order_key WHERE person_id = ? AND name = ? AND at > ?",
        (person_number(by.id), key, to_text(now - LASTS)),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
