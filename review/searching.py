"""Search on the desk: the query language of watches, answered for stories.

The full-text index answers what it can; where its plan may take in too much, the articles of each
candidate story are read and the query has the last word. A query that the index hardly narrows is followed
for a bounded number of articles a page; the next page goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

from sqlite_utils import Database

from detection.query import (
    Field,
    Query,
    QueryError,
    SearchPlan,
    Subject,
    asks,
    first_regex,
    matches,
    needs,
    parse,
    plan,
)
from detection.query.words import fold_words
from review.errors import SearchTextError
from storage import articles, notes, overview, reading, sources, stories
from storage.articles import StoredArticle
from storage.reading import Member, StoryFilter, StoryRow
from storage.search import ArticleFilter

#: articles read word by word for one page
MOST_READ = 2_000
#: seconds that reading them may take; the next page goes on from there
MOST_SECONDS = 2.0
#: tags among which one is looked for by its words
_MOST_TAGS = 10_000
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
    found = Search(query=query, plan=plan(query))
    regex = first_regex(query)
    if regex is not None and found.plan.expression is None:
        raise SearchTextError(
            "a /regex/ is asked of the articles that the index finds; put a word or a phrase beside it, joined by AND",
            position=regex.start,
            text=text,
        )
    return found


def find_stories(database: Database, wanted: StoryFilter, search: Search | None) -> StoryPage:
    """Return a page of stories that pass the filter and the search.

    Raises:
        SearchError: the index could not answer.
    """
    if search is not None:
        wanted = replace(narrowed(database, wanted, search.query), expression=search.plan.expression)
    if search is None or search.plan.exact:
        rows = reading.stories(database, replace(wanted, limit=wanted.limit + 1))
        shown = tuple(rows[: wanted.limit])
        return StoryPage(rows=shown, next=_after(shown[-1]) if len(rows) > wanted.limit else None)
    return _checked(database, wanted, search.query)


def narrowed(database: Database, wanted: StoryFilter, query: Query) -> StoryFilter:
    """Return a filter that also holds what every match of a query needs."""
    needed = needs(query)
    source = None if needed.source is None else _source(database, needed.source)
    member = Member(source_id=source, since=_day(needed.first), until=_day(needed.last, days=1))
    tags = None if needed.tag is None else tuple(
        tag.key for tag in notes.tags(database, _MOST_TAGS) if " ".join(fold_words(tag.name)) == needed.tag
    )  # fmt: skip
    return replace(wanted, member=None if member == Member() else member, tags=tags)


def needed_of_articles(database: Database, wanted: ArticleFilter, query: Query) -> ArticleFilter:
    """Return a filter of articles that also holds what every match of a query needs."""
    needed = needs(query)
    source = None if needed.source is None else _source(database, needed.source)
    starts = [moment for moment in (wanted.since, _day(needed.first)) if moment is not None]
    ends = [moment for moment in (wanted.until, _day(needed.last, days=1)) if moment is not None]
    return replace(
        wanted,
        since=max(starts, default=None),
        until=min(ends, default=None),
        source_id=wanted.source_id or source,
    )


def _source(database: Database, folded: str) -> str:
    """Return the id of a source however its letters were typed; one that is not stored finds nothing as it is."""
    return next((one for one, _ in overview.source_names(database) if one.casefold() == folded), folded)


def _day(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), UTC)


def _checked(database: Database, wanted: StoryFilter, query: Query) -> StoryPage:
    subjects = Subjects(database, query)
    found: list[StoryRow] = []
    before, left, deadline = wanted.before, MOST_READ, monotonic() + MOST_SECONDS
    while batch := reading.stories(database, replace(wanted, before=before, limit=_BATCH)):
        for row in batch:
            left -= row.story.articles
            if any(matches(query, subjects.of(article)) for article in stories.members(database, row.story.id)):
                if len(found) == wanted.limit:
                    return StoryPage(rows=tuple(found), next=_after(found[-1]))
                found.append(row)
            before = _after(row)
            if left <= 0 or monotonic() > deadline:
                return StoryPage(rows=tuple(found), next=before)
    return StoryPage(rows=tuple(found), next=None)


def _after(row: StoryRow) -> tuple[datetime, int]:
    return row.story.last_seen_at, row.story.id


class Subjects:
    """Stored articles as queries see them; what several articles share is looked up once."""

    def __init__(self, database: Database, query: Query) -> None:
        """Prepare to show articles to a query."""
        self._database = database
        self._tagged = asks(query, Field.TAG)
        self._countries: dict[str, str | None] = {}
        self._tags: dict[int, tuple[str, ...]] = {}

    def of(self, article: StoredArticle) -> Subject:
        """Return a stored article as queries see it."""
        if article.source_id not in self._countries:
            self._countries[article.source_id] = sources.country(self._database, article.source_id)
        return Subject(
            title=article.title,
            text=article.text,
            source_id=article.source_id,
            language=article.language,
            country=self._countries[article.source_id],
            origin=article.origin,
            authors=article.authors,
            signals=articles.signals(self._database, article.revision_id),
            at=article.effective_at,
            tags=self._tags_of(article.story_id),
        )

    def _tags_of(self, story_id: int | None) -> tuple[str, ...]:
        if not self._tagged or story_id is None:
            return ()
        if story_id not in self._tags:
            self._tags[story_id] = notes.names_of_tags(self._database, story_id)
        return self._tags[story_id]
