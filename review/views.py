"""The views: a dashboard of cards, saving and changing them, and each as a feed, a table and lines of JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlite_utils import Database

from review.cells import BYTE_ORDER_MARK, csv_lines, json_lines
from review.changing import Changing, author_of
from review.errors import FaultError, PageNotFoundError
from review.feeds import ATOM, JSON_FEED, Feed, atom, json_feed
from review.filters import DeskFilter, read_filter
from review.forms import Fields, one_line
from review.freshness import http_date, last_modified, unchanged
from review.paging import read_id, read_numbered_place, write_place
from review.room import Room
from review.searching import read_search
from review.view_lists import (
    EXPORT_COLUMNS,
    MOST_EXPORTED,
    View,
    built_in,
    card,
    feed_items,
    find_view,
    records,
    rows_of,
    views_of,
)
from storage import reading, readings, view_looks, views
from storage.types import Role
from storage.types.triage import Following
from storage.views import LONGEST_NAME, LONGEST_QUERY

#: events of one page of a feed
FEED_PAGE = 50
#: stands for a view where the conditions of the address itself are meant
HERE = "here"


def view_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of views, feeds and exports."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/views")
    def dashboard(request: Request) -> HTMLResponse:
        return _dashboard(room, request)

    @router.get("/feeds/{view_id}.atom")
    def as_atom(request: Request, view_id: str) -> Response:
        return _answer(room, request, view_id, "atom")

    @router.get("/feeds/{view_id}.json")
    def as_json(request: Request, view_id: str) -> Response:
        return _answer(room, request, view_id, "json")

    @router.get("/views/{view_id}.csv")
    def as_table(request: Request, view_id: str) -> Response:
        name, wanted = _exported(room, request, view_id)
        rows = records(room, room.who(request), wanted)
        lines = csv_lines(rows, EXPORT_COLUMNS)
        return _download(_marked(lines), f"{name}.csv", "text/csv; charset=utf-8")

    @router.get("/views/{view_id}.jsonl")
    def as_lines(request: Request, view_id: str) -> Response:
        name, wanted = _exported(room, request, view_id)
        lines = json_lines(records(room, room.who(request), wanted))
        return _download(lines, f"{name}.jsonl", "application/x-ndjson; charset=utf-8")

    if changing.able:
        _add_forms(router, room, changing)
    return router


def _add_forms(router: APIRouter, room: Room, changing: Changing) -> None:
    @router.post("/views")
    async def save(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            person = room.who(request)
            return "save_view", {
                "name": _name(fields),
                "query": _query(fields),
                "shared": "shared" in fields and person.role.covers(Role.ANALYST),
                "on_dashboard": True,
                "author": author_of(person, fields),
                "reserved": [HERE, *(view.id for view in built_in(room.settings, room.words(request)))],
            }

        show = partial(_dashboard, room, request)
        return await changing.form(
            request, work=work, show=show, then=lambda saved: f"/views#{saved.id}", role=Role.READER
        )

    @router.post("/views/{view_id}/change")
    async def change(request: Request, view_id: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            if fields.get("do") == "delete":
                return "delete_view", {"view": view_id, "version": _version(fields)}
            return "change_view", {
                "view": view_id,
                "version": _version(fields),
                "name": _name(fields),
                "on_dashboard": "on_dashboard" in fields,
            }

        show = partial(_dashboard, room, request)
        return await changing.form(request, work=work, show=show, then="/views", role=Role.READER)

    @router.post("/views/{view_id}/move")
    async def move(request: Request, view_id: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            if fields.get("do") not in {"up", "down"}:
                raise FaultError("expired")
            return "move_view", {"view": view_id, "do": fields["do"]}

        show = partial(_dashboard, room, request)
        return await changing.form(request, work=work, show=show, then=f"/views#{view_id}", role=Role.READER)

    @router.post("/views/looked")
    async def look(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            # What came while the dashboard was looked at is new still.
            up_to = read_id(fields.get("up_to", ""))
            with room.readers.reading() as database:
                found = views_of(database, room.settings, room.words(request), room.who(request))
            return "look_at_views", {"views": [view.id for view in found], "up_to": up_to or 0}

        show = partial(_dashboard, room, request)
        return await changing.form(request, work=work, show=show, then="/views", role=Role.READER)

    @router.post("/views/default")
    async def choose(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            names = [view.id for view in built_in(room.settings, room.words(request))]
            return "default_view", {"view": fields.get("view", ""), "built_in": names}

        show = partial(_dashboard, room, request)
        return await changing.form(request, work=work, show=show, then="/views", role=Role.READER)


def _dashboard(room: Room, request: Request, **context: Any) -> HTMLResponse:
    say, person = room.words(request), room.who(request)
    given = context.get("given") or {}
    asked = given.get("query", request.query_params.get("save"))
    proposed = None if asked is None else read_filter(dict(parse_qsl(asked[:LONGEST_QUERY], errors="replace")))
    with room.readers.reading() as database:
        found = views_of(database, room.settings, say, person)
        chosen = views.default_of(database, person.id)
        shown = [view for view in found if view.saved is None or view.saved.on_dashboard]
        looked = view_looks.of_person(database, person.id)
        cards = [card(database, room, person, view, looked=looked.get(view.id)) for view in shown]
        return room.page(
            request,
            "views.html",
            database=database,
            cards=cards,
            others=[view for view in found if view not in shown],
            every=found,
            chosen=chosen,
            moves=_moves(found),
            newest=reading.newest_article(database),
            proposed=proposed,
            longest_view=LONGEST_NAME,
            most_exported=MOST_EXPORTED,
            **context,
        )


def _moves(found: tuple[View, ...]) -> dict[str, tuple[str, ...]]:
    """Return for each saved view whether it can go up or down in its list."""
    order = [view.saved for view in found if view.saved is not None]
    ways = (("up", True), ("down", False))
    return {
        one.id: tuple(do for do, earlier in ways if views.neighbour(order, one, earlier=earlier) is not None)
        for one in order
    }


def _answer(room: Room, request: Request, view_id: str, form: str) -> Response:
    """Answer with a feed, or with 304 where nothing changed since the reader's copy (RFC 9110 section 13.1.3)."""
    now = room.now()
    with room.readers.reading() as database:
        view = _followed(room, request, database, view_id)
        changed = readings.changed_at(database)
        # What somebody looked at is noted nowhere else, so a view of what is new to them has no such moment.
        dated = view.wanted.seen is None and view.wanted.following is not Following.NEW
        headers = {"Last-Modified": http_date(last_modified(changed, now))} if dated else {}
        # An entity tag says more, so where both are asked the moment does not count.
        asked = None if "if-none-match" in request.headers else request.headers.get("if-modified-since")
        if dated and unchanged(asked, changed):
            return Response(status_code=304, headers=headers)
        # A feed without events is of that moment too, so that it stays the same while nothing happens.
        feed = _feed(room, request, database, view, form, changed or now)
    if form == "atom":
        return Response(atom(feed), media_type=ATOM, headers=headers)
    return Response(json_feed(feed), media_type=JSON_FEED, headers=headers)


