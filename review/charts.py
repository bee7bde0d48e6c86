"""The page of trends: how far two states went towards each other, and how much is reported and alerted a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlite_utils import Database

from alerts.ladder import Ladder
from review import naming
from review.charting import LadderChart, bars, by_day, days_between, ladder_chart, local_midnight
from review.filters import read_filter
from review.ladder import read_ladder
from review.room import Room
from storage import daily, ladder, overview
from storage.types import Signal, Story

#: days the page shows, in the order they are offered
SPANS = (30, 90, 365)
USUAL_SPAN = 90
#: days that stand after the last act of two states that did nothing of late
AFTER_LAST = 14
#: what the ladder of a story shows before its first report and after its last
BEFORE_STORY, AFTER_STORY = timedelta(days=60), timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLadder:
    """A ladder with its chart."""

    found: Ladder
    chart: LadderChart


def chart_routes(room: Room) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/charts")
    def charts(request: Request) -> HTMLResponse:
        span = _span(request.query_params.get("days", ""))
        zone = room.settings.zone()
        with room.readers.reading() as database:
            pairs = _pairs(database, room)
            pair = _chosen(request, pairs)
            until = _end(database, room, request, pair, span)
            first = (until - timedelta(microseconds=1)).astimezone(zone).date() - timedelta(days=span - 1)
            since = local_midnight(first, zone)
            drawn = None if pair is None else draw(database, room, pair, since=since, until=until)
            days = days_between(since, until, zone)
            return room.page(
                request,
                "charts.html",
                database=database,
                span=span,
                spans=SPANS,
                last_day=days[-1],
                pairs=[("-".join(one), _named(room, request, one)) for one in pairs],
                pair=pair,
                drawn=drawn,
                articles=bars(by_day(daily.articles_by_hour(database, since, until), days, zone)),
                alerts=bars(by_day(daily.alerts_by_hour(database, since, until), days, zone), height=60.0),
            )

    return router


def draw(database: Database, room: Room, pair: tuple[str, str], *, since: datetime, until: datetime) -> DrawnLadder:
    """Return the ladder of a pair with its chart."""
    found = read_ladder(database, pair, since=since, until=until)
    chart = ladder_chart(found.sides, found.acts, since=since, until=until, zone=room.settings.zone())
    return DrawnLadder(found=found, chart=chart)


def story_ladder(database: Database, room: Room, signal: Signal | None, story: Story) -> DrawnLadder | None:
    """Return the ladder around a story whose gravest act one state did to another, None for any other story."""
    if signal is None or signal.actor is None or signal.target is None or signal.actor == signal.target:
        return None
    zone = room.settings.zone()
    since = local_midnight((story.first_seen_at - BEFORE_STORY).astimezone(zone).date(), zone)
    until = local_midnight((story.last_seen_at + AFTER_STORY).astimezone(zone).date(), zone)
    pair = (min(signal.actor, signal.target), max(signal.actor, signal.target))
    drawn = draw(database, room, pair, since=since, until=until)
    return drawn if drawn.found.acts else None


def _span(text: str) -> int:
    return int(text) if text in {str(span) for span in SPANS} else USUAL_SPAN


def _end(database: Database, room: Room, request: Request, pair: tuple[str, str] | None, span: int) -> datetime:
    """Return the end of the time shown: of the day that was asked for, else what suits the pair."""
    asked = read_filter(request.query_params).until
    if asked is not None:
        return min(room.now(), local_midnight(asked + timedelta(days=1), room.settings.zone()))
    return end_for(database, room, pair, span)


def end_for(database: Database, room: Room, pair: tuple[str, str] | None, span: int) -> datetime:
    """Return now; for two states that did nothing to each other in ``span`` days, some days after their last act."""
    now, zone = room.now(), room.settings.zone()
    last = None if pair is None else ladder.last_told(database, pair, now)
    if last is None or last > now - timedelta(days=span):
        return now
    return local_midnight(last.astimezone(zone).date() + timedelta(days=1 + min(AFTER_LAST, span // 3)), zone)


def _pairs(database: Database, room: Room) -> list[tuple[str, str]]:
    watched = [(min(pair), max(pair)) for watch in room.settings.watches for pair in watch.pairs]
    return list(dict.fromkeys([*watched, *overview.pairs(database)]))


def _chosen(request: Request, pairs: list[tuple[str, str]]) -> tuple[str, str] | None:
    wanted = read_filter(request.query_params).pair
    if wanted is not None and wanted[0] != wanted[1]:
        return (min(wanted), max(wanted))
    return pairs[0] if pairs else None


def _named(room: Room, request: Request, pair: tuple[str, str]) -> str:
    language = room.language(request)
    return " – ".join(naming.state_name(code, language) for code in pair)
