"""Stories that people split or merge by hand: choose, check the other's headline, then the change; all remembered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from review.changing import Changing, author_of
from review.errors import FaultError
from review.forms import LONGEST_REASON, Fields, one_line
from review.moments import Moments
from review.paging import read_id
from review.room import Room
from review.triage import existing
from review.triage_fields import read_story
from review.wording import Words
from storage import notes, stories, threads, triage
from storage.errors import NotFoundError
from storage.threads import StoryChange
from storage.types import Done

#: bytes of a form that names all articles a page shows
LARGEST_FORM = 32 * 1024


def arranging_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of splits and merges."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/stories/{story_id}/arrange")
    def arrange(request: Request, story_id: str) -> HTMLResponse:
        return _arrange(room, request, existing(story_id))

    @router.get("/stories/{story_id}/merge")
    def check(request: Request, story_id: str) -> HTMLResponse:
        return _merge(room, request, existing(story_id), request.query_params.get("into", ""))

    if not changing.able:
        return router

    @router.post("/stories/{story_id}/split")
    async def split(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            author = author_of(room.who(request), fields)
            return "split_story", _split_values(room, number, fields) | {"author": author}

        show = partial(_arrange, room, request, number)
        return await changing.form(request, work=work, show=show, then=_new_story, largest=LARGEST_FORM)

    @router.post("/stories/{story_id}/unarrange")
    async def unarrange(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            change = read_id(fields.get("arrangement", ""))
            if change is None:
                raise FaultError("triage")
            return "unarrange", {"arrangement": change, "author": room.who(request).name}

        show = partial(_arrange, room, request, number)
        return await changing.form(request, work=work, show=show, then=f"/stories/{number}/arrange")

    @router.post("/stories/{story_id}/merge")
    async def merge(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            author, into = author_of(room.who(request), fields), read_story(fields.get("into", ""))
            if into is None or into == number:
                raise FaultError("linked")
            return "merge_stories", {"story": number, "into": into, "author": author, "reason": _reason(fields)}

        def show(*, given: Fields, **context: Any) -> HTMLResponse:
            return _merge(room, request, number, given.get("into", ""), given=given, **context)

        # The story that is left leads on to the one that holds its articles now.
        return await changing.form(request, work=work, show=show, then=f"/stories/{number}")

    return router


def _new_story(done: Done) -> str:
    """Return the address of the story that a split made."""
    return f"/stories/{done.id}" if done.id else "/"


def _reason(fields: Fields) -> str:
    reason = one_line(fields.get("reason", ""), LONGEST_REASON)
    if not reason:
        raise FaultError("reason")
    return reason


def _split_values(room: Room, story_id: int, fields: Fields) -> dict[str, Any]:
    ticked = _ticked(fields)
    with room.readers.reading() as database:
        own = {article.id for article in stories.members(database, story_id)}
    if not ticked or not ticked < own:
        raise FaultError("chosen")
    return {"articles": sorted(ticked), "reason": _reason(fields)}


def _ticked(fields: Fields) -> set[int]:
    return {number for text in fields.all("article") if (number := read_id(text)) is not None}


def _arrange(room: Room, request: Request, story_id: int, **context: Any) -> HTMLResponse:
    given = context.get("given")
    say = room.words(request)
    moments = Moments(zone=room.settings.zone(), words=say, now=room.now())
    with room.readers.reading() as database:
        return room.page(
            request,
            "triage_arrange.html",
            database=database,
            story=stories.get(database, story_id),
            articles=stories.members(database, story_id),
            near=notes.nearby(database, story_id),
            ticked=_ticked(given) if isinstance(given, Fields) else set(),
            past=[
                Past(
                    id=change.id,
                    what=_told(change, story_id, say, moments),
                    reversible=threads.reversible(database, change),
                )
                for change in threads.changes(database, story_id)
            ],
            **context,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A merge or a split of before."""

    id: int
    #: in words
    what: str
    #: whether it can be taken back
    reversible: bool


def _told(change: StoryChange, story_id: int, say: Words, moments: Moments) -> str:
    grew = change.story_id == story_id
    key = {
        (True, True): "merged", (True, False): "went", (False, True): "split_off", (False, False): "came",
    }[change.kind != "split", grew]  # fmt: skip
    other = change.other_id if grew else change.story_id
    when = moments.full(change.at)
    return say(f"triage.arrange.{key}", who=change.author, other=other, when=when, reason=change.reason)


def _merge(room: Room, request: Request, story_id: int, into: str, **context: Any) -> HTMLResponse:
    number = read_story(into)
    with room.readers.reading() as database:
        story, other = stories.get(database, story_id), None
        if number is not None and number != story_id:
            number = threads.joined(database, number) or number
            try:
                other = stories.get(database, number)
            except NotFoundError:
                other = None
        if other is None or other.id == story_id:
            again = {"fault": "linked", "status": 422} | context
            return _arrange(room, request, story_id, **again)
        return room.page(
            request,
            "triage_merge.html",
            database=database,
            story=story,
            other=other,
            held=triage.get(database, story.id),
            other_held=triage.get(database, other.id),
            **context,
        )
