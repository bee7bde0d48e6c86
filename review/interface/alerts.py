"""Alerts over the JSON interface, with their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from review.errors import PageNotFoundError
from review.interface.bodies import OrderRoute
from review.interface.declared import MISSING
from review.interface.writing import Writing
from review.models.alerts import AlertModel, AlertPage
from review.models.orders import Done, Signed
from review.paging import read_place, write_place
from review.parameters import Before, Limit, known_place
from review.room import Room
from storage import alert_log, alerts

AlertId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,64}$")]


def alert_routes(room: Room) -> APIRouter:
    """Return the routes of alerts."""
    router = APIRouter(tags=["alerts"])

    @router.get("/alerts", summary="Alerts with their deliveries, newest first")
    def list_alerts(before: Before = None, limit: Limit = 50) -> AlertPage:
        place = known_place(read_place(before)) if before else None
        with room.readers.reading() as database:
            rows = alert_log.alerts(database, before=place, limit=limit + 1)
        shown = rows[:limit]
        last = shown[-1].alert if len(rows) > limit else None
        return AlertPage(
            alerts=tuple(AlertModel.of(row) for row in shown),
            next=None if last is None else write_place(last.created_at, last.id),
        )

    @router.get("/alerts/{alert_id}", summary="One alert with its deliveries", responses=MISSING)
    def show_alert(alert_id: AlertId) -> AlertModel:
        with room.readers.reading() as database:
            row = alert_log.one(database, alert_id)
        if row is None:
            raise PageNotFoundError(f"no alert {alert_id!r} is stored")
        return AlertModel.of(row)

    return router


def alert_orders(writing: Writing) -> APIRouter:
    """Return the route by which an alert is taken in hand."""
    router = APIRouter(tags=["alerts"], route_class=OrderRoute)

    @router.post(
        "/alerts/{alert_id}/acknowledge",
        summary="Take an alert in hand, with all its watch was told of the story before",
        responses=MISSING,
    )
    async def acknowledge_alert(request: Request, alert_id: AlertId, order: Signed) -> Done:
        return await writing.order(
            request, "acknowledge", {"alert": alert_id}, order=order,
            about=lambda database: alerts.get(database, alert_id),
        )  # fmt: skip

    return router
