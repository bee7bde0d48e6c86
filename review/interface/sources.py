"""Sources over the JSON interface."""

from __future__ import annotations

from fastapi import APIRouter

from review.models.sources import SourceList, SourceModel
from review.room import Room
from review.standing import source_standing
from storage import overview


def source_routes(room: Room) -> APIRouter:
    """Return the routes of sources."""
    router = APIRouter(tags=["sources"])

    @router.get("/sources", summary="Sources and how they are doing, those in trouble first")
    def list_sources() -> SourceList:
        now = room.now()
        with room.readers.reading() as database:
            found = overview.sources(database, now)
        return SourceList(sources=tuple(SourceModel.of(source, source_standing(source, now)) for source in found))

    return router
