"""``export``: the archive's records, read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import alerts, search, stories
from storage.articles import StoredArticle
from storage.search import ArticleFilter
from vigie.evaluating import verdict_records
from vigie.searching import found

_PAGE = 500
#: more than any archive holds: an export has no limit of its own
_EVERYTHING = 1_000_000_000


def records(
    database: Database, what: str, *, since: datetime | None, until: datetime | None, query: str | None
) -> Iterator[dict[str, Any]]:
    """Yield ``articles``, ``stories``, ``alerts`` or ``verdicts`` as flat records; verdicts come oldest first."""
    if what == "articles":
        wanted = ArticleFilter(since=since, until=until, limit=_PAGE)
        rows = found(database, query, replace(wanted, limit=_EVERYTHING)) if query else _articles(database, wanted)
        for article in rows:
            yield _article(article)
    elif what == "verdicts":
        yield from verdict_records(database, since=since, until=until)
    elif what == "stories":
        for story in stories.listing(database, since=since, until=until):
            yield {
                "id": story.id,
                "headline": story.headline,
                "severity": story.severity,
                "first_seen": story.first_seen_at,
                "last_seen": story.last_seen_at,
                "articles": story.articles,
                "outlets": story.outlets,
                "origins": list(story.origins),
                "sides": list(story.sides),
                "state": story.state.value,
                "thread": story.thread_id,
            }
    else:
        for alert in alerts.recent(database, limit=_EVERYTHING):
            if (since is None or alert.created_at >= since) and (until is None or alert.created_at < until):
                yield {
                    "id": alert.id,
                    "type": alert.type,
                    "watch": alert.watch_id,
                    "story": alert.story_id,
                    "severity": alert.severity,
                    "headline": alert.headline,
                    "created": alert.created_at,
                    "acknowledged": alert.acknowledged_at,
                    "acknowledged_by": alert.acknowledged_by,
                }


def _articles(database: Database, wanted: ArticleFilter) -> Iterator[StoredArticle]:
    while True:
        rows = search.articles(database, wanted)
        yield from rows
        if len(rows) < wanted.limit:
            return
        wanted = replace(wanted, before=(rows[-1].effective_at, rows[-1].id))


def _article(article: StoredArticle) -> dict[str, Any]:
    return {
        "id": article.id,
        "source": article.source_id,
        "url": article.url,
        "title": article.title,
        "lede": article.lede,
        "text": article.body,
        "lang": article.language,
        "authors": list(article.authors),
        "origin": article.origin,
        "partial": article.partial,
        "published": article.published_at,
        "first_seen": article.first_seen_at,
        "withdrawn": article.withdrawn_at,
        "story": article.story_id,
        "copy_of": article.copy_of,
    }
