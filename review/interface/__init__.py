"""The JSON interface, version 1: what the pages show, and what they change, for programs."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from review.changing import Perform
from review.interface.alerts import alert_orders, alert_routes
from review.interface.articles import article_routes
from review.interface.declared import READING, TOKEN, WRITING, condition, repetition
from review.interface.deliveries import delivery_orders, delivery_routes
from review.interface.silences import silence_orders, silence_routes
from review.interface.sources import source_orders, source_routes
from review.interface.stories import story_routes
from review.interface.triage import triage_orders, triage_routes
from review.interface.views import view_interface_routes
from review.interface.watches import watch_routes
from review.interface.writing import Writing
from review.ladder import ladder_routes
from review.room import Room
from review.strangers import refuse_unknown_parameters

_READING = (
    story_routes,
    article_routes,
    alert_routes,
    delivery_routes,
    silence_routes,
    source_routes,
    triage_routes,
    watch_routes,
    view_interface_routes,
    ladder_routes,
)


def interface_routes(room: Room, perform: Perform | None) -> APIRouter:
    """Return the routes of the interface; the ids of its operations are the names of their functions and stay.

    Args:
        room: what every page shares.
        perform: makes changes; None leaves out what takes orders.
    """
    router = APIRouter(generate_unique_id_function=lambda route: route.name)
    known = Depends(refuse_unknown_parameters)
    for routes in _READING:
        router.include_router(routes(room), responses=READING, dependencies=[Depends(TOKEN), Depends(condition), known])
    if perform is not None:
        writing = Writing(room, perform)
        given = [Depends(TOKEN), Depends(writing.allow), Depends(repetition)]
        takers = (
            alert_orders(writing),
            delivery_orders(writing),
            silence_orders(room, writing),
            source_orders(writing),
            triage_orders(writing),
        )
        for taker in takers:
            router.include_router(taker, responses=WRITING, dependencies=given)
    return router
