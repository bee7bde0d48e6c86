"""Saved views: a name for a way of looking at the desk, one's own or everybody's.

Everybody's stand in an order of the house, those of a person after them in an order of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError, StorageError
from storage.times import from_text, to_text
from storage.triage_history import person_number

#: characters of a view's name and of its conditions; views one archive keeps
LONGEST_NAME, LONGEST_QUERY, MOST_VIEWS = 60, 2_000, 200


class ViewTakenError(StorageError):
    """A view of that name is there already."""


class ViewChangedError(StorageError):
    """Somebody changed the view since it was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view somebody saved."""

    #: stands in addresses: lower-case letters, digits and hyphens
    id: str
    name: str
    #: the desk's conditions as its address has them, without ``before``
    query: str
    #: whose it is; None for everybody's
    person_id: int | None
    created_by: str
    #: whether the dashboard shows a card of it
    on_dashboard: bool
    created_at: datetime
    #: counts its changes
    version: int
    #: among everybody's, or among those of its person: the smaller the earlier
    place: int


def create(database: Database) -> None:
    """Add the tables; called by a migration."""
    for statement in (
        """
        CREATE TABLE saved_view (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, query TEXT NOT NULL, person_id INTEGER, created_by TEXT NOT NULL,
            on_dashboard INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1
        )
        """,
        "CREATE TABLE default_view (person_id INTEGER PRIMARY KEY, view_id TEXT NOT NULL)",
    ):
        database.conn.execute(statement)


def create_places(database: Database) -> None:
    """Give views an order that can be changed, the one by name to begin with; called by a migration."""
    for statement in (
        "ALTER TABLE saved_view ADD COLUMN place INTEGER NOT NULL DEFAULT 0",
        """
        UPDATE saved_view SET place = (
            SELECT count(*) FROM saved_view o WHERE coalesce(o.person_id, -1) = coalesce(saved_view.person_id, -1)
                AND (lower(o.name), o.id) <= (lower(saved_view.name), saved_view.id)
        )
        """,
    ):
        database.conn.execute(statement)


def slug(name: str) -> str:
    """Return what stands in addresses for a name; empty when nothing of it can stand there."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def listing(database: Database, person_id: int | None) -> tuple[SavedView, ...]:
    """Return everybody's views, then a person's own, each in its order."""
    rows = database.query(
        f"SELECT {_COLUMNS} FROM saved_view WHERE person_id IS NULL OR person_id = ? "  # noqa: S608 (fixed columns)
        "ORDER BY CASE WHEN person_id IS NULL THEN 0 ELSE 1 END, place, lower(name), id LIMIT ?",
        (person_number(person_id), MOST_VIEWS),
    )
    return tuple(_view(row) for row in rows)


