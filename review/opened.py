"""What the reading pane and the pages of one story or one article show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlite_utils import Database

from detection.stories.firsts import First, firsts
from review.alert_list import anchor, author_known
from review.changes import changes_of
from review.charts import story_ladder
from review.errors import PageNotFoundError
from review.explaining import read_again, verdicts
from review.marking import mark_lines
from review.paging import read_id, read_numbered_place, write_place
from review.room import Room
from review.standing import NEWS, group_events, silent_sides
from review.triage_views import story_triage
from review.wording import Words
from storage import alert_groups, articles, entries, evidence, reading, stories, story_lines, threads
from storage import revisions as history
from storage.story_lines import Line
from storage.types import Revision, Signal

#: originals on one page of a story
ARTICLES_PAGE = 50


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
    signals = reading.story_signals(database, story_id)
    events = group_events(signals)
    new = firsts(reading.reports(database, story_id, signals))
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
        "turns": _turns(database, new),
        "articles": shown,
        "originals": story_lines.count_originals(database, story_id),
        "more_articles": None if last is None else write_place(last.effective_at, last.id),
        "later_articles": after is not None,
        "origins": story_lines.origins(database, story_id),
        "sides": story_lines.sides(database, story_id),
        "alerts": [(anchor(group), group) for group in alert_groups.of_story(database, story_id)],
        "author": author_known(room.who(request), request),
        "affair": threads.thread(database, story.thread_id),
        "brought": _brought(room.words(request), new),
        "silent_sides": silent_sides(events, story.sides),
        "triage": story_triage(database, room.who(request), story_id, room.now(), room.words(request)),
    }


def _turns(database: Database, new: Sequence[First]) -> list[Turn]:
    """Return the steps of a story's timeline: the first article, and each that told an act first."""
    telling = [first for number, first in enumerate(new) if first.signals or not number]
    lines = story_lines.lines(database, [first.article_id for first in telling])
    return [Turn(line=lines[first.article_id], signals=first.signals) for first in telling if first.article_id in lines]


def _brought(say: Words, new: Sequence[First]) -> dict[int, str]:
    """Return in words what each article after the first was the first to say."""
    found = {}
    for first in new[1:]:
        parts = []
        if first.signals:
            parts.append(say.count("story.first_acts", len(first.signals)))
        if first.paragraphs:
            parts.append(say.count("story.first_paragraphs", len(first.paragraphs)))
        found[first.article_id] = ", ".join(parts)
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
    lines = mark_lines(shown.title, text, signals)
    return {
        "article": article,
        "unread": entries.unread(database, article_id),
        "story": None if article.story_id is None else stories.get(database, article.story_id),
        "revisions": revisions,
        "shown": shown,
        "signals": signals,
        "title_line": lines[0],
        "has_lede": bool(shown.lede),
        "lines": lines[1:],
        "verdicts": verdicts(database, article_id),
        "explained": read_again(article, room.rules()) if room.rules and "why" in request.query_params else None,
        "explains": room.rules is not None,
        "kept": evidence.of_revision(database, shown.id),
        "alerts": []
        if article.story_id is None
        else [(anchor(group), group) for group in alert_groups.of_story(database, article.story_id)],
        "author": author_known(room.who(request), request),
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
