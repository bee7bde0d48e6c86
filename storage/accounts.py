"""Accounts: who may log in, with which role."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage.database import open_reader
from storage.errors import ConflictError, NotFoundError
from storage.folder import DATABASE_NAME
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Role
from storage.types.accounts import Account

#: characters of a name at most
LONGEST_NAME = 80
#: what somebody chooses of the page
CHOICES = frozenset({"language", "density", "keys"})
COLUMNS = (
    "a.id AS account, a.name AS account_name, a.role AS account_role, a.created_at AS account_created, "
    "a.password_at AS account_password, a.disabled_at AS account_disabled, "
    "a.language AS account_language, a.density AS account_density, a.keys AS account_keys"
)


def key_of(name: str) -> str:
    """Return what two names share that differ in capitals or in how their letters are encoded."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def clean_name(name: str) -> str:
    """Return a name for an account on one line.

    Raises:
        ConflictError: it cannot be one.
    """
    text = " ".join(unicodedata.normalize("NFC", name).split())
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise ConflictError(f"an account's name has 1 to {LONGEST_NAME} characters on one line, such as 'awa.diarra'")
    return text


def any_account(database: Database) -> bool:
    """Whether there is any account, so that a login is needed."""
    return bool(database.execute("SELECT EXISTS (SELECT 1 FROM account)").fetchone()[0])


def somebody_may_log_in(folder: Path) -> bool:
    """Whether the archive in a folder has an account that manages the others, without which nobody gets in.

    Raises:
        DataRefusedError: the archive must not be touched.
    """
    if not (folder / DATABASE_NAME).exists():
        return False
    database = open_reader(folder)
    try:
        return database["account"].exists() and active_admins(database) > 0
    finally:
        database.conn.close()


def active_admins(database: Database) -> int:
    """Return how many accounts may manage the others."""
    query = "SELECT count(*) FROM account WHERE role = ? AND disabled_at IS NULL"
    return int(database.execute(query, (Role.ADMIN.value,)).fetchone()[0])


def add(database: Database, name: str, role: Role | None, password: str, now: datetime) -> Account:
    """Add an account.

    Args:
        database: the archive.
        name: unique whatever its capitals.
        role: None makes the first account an admin and every other a reader.
        password: its hash.
        now: when.

    Raises:
        ConflictError: the name is taken, or the first account could not manage the others.
    """
    name = clean_name(name)
    first = not any_account(database)
    role = role or (Role.ADMIN if first else Role.READER)
    if first and role is not Role.ADMIN:
        raise ConflictError(f"the first account manages the others; make {name!r} an admin, and add others after it")
    taken = database.execute("SELECT name FROM account WHERE key = ?", (key_of(name),)).fetchone()
    if taken is not None:
        raise ConflictError(f"there is an account {taken[0]!r} already; take another name")
    row = database.execute(
        "INSERT INTO account (key, name, role, password, created_at, password_at) VALUES (?, ?, ?, ?, ?, ?) "
        "RETURNING id",
        (key_of(name), name, role.value, password, to_text(now), to_text(now)),
    ).fetchone()
    return get(database, int(row[0]))


def get(database: Database, account_id: int) -> Account:
    """Return an account.

    Raises:
        NotFoundError: there is none.
    """
    return _one(database, "a.id = ?", account_id, f"with number {account_id}")


def named(database: Database, name: str) -> Account:
    """Return the account of a name, whatever its capitals.

    Raises:
        NotFoundError: there is none.
    """
    return _one(database, "a.key = ?", key_of(name), repr(name))


def to_log_in(database: Database, name: str) -> tuple[Account, str] | None:
    """Return the account of a name that may log in, and the hash of its password."""
    query = f"SELECT {COLUMNS}, a.password FROM account a WHERE a.key = ? AND a.disabled_at IS NULL"  # noqa: S608
    found = list(database.query(query, (key_of(name),)))
    return (read(found[0]), str(found[0]["password"])) if found else None


def password_of(database: Database, account_id: int) -> str | None:
    """Return the hash of an account's password."""
    row = database.execute("SELECT password FROM account WHERE id = ?", (account_id,)).fetchone()
    return None if row is None else str(row[0])


def listing(database: Database) -> tuple[Account, ...]:
    """Return all accounts by name, with the last use of their sessions."""
    rows = database.query(
        f"""
        SELECT {COLUMNS}, (SELECT max(s.seen_at) FROM session s WHERE s.account_id = a.id) AS seen
        FROM account a ORDER BY a.key
        """  # noqa: S608 (fixed text)
    )
    return tuple(read(row) for row in rows)


def set_role(database: Database, account_id: int, role: Role) -> Account:
    """Change what somebody may do.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: nobody would be left to manage the others.
    """
    if role is not Role.ADMIN:
        _keep_an_admin(database, account_id)
    database.conn.execute("UPDATE account SET role = ? WHERE id = ?", (role.value, get(database, account_id).id))
    return get(database, account_id)


def set_enabled(database: Database, account_id: int, *, enabled: bool, now: datetime) -> Account:
    """Let somebody log in, or no longer; closing their sessions is the caller's.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: nobody would be left to manage the others.
    """
    if not enabled:
        _keep_an_admin(database, account_id)
    since = None if enabled else to_text(now)
    database.conn.execute("UPDATE account SET disabled_at = ? WHERE id = ?", (since, get(database, account_id).id))
    return get(database, account_id)


def set_password(database: Database, account_id: int, password: str, now: datetime) -> None:
    """Keep the hash of a new password; closing the sessions of the old one is the caller's."""
    database.conn.execute(
        "UPDATE account SET password = ?, password_at = ? WHERE id = ?", (password, to_text(now), account_id)
    )


def renew_hash(database: Database, account_id: int, password: str) -> None:
    """Keep a new hash of the same password; sessions go on."""
    database.conn.execute("UPDATE account SET password = ? WHERE id = ?", (password, account_id))


def choose(database: Database, account_id: int, choices: Mapping[str, str]) -> None:
    """Keep how somebody likes the page: of :data:`CHOICES` those that are given, the others stay as they are."""
    for name in CHOICES & choices.keys():
        database.conn.execute(
            f"UPDATE account SET {name} = ? WHERE id = ?",  # noqa: S608 (a fixed name)
            (choices[name], account_id),
        )


def read(row: Mapping[str, Any]) -> Account:
    """Return the account of a row with :data:`COLUMNS`."""
    return Account(
        id=int(row["account"]),
        name=str(row["account_name"]),
        role=Role(row["account_role"]),
        created_at=from_text(row["account_created"]),
        password_at=from_text(row["account_password"]),
        disabled_at=from_text_or_none(row["account_disabled"]),
        seen_at=from_text_or_none(row.get("seen")),
        language=row["account_language"],
        density=row["account_density"],
        keys=row["account_keys"],
    )


def _one(database: Database, condition: str, value: int | str, called: str) -> Account:
    query = f"SELECT {COLUMNS} FROM account a WHERE {condition}"  # noqa: S608 (fixed text)
    for row in database.query(query, (value,)):
        return read(row)
    raise NotFoundError(f"there is no account {called}; 'vigie user list' shows those there are")


def _keep_an_admin(database: Database, account_id: int) -> None:
    account = get(database, account_id)
    is_one = account.role is Role.ADMIN and account.disabled_at is None
    if is_one and active_admins(database) == 1:
        raise ConflictError(f"{account.name} is the only one left who manages accounts; make another an admin first")