def get(database: Database, view_id: str, person_id: int | None) -> SavedView:
    """Return a view that a person may see.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    rows = database.query(
        f"SELECT {_COLUMNS} FROM saved_view WHERE id = ? AND (person_id IS NULL OR person_id = ?)",  # noqa: S608 (fixed columns)
        (view_id, person_number(person_id)),
    )
    for row in rows:
        return _view(row)
    raise NotFoundError(f"no view {view_id!r} is saved")


def add(
    database: Database,
    *,
    view_id: str,
    name: str,
    query: str,
    person_id: int | None,
    created_by: str,
    on_dashboard: bool,
    now: datetime,
) -> SavedView:
    """Save a view.

    Raises:
        ViewTakenError: the name is taken, or there are too many views.
    """
    taken = database.execute("SELECT count(*) FROM saved_view WHERE id = ?", (view_id,)).fetchone()[0]
    if taken:
        raise ViewTakenError(f"a view is called {view_id!r} already; choose another name, or change that one")
    if database.execute("SELECT count(*) FROM saved_view").fetchone()[0] >= MOST_VIEWS:
        raise ViewTakenError(f"{MOST_VIEWS} views are saved, as many as there can be; delete one first")
    database.conn.execute(
        "INSERT INTO saved_view (id, name, query, person_id, created_by, on_dashboard, created_at, place) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (view_id, name, query, person_id, created_by, int(on_dashboard), to_text(now), _last_place(database) + 1),
    )
    return get(database, view_id, person_id)


def change(database: Database, view: SavedView, *, version: int, name: str, query: str, on_dashboard: bool) -> None:
    """Change a view that was shown at a version.

    Raises:
        ViewChangedError: it has another version by now.
    """
    _expect(view, version)
    database.conn.execute(
        "UPDATE saved_view SET name = ?, query = ?, on_dashboard = ?, version = version + 1 WHERE id = ?",
        (name, query, int(on_dashboard), view.id),
    )


def delete(database: Database, view: SavedView, *, version: int) -> None:
    """Delete a view, also as anybody's default, and when who looked at it.

    Raises:
        ViewChangedError: it has another version by now.
    """
    _expect(view, version)
    database.conn.execute("DELETE FROM saved_view WHERE id = ?", (view.id,))
    database.conn.execute("DELETE FROM default_view WHERE view_id = ?", (view.id,))
    database.conn.execute("DELETE FROM view_look WHERE view_id = ?", (view.id,))


def move(database: Database, view: SavedView, *, earlier: bool) -> bool:
    """Put a view before the one above it, or after the one below it; return False when there is none.

    Those on the dashboard and the others are two lists, so each goes past those of its own.
    """
    order = _group(database, view.person_id)
    rest = [one for one in order if one.id != view.id]
    beside = neighbour(order, view, earlier=earlier)
    if beside is None:
        return False
    at = rest.index(beside) + (0 if earlier else 1)
    _number(database, [one.id for one in (*rest[:at], view, *rest[at:])])
    return True


def neighbour(order: Sequence[SavedView], view: SavedView, *, earlier: bool) -> SavedView | None:
    """Return the view that another one stands next to in its list, before or after it; None at either end.

    Args:
        order: views in their order, those of other lists among them.
        view: one of them.
        earlier: whether the one before is asked for.
    """
    mates = [one for one in order if (one.person_id, one.on_dashboard) == (view.person_id, view.on_dashboard)]
    at = next(place for place, one in enumerate(mates) if one.id == view.id) + (-1 if earlier else 1)
    return mates[at] if 0 <= at < len(mates) else None


def default_of(database: Database, person_id: int | None) -> str | None:
    """Return the view that the desk shows a person who asks for none."""
    row = database.execute(
        "SELECT view_id FROM default_view WHERE person_id = ?", (person_number(person_id),)
    ).fetchone()
    return None if row is None else str(row[0])


def set_default(database: Database, person_id: int | None, view_id: str | None) -> None:
    """Choose what the desk shows a person who asks for nothing; None is everything."""
    number = person_number(person_id)
    database.conn.execute("DELETE FROM default_view WHERE person_id = ?", (number,))
    if view_id is not None:
        database.conn.execute("INSERT INTO default_view (person_id, view_id) VALUES (?, ?)", (number, view_id))


_COLUMNS = "id, name, query, person_id, created_by, on_dashboard, created_at, version, place"


def _group(database: Database, person_id: int | None) -> list[SavedView]:
    """Return everybody's views (None), or a person's own, in their order."""
    rows = database.query(
        f"SELECT {_COLUMNS} FROM saved_view WHERE coalesce(person_id, -1) = ? ORDER BY place, lower(name), id",  # noqa: S608 (fixed columns)
        (-1 if person_id is None else person_id,),
    )
    return [_view(row) for row in rows]


def _number(database: Database, view_ids: Sequence[str]) -> None:
    """Give views the places in which they are named here."""
    database.conn.executemany(
        "UPDATE saved_view SET place = ? WHERE id = ?", ((place, one) for place, one in enumerate(view_ids, start=1))
    )


def _last_place(database: Database) -> int:
    return int(database.execute("SELECT coalesce(max(place), 0) FROM saved_view").fetchone()[0])


def _expect(view: SavedView, version: int) -> None:
    if view.version != version:
        raise ViewChangedError(f"the view {view.name!r} was changed since this page was shown; look at it anew")


def _view(row: dict[str, Any]) -> SavedView:
    return SavedView(**{**row, "on_dashboard": bool(row["on_dashboard"]), "created_at": from_text(row["created_at"])})
