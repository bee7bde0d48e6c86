"""Watches over the JSON interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from review.errors import PageNotFoundError
from review.interface.declared import MISSING
from review.models.watches import WatchList, WatchModel
from review.room import Room


def watch_routes(room: Room) -> APIRouter:
    """Return the routes of watches."""
    router = APIRouter(tags=["watches"])

    @router.get("/watches", summary="The watches that hold")
    def list_watches() -> WatchList:
        return WatchList(watches=tuple(WatchModel.of(watch) for watch in room.settings.watches))

    @router.get("/watches/{watch_id}", summary="One watch", responses=MISSING)
    def show_watch(watch_id: Annotated[str, Path(min_length=1, max_length=100)]) -> WatchModel:
        for watch in room.settings.watches:
            if watch.id == watch_id:
                return WatchModel.of(watch)
        raise PageNotFoundError(f"there is no watch {watch_id!r}")

    return router