def _followed(room: Room, request: Request, database: Database, view_id: str) -> View:
    """Return the view of a feed, or what the conditions of the address itself narrow the desk to."""
    if view_id != HERE:
        return find_view(database, room.settings, room.words(request), room.who(request), view_id)
    wanted = replace(_searchable(read_filter(request.query_params)), before=None)
    return View(
        id=HERE, name=" · ".join([room.words(request)("views.here"), *wanted.parameters().values()]), wanted=wanted
    )


def _feed(room: Room, request: Request, database: Database, view: View, form: str, now: datetime) -> Feed:
    say, person = room.words(request), room.who(request)
    before = request.query_params.get("before")
    place = None if before is None else read_numbered_place(before)
    if before is not None and place is None:
        raise PageNotFoundError("'before' is not the place of a page of this feed")
    found = rows_of(database, room, person, view.wanted, limit=FEED_PAGE, before=place)
    items = feed_items(database, found.rows, say)
    kept = parse_qsl(view.wanted.query) if view.id == HERE else []
    path = f"/feeds/{view.id}.{form}"

    def address(**more: str) -> str:
        parts = [*kept, *more.items()]
        return f"{path}?{urlencode(parts)}" if parts else path

    return Feed(
        id=f"{view.id}?{view.wanted.query}" if kept else view.id,
        title=f"{view.name} · Vigie",
        base=room.settings.public_url.rstrip("/"),
        path=address() if before is None else address(before=before),
        first=address(),
        next=None if found.next is None else address(before=write_place(*found.next)),
        page=view.address,
        language=say.language,
        items=items,
        now=now,
    )


def _exported(room: Room, request: Request, view_id: str) -> tuple[str, DeskFilter]:
    """Return the name of a file and what it holds: a view, or the conditions of the address itself."""
    if view_id == HERE:
        return "vigie", _searchable(read_filter(request.query_params))
    with room.readers.reading() as database:
        view: View = find_view(database, room.settings, room.words(request), room.who(request), view_id)
    return f"vigie-{view.id}", _searchable(view.wanted)


def _searchable(wanted: DeskFilter) -> DeskFilter:
    """Return a filter whose search can be read: once a file has begun it is too late to say that it cannot."""
    if wanted.q is not None:
        read_search(wanted.q)
    return wanted


def _marked(lines: Any) -> Any:
    yield BYTE_ORDER_MARK
    yield from lines


def _download(lines: Any, name: str, kind: str) -> StreamingResponse:
    return StreamingResponse(lines, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _name(fields: Fields) -> str:
    name = one_line(fields.get("name", ""), LONGEST_NAME)
    if not name:
        raise FaultError("view_name")
    return name


def _query(fields: Fields) -> str:
    """Return the conditions as a view keeps them: read and written anew, so nothing else gets in."""
    return read_filter(dict(parse_qsl(fields.get("query", "")[:LONGEST_QUERY], errors="replace"))).query


def _version(fields: Fields) -> int:
    number = read_id(fields.get("version", ""))
    if number is None:
        raise FaultError("expired")
    return number
