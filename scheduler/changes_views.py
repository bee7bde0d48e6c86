"""The changes that people make to saved views, and how far each has looked at a view."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage import reading, view_looks, views
from storage.triage_history import person_number
from storage.types import Done, Person, Role
from storage.views import LONGEST_NAME, LONGEST_QUERY, SavedView, ViewTakenError

if TYPE_CHECKING:
    from scheduler.changes import Change


def _save(database: Database, given: dict[str, Any], now: datetime, by: Person) -> Done:
    name = str(given["name"])
    view_id = views.slug(name)
    if not view_id or view_id in given["reserved"]:
        raise ViewTakenError(f"a view cannot be called {name!r}; choose a name with letters that is not taken")
    if len(name) > LONGEST_NAME or len(str(given["query"])) > LONGEST_QUERY:
        raise ViewTakenError("the name or the conditions of the view are too long")
    saved = views.add(
        database,
        view_id=view_id,
        name=name,
        query=str(given["query"]),
        # Whoever sits at the machine has the number 0, as in the tables of triage.
        person_id=None if given["shared"] else person_number(by.id),
        created_by=str(given["author"]),
        on_dashboard=bool(given["on_dashboard"]),
        now=now,
    )
    return Done(sentence=f"view {saved.id} is saved", id=saved.id)


def _change(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    view = _theirs(database, given, by)
    views.change(
        database,
        view,
        version=int(given["version"]),
        name=str(given["name"])[:LONGEST_NAME],
        query=str(given.get("query") or view.query)[:LONGEST_QUERY],
        on_dashboard=bool(given["on_dashboard"]),
    )
    return f"view {view.id} is changed"


def _delete(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    view = _theirs(database, given, by)
    views.delete(database, view, version=int(given["version"]))
    return f"view {view.id} deleted"


def _choose(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    wanted = given["view"] or None
    if wanted is not None and wanted not in given["built_in"]:
        views.get(database, str(wanted), by.id)
    views.set_default(database, by.id, None if wanted is None else str(wanted))
    return "the desk opens with it" if wanted else "the desk opens with everything"


def _move(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    """Put a view before or after the one beside it; relative to how they stand now, so nobody's move is lost."""
    view, do = _theirs(database, given, by), given["do"]
    if do not in {"up", "down"}:
        raise ValueError(f"a view moves up or down, not {do!r}")
    moved = views.move(database, view, earlier=do == "up")
    return f"view {view.id} moved {do}" if moved else f"view {view.id} stands at that end already"


def _look(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    """Keep up to which article somebody has looked at views: never one that the archive does not hold yet."""
    wanted = [str(view_id) for view_id in given["views"]]
    up_to = min(int(given["up_to"]), reading.newest_article(database))
    view_looks.look(database, wanted, by.id, up_to=up_to, now=now)
    return f"looked at {len(wanted)} views"


def _theirs(database: Database, given: dict[str, Any], by: Person) -> SavedView:
    """Return the view that is to change; everybody's are for analysts, one's own for oneself."""
    view = views.get(database, str(given["view"]), by.id)
    if view.person_id is None and not by.role.covers(Role.ANALYST):
        raise ViewTakenError("views that everybody sees are changed by analysts")
    return view


CHANGES: dict[str, Change] = {
    "save_view": _save,
    "change_view": _change,
    "delete_view": _delete,
    "default_view": _choose,
    "move_view": _move,
    "look_at_views": _look,
}
#: what somebody has looked at is their own affair
UNRECORDED = frozenset({"look_at_views"})
