"""API tokens: what programs show instead of logging in. The archive holds their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage import accounts
from storage.errors import ConflictError, NotFoundError
from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types.accounts import ApiToken, TokenScope

#: what a token starts with, so that programs which look for lost secrets know it
PREFIX = "vigie_"
#: characters of a token's name at most
LONGEST_NAME = 80
#: the last use is kept this coarse
TOUCH_EVERY = timedelta(minutes=5)

_COLUMNS = (
    "t.id, t.name, t.scope, t.created_at, t.created_by, t.expires_at, t.used_at, t.revoked_at, "
    f"{accounts.COLUMNS}"
)  # fmt: skip
_JOIN = "api_token t LEFT JOIN account a ON a.id = t.account_id"


def add(
    database: Database,
    name: str,
    scope: TokenScope,
    secret: str,
    now: datetime,
    *,
    account_id: int | None,
    created_by: str,
    expires_at: datetime | None = None,
) -> ApiToken:
    """Keep a new token.

    Args:
        database: the archive.
        name: what it is for.
        scope: what may be done with it.
        secret: its hash.
        now: when.
        account_id: whose, None for the machine's own.
        created_by: who made it.
        expires_at: None lets it hold until it is revoked.

    Raises:
        ConflictError: the name cannot be used, or the end has passed.
        NotFoundError: there is no such account.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConflictError(f"a token's name says what it is for, in 1 to {LONGEST_NAME} characters on one line")
    if expires_at is not None and expires_at <= now:
        raise ConflictError("the token would have expired already; name a time that is still to come")
    if account_id is not None and accounts.get(database, account_id).disabled_at is not None:
        raise ConflictError("the account is disabled; enable it first")
    row = database.execute(
        "INSERT INTO api_token (secret, account_id, name, scope, created_at, created_by, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (secret, account_id, name, scope.value, to_text(now), created_by, to_text_or_none(expires_at)),
    ).fetchone()
    return get(database, int(row[0]))


def find(database: Database, secret: str, now: datetime) -> ApiToken | None:
    """Return the token behind a hash, while it holds and its account may log in."""
    rows = database.query(
        f"""
        SELECT {_COLUMNS} FROM {_JOIN}
        WHERE t.secret = ? AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
            AND a.disabled_at IS NULL
        """,  # noqa: S608 (fixed text)
        (secret, to_text(now)),
    )
    return next((_read(row) for row in rows), None)


def get(database: Database, token_id: int) -> ApiToken:
    """Return a token, whether it still holds or not.

    Raises:
        NotFoundError: there is none.
    """
    for row in database.query(f"SELECT {_COLUMNS} FROM {_JOIN} WHERE t.id = ?", (token_id,)):  # noqa: S608
        return _read(row)
    raise NotFoundError(f"there is no token with number {token_id}; 'vigie token list' shows those there are")


def listing(database: Database, *, account_id: int | None = None) -> tuple[ApiToken, ...]:
    """Return all tokens, newest first, or those of one account."""
    condition, values = ("1 = 1", ()) if account_id is None else ("t.account_id = ?", (account_id,))
    query = f"SELECT {_COLUMNS} FROM {_JOIN} WHERE {condition} ORDER BY t.id DESC"  # noqa: S608 (fixed text)
    rows = database.query(query, values)
    return tuple(_read(row) for row in rows)


def touch(database: Database, token_id: int, now: datetime) -> None:
    """Remember that a token was used."""
    database.conn.execute("UPDATE api_token SET used_at = ? WHERE id = ?", (to_text(now), token_id))


def revoke(database: Database, token_id: int, now: datetime) -> ApiToken:
    """Let a token hold no longer.

    Raises:
        NotFoundError: there is none.
    """
    token = get(database, token_id)
    database.conn.execute(
        "UPDATE api_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (to_text(now), token_id)
    )
    return token


def _read(row: Mapping[str, Any]) -> ApiToken:
    return ApiToken(
        id=int(row["id"]),
        account=None if row["account"] is None else accounts.read(row),
        name=str(row["name"]),
        scope=TokenScope(row["scope"]),
        created_at=from_text(row["created_at"]),
        created_by=str(row["created_by"]),
        expires_at=from_text_or_none(row["expires_at"]),
        used_at=from_text_or_none(row["used_at"]),
        revoked_at=from_text_or_none(row["revoked_at"]),
    )
