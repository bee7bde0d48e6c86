"""Stories over the JSON interface."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from alerts.triage_actions import LONGEST_ASSIGNEE, LONGEST_TAG
from review.filters import LONGEST_SEARCH
from review.found import matches_of_stories
from review.interface.declared import MISSING, SEARCHING
from review.models.alerts import AlertModel
from review.models.signals import FoundSignalModel
from review.models.stories import StoryDetail, StoryPage, StoryRowModel
from review.models.triage import TriageModel
from review.paging import read_numbered_place, write_place
from review.parameters import BeforeRow, Language, Limit, Moment, RowId, SourceId, known_place
from review.room import Room
from review.searching import find_stories, read_search
from review.strangers import known_values, refuse_unknown_values
from storage import alert_log, reading, stories, triage
from storage.reading import StoryFilter
from storage.triage_filter import TriageFilter
from storage.types import Status
from storage.types.triage import Following, TriageState, Verdict


def story_routes(room: Room) -> APIRouter:
    """Return the routes of stories."""
    router = APIRouter(tags=["stories"])

    @router.get("/stories", summary="Stories, the one last reported on first", responses=SEARCHING)
    def list_stories(
        request: Request,
        *,
        severity: Annotated[int | None, Query(ge=1, le=5, description="lowest severity")] = None,
        type: Annotated[str | None, Query(max_length=60)] = None,  # noqa: A002 (the parameter's name in the address)
        pair: Annotated[
            str | None, Query(pattern=r"^[A-Z]{2,8}-[A-Z]{2,8}$", description="`FRA-MLI`, in any order")
        ] = None,
        country: Annotated[str | None, Query(pattern=r"^[A-Z]{2,8}$", description="of one of its outlets")] = None,
        side: Annotated[str | None, Query(pattern=r"^[A-Z]{2,8}$", description="one of an act's two states")] = None,
        status: Status | None = None,
        rule: Annotated[str | None, Query(max_length=100, description="the rule that found an act")] = None,
        watch: Annotated[str | None, Query(max_length=100, description="a watch that told of it")] = None,
        source: SourceId = None,
        language: Language = None,
        since: Annotated[Moment | None, Query(description="last reported on since then")] = None,
        until: Annotated[Moment | None, Query(description="last reported on before then")] = None,
        q: Annotated[
            str | None, Query(max_length=LONGEST_SEARCH, description="a search in the query language of watches")
        ] = None,
        state: Annotated[list[TriageState] | None, Query(max_length=5, description="where it stands, any of")] = None,
        tag: Annotated[str | None, Query(max_length=LONGEST_TAG)] = None,
        assignee: Annotated[str | None, Query(max_length=LONGEST_ASSIGNEE, description="who works on it")] = None,
        important: bool | None = None,
        verdict: Verdict | None = None,
        noted: Annotated[bool | None, Query(description="whether it has a note")] = None,
        seen: Annotated[bool | None, Query(description="whether whoever asks saw all of it")] = None,
        following: Annotated[
            Following | None, Query(description="whether whoever asks follows it; `new`: and finds something new in it")
        ] = None,
        show: Annotated[Literal["signals", "all"], Query(description="`all`: also without a signal")] = "signals",
        before: BeforeRow = None,
        limit: Limit = 50,
    ) -> StoryPage:
        place = known_place(read_numbered_place(before)) if before else None
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
            until=until,
            side=side,
            country=country,
            rule=rule or None,
            watch_id=watch or None,
            before=place,
            triage=TriageFilter(
                states=tuple(state or ()),
                tag=tag or None,
                assignee=assignee or None,
                important=important,
                verdict=verdict,
                noted=noted,
                seen=seen,
                following=following,
                person_id=room.who(request).id,
            ),
            limit=limit,
        )
        search = read_search(q) if q and q.strip() else None
        with room.readers.reading() as database:
            values = {"type": type, "pair": pair, "side": side, "country": country, "source": source, "watch": watch}
            refuse_unknown_values(
                {name: value or None for name, value in values.items()}, known_values(database, room.settings)
            )
            found = find_stories(database, wanted, search)
            matched = matches_of_stories(database, found.rows, wanted, search)
            made = triage.of_stories(database, [row.story.id for row in found.rows])
        return StoryPage(
            stories=tuple(StoryRowModel.of(row, made[row.story.id], matched.get(row.story.id)) for row in found.rows),
            next=None if found.next is None else write_place(*found.next),
        )

    @router.get("/stories/{story_id}", summary="One story with its articles, signals and alerts", responses=MISSING)
    def show_story(story_id: RowId) -> StoryDetail:
        with room.readers.reading() as database:
            return StoryDetail(
                story=StoryDetail.heading(stories.get(database, story_id)),
                triage=TriageModel.of(triage.get(database, story_id)),
                signals=tuple(
                    FoundSignalModel.model_validate(found) for found in reading.story_signals(database, story_id)
                ),
                articles=StoryDetail.members(stories.members(database, story_id)),
                alerts=tuple(AlertModel.of(row) for row in alert_log.alerts(database, story_id=story_id)),
            )

    return router
