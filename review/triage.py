"""Triage of one story: its page, the form behind every button on it, and taking changes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlite_utils import Database
from starlette.background import BackgroundTask

from alerts.triaging import changed_since, judge
from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields, safe_path
from review.paging import read_id
from review.panes import without_story
from review.room import Room
from review.triage_fields import read_change, read_version, subject_of
from review.triage_views import LOOKING, StoryTriage, story_triage
from review.triage_wording import describe
from review.wording import Words
from storage import notes, threads, triage_history
from storage.seen import Attention
from storage.types import Person, Role
from storage.types.triage import TriageEvent, TriageField, TriageState, VerdictReason

#: bytes of a form with a note: its characters may each take twelve once they are encoded
LARGEST_NOTE_FORM = 64 * 1024


def triage_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of the triage of one story."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/stories/{story_id}/triage")
    def show(request: Request, story_id: str) -> Response:
        return triage_page(room, request, existing(story_id))

    if not changing.able:
        return router

    @router.post("/stories/{story_id}/triage")
    async def change(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            name, values = read_change(fields, room.who(request))
            return name, {"story": number, "version": read_version(fields.get("version")), **values}

        again = partial(triage_page, room, request, number)
        then = f"/stories/{number}"
        return await changing.form(request, work=work, show=again, then=then, largest=LARGEST_NOTE_FORM)

    @router.post("/stories/{story_id}/seen")
    async def see(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            do = fields.get("do", "")
            if do not in {"seen", "unseen"}:
                raise FaultError("triage")
            return "seen", {"story": number, "seen": do == "seen"}

        def elsewhere(fields: Fields) -> str | None:
            # To show the story again would be to see it again.
            back = safe_path(fields.get("back", ""))
            return without_story(back, number) if back and fields.get("do") == "unseen" else None

        return await changing.form(request, work=work, then="/", elsewhere=elsewhere, role=Role.READER)

    @router.post("/stories/{story_id}/follow")
    async def follow(request: Request, story_id: str) -> Response:
        number = existing(story_id)

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            do = fields.get("do", "")
            if do not in {"follow", "unfollow"}:
                raise FaultError("triage")
            return "follow", {"story": number, "follow": do == "follow"}

        return await changing.form(request, work=work, then=f"/stories/{number}", role=Role.READER)

    @router.post("/triage/undo")
    async def undo(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            event = read_id(fields.get("event", ""))
            if event is None:
                raise FaultError("triage")
            return "undo", {"event": event}

        # Readers take back what is their own; the change itself refuses them what is everybody's.
        return await changing.form(request, work=work, then="/", role=Role.READER)

    return router


def existing(text: str) -> int:
    """Return the number of a story in an address.

    Raises:
        PageNotFoundError: no story can have it.
    """
    number = read_id(text)
    if number is None:
        raise PageNotFoundError(f"{text!r} is no number of a story")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """What was in the way of a change that was refused."""

    #: the change of somebody else that its author cannot have seen
    event: TriageEvent | None
    #: the same in words
    what: str
    #: the rule that does not allow it, as :class:`alerts.triaging.JudgeReason`
    refused: str | None
    #: what was wanted, in words
    wanted: str


def triage_page(room: Room, request: Request, story_id: int, **context: Any) -> Response:
    """Show the triage of a story as it stands now, with what was entered where a change was refused."""
    say, person = room.words(request), room.who(request)
    with room.readers.reading() as database:
        into = threads.joined(database, story_id)
        if into is not None and "fault" not in context:
            return RedirectResponse(f"/stories/{into}/triage", status_code=308)
        shown = story_triage(database, person, story_id, room.now(), say)
        refused = context.get("fault") == "refused"
        found = clash(database, shown, context["given"], person, say, room.now()) if refused else None
        headline = notes.headlines(database, [story_id])[story_id]
        return room.page(
            request, "triage.html", database=database, triage=shown, clash=found, headline=headline, **context
        )


def clash(
    database: Database, shown: StoryTriage, fields: Fields, by: Person, say: Words, now: datetime
) -> Clash | None:
    """Find out why a change of a story was refused; None when that is said elsewhere."""
    field = subject_of(fields)
    if field is None:
        return None
    history = triage_history.of_field(database, shown.held.story_id, *field)
    later = changed_since(history, read_version(fields.get("version")), by)
    if later is not None:
        return Clash(event=later, what=describe(later, say), refused=None, wanted=_wanted(fields, say))
    if field[0] is TriageField.STANDING:
        state = TriageState(fields["do"])
        given = fields.get("reason", "") if state is TriageState.NOT_RELEVANT else ""
        reason = VerdictReason(given) if given in set(VerdictReason) else None
        judgement = judge(shown.held.standing, state, reason, by="", now=now)
        if judgement.refused:
            return Clash(event=None, what="", refused=judgement.reason, wanted=_wanted(fields, say))
    return None


def _wanted(fields: Fields, say: Words) -> str:
    do = fields["do"]
    wanted = say(f"triage.do.{do}", tag=fields.get("tag", ""))
    more = fields.get("tag", "") if do == "tag" else fields.get("assignee", "") if do == "assign" else ""
    reason = fields.get("reason", "") if do == TriageState.NOT_RELEVANT else ""
    if reason in set(VerdictReason):
        more = say(f"triage.reason.{reason}")
    return f"{wanted} ({more})" if more else wanted


def seeing(room: Room, changing: Changing, request: Request, shown: StoryTriage) -> BackgroundTask | None:
    """Return what marks a story as seen once its page was sent, None when nobody looked or nothing would change.

    Browsers fetch pages ahead, and other sites can name our addresses in pictures: only a page that is opened counts.
    """
    headers = request.headers
    if not changing.able or "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
        return None
    if headers.get("sec-fetch-dest", "document") not in {"document", "empty"}:
        return None
    fresh = shown.own_look is not None and shown.own_look.at > room.now() - LOOKING / 5
    if shown.attention is Attention.SEEN and fresh:
        return None
    return BackgroundTask(changing.quietly, "seen", {"story": shown.held.story_id, "seen": True}, room.who(request))
