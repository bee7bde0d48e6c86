"""The pages: desk, story, article. Each reads one snapshot of the archive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlite_utils import Database
from starlette.background import BackgroundTasks

from review import naming
from review.changing import Changing
from review.errors import PageNotFoundError, SearchTextError
from review.filters import LONGEST_SEARCH, PERIODS, DeskFilter, read_filter
from review.found import Match, matches_of_stories
from review.news import poll_address
from review.opened import article_context, story_context
from review.paging import read_id, write_place
from review.panes import Opened, opened, panes, wants_pane
from review.resting import RestingLadders
from review.room import Room
from review.searching import Search, StoryPage, find_stories, read_search
from review.standing import emptiness
from review.strangers import strangers_of
from review.triage import seeing
from review.triage_views import desk_marks
from review.view_lists import default_view
from review.view_looks import looking
from review.wording import words
from storage import notes, overview, reading, threads
from storage.errors import SearchError
from storage.types import Status
from storage.types.triage import TriageState, Verdict

#: events counted behind an empty list
MOST_HIDDEN = 1_000
#: characters shown of a search that is too long
_SHOWN = 60


def page_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of all pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    ladders = RestingLadders(room)

    @router.get("/")
    def desk(request: Request) -> Response:
        kind, number = opened(request)
        with room.readers.reading() as database:
            if not request.url.query:
                default = default_view(database, room.settings, room.words(request), room.who(request))
                if default is not None:
                    return RedirectResponse(default.address, status_code=303)
            elsewhere = threads.joined(database, number) if kind is Opened.STORY and number else None
            if elsewhere is not None:
                return RedirectResponse(panes(request).story(elsewhere), status_code=308)
            shown, wanted = _opened(room, request, database, kind, number), read_filter(request.query_params)
            if kind is Opened.NOTHING:
                shown["resting"] = ladders.figure(database, wanted.pair, room.language(request))
            if wants_pane(request):
                page = room.page(request, "pane.html", database=None, **shown)
                looked = None
            else:
                page = _desk(room, request, database, wanted, shown)
                looked = looking(room, request, database, wanted) if page.status_code == 200 else None
        return _seen(room, changing, request, page, shown, looked)

    @router.get("/stories/{story_id}")
    def story(request: Request, story_id: str) -> Response:
        return _story(room, changing, request, _existing(story_id))

    @router.get("/articles/{article_id}")
    def article(request: Request, article_id: str) -> HTMLResponse:
        with room.readers.reading() as database:
            shown = _opened(room, request, database, Opened.ARTICLE, _existing(article_id))
            return room.page(request, "article.html", database=database, **shown)

    return router


def _existing(text: str) -> int:
    number = read_id(text)
    if number is None:
        raise PageNotFoundError(f"{text!r} is no number of a row")
    return number


def _opened(room: Room, request: Request, database: Database, kind: Opened, number: int | None) -> dict[str, Any]:
    """Return what the reading pane shows, beside what every pane needs."""
    shown: dict[str, Any] = {"opened": kind, "open": panes(request), "opened_story": None, "resting": None}
    if kind is Opened.STORY and number is not None:
        shown |= story_context(room, request, database, number)
        shown["opened_story"] = number
    elif kind is Opened.ARTICLE and number is not None:
        shown |= article_context(room, request, database, number)
        shown["opened_story"] = shown["article"].story_id
    return shown


def _desk(room: Room, request: Request, database: Database, wanted: DeskFilter, shown: dict[str, Any]) -> HTMLResponse:
    now = room.now()
    fault: SearchTextError | None = None
    found = StoryPage(rows=(), next=None)
    matched: dict[int, Match] = {}
    try:
        search = _search(request, wanted)
        asked = room.asked(wanted, room.who(request))
        found = find_stories(database, asked, search)
        matched = matches_of_stories(database, found.rows, asked, search)
    except SearchTextError as error:
        fault = error
    except SearchError as error:
        if wanted.q is None:
            raise
        fault = SearchTextError(str(error), position=0, text=wanted.q)
    return room.page(
        request,
        "desk.html",
        database=database,
        status=200 if fault is None else 400,
        wanted=wanted,
        rows=found.rows,
        matched=matched,
        strangers=strangers_of(
            database, room.settings, request.query_params, wanted, empty=not found.rows and fault is None
        ),
        marks=desk_marks(database, room.who(request), [row.story.id for row in found.rows], now, room.words(request)),
        next_page=None if found.next is None else wanted.link(before=write_place(*found.next)),
        fault=fault,
        poll=None if fault or wanted.before else poll_address(panes(request).kept, reading.newest_article(database)),
        why_empty=None
        if found.rows or fault or found.next
        else emptiness(
            overview.overview(database, now), narrowed=wanted.narrowed or wanted.before is not None, now=now
        ),
        hidden=None if found.rows or fault or found.next else _hidden(database, room, request, wanted),
        most_hidden=MOST_HIDDEN,
        **_choices(database, room, room.language(request), wanted),
        **shown,
    )


def _search(request: Request, wanted: DeskFilter) -> Search | None:
    """Read the search of the desk's address; one that is too long must not pass for none.

    Raises:
        SearchTextError: it cannot be read.
    """
    asked = request.query_params.get("q", "").strip()
    if wanted.q is None and len(asked) > LONGEST_SEARCH:
        try:
            return read_search(asked)
        except SearchTextError as error:
            raise SearchTextError(error.detail, position=_SHOWN, text=f"{asked[:_SHOWN]}…") from error
    return None if wanted.q is None else read_search(wanted.q)


def _hidden(database: Database, room: Room, request: Request, wanted: DeskFilter) -> int:
    """Return how many events an empty list would hold without its conditions, counted up to a bound."""
    bare = DeskFilter(show_all=wanted.show_all).for_archive(
        room.now(), zone=room.settings.zone(), person_id=room.who(request).id
    )
    return len(reading.places(database, replace(bare, limit=MOST_HIDDEN)))


def _choices(database: Database, room: Room, language: str, wanted: DeskFilter) -> dict[str, object]:
    """What the filters offer; a value from the address is offered even when nothing stored has it."""

    def with_current(choices: list[tuple[str, str]], current: str | None) -> list[tuple[str, str]]:
        if current is None or current in {value for value, _ in choices}:
            return choices
        return [*choices, (current, current)]

    def pair_label(pair: tuple[str, str]) -> tuple[str, str]:
        names = (naming.state_name(code, language) for code in pair)
        return "-".join(pair), " – ".join(names)

    watched = [(min(pair), max(pair)) for watch in room.settings.watches for pair in watch.pairs]
    current = None if wanted.pair is None else "-".join(sorted(wanted.pair))
    pairs = dict.fromkeys([*watched, *overview.pairs(database)])
    if wanted.pair is not None:
        pairs.setdefault((min(wanted.pair), max(wanted.pair)))
    return {
        "types": with_current(naming.type_choices(language), wanted.type),
        "pairs": [pair_label(pair) for pair in pairs],
        "current_pair": current,
        "statuses": list(Status),
        "sources": with_current(overview.source_names(database), wanted.source),
        "article_languages": with_current([(code, code) for code in overview.languages(database)], wanted.language),
        "periods": list(PERIODS),
        "more": _more_choices(database, room, language),
    }


def _more_choices(database: Database, room: Room, language: str) -> dict[str, object]:
    """What the further filters offer."""
    say = words(language)
    states = sorted({side for watch in room.settings.watches for pair in watch.pairs for side in pair})
    return {
        "sides": [(code, naming.state_name(code, language)) for code in states],
        "countries": [(code, naming.state_name(code, language)) for code in overview.countries(database)],
        "watches": [(watch.id, watch.name) for watch in room.settings.watches],
        "states": [(state.value, say.code("triage.state", state)) for state in TriageState],
        "verdicts": [(verdict.value, say.code("triage.state", verdict)) for verdict in Verdict],
        "tags": notes.tags(database),
        "people": notes.assignees(database),
    }


def _story(room: Room, changing: Changing, request: Request, story_id: int) -> Response:
    with room.readers.reading() as database:
        into = threads.joined(database, story_id)
        if into is not None:
            # Mails sent before two stories turned out to be one lead to the one that holds their articles now.
            return RedirectResponse(f"/stories/{into}", status_code=308)
        shown = _opened(room, request, database, Opened.STORY, story_id)
        page = room.page(request, "story.html", database=database, **shown)
    return _seen(room, changing, request, page, shown)


def _seen(
    room: Room,
    changing: Changing,
    request: Request,
    page: HTMLResponse,
    shown: dict[str, Any],
    looked: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Let an opened story be marked as seen, and a list be noted as looked at, once their page was sent."""
    later = BackgroundTasks()
    if looked is not None and changing.able:
        later.add_task(changing.quietly, "look_at_views", looked, room.who(request))
    opens = shown["opened"] is Opened.STORY
    story = seeing(room, changing, request, shown["triage"]) if opens else None
    if story is not None:
        later.tasks.append(story)
    page.background = later
    return page
