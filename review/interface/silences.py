"""Silences over the JSON interface."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request

from detection.countries import countries
from detection.taxonomy import event_types
from review.interface.bodies import OrderRoute
from review.interface.declared import MISSING
from review.interface.writing import Writing
from review.models.orders import Done, Signed, SilenceOrder
from review.models.silences import SilenceList, SilenceModel
from review.paging import read_numbered_place, write_place
from review.parameters import BeforeRow, Limit, RowId, known_place
from review.room import Room
from storage import silences, stories


def silence_routes(room: Room) -> APIRouter:
    """Return the routes that show silences."""
    router = APIRouter(tags=["silences"])

    @router.get("/silences", summary="Silences, the latest end first")
    def list_silences(before: BeforeRow = None, limit: Limit = 50) -> SilenceList:
        now = room.now()
        place = known_place(read_numbered_place(before)) if before else None
        with room.readers.reading() as database:
            found = silences.listing(database, before=place, limit=limit + 1)
        shown = found[:limit]
        last = shown[-1].silence if len(found) > limit else None
        return SilenceList(
            silences=tuple(SilenceModel.of(row.silence, row.hid, now) for row in shown),
            next=None if last is None else write_place(last.ends_at, last.id),
        )

    @router.get("/silences/{silence_id}", summary="One silence", responses=MISSING)
    def show_silence(silence_id: RowId) -> SilenceModel:
        with room.readers.reading() as database:
            silence = silences.get(database, silence_id)
            hidden = {one.alert.id for one in silences.hidden(database, silence_id)}
        return SilenceModel.of(silence, len(hidden), room.now())

    return router


def silence_orders(room: Room, writing: Writing) -> APIRouter:
    """Return the routes that begin and end silences."""
    router = APIRouter(tags=["silences"], route_class=OrderRoute)

    @router.post("/silences", summary="Begin a silence", responses=MISSING)
    async def add_silence(request: Request, order: SilenceOrder) -> Done:
        story = order.story_id
        return await writing.order(
            request, "silence", _values(room, order), order=order,
            about=None if story is None else lambda database: stories.get(database, story),
        )  # fmt: skip

    @router.post("/silences/{silence_id}/end", summary="End a silence now", responses=MISSING)
    async def end_silence(request: Request, silence_id: RowId, order: Signed) -> Done:
        return await writing.order(
            request, "end_silence", {"silence": silence_id}, order=order,
            about=lambda database: silences.get(database, silence_id),
        )  # fmt: skip

    return router


def _values(room: Room, order: SilenceOrder) -> dict[str, object]:
    """Return the values of a ``silence`` change.

    Raises:
        HTTPException: 422, it names what does not exist, so that it would hold nothing back, or nothing at all.
    """
    parts = (order.watch_id, order.story_id, order.pair, order.types or None, order.source_id, order.max_severity)
    if all(part is None for part in parts):
        raise HTTPException(status_code=422, detail="a silence of everything is none; name at least one part")
    if order.watch_id is not None and order.watch_id not in {watch.id for watch in room.settings.watches}:
        raise HTTPException(status_code=422, detail=f"there is no watch {order.watch_id!r}")
    if order.pair is not None and (len(set(order.pair)) != 2 or not set(order.pair) <= set(countries())):
        raise HTTPException(status_code=422, detail="pair must name two states by their codes, such as FRA and MLI")
    if order.one_way and order.pair is None:
        raise HTTPException(status_code=422, detail="one_way says nothing without a pair")
    unknown = sorted(set(order.types) - set(event_types()))
    if unknown:
        raise HTTPException(status_code=422, detail=f"there is no type of act {unknown[0]!r}")
    return {
        "watch": order.watch_id,
        "story": order.story_id,
        "pair": None if order.pair is None else list(order.pair),
        "one_way": order.one_way,
        "types": list(order.types),
        "max_severity": order.max_severity,
        "source": order.source_id,
        "reason": " ".join(order.reason.split()),
        "seconds": order.seconds,
    }
