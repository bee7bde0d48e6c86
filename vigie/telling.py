"""A story as the command line tells it."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from detection.stories.firsts import firsts
from storage import reading, stories, threads
from storage.types import Signal


def story_record(database: Database, story_id: int) -> dict[str, Any]:
    """Return a story with its timeline of firsts, its affair and what people changed of it.

    Raises:
        NotFoundError: no story has this id.
    """
    story = stories.get(database, story_id)
    members = {article.id: article for article in stories.members(database, story_id)}
    timeline = firsts(reading.reports(database, story_id))
    return {
        "id": story.id,
        "headline": story.headline,
        "state": story.state.value,
        "severity": story.severity,
        "first_seen": story.first_seen_at,
        "last_seen": story.last_seen_at,
        "articles": story.articles,
        "outlets": story.outlets,
        "origins": list(story.origins),
        "sides": list(story.sides),
        "state_outlets": story.state_outlets,
        "timeline": [
            {
                "article": first.article_id,
                "at": members[first.article_id].effective_at,
                "source": members[first.article_id].source_name,
                "title": members[first.article_id].title,
                "acts": [_act(signal) for signal in first.signals],
                "new_paragraphs": list(first.paragraphs),
            }
            for first in timeline
            if first.article_id in members
        ],
        "affair": [
            {"id": other.id, "headline": other.headline, "first_seen": other.first_seen_at}
            for other in threads.thread(database, story.thread_id)
            if other.id != story.id
        ],
        "changes": [
            {
                "at": change.at,
                "kind": change.kind,
                "story": change.story_id,
                "other": change.other_id,
                "articles": list(change.articles),
                "author": change.author,
                "reason": change.reason,
            }
            for change in threads.changes(database, story_id)
        ],
    }


def _act(signal: Signal) -> dict[str, Any]:
    return {
        "type": signal.type,
        "actor": signal.actor,
        "target": signal.target,
        "status": signal.status.value,
        "sentence": signal.sentence,
    }


def story_text(record: dict[str, Any]) -> str:
    """Return a story's record as lines for people."""
    origins = ", ".join(record["origins"])
    lines = [
        f"Story {record['id']}: {record['headline']}",
        f"{record['articles']} articles of {record['outlets']} outlets, {len(record['origins'])} origins ({origins})",
        f"Countries of the outlets: {', '.join(record['sides']) or 'unknown'}; outlets of states: "
        f"{record['state_outlets']}; state of the story: {record['state']}",
    ]
    for first in record["timeline"]:
        lines.append(f"{first['at']:%Y-%m-%d %H:%M}  {first['source']}: {first['title']} (article {first['article']})")
        lines += [f"    {_told(act)}" for act in first["acts"]]
        if first["new_paragraphs"]:
            lines.append(f"    new paragraphs: {', '.join(str(place + 1) for place in first['new_paragraphs'])}")
    if record["affair"]:
        lines.append("Same affair:")
        lines += [f"    {one['first_seen']:%Y-%m-%d}  story {one['id']}: {one['headline']}" for one in record["affair"]]
    lines += [
        f"{change['at']:%Y-%m-%d %H:%M}  {change['kind']} by {change['author']}: {change['reason']} "
        f"(stories {change['story']} and {change['other']})"
        for change in record["changes"]
    ]
    return "\n".join(lines)


def _told(act: dict[str, Any]) -> str:
    return f"{act['type']}, {act['actor'] or '?'} → {act['target'] or '?'}, {act['status']}: {act['sentence']}"
