"""The pages: desk, story, article, alerts, sources. Each reads one snapshot of the archive."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlite_utils import Database

from detection.stories.firsts import firsts
from review import naming
from review.changes import changes_of
from review.errors import PageNotFoundError, SearchTextError
from review.filters import PERIODS, DeskFilter, read_filter
from review.marking import mark_lines
from review.paging import read_id, read_place, write_place
from review.room import Room
from review.searching import StoryPage, find_stories, read_search
from review.standing import emptiness, group_events, silent_sides
from review.wording import Words
from storage import alert_log, alerts, articles, entries, overview, reading, stories, threads
from storage import revisions as history
from storage.errors import SearchError
from storage.types import Revision, Signal, Status

#: alerts on one page
ALERTS_PAGE = 50
#: notices on the page of sources
NOTICES = 20


def page_routes(room: Room) -> APIRouter:
    """Return the routes of all pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def desk(request: Request) -> HTMLResponse:
        return _desk(room, request)

    @router.get("/stories/{story_id}")
    def story(request: Request, story_id: str) -> Response:
        return _story(room, request, _existing(story_id))

    @router.get("/articles/{article_id}")
    def article(request: Request, article_id: str) -> HTMLResponse:
        return _article(room, request, _existing(article_id))

    @router.get("/alerts")
    def alert_list(request: Request) -> HTMLResponse:
        return _alerts(room, request)

    @router.get("/sources")
    def source_list(request: Request) -> HTMLResponse:
        with room.readers.reading() as database:
            return room.page(
                request,
                "sources.html",
                database=database,
                sources=overview.sources(database, room.now()),
                notices=alert_log.alerts(database, notices=True, limit=NOTICES),
                channels=overview.channels(database),
            )

    return router


def _existing(text: str) -> int:
    number = read_id(text)
    if number is None:
        raise PageNotFoundError(f"{text!r} is no number of a row")
    return number


def _desk(room: Room, request: Request) -> HTMLResponse:
    wanted = read_filter(request.query_params)
    now = room.now()
    fault: SearchTextError | None = None
    found = StoryPage(rows=(), next=None)
    with room.readers.reading() as database:
        try:
            search = None if wanted.q is None else read_search(wanted.q)
            found = find_stories(database, wanted.for_archive(now), search)
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
            next_page=None if found.next is None else wanted.link(before=write_place(*found.next)),
            fault=fault,
            why_empty=None
            if found.rows or fault or found.next
            else emptiness(
                overview.overview(database, now), narrowed=wanted.narrowed or wanted.before is not None, now=now
            ),
            **_choices(database, room, room.language(request), wanted),
        )


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
    }


def _story(room: Room, request: Request, story_id: int) -> Response:
    with room.readers.reading() as database:
        into = threads.joined(database, story_id)
        if into is not None:
            # Mails sent before two stories turned out to be one lead to the one that holds their articles now.
            return RedirectResponse(f"/stories/{into}", status_code=308)
        story = stories.get(database, story_id)
        events = group_events(reading.story_signals(database, story_id))
        return room.page(
            request,
            "story.html",
            database=database,
            story=story,
            events=events,
            articles=stories.members(database, story_id),
            alerts=alert_log.alerts(database, story_id=story_id),
            affair=threads.thread(database, story.thread_id),
            brought=_brought(room.words(request), reading.reports(database, story_id)),
            silent_sides=silent_sides(events, story.sides),
        )


def _brought(say: Words, reports: Sequence[tuple[int, Sequence[Signal], Sequence[int]]]) -> dict[int, str]:
    """Return in words what each article after the first was the first to say."""
    found = {}
    for first in firsts(reports)[1:]:
        parts = []
        if first.signals:
            parts.append(say.count("story.first_acts", len(first.signals)))
        if first.paragraphs:
            parts.append(say.count("story.first_paragraphs", len(first.paragraphs)))
        found[first.article_id] = ", ".join(parts)
    return found


def _article(room: Room, request: Request, article_id: int) -> HTMLResponse:
    with room.readers.reading() as database:
        article = articles.get(database, article_id)
        revisions = articles.revisions(database, article_id)
        shown = _revision(revisions, request.query_params.get("revision"), article.revision_id)
        signals = articles.signals(database, shown.id)
        text = f"{shown.lede}\n{shown.text}" if shown.lede else shown.text
        lines = mark_lines(shown.title, text, signals)
        return room.page(
            request,
            "article.html",
            database=database,
            article=article,
            unread=entries.unread(database, article_id),
            story=None if article.story_id is None else stories.get(database, article.story_id),
            revisions=revisions,
            shown=shown,
            signals=signals,
            title_line=lines[0],
            has_lede=bool(shown.lede),
            lines=lines[1:],
            decisions=alerts.decisions(database, article_id),
            events=history.events(database, article_id),
            changes=changes_of(revisions, shown) if "changes" in request.query_params else None,
        )


def _revision(revisions: list[Revision], wanted: str | None, current: int) -> Revision:
    """Return the revision with the wanted number, or the current one."""
    number = None if wanted is None else read_id(wanted)
    for revision in revisions:
        if revision.number == number or (wanted is None and revision.id == current):
            return revision
    raise PageNotFoundError(f"the article has no version {wanted!r}")


def _alerts(room: Room, request: Request) -> HTMLResponse:
    before = read_place(request.query_params.get("before", ""))
    wanted = request.query_params.get("list")
    with room.readers.reading() as database:
        listed = None if wanted is None else alerts.get(database, wanted)
        rows = alert_log.alerts(database, notices=False, list_id=wanted, before=before, limit=ALERTS_PAGE + 1)
        shown = rows[:ALERTS_PAGE]
        last = shown[-1].alert if len(rows) > ALERTS_PAGE else None
        return room.page(
            request,
            "alerts.html",
            database=database,
            rows=shown,
            paged=before is not None,
            listed=listed,
            next_page=None if last is None else _next_alerts(write_place(last.created_at, last.id), wanted),
            channels=overview.channels(database),
        )


def _next_alerts(place: str, list_id: str | None) -> str:
    return "/alerts?" + urlencode({"before": place} if list_id is None else {"before": place, "list": list_id})
