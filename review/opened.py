"""What the reading pane and the pages of one story or one article show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from sqlite_utils import Database

from detection.stories.firsts import firsts
from review.changes import changes_of
from review.errors import PageNotFoundError
from review.marking import mark_lines
from review.paging import read_id
from review.room import Room
from review.standing import group_events, silent_sides
from review.triage_views import story_triage
from review.wording import Words
from storage import alert_log, alerts, articles, entries, reading, stories, threads
from storage import revisions as history
from storage.types import Revision, Signal


def story_context(room: Room, request: Request, database: Database, story_id: int) -> dict[str, Any]:
    """Return what a story's template shows.

    Raises:
        NotFoundError: no story has this id.
    """
    story = stories.get(database, story_id)
    events = group_events(reading.story_signals(database, story_id))
    return {
        "story": story,
        "events": events,
        "articles": stories.members(database, story_id),
        "alerts": alert_log.alerts(database, story_id=story_id),
        "affair": threads.thread(database, story.thread_id),
        "brought": _brought(room.words(request), reading.reports(database, story_id)),
        "silent_sides": silent_sides(events, story.sides),
        "triage": story_triage(database, room.who(request), story_id, room.now(), room.words(request)),
    }


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


def article_context(request: Request, database: Database, article_id: int) -> dict[str, Any]:
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
        "decisions": alerts.decisions(database, article_id),
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
