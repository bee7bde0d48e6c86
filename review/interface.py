"""The JSON interface, version 1: what the pages show, for programs. Reading only."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime

from review.filters import LONGEST_SEARCH
from review.ladder import ladder_routes
from review.models import (
    AlertModel,
    AlertPage,
    ArticleDetail,
    FoundSignalModel,
    SourceList,
    SourceModel,
    StoryDetail,
    StoryPage,
    StoryRowModel,
)
from review.paging import LARGEST_ID, read_numbered_place, read_place, write_place
from review.room import Room
from review.searching import find_stories, read_search
from review.standing import source_standing
from storage import alert_log, alerts, articles, entries, overview, reading, stories
from storage import revisions as history
from storage.reading import StoryFilter
from storage.types import Status

Place = TypeVar("Place")
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str | None, Query(max_length=120, description="`next` of the page before")]


def interface_routes(room: Room) -> APIRouter:
    """Return the routes of the interface."""
    router = APIRouter()
    _add_story_routes(router, room)
    _add_other_routes(router, room)
    router.include_router(ladder_routes(room))
    return router


def _add_story_routes(router: APIRouter, room: Room) -> None:
    @router.get("/stories", summary="Stories, the one last reported on first")
    def list_stories(
        *,
        severity: Annotated[int | None, Query(ge=1, le=5, description="lowest severity")] = None,
        type: Annotated[str | None, Query(max_length=60)] = None,  # noqa: A002 (the parameter's name in the address)
        pair: Annotated[
            str | None, Query(pattern=r"^[A-Z]{2,8}-[A-Z]{2,8}$", description="`FRA-MLI`, in any order")
        ] = None,
        status: Status | None = None,
        source: Annotated[str | None, Query(max_length=100)] = None,
        language: Annotated[str | None, Query(pattern="^[a-z]{2,3}$")] = None,
        since: Annotated[AwareDatetime | None, Query(description="last reported on since then")] = None,
        q: Annotated[
            str | None, Query(max_length=LONGEST_SEARCH, description="a search in the query language of watches")
        ] = None,
        show: Annotated[Literal["signals", "all"], Query(description="`all`: also without a signal")] = "signals",
        before: Before = None,
        limit: Limit = 50,
    ) -> StoryPage:
        place = _place(read_numbered_place(before)) if before else None
        first, _, second = (pair or "").partition("-")
        wanted = StoryFilter(
            with_signals=show == "signals",
            min_severity=severity,
            type=type,
            pair=(first, second) if pair else None,
            status=status,
            source_id=source,
            language=language,
            since=since,
            before=place,
            limit=limit,
        )
        search = read_search(q) if q and q.strip() else None
        with room.readers.reading() as database:
            found = find_stories(database, wanted, search)
        return StoryPage(
            stories=tuple(StoryRowModel.of(row) for row in found.rows),
            next=None if found.next is None else write_place(*found.next),
        )

    @router.get("/stories/{story_id}", summary="One story with its articles, signals and alerts")
    def show_story(story_id: RowId) -> StoryDetail:
        with room.readers.reading() as database:
            return StoryDetail(
                story=StoryDetail.heading(stories.get(database, story_id)),
                signals=tuple(
                    FoundSignalModel.model_validate(found) for found in reading.story_signals(database, story_id)
                ),
                articles=StoryDetail.members(stories.members(database, story_id)),
                alerts=tuple(AlertModel.of(row) for row in alert_log.alerts(database, story_id=story_id)),
            )


def _add_other_routes(router: APIRouter, room: Room) -> None:
    @router.get("/alerts", summary="Alerts with their deliveries, newest first")
    def list_alerts(before: Before = None, limit: Limit = 50) -> AlertPage:
        place = _place(read_place(before)) if before else None
        with room.readers.reading() as database:
            rows = alert_log.alerts(database, before=place, limit=limit + 1)
        shown = rows[:limit]
        last = shown[-1].alert if len(rows) > limit else None
        return AlertPage(
            alerts=tuple(AlertModel.of(row) for row in shown),
            next=None if last is None else write_place(last.created_at, last.id),
        )

    @router.get("/articles/{article_id}", summary="One article with its text, signals and decisions")
    def show_article(article_id: RowId) -> ArticleDetail:
        with room.readers.reading() as database:
            article = articles.get(database, article_id)
            return ArticleDetail.of(
                article,
                articles.signals(database, article.revision_id),
                articles.revisions(database, article_id),
                alerts.decisions(database, article_id),
                history.events(database, article_id),
                entries.unread(database, article_id),
            )

    @router.get("/sources", summary="Sources and how they are doing, those in trouble first")
    def list_sources() -> SourceList:
        now = room.now()
        with room.readers.reading() as database:
            found = overview.sources(database, now)
        return SourceList(sources=tuple(SourceModel.of(source, source_standing(source, now)) for source in found))


def _place(place: Place | None) -> Place:
    if place is None:
        raise HTTPException(status_code=422, detail="before is not the `next` of a page of this list")
    return place
