"""Sources over the JSON interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlite_utils import Database

from review.errors import PageNotFoundError
from review.interface.bodies import OrderRoute
from review.interface.declared import MISSING
from review.interface.writing import Writing
from review.models.orders import Done, Signed
from review.models.sources import SourceDetail, SourceEventModel, SourceList, SourceModel
from review.room import Room
from review.standing import source_standing
from storage import health, overview, sources

SourceKey = Annotated[str, Path(min_length=1, max_length=100)]
#: changes of a source's state that its page tells
MOST_EVENTS = 100


def source_routes(room: Room) -> APIRouter:
    """Return the routes of sources."""
    router = APIRouter(tags=["sources"])

    @router.get("/sources", summary="Sources and how they are doing, those in trouble first")
    def list_sources() -> SourceList:
        now = room.now()
        with room.readers.reading() as database:
            found = overview.sources(database, now)
        return SourceList(sources=tuple(SourceModel.of(source, source_standing(source, now)) for source in found))

    @router.get("/sources/{source_id}", summary="One source, with how its state changed", responses=MISSING)
    def show_source(source_id: SourceKey) -> SourceDetail:
        now = room.now()
        with room.readers.reading() as database:
            found = next((one for one in overview.sources(database, now) if one.id == source_id), None)
            events = health.events(database, source_id, limit=MOST_EVENTS)
        if found is None:
            raise PageNotFoundError(f"there is no source {source_id!r}")
        return SourceDetail(
            source=SourceModel.of(found, source_standing(found, now)),
            events=tuple(SourceEventModel.of(event) for event in events),
        )

    return router


def source_orders(writing: Writing) -> APIRouter:
    """Return the route by which a source is read at once."""
    router = APIRouter(tags=["sources"], route_class=OrderRoute)

    @router.post("/sources/{source_id}/poll", summary="Read a source at once", responses=MISSING)
    async def poll_source(request: Request, source_id: SourceKey, order: Signed) -> Done:
        def about(database: Database) -> None:
            if sources.state(database, source_id) is None:
                raise PageNotFoundError(f"there is no source {source_id!r}")

        return await writing.order(request, "poll_now", {"source": source_id}, order=order, about=about)

    return router
