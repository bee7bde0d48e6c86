"""Links that show one story or one view to whoever has them, for a while. The archive holds the hash of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.errors import ConflictError, NotFoundError
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Person
from storage.types.accounts import Share, ShareKind

#: how long a link may hold
LONGEST = timedelta(days=90)

_COLUMNS = "id, kind, about, created_at, created_by, account_id, expires_at, revoked_at"


def add(
    database: Database, kind: ShareKind, about: str, secret: str, now: datetime, *, by: Person, lasts: timedelta
) -> Share:
    """Keep a new link.

    Args:
        database: the archive.
        kind: what ``about`` names.
        about: number of the story, or name of the view; that it exists is the caller's to know.
        secret: the hash of the link's secret.
        now: when.
        by: who makes it.
        lasts: how long it holds.

    Raises:
        ConflictError: it would hold too long or not at all.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise ConflictError(f"a link holds for {LONGEST.days} days at most")
    row = database.execute(
        "INSERT INTO share (secret, kind, about, account_id, created_at, created_by, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (secret, kind.value, about, by.id, to_text(now), by.name, to_text(now + lasts)),
    ).fetchone()
    return get(database, int(row[0]))


def find(database: Database, secret: str, now: datetime) -> Share | None:
    """Return the link behind a hash, while it holds and whoever made it may log in."""
    rows = database.query(
        f"""
        SELECT {_COLUMNS} FROM share WHERE secret = ? AND revoked_at IS NULL AND expires_at > ?
            AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = share.account_id AND a.disabled_at IS NOT NULL)
        """,  # noqa: S608 (fixed text)
        (secret, to_text(now)),
    )
    return next((_read(row) for row in rows), None)


def get(database: Database, share_id: int) -> Share:
    """Return a link, whether it still holds or not.

    Raises:
        NotFoundError: there is none.
    """
    for row in database.query(f"SELECT {_COLUMNS} FROM share WHERE id = ?", (share_id,)):  # noqa: S608 (fixed text)
        return _read(row)
    raise NotFoundError(f"there is no link with number {share_id}")


def listing(
    database: Database, now: datetime, *, about: tuple[ShareKind, str] | None = None, account_id: int | None = None
) -> tuple[Share, ...]:
    """Return the links that hold, newest first: all, those to one thing, or those that one account made."""
    conditions, values = ["revoked_at IS NULL", "expires_at > ?"], [to_text(now)]
    if about is not None:
        conditions.append("kind = ? AND about = ?")
        values += [about[0].value, about[1]]
    if account_id is not None:
        conditions.append("account_id = ?")
    given = (*values, account_id) if account_id is not None else tuple(values)
    where = " AND ".join(conditions)
    query = f"SELECT {_COLUMNS} FROM share WHERE {where} ORDER BY id DESC LIMIT 500"  # noqa: S608 (fixed text)
    rows = database.query(query, given)
    return tuple(_read(row) for row in rows)


def revoke(database: Database, share_id: int, now: datetime) -> Share:
    """Let a link hold no longer.

    Raises:
        NotFoundError: there is none.
    """
    share = get(database, share_id)
    database.conn.execute(
        "UPDATE share SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (to_text(now), share_id)
    )
    return share


def _read(row: Mapping[str, Any]) -> Share:
    return Share(
        id=int(row["id"]),
        kind=ShareKind(row["kind"]),
        about=str(row["about"]),
        created_at=from_text(row["created_at"]),
        created_by=str(row["created_by"]),
        account_id=None if row["account_id"] is None else int(row["account_id"]),
        expires_at=from_text(row["expires_at"]),
        revoked_at=from_text_or_none(row["revoked_at"]),
    )
