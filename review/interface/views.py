"""Views over the JSON interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from review.found import matches_of_stories
from review.interface.declared import MISSING, SEARCHING
from review.models.stories import StoryPage, StoryRowModel
from review.models.views import ViewList, ViewModel
from review.paging import read_numbered_place, write_place
from review.parameters import BeforeRow, Limit, known_place
from review.room import Room
from review.searching import find_stories
from review.view_lists import asked_of, find_view, views_of
from storage import triage

ViewId = Annotated[str, Path(min_length=1, max_length=100)]


def view_interface_routes(room: Room) -> APIRouter:
    """Return the routes of views."""
    router = APIRouter(tags=["views"])

    @router.get("/views", summary="Views: those that are always there, then the saved ones in their order")
    def list_views(request: Request) -> ViewList:
        with room.readers.reading() as database:
            found = views_of(database, room.settings, room.words(request), room.who(request))
        return ViewList(views=tuple(ViewModel.of(view) for view in found))

    @router.get("/views/{view_id}", summary="One view", responses=MISSING)
    def show_view(request: Request, view_id: ViewId) -> ViewModel:
        with room.readers.reading() as database:
            return ViewModel.of(find_view(database, room.settings, room.words(request), room.who(request), view_id))

    @router.get(
        "/views/{view_id}/stories", summary="Stories of a view, as on the desk", responses={**MISSING, **SEARCHING}
    )
    def list_view_stories(
        request: Request, view_id: ViewId, *, before: BeforeRow = None, limit: Limit = 50
    ) -> StoryPage:
        place = known_place(read_numbered_place(before)) if before else None
        person = room.who(request)
        with room.readers.reading() as database:
            view = find_view(database, room.settings, room.words(request), person, view_id)
            asked, search = asked_of(room, person, view.wanted, limit=limit, before=place)
            found = find_stories(database, asked, search)
            matched = matches_of_stories(database, found.rows, asked, search)
            made = triage.of_stories(database, [row.story.id for row in found.rows])
        return StoryPage(
            stories=tuple(StoryRowModel.of(row, made[row.story.id], matched.get(row.story.id)) for row in found.rows),
            next=None if found.next is None else write_place(*found.next),
        )

    return router
