"""Who opened the list of which view: the desk with just its conditions, however its reader came there.

Noted once the page was sent, as a story's look is (:func:`review.triage.seeing`): reading a page writes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from sqlite_utils import Database

from review.filters import DeskFilter
from review.room import Room
from review.view_lists import View, views_of
from storage import reading, view_looks


def looking(room: Room, request: Request, database: Database, wanted: DeskFilter) -> dict[str, Any] | None:
    """Return the values of the change that notes a look at the desk's list, None when there is nothing to note.

    Browsers fetch pages ahead, and scripts fetch the desk for a part of it: only a page that is opened counts.
    """
    headers, person = request.headers, room.who(request)
    ahead = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
    if ahead or headers.get("sec-fetch-dest", "document") != "document" or wanted.ignored:
        return None
    shown = shown_by(views_of(database, room.settings, room.words(request), person), wanted)
    newest = reading.newest_article(database)
    noted = view_looks.of_person(database, person.id) if shown else {}
    fresh = [view_id for view_id in shown if is_news(noted, view_id, newest)]
    return {"views": fresh, "up_to": newest} if fresh else None


def shown_by(found: Iterable[View], wanted: DeskFilter) -> tuple[str, ...]:
    """Return which views a list of the desk is: those with just its conditions; none further down the list."""
    if wanted.before is not None:
        return ()
    return tuple(view.id for view in found if view.wanted.query == wanted.query)


def is_news(noted: Mapping[str, int], view_id: str, newest: int) -> bool:
    """Whether a look at a view now says more than the one that was noted."""
    return view_id not in noted or noted[view_id] < newest
