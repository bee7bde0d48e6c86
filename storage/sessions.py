"""Sessions: browsers that are logged in. The archive holds the hash of what a browser shows, never the secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage import accounts
from storage.errors import NotFoundError
from storage.times import from_text, to_text
from storage.types.accounts import Session

#: a session ends when it was not used for so long, and after this time whatever happens
IDLE_LIMIT, ABSOLUTE_LIMIT = timedelta(hours=12), timedelta(days=7)
#: the last use is kept this coarse: not every page is worth a write
TOUCH_EVERY = timedelta(minutes=5)
#: open sessions of one account at most; a further login ends the one that was used least lately
MOST_SESSIONS = 20
#: characters kept of what a browser calls itself, and of its address
LONGEST_AGENT, LONGEST_ADDRESS = 200, 64

_COLUMNS = f"s.id, s.created_at, s.seen_at, s.agent, s.address, {accounts.COLUMNS}"
_JOIN = "session s JOIN account a ON a.id = s.account_id"


def start(database: Database, account_id: int, secret: str, now: datetime, *, agent: str, address: str) -> None:
    """Start a session of somebody who may log in, and forget those that ended by themselves.

    Args:
        database: the archive.
        account_id: whose.
        secret: the hash of what the browser will show.
        now: when.
        agent: what the browser calls itself.
        address: where it asks from.
    """
    database.conn.execute(
        "DELETE FROM session WHERE seen_at <= ? OR created_at <= ?",
        (to_text(now - IDLE_LIMIT), to_text(now - ABSOLUTE_LIMIT)),
    )
    database.conn.execute(
        "DELETE FROM session WHERE account_id = ? AND id NOT IN "
        "(SELECT id FROM session WHERE account_id = ? ORDER BY seen_at DESC, id DESC LIMIT ?)",
        (account_id, account_id, MOST_SESSIONS - 1),
    )
    database.conn.execute(
        "INSERT INTO session (secret, account_id, created_at, seen_at, agent, address) VALUES (?, ?, ?, ?, ?, ?)",
        (secret, account_id, to_text(now), to_text(now), agent[:LONGEST_AGENT], address[:LONGEST_ADDRESS]),
    )


def find(database: Database, secret: str, now: datetime) -> Session | None:
    """Return the session behind the hash of what a browser showed, while it lasts and its account may log in."""
    rows = database.query(
        f"""
        SELECT {_COLUMNS} FROM {_JOIN}
        WHERE s.secret = ? AND s.seen_at > ? AND s.created_at > ? AND a.disabled_at IS NULL
        """,  # noqa: S608 (fixed text)
        (secret, to_text(now - IDLE_LIMIT), to_text(now - ABSOLUTE_LIMIT)),
    )
    return next((_read(row) for row in rows), None)


def of_account(database: Database, account_id: int, now: datetime) -> tuple[Session, ...]:
    """Return the open sessions of an account, the one used last first."""
    rows = database.query(
        f"""
        SELECT {_COLUMNS} FROM {_JOIN}
        WHERE s.account_id = ? AND s.seen_at > ? AND s.created_at > ? ORDER BY s.seen_at DESC, s.id DESC
        """,  # noqa: S608 (fixed text)
        (account_id, to_text(now - IDLE_LIMIT), to_text(now - ABSOLUTE_LIMIT)),
    )
    return tuple(_read(row) for row in rows)


def touch(database: Database, session_id: int, now: datetime) -> None:
    """Remember that a session was used."""
    database.conn.execute("UPDATE session SET seen_at = ? WHERE id = ? AND seen_at < ?", (to_text(now), session_id,
        to_text(now)))  # fmt: skip


def end(database: Database, secret: str) -> None:
    """End the session behind a hash, if there is one."""
    database.conn.execute("DELETE FROM session WHERE secret = ?", (secret,))


def end_one(database: Database, account_id: int, session_id: int) -> None:
    """End one session of an account.

    Raises:
        NotFoundError: the account has no such session.
    """
    done = database.conn.execute("DELETE FROM session WHERE id = ? AND account_id = ?", (session_id, account_id))
    if not done.rowcount:
        raise NotFoundError("this session ended already")


def end_all(database: Database, account_id: int, *, but: int | None = None) -> int:
    """End the sessions of an account, all but one where one is named; return how many."""
    query = "DELETE FROM session WHERE account_id = ? AND id <> ?"
    return database.conn.execute(query, (account_id, -1 if but is None else but)).rowcount


def _read(row: Mapping[str, Any]) -> Session:
    return Session(
        id=int(row["id"]),
        account=accounts.read(row),
        created_at=from_text(row["created_at"]),
        seen_at=from_text(row["seen_at"]),
        agent=str(row["agent"]),
        address=str(row["address"]),
    )
