"""What the reading pane and the pages of one story or one article show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlite_utils import Database

from review.alert_list import anchor, author_known
from review.changes import changes_of
from review.charts import story_ladder
from review.errors import PageNotFoundError
from review.explaining import read_again, verdicts
from review.found import marks_in
from review.marking import mark_lines
from review.paging import read_id, read_numbered_place, write_place
from review.room import Room
from review.standing import NEWS, silent_sides
from review.triage_views import story_triage
from review.wording import Words
from storage import alert_groups, articles, entries, evidence, stories, story_lines, threads
from storage import revisions as history
from storage.story_lines import Line, Original, ToldAct
from storage.types import Revision, Signal, Status

#: originals on one page of a story
ARTICLES_PAGE = 50
#: steps of a story's timeline
MOST_TURNS = 60
_STATUSES = list(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A step of a story's timeline: an article and the acts that it was the first to tell."""

    line: Line
    signals: tuple[Signal, ...]


def story_context(room: Room, request: Request, database: Database, story_id: int) -> dict[str, Any]:
    """Return what a story's template shows.

    Raises:
        NotFoundError: no story has this id.
    """
    story = stories.get(database, story_id)
    told = story_lines.acts(database, story_id)
    events = sorted(told, key=lambda act: (_STATUSES.index(act.signal.status), -act.signal.severity))
    opening = story_lines.first_article(database, story_id)
    after = read_numbered_place(request.query_params.get("from", ""))
    found = story_lines.originals(database, story_id, after=after, limit=ARTICLES_PAGE + 1)
    shown = found[:ARTICLES_PAGE]
    last = shown[-1].line if len(found) > ARTICLES_PAGE else None
    chief = events[0].signal if events else None
    return {
        "story": story,
        "drawn": story_ladder(database, room, chief, story),
        "events": [event for event in events if event.signal.status in NEWS],
        "background": [event for event in events if event.signal.status not in NEWS],
        "turns": _turns(database, told, opening),
        "articles": shown,
        "originals": story_lines.count_originals(database, story_id),
        "more_articles": None if last is None else write_place(last.effective_at, last.id),
        "later_articles": after is not None,
        "origins": story_lines.origins(database, story_id),
        "sides": story_lines.sides(database, story_id),
        "alerts": [(anchor(group), group) for group in alert_groups.of_story(database, story_id)],
        "author": author_known(room.who(request), request),
        "affair": threads.thread(database, story.thread_id),
        "brought": _brought(room.words(request), told, shown, opening),
        "silent_sides": silent_sides(chief, story.sides),
        "triage": story_triage(database, room.who(request), story_id, room.now(), room.words(request)),
    }


def _turns(database: Database, told: Sequence[ToldAct], opening: int | None) -> list[Turn]:
    """Return the steps of a story's timeline: the article that opened it, and each that told an act first."""
    signals: dict[int, list[Signal]] = {} if opening is None else {opening: []}
    for act in told:
        signals.setdefault(act.first_article, []).append(act.signal)
    telling = list(signals)[:MOST_TURNS]
    lines = story_lines.lines(database, telling)
    return [Turn(line=lines[number], signals=tuple(signals[number])) for number in telling if number in lines]


def _brought(say: Words, told: Sequence[ToldAct], shown: Sequence[Original], opening: int | None) -> dict[int, str]:
    """Return in words what each of some articles was the first to say, the one that opened the story left out."""
    acts = Counter(act.first_article for act in told)
    found = {}
    for line in (line for original in shown for line in (original.line, *original.copies)):
        parts = []
        if acts[line.id]:
            parts.append(say.count("story.first_acts", acts[line.id]))
        if line.novel:
            parts.append(say.count("story.first_paragraphs", line.novel))
        if parts and line.id != opening:
            found[line.id] = ", ".join(parts)
    return found


def article_context(room: Room, request: Request, database: Database, article_id: int) -> dict[str, Any]:
    """Return what an article's template shows.

    Raises:
        NotFoundError: no article has this id.
        PageNotFoundError: it has no version with the number of the address.
    """
    article = articles.get(database, article_id)
    revisions = articles.revisions(database, article_id)
    shown = _revision(revisions, request.query_params.get("revision"), article.revision_id)
    signals = articles.signals(database, shown.id)
    text = f"{shown.lede}\n{shown.text}" if shown.lede else shown.text
    looked_for = marks_in(database, request.query_params.get("q"), article, shown.title, text)
    lines = mark_lines(shown.title, text, signals, looked_for)
    person, say = room.who(request), room.words(request)
    return {
        "article": article,
        "unread": entries.unread(database, article_id),
        "story": None if article.story_id is None else stories.get(database, article.story_id),
        "triage": None
        if article.story_id is None
        else story_triage(database, person, article.story_id, room.now(), say),
        "revisions": revisions,
        "shown": shown,
        "signals": signals,
        "title_line": lines[0],
        "hits": len(looked_for.title) + len(looked_for.text),
        "has_lede": bool(shown.lede),
        "lines": lines[1:],
        "verdicts": verdicts(database, article_id),
        "explained": read_again(article, room.rules()) if room.rules and "why" in request.query_params else None,
        "explains": room.rules is not None,
        "kept": evidence.of_revision(database, shown.id),
        "alerts": []
        if article.story_id is None
        else [(anchor(group), group) for group in alert_groups.of_story(database, article.story_id)],
        "author": author_known(person, request),
        "events": history.events(database, article_id),
        "changes": changes_of(revisions, shown) if "changes" in request.query_params else None,
    }


def _revision(revisions: list[Revision], wanted: str | None, current: int) -> Revision:
    """Return the revision with the wanted number, or the current one."""
    number = None if wanted is None else read_id(wanted)
    for revision in revisions:
        if revision.number == number or (wanted is None and revision.id == current):
            return revision
    raise PageNotFoundError(f"the article has no version {wanted!r}")
