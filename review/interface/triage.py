"""Triage over the JSON interface: verdicts, tags, notes, who works on what, and how good rules and watches are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from review.interface.bodies import OrderRoute
from review.interface.declared import MISSING
from review.interface.writing import Writing
from review.models.orders import Done
from review.models.triage import (
    AssignOrder,
    BulkVerdictOrder,
    FollowModel,
    FollowOrder,
    ImportantOrder,
    LinkModel,
    NoteModel,
    NoteOrder,
    PrecisionList,
    PrecisionModel,
    TagList,
    TagModel,
    TagOrder,
    TriageDetail,
    TriageEventModel,
    TriageModel,
    UndoOrder,
    VerdictOrder,
    VersionedOrder,
)
from review.parameters import Moment, RowId
from review.room import Room
from storage import follows, notes, stories, triage, triage_history, verdicts


def triage_routes(room: Room) -> APIRouter:
    """Return the routes that show what people made of stories."""
    router = APIRouter(tags=["triage"])

    @router.get("/stories/{story_id}/triage", summary="What people made of one story", responses=MISSING)
    def show_triage(request: Request, story_id: RowId) -> TriageDetail:
        person = room.who(request)
        with room.readers.reading() as database:
            stories.get(database, story_id)
            followed = follows.news(database, [story_id], person.id).get(story_id)
            return TriageDetail(
                triage=TriageModel.of(triage.get(database, story_id)),
                follow=None if followed is None else FollowModel.of(followed),
                notes=tuple(NoteModel.of(note) for note in notes.of_story(database, story_id)),
                links=tuple(LinkModel.of(found.link) for found in notes.links(database, story_id)),
                history=tuple(
                    TriageEventModel.of(event) for event in triage_history.of_story(database, story_id, person.id)
                ),
            )

    @router.get("/tags", summary="The tags in use, the most used first")
    def list_tags() -> TagList:
        with room.readers.reading() as database:
            return TagList(tags=tuple(TagModel.of(tag) for tag in notes.tags(database)))

    @router.get("/precision", summary="How often what each watch and each rule brought was relevant")
    def show_precision(
        since: Annotated[Moment | None, Query(description="verdicts given since then")] = None,
    ) -> PrecisionList:
        with room.readers.reading() as database:
            return PrecisionList(
                watches=tuple(PrecisionModel.of(one) for one in verdicts.by_watch(database, since)),
                rules=tuple(PrecisionModel.of(one) for one in verdicts.by_rule(database, since)),
            )

    return router


def triage_orders(writing: Writing) -> APIRouter:
    """Return the routes that change what people made of stories."""
    router = APIRouter(tags=["triage"], route_class=OrderRoute)

    async def on_story(
        request: Request,
        story_id: int,
        change: str,
        order: VersionedOrder | NoteOrder | FollowOrder,
        values: dict[str, Any],
    ) -> Done:
        version = {"version": order.version} if isinstance(order, VersionedOrder) else {}
        return await writing.order(
            request, change, {"story": story_id, **version, **values}, order=order,
            about=lambda database: stories.get(database, story_id),
        )  # fmt: skip

    @router.post("/stories/{story_id}/verdict", summary="Say where a story stands", responses=MISSING)
    async def judge_story(request: Request, story_id: RowId, order: VerdictOrder) -> Done:
        return await on_story(request, story_id, "verdict", order, {"state": order.state, "reason": order.reason})

    @router.post("/stories/{story_id}/important", summary="Mark a story as important, or not", responses=MISSING)
    async def mark_story(request: Request, story_id: RowId, order: ImportantOrder) -> Done:
        return await on_story(request, story_id, "important", order, {"important": order.important})

    @router.post("/stories/{story_id}/follow", summary="Follow a story, or no longer", responses=MISSING)
    async def follow_story(request: Request, story_id: RowId, order: FollowOrder) -> Done:
        return await on_story(request, story_id, "follow", order, {"follow": order.follow})

    @router.post("/stories/{story_id}/assignee", summary="Say who works on a story", responses=MISSING)
    async def assign_story(request: Request, story_id: RowId, order: AssignOrder) -> Done:
        return await on_story(request, story_id, "assign", order, {"assignee": order.assignee})

    @router.post("/stories/{story_id}/tags", summary="Put a tag on a story, or take it off", responses=MISSING)
    async def tag_story(request: Request, story_id: RowId, order: TagOrder) -> Done:
        return await on_story(request, story_id, order.do, order, {"tag": order.tag})

    @router.post("/stories/{story_id}/notes", summary="Write a note under a story", responses=MISSING)
    async def add_note(request: Request, story_id: RowId, order: NoteOrder) -> Done:
        return await on_story(request, story_id, "note", order, {"text": order.text})

    @router.post("/triage/verdicts", summary="Say where many stories stand, all in one change")
    async def judge_stories(request: Request, order: BulkVerdictOrder) -> Done:
        wanted = [[one.story_id, one.version] for one in order.stories]
        values = {"stories": wanted, "do": "verdict", "state": order.state, "reason": order.reason}
        return await writing.order(request, "bulk", values, order=order)

    @router.post("/triage/undo", summary="Take a change back", responses=MISSING)
    async def undo_change(request: Request, order: UndoOrder) -> Done:
        return await writing.order(
            request, "undo", {"event": order.event}, order=order,
            about=lambda database: triage_history.get(database, order.event),
        )  # fmt: skip

    return router
