"""Deliveries over the JSON interface: what left, what waits, what could not be delivered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from review.interface.bodies import OrderRoute
from review.interface.declared import MISSING
from review.interface.writing import Writing
from review.models.alerts import DeliveryModel, DeliveryPage
from review.models.orders import Done, Signed
from review.paging import read_numbered_place, write_place
from review.parameters import BeforeRow, Limit, RowId, known_place
from review.room import Room
from storage import delivery_log
from storage.types import DeliveryState


def delivery_routes(room: Room) -> APIRouter:
    """Return the routes that show deliveries."""
    router = APIRouter(tags=["deliveries"])

    @router.get("/deliveries", summary="Deliveries with each attempt, newest first")
    def list_deliveries(
        *,
        state: Annotated[DeliveryState | None, Query(description="`dead`: what could not be delivered")] = None,
        channel: Annotated[str | None, Query(max_length=100)] = None,
        before: BeforeRow = None,
        limit: Limit = 50,
    ) -> DeliveryPage:
        place = known_place(read_numbered_place(before)) if before else None
        with room.readers.reading() as database:
            found = delivery_log.listing(database, state=state, channel_id=channel, before=place, limit=limit + 1)
        shown = found[:limit]
        last = shown[-1].delivery if len(found) > limit else None
        return DeliveryPage(
            deliveries=tuple(DeliveryModel.of(log) for log in shown),
            next=None if last is None else write_place(last.created_at, last.id),
        )

    @router.get("/deliveries/{delivery_id}", summary="One delivery with each attempt", responses=MISSING)
    def show_delivery(delivery_id: RowId) -> DeliveryModel:
        with room.readers.reading() as database:
            return DeliveryModel.of(delivery_log.one(database, delivery_id))

    return router


def delivery_orders(writing: Writing) -> APIRouter:
    """Return the routes that send a delivery again, or give it up."""
    router = APIRouter(tags=["deliveries"], route_class=OrderRoute)

    @router.post(
        "/deliveries/{delivery_id}/replay",
        summary="Send a dead or suppressed delivery again, under its own identity",
        responses=MISSING,
    )
    async def replay_delivery(request: Request, delivery_id: RowId, order: Signed) -> Done:
        return await writing.order(
            request, "replay", {"delivery": delivery_id}, order=order,
            about=lambda database: delivery_log.one(database, delivery_id),
        )  # fmt: skip

    @router.post(
        "/deliveries/{delivery_id}/discard", summary="Give up a delivery that is not sent yet", responses=MISSING
    )
    async def discard_delivery(request: Request, delivery_id: RowId, order: Signed) -> Done:
        return await writing.order(
            request, "discard", {"delivery": delivery_id}, order=order,
            about=lambda database: delivery_log.one(database, delivery_id),
        )  # fmt: skip

    return router
