"""The pages of sources: how each is doing, and one in full depth, read again at once when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from review.changing import Changing
from review.charting import local_midnight
from review.errors import PageNotFoundError
from review.forms import Fields
from review.pausing import DURATIONS, USUAL_DURATION, add_pausing, address_of
from review.rhythm_chart import rhythm_chart, spark, week_chart
from review.room import Room
from review.standing import SourceStanding, source_standing
from storage import alert_log, arrivals_count, health, overview, polls, rhythm, sample
from storage.overview import SourceHealth
from storage.types import Role

#: notices on the list; days of its small charts; days of a source's own
NOTICES, SPARK_DAYS, RHYTHM_DAYS = 20, 14, 28
#: of one source: polls, gaps and changes of state shown
POLLS, GAPS, EVENTS = 10, 10, 10


class Group(StrEnum):
    """What the list of sources can be narrowed to."""

    FRESH = "fresh"
    LATE = "late"
    FAILED = "failed"
    PAUSED = "paused"
    OFF = "off"


_GROUPS = {
    SourceStanding.FRESH: Group.FRESH,
    SourceStanding.QUIET: Group.FRESH,
    SourceStanding.LATE: Group.LATE,
    SourceStanding.UNCHECKED: Group.LATE,
    SourceStanding.PAUSED: Group.PAUSED,
    SourceStanding.OFF: Group.OFF,
}


def group_of(standing: SourceStanding) -> Group:
    """Return the group of a source: whatever is neither in order, late, paused nor switched off has failed somehow."""
    return _GROUPS.get(standing, Group.FAILED)


def source_routes(room: Room, changing: Changing, *, can_add: bool = False) -> APIRouter:
    """Return the routes of the pages of sources; ``can_add`` leads on to those that add some."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/sources")
    def source_list(request: Request) -> HTMLResponse:
        now = room.now()
        with room.readers.reading() as database:
            found = overview.sources(database, now)
            groups = [group_of(source_standing(source, now)) for source in found]
            chosen = _chosen(request)
            shown = [source for source, group in zip(found, groups, strict=True) if chosen in {None, group}]
            return room.page(
                request,
                "sources.html",
                database=database,
                sources=shown,
                sparks=_sparks(database, shown, now),
                groups=Counter(groups),
                group_names=list(Group),
                chosen=chosen,
                all_sources=len(found),
                notices=alert_log.alerts(database, notices=True, limit=NOTICES),
                channels=overview.channels(database),
                can_add=can_add,
            )

    @router.post("/sources/{source_id:path}/poll")
    async def poll_now(request: Request, source_id: str) -> Response:
        def work(_fields: Fields) -> tuple[str, dict[str, Any]]:
            return "poll_now", {"source": source_id}

        return await changing.form(
            request, work=work, role=Role.ANALYST, then=f"{address_of(source_id)}?asked=now#polls"
        )

    def show(request: Request, source_id: str, **context: Any) -> HTMLResponse:
        with room.readers.reading() as database:
            found = _source(room, request, database, source_id)
            return room.page(request, "source.html", database=database, **found, **context)

    if changing.able:
        add_pausing(router, room, changing, show)

    @router.get("/sources/{source_id:path}")
    def source_page(request: Request, source_id: str) -> HTMLResponse:
        return show(request, source_id)

    return router


def _chosen(request: Request) -> Group | None:
    given = request.query_params.get("state", "")
    return Group(given) if given in set(Group) else None


def _sparks(database: Database, shown: Sequence[SourceHealth], now: datetime) -> dict[str, object]:
    """Return the last days of each source; days are those of UTC here."""
    first = now.astimezone(UTC).date() - timedelta(days=SPARK_DAYS - 1)
    days = [(first + timedelta(days=number)).isoformat() for number in range(SPARK_DAYS)]
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    counts = arrivals_count.by_day(database, [source.id for source in shown], since)
    return {source_id: spark([found.get(day, 0) for day in days]) for source_id, found in counts.items()}


def _source(room: Room, request: Request, database: Database, source_id: str) -> dict[str, Any]:
    now, zone = room.now(), room.settings.zone()
    source = next(iter(overview.sources(database, now, source_id=source_id)), None)
    if source is None:
        raise PageNotFoundError(f"there is no source {source_id!r}")
    first = now.astimezone(zone).date() - timedelta(days=RHYTHM_DAYS - 1)
    since = local_midnight(first, zone)
    counts = arrivals_count.by_hour(database, source_id, since)
    gaps = health.interruptions(database, source_id, since)
    learnt, _ = rhythm.load(database, source_id)
    plan = rhythm.plan_reason(database, source_id)
    return {
        "source": source,
        "standing": source_standing(source, now),
        "chart": rhythm_chart(counts, learnt, gaps, since=since, now=now, zone=zone),
        "week": week_chart(counts, zone),
        "rhythm_days": RHYTHM_DAYS,
        "gaps": gaps[::-1][:GAPS],
        "gap_count": len(gaps),
        "polls": polls.latest(database, source_id, POLLS),
        "sample": sample.last_article(database, source_id),
        "outcomes": sample.page_outcomes(database, source_id),
        "events": health.events(database, source_id, limit=EVENTS),
        "plan": plan[1] if plan else None,
        "asked": request.query_params.get("asked") == "now",
        "address": address_of(source_id),
        "durations": tuple(DURATIONS),
        "usual": USUAL_DURATION,
    }
