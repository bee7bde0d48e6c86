"""Search on the desk: the query language of watches, answered for stories.

The full-text index answers what it can; where its plan may take in too much, the articles of each
candidate story are read and the query has the last word. A query that the index hardly narrows is followed
for a bounded number of articles a page; the next page goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from detection.query import Query, QueryError, SearchPlan, Subject, matches, parse, plan
from review.errors import SearchTextError
from storage import articles, reading, sources, stories
from storage.articles import StoredArticle
from storage.reading import StoryFilter, StoryRow

#: articles read word by word for one page
MOST_READ = 2_000
#: stories looked at in one go meanwhile
_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search that was read."""

    query: Query
    plan: SearchPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """A page of stories and where the next one begins; no place means that nothing follows."""

    rows: tuple[StoryRow, ...]
    next: tuple[datetime, int] | None


def read_search(text: str) -> Search:
    """Read what was typed into the search box.

    Raises:
        SearchTextError: it cannot be read; the error names the place of the fault.
    """
    try:
        query = parse(text)
    except QueryError as error:
        raise SearchTextError(error.message, position=error.position, text=text) from error
    return Search(query=query, plan=plan(query))


def find_stories(database: Database, wanted: StoryFilter, search: Search | None) -> StoryPage:
    """Return a page of stories that pass the filter and the search.

    Raises:
        SearchError: the index could not answer.
    """
    if search is not None:
        wanted = replace(wanted, expression=search.plan.expression)
    if search is None or search.plan.exact:
        rows = reading.stories(database, replace(wanted, limit=wanted.limit + 1))
        shown = tuple(rows[: wanted.limit])
        return StoryPage(rows=shown, next=_after(shown[-1]) if len(rows) > wanted.limit else None)
    return _checked(database, wanted, search.query)


def _checked(database: Database, wanted: StoryFilter, query: Query) -> StoryPage:
    countries: dict[str, str | None] = {}
    found: list[StoryRow] = []
    before, left = wanted.before, MOST_READ
    while batch := reading.stories(database, replace(wanted, before=before, limit=_BATCH)):
        for row in batch:
            left -= row.story.articles
            if _story_holds(database, query, row, countries):
                if len(found) == wanted.limit:
                    return StoryPage(rows=tuple(found), next=_after(found[-1]))
                found.append(row)
            before = _after(row)
            if left <= 0:
                return StoryPage(rows=tuple(found), next=before)
    return StoryPage(rows=tuple(found), next=None)


def _after(row: StoryRow) -> tuple[datetime, int]:
    return row.story.last_seen_at, row.story.id


def _story_holds(database: Database, query: Query, row: StoryRow, countries: dict[str, str | None]) -> bool:
    return any(
        matches(query, stored_subject(database, article, countries))
        for article in stories.members(database, row.story.id)
    )


def stored_subject(database: Database, article: StoredArticle, countries: dict[str, str | None]) -> Subject:
    """Return a stored article as queries see it.

    Args:
        database: the archive.
        article: one of its articles.
        countries: countries of sources that were looked up before; filled further.
    """
    if article.source_id not in countries:
        countries[article.source_id] = sources.country(database, article.source_id)
    return Subject(
        title=article.title,
        text=article.text,
        source_id=article.source_id,
        language=article.language,
        country=countries[article.source_id],
        origin=article.origin,
        authors=article.authors,
        signals=articles.signals(database, article.revision_id),
    )
