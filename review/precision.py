"""The page on what verdicts say of watches and rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from alerts.precision import Precision, precision
from review.room import Room
from storage import verdicts
from storage.verdicts import LabelCounts

#: days whose verdicts can be looked at; None for all
PERIODS: dict[str, int | None] = {"30": 30, "90": 90, "365": 365, "all": None}
USUAL = "90"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A watch or a rule with its verdicts."""

    #: for people
    label: str
    counts: LabelCounts
    precision: Precision


def precision_routes(room: Room) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/precision")
    def show(request: Request) -> HTMLResponse:
        period = request.query_params.get("days", "")
        period = period if period in PERIODS else USUAL
        days = PERIODS[period]
        since = None if days is None else room.now() - timedelta(days=days)
        with room.readers.reading() as database:
            by_watch, by_rule = verdicts.by_watch(database, since), verdicts.by_rule(database, since)
            return room.page(
                request,
                "precision.html",
                database=database,
                watches=[judged(one, room.settings.watch_name(one.name)) for one in by_watch],
                rules=[judged(one, one.name) for one in by_rule],
                periods=PERIODS,
                period=period,
            )

    return router


def judged(counts: LabelCounts, label: str) -> Judged:
    """Return what the table shows of a watch or a rule."""
    return Judged(label=label, counts=counts, precision=precision(counts.relevant, counts.not_relevant))
