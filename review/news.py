"""How many events came or grew since a list was made: what the desk asks for every half minute while it is looked at.

New rows never move the list under its reader; the page says that there are some (:data:`MOST` at most are counted).
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from review.filters import read_filter
from review.paging import LARGEST_ID
from review.room import Room
from review.searching import find_stories, read_search

ADDRESS = "/desk/new"
#: events that are counted; beyond it the page says "more than"
MOST = 50


def poll_address(kept: tuple[tuple[str, str], ...], newest: int) -> str:
    """Return what a list asks for to learn what came after it.

    Args:
        kept: the conditions of the list, as its address has them.
        newest: number of the newest article when the list was made, 0 for none.
    """
    conditions = [(name, value) for name, value in kept if name not in {"before", "newest"}]
    return f"{ADDRESS}?{urlencode([*conditions, ('newest', str(newest))])}"


def news_routes(room: Room) -> APIRouter:
    """Return the route that counts."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def new(request: Request) -> JSONResponse:
        since = request.query_params.get("newest", "")
        if not since.isascii() or not since.isdigit() or len(since) > len(str(LARGEST_ID)) or int(since) > LARGEST_ID:
            return JSONResponse({"detail": "'newest' must be the number of an article"}, status_code=422)
        conditions = read_filter({name: value for name, value in request.query_params.items() if name != "newest"})
        wanted = replace(
            room.asked(conditions, room.who(request)),
            after_article=int(since),
            limit=MOST,
            before=None,
        )
        with room.readers.reading() as database:
            search = None if conditions.q is None else read_search(conditions.q)
            found = find_stories(database, wanted, search)
        return JSONResponse(_told(room, request, len(found.rows), more=found.next is not None))

    return router


def _told(room: Room, request: Request, count: int, *, more: bool) -> dict[str, object]:
    say = room.words(request)
    label = say("pane.more_than", n=say.number(count)) if more else say.count("pane.new", count)
    return {"count": count, "label": label if count else "", "mark": f"{count}{'+' if more else ''}" if count else ""}
