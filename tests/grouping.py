"""Labelled articles through the real path into stories, and how well they were grouped."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from crawler.agencies import agency_of
from detection.engine import load_rules
from scheduler.occasions import AlertingSettings
from scheduler.pipeline import Pipeline, Processed
from storage import sources
from storage.database import open_writer, transaction
from storage.types import Article

#: 550 articles on 120 events of four invented worlds, told apart by the first two letters of their ids
EVENTS = Path(__file__).parent / "data" / "events.jsonl"
_LATER = datetime(2026, 4, 1, tzinfo=UTC)
#: kinds of articles on an act that ended, or was denied
_UNDOING = frozenset({"opposite", "denial"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An article with the event that it reports."""

    id: str
    event: str
    #: the affair of which the event is a step
    thread: str
    kind: str
    outlet: str
    country: str
    language: str
    published: datetime
    title: str
    paragraphs: tuple[str, ...]


def read_events(world: str, path: Path = EVENTS) -> list[Labelled]:
    """Return the articles of a world in the order of publication."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = [
        Labelled(
            id=row["id"],
            event=row["event"],
            thread=row["thread"],
            kind=row["kind"],
            outlet=row["outlet"],
            country=row["country"],
            language=row["lang"],
            published=datetime.fromisoformat(row["published"]),
            title=row["title"],
            paragraphs=tuple(line for line in row["text"].split("\n") if line.strip()),
        )
        for row in rows
        if row["id"].startswith(world)
    ]
    return sorted(found, key=lambda one: one.published)


def group(articles: Sequence[Labelled], folder: Path) -> dict[str, Processed]:
    """Store articles in the order given, as an import does; return what became of each in the end."""
    database = open_writer(folder)
    settings = AlertingSettings(watches=(), instance="test", public_url="http://vigie.example", language="fr")
    line = Pipeline(load_rules(), settings, {})
    try:
        found = {}
        for one in articles:
            with transaction(database):
                sources.ensure(database, one.outlet, one.outlet, "", _LATER)
                article = Article(
                    source_id=one.outlet,
                    url=f"https://{one.outlet}.example/{one.id}",
                    title=one.title,
                    paragraphs=one.paragraphs,
                    language=one.language,
                    published_at=one.published,
                    fetched_at=_LATER,
                    agency=agency_of(one.paragraphs),
                )
                found[one.id] = line.process(database, article, key=article.url, now=_LATER)
        rows = database.execute("SELECT id, story_id, copy_of FROM article")
        stored = {article_id: (story_id, copy_of) for article_id, story_id, copy_of in rows}
        return {
            name: replace(one, story_id=stored[one.article_id][0], copy_of=stored[one.article_id][1])
            for name, one in found.items()
        }
    finally:
        database.conn.close()


def bcubed(articles: Sequence[Labelled], stories: dict[str, int]) -> tuple[float, float, float]:
    """Return BCubed precision, recall and F1 of stories against events.

    Bagga and Baldwin, "Entity-based cross-document coreferencing using the vector space model" (1998).
    """
    both = Counter((stories[one.id], one.event) for one in articles)
    held, told = Counter(stories[one.id] for one in articles), Counter(one.event for one in articles)
    shares = [both[stories[one.id], one.event] for one in articles]
    precision = sum(share / held[stories[one.id]] for share, one in zip(shares, articles, strict=True)) / len(articles)
    recall = sum(share / told[one.event] for share, one in zip(shares, articles, strict=True)) / len(articles)
    return precision, recall, 2 * precision * recall / (precision + recall)


def polarity_merges(articles: Sequence[Labelled], stories: dict[str, int]) -> list[int]:
    """Return the stories that mix an act with its end or its denial in the same affair."""
    members: dict[int, list[Labelled]] = defaultdict(list)
    for one in articles:
        members[stories[one.id]].append(one)
    return [
        story
        for story, own in members.items()
        if any(
            one.kind in _UNDOING and two.event != one.event and two.thread == one.thread for one in own for two in own
        )
    ]
