"""The JSON interface, version 1: what the pages show, for programs."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from review.interface.alerts import alert_routes
from review.interface.articles import article_routes
from review.interface.declared import READING, condition
from review.interface.sources import source_routes
from review.interface.stories import story_routes
from review.ladder import ladder_routes
from review.room import Room


def interface_routes(room: Room) -> APIRouter:
    """Return the routes of the interface; the ids of its operations are the names of their functions and stay."""
    router = APIRouter(generate_unique_id_function=lambda route: route.name)
    for routes in (story_routes, article_routes, alert_routes, source_routes, ladder_routes):
        router.include_router(routes(room), responses=READING, dependencies=[Depends(condition)])
    return router
