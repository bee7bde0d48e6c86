"""Changes of many stories: a page that states how many, which and what becomes of them, then one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from alerts.triage_actions import MOST_STORIES
from review.bulk_plan import Plan, plan
from review.changing import Changing
from review.errors import FaultError
from review.filters import read_filter
from review.forms import Fields, safe_path
from review.room import Room
from review.searching import find_stories, read_search
from review.triage_fields import FOR_READERS, OF_MANY, Chosen, read_change, read_chosen
from storage import notes, triage
from storage.types import Person, Role
from storage.types.triage import VerdictReason

#: bytes of a form that names as many stories as one change takes
LARGEST_FORM = 64 * 1024


def bulk_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of changes of many stories."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/triage/bulk")
    def ask(request: Request) -> HTMLResponse:
        return _page(room, request, request.query_params.get("do", ""), _back(request))

    if not changing.able:
        return router

    @router.post("/triage/bulk")
    async def change(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "bulk", _values(fields, room.who(request))

        show = partial(_again, room, request)
        return await changing.form(request, work=work, show=show, then="/", largest=LARGEST_FORM)

    @router.post("/triage/bulk-seen")
    async def see(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            chosen = read_chosen(fields.all("story"))
            if fields.get("do") not in FOR_READERS or not chosen:
                raise FaultError("triage")
            return "bulk", {"do": fields["do"], "stories": [[one.story_id, None] for one in chosen]}

        return await changing.form(request, work=work, then="/", role=Role.READER, largest=LARGEST_FORM)

    return router


def _values(fields: Fields, person: Person) -> dict[str, Any]:
    chosen = read_chosen(fields.all("story"))
    if fields.get("do", "") not in OF_MANY or not 0 < len(chosen) <= MOST_STORIES:
        raise FaultError("triage")
    name, values = read_change(fields, person)
    return {"do": name, "stories": [[one.story_id, one.version] for one in chosen], **values}


def _back(request: Request) -> str:
    """Return the address of the list that the stories were chosen in."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"do", "story", "all"}]
    return f"/?{urlencode(kept)}" if kept else "/"


def _again(room: Room, request: Request, *, given: Fields, **context: Any) -> HTMLResponse:
    """Show the page again with what was entered, for the stories as they stand now."""
    back = safe_path(given.get("back", "")) or "/"
    return _page(
        room, request, given.get("do", ""), back, chosen=read_chosen(given.all("story")), given=given, **context
    )


def _page(
    room: Room,
    request: Request,
    do: str,
    back: str,
    *,
    chosen: tuple[Chosen, ...] | None = None,
    given: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    do = do if do in (*OF_MANY, *FOR_READERS) else OF_MANY[0]
    say, person, now = room.words(request), room.who(request), room.now()
    with room.readers.reading() as database:
        cut = False
        every = chosen is None and "all" in request.query_params
        if chosen is None and every:
            chosen, cut = _in_view(database, room, request)
        elif chosen is None:
            chosen = read_chosen(request.query_params.getlist("story"))
        chosen = chosen[:MOST_STORIES]
        changes, same, refused = plan(database, chosen, do, given or {}, person, now)
        missing = len(chosen) - len(changes) - len(same) - len(refused)
        return room.page(
            request,
            "triage_bulk.html",
            database=database,
            plan=Plan(
                do=do, all=every, cut=cut, changes=changes, same=same, refused=refused, missing=missing, back=back
            ),
            word=say(f"triage.do.{do}", tag="…"),
            reasons=tuple(VerdictReason),
            tags=notes.tags(database),
            people=notes.assignees(database),
            given=given or {},
            **context,
        )


def _in_view(database: Database, room: Room, request: Request) -> tuple[tuple[Chosen, ...], bool]:
    """Return the stories of a view, the newest first, and whether it holds more than one change takes."""
    wanted = read_filter(request.query_params)
    narrowed = replace(room.asked(wanted, room.who(request)), before=None, limit=MOST_STORIES)
    search = None if wanted.q is None else read_search(wanted.q)
    found = find_stories(database, narrowed, search)
    held = triage.of_stories(database, [row.story.id for row in found.rows])
    ids = [row.story.id for row in found.rows if row.story.id in held]
    chosen = tuple(Chosen(story_id=story_id, version=held[story_id].version) for story_id in ids)
    return chosen, found.next is not None
