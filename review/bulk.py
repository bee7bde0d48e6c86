"""Changes of many stories: a page that states how many, which and what becomes of them, then one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from alerts.triage_actions import MOST_STORIES, Action, Proposal, propose
from alerts.triaging import JudgeReason, changed_since
from review.changing import Changing
from review.errors import FaultError
from review.filters import read_filter
from review.forms import Fields, safe_path
from review.room import Room
from review.searching import find_stories, read_search
from review.triage_fields import FIELD_OF, FOR_READERS, OF_MANY, Chosen, read_change, read_chosen
from review.wording import Words
from storage import notes, triage, triage_history
from storage.types import Person, Role
from storage.types.triage import Assignee, Triage, TriageField, TriageState, VerdictReason

#: bytes of a form that names as many stories as one change takes
LARGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One story of a change of many."""

    held: Triage
    headline: str
    #: the rule that does not allow it
    refused: JudgeReason | None = None
    #: who changed it since it was chosen
    changed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change of many stories comes to."""

    do: str
    #: the same in words
    word: str
    #: whether a whole view was asked for, and holds more than one change takes
    all: bool
    cut: bool
    changes: tuple[Planned, ...]
    same: tuple[Planned, ...]
    refused: tuple[Planned, ...]
    #: stories that are not stored
    missing: int
    #: where to go afterwards
    back: str

    @property
    def quicker(self) -> bool:
        """Whether somebody changed one of them since they were chosen."""
        return any(one.changed_by for one in (*self.changes, *self.same, *self.refused))

    @property
    def total(self) -> int:
        """How many stories were chosen."""
        return len(self.changes) + len(self.same) + len(self.refused)


def bulk_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of changes of many stories."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/triage/bulk")
    def ask(request: Request) -> HTMLResponse:
        return _page(room, request, request.query_params.get("do", ""), _back(request))

    if not changing.able:
        return router

    @router.post("/triage/bulk")
    async def change(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "bulk", _values(fields, room.who(request))

        show = partial(_again, room, request)
        return await changing.form(request, work=work, show=show, then="/", largest=LARGEST_FORM)

    @router.post("/triage/bulk-seen")
    async def see(request: Request) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            chosen = read_chosen(fields.all("story"))
            if fields.get("do") not in FOR_READERS or not chosen:
                raise FaultError("triage")
            return "bulk", {"do": fields["do"], "stories": [[one.story_id, None] for one in chosen]}

        return await changing.form(request, work=work, then="/", role=Role.READER, largest=LARGEST_FORM)

    return router


def _values(fields: Fields, person: Person) -> dict[str, Any]:
    chosen = read_chosen(fields.all("story"))
    if fields.get("do", "") not in OF_MANY or not 0 < len(chosen) <= MOST_STORIES:
        raise FaultError("triage")
    name, values = read_change(fields, person)
    return {"do": name, "stories": [[one.story_id, one.version] for one in chosen], **values}


def _back(request: Request) -> str:
    """Return the address of the list that the stories were chosen in."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"do", "story", "all"}]
    return f"/?{urlencode(kept)}" if kept else "/"


def _again(room: Room, request: Request, *, given: Fields, **context: Any) -> HTMLResponse:
    """Show the page again with what was entered, for the stories as they stand now."""
    back = safe_path(given.get("back", "")) or "/"
    return _page(
        room, request, given.get("do", ""), back, chosen=read_chosen(given.all("story")), given=given, **context
    )


def _page(
    room: Room,
    request: Request,
    do: str,
    back: str,
    *,
    chosen: tuple[Chosen, ...] | None = None,
    given: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    do = do if do in OF_MANY else OF_MANY[0]
    say, person, now = room.words(request), room.who(request), room.now()
    with room.readers.reading() as database:
        cut = False
        every = chosen is None and "all" in request.query_params
        if chosen is None and every:
            chosen, cut = _in_view(database, room, request)
        elif chosen is None:
            chosen = read_chosen(request.query_params.getlist("story"))
        action = action_of(do, given or {}, person)
        plan = _plan(database, chosen[:MOST_STORIES], do, action, person, say, back=back, every=every, cut=cut, now=now)
        return room.page(
            request,
            "triage_bulk.html",
            database=database,
            plan=plan,
            reasons=tuple(VerdictReason),
            tags=notes.tags(database),
            people=notes.assignees(database),
            given=given or {},
            **context,
        )


def _in_view(database: Database, room: Room, request: Request) -> tuple[tuple[Chosen, ...], bool]:
    """Return the stories of a view, the newest first, and whether it holds more than one change takes."""
    wanted = read_filter(request.query_params)
    archive = wanted.for_archive(room.now(), zone=room.settings.zone(), person_id=room.who(request).id)
    narrowed = replace(archive, before=None, limit=MOST_STORIES)
    search = None if wanted.q is None else read_search(wanted.q)
    found = find_stories(database, narrowed, search)
    held = triage.of_stories(database, [row.story.id for row in found.rows])
    ids = [row.story.id for row in found.rows if row.story.id in held]
    chosen = tuple(Chosen(story_id=story_id, version=held[story_id].version) for story_id in ids)
    return chosen, found.next is not None


def action_of(do: str, fields: Mapping[str, str], person: Person) -> Action:
    """Return the action behind a choice, as far as the fields say it; a tag or a name may still be missing."""
    field = FIELD_OF[do]
    reason = fields.get("reason", "")
    assignee = Assignee(name=person.name, id=person.id) if do == "assign_me" else None
    if do == "assign":
        assignee = Assignee(name=fields.get("assignee", "").strip() or "…")
    return Action(
        field=field,
        state=TriageState(do) if field is TriageField.STANDING else TriageState.NEW,
        reason=VerdictReason(reason) if do == "not_relevant" and reason in set(VerdictReason) else None,
        yes=do in {"important", "tag"},
        tag=fields.get("tag", ""),
        assignee=assignee,
    )


def _plan(
    database: Database,
    chosen: tuple[Chosen, ...],
    do: str,
    action: Action,
    by: Person,
    say: Words,
    *,
    back: str,
    every: bool,
    cut: bool,
    now: datetime,
) -> Plan:
    held = triage.of_stories(database, [one.story_id for one in chosen])
    headlines = notes.headlines(database, list(held))
    sorted_out: dict[str, list[Planned]] = {"changes": [], "same": [], "refused": []}
    for one in chosen:
        if one.story_id not in held:
            continue
        story = held[one.story_id]
        proposal = _proposal(story, action, now)
        later = changed_since(
            triage_history.of_field(database, story.story_id, action.field, action.subject), one.version, by
        )
        place = "refused" if proposal.refused else "changes" if proposal.changes else "same"
        sorted_out[place].append(
            Planned(
                held=story,
                headline=headlines[story.story_id],
                refused=proposal.reason if proposal.refused else None,
                changed_by=None if later is None else later.name,
            )
        )
    return Plan(
        do=do,
        word=say(f"triage.do.{do}", tag="…"),
        all=every,
        cut=cut,
        changes=tuple(sorted_out["changes"]),
        same=tuple(sorted_out["same"]),
        refused=tuple(sorted_out["refused"]),
        missing=len(chosen) - len(held),
        back=back,
    )


def _proposal(story: Triage, action: Action, now: datetime) -> Proposal:
    if action.field is TriageField.TAG and not action.tag.strip():
        # Which tag is said on the page itself; until then every story can change.
        return Proposal(reason=JudgeReason.DECIDED, after="")
    return propose(story, action, by="", now=now)
