"""Search on the desk: the query language of watches, answered for stories.

The archive answers what it can: words by its full-text index, codes and acts by their columns. Where that may take in
too much, the articles it found are read and the query has the last word. A query that the archive hardly narrows is
followed for a bounded number of articles a page; the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

from sqlite_utils import Database

from detection.query import (
    Asked,
    Field,
    Query,
    QueryError,
    SearchPlan,
    Subject,
    ask,
    asks,
    asks_of_acts,
    beginnings,
    first_regex,
    matches,
    needs,
    parse,
    plan,
    without,
)
from detection.query.nodes import CodeTest, SeverityTest
from detection.query.words import fold_words
from review.errors import SearchTextError
from storage import article_tests, articles, hits, notes, overview, reading, sources, stories
from storage.article_tests import ActTest, ArticleTests, Code, CodeIs, SeverityIs
from storage.articles import StoredArticle
from storage.reading import Member, Place, StoryFilter, StoryRow
from storage.search import ArticleFilter

#: articles read word by word for one page
MOST_READ = 400
#: seconds that reading them may take; the next page goes on from there
MOST_SECONDS = 2.0
#: tags among which one is looked for by its words
_MOST_TAGS = 10_000
#: stories looked at in one go meanwhile: first, and at most
_BATCH, _LARGEST_BATCH = 100, 1_600
_CODES = {
    Field.SOURCE: Code.SOURCE,
    Field.LANGUAGE: Code.LANGUAGE,
    Field.COUNTRY: Code.COUNTRY,
    Field.TYPE: Code.TYPE,
    Field.ACTOR: Code.ACTOR,
    Field.TARGET: Code.TARGET,
    Field.STATUS: Code.STATUS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search that was read."""

    query: Query
    plan: SearchPlan
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """A page of stories and where the next one begins; no place means that nothing follows."""

    rows: tuple[StoryRow, ...]
    next: Place | None


def read_search(text: str) -> Search:
    """Read what was typed into the search box.

    Raises:
        SearchTextError: it cannot be read; the error names the place of the fault.
    """
    try:
        query = parse(text)
    except QueryError as error:
        raise SearchTextError(error.message, position=error.position, text=text) from error
    found = _search(query)
    regex = first_regex(query)
    if regex is not None and found.plan.expression is None:
        raise SearchTextError(
            "a /regex/ is asked of the articles that the index finds; put a word or a phrase beside it, joined by AND",
            position=regex.start,
            text=text,
        )
    return found


def _search(query: Query) -> Search:
    return Search(query=query, plan=plan(query), asked=ask(query))


def lightened(database: Database, search: Search | None) -> Search | None:
    """Return a search that means the same and asks the index about no beginning that stands for most of it."""
    if search is None:
        return None
    heavy = {one for one in beginnings(search.query) if hits.is_heavy(database, one)}
    return _search(without(search.query, heavy)) if heavy else search


def find_stories(database: Database, wanted: StoryFilter, search: Search | None) -> StoryPage:
    """Return a page of stories that pass the filter and the search.

    Raises:
        SearchError: the index could not answer.
    """
    search = lightened(database, search)
    wanted = _with_search(database, wanted, search)
    shown, after = _places(database, wanted, search)
    return StoryPage(rows=tuple(reading.rows_at(database, shown, wanted)), next=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much a list holds, without reading what its lines would show."""

    #: when each of its stories was last reported on, the latest first
    moments: tuple[datetime, ...]
    #: their numbers, in the same order
    story_ids: tuple[int, ...]
    #: whether there are more than were counted
    more: bool
    #: the first lines in full
    newest: tuple[StoryRow, ...]


def count_stories(database: Database, wanted: StoryFilter, search: Search | None, *, shown: int = 0) -> Counted:
    """Count the stories of one page, however long, and show the first of them.

    Raises:
        SearchError: the index could not answer.
    """
    search = lightened(database, search)
    wanted = _with_search(database, wanted, search)
    found, after = _places(database, wanted, search)
    return Counted(
        moments=tuple(moment for moment, _ in found),
        story_ids=tuple(story_id for _, story_id in found),
        more=after is not None,
        newest=tuple(reading.rows_at(database, found[:shown], wanted)),
    )


def _with_search(database: Database, wanted: StoryFilter, search: Search | None) -> StoryFilter:
    if search is None:
        return wanted
    return replace(
        narrowed(database, wanted, search.query),
        expression=search.asked.words.expression,
        tests=tests_of(search.asked),
    )


def _places(database: Database, wanted: StoryFilter, search: Search | None) -> tuple[list[Place], Place | None]:
    """Return the places of a page's stories, and where the next one begins."""
    if search is not None and not search.asked.exact:
        return _checked(database, wanted, search)
    found = reading.places(database, replace(wanted, limit=wanted.limit + 1))
    shown = found[: wanted.limit]
    return shown, shown[-1] if len(found) > wanted.limit else None


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


def tests_of(asked: Asked) -> ArticleTests | None:
    """Return what the archive is to test besides words, None for nothing."""
    if not asked.codes and not asked.acts and not asked.dates:
        return None
    return ArticleTests(
        codes=tuple(CodeIs(code=_CODES[test.field], value=test.value, prefix=test.prefix) for test in asked.codes),
        since=_day(max((test.first for test in asked.dates if test.first), default=None)),
        until=_day(min((test.last for test in asked.dates if test.last), default=None), days=1),
        acts=tuple(tuple(_act_test(test) for test in tests) for tests in asked.acts),
    )


def _act_test(test: CodeTest | SeverityTest) -> ActTest:
    if isinstance(test, SeverityTest):
        return SeverityIs(comparison=test.comparison, number=test.number)
    return CodeIs(code=_CODES[test.field], value=test.value, prefix=test.prefix)


def _checked(database: Database, wanted: StoryFilter, search: Search) -> tuple[list[Place], Place | None]:
    """Return the places of a page's stories, and where the next one begins."""
    query = search.asked.left
    subjects = Subjects(database, search.query if query is None else query)
    found: list[Place] = []
    before, left, size, deadline = wanted.before, MOST_READ, _BATCH, monotonic() + MOST_SECONDS
    while batch := reading.places(database, replace(wanted, before=before, limit=size)):
        for some in (batch[first : first + _BATCH] for first in range(0, len(batch), _BATCH)):
            ids = [story_id for _, story_id in some]
            certain = _certain(database, wanted, search, ids)
            articles_of = _to_read(database, wanted, [one for one in ids if one not in certain])
            for place in some:
                holds = place[1] in certain
                for article in () if holds else articles_of(place[1]):
                    left -= 1
                    if query is None or matches(query, subjects.of(article), once=True):
                        holds = True
                        break
                if holds and len(found) == wanted.limit:
                    return found, found[-1]
                if holds:
                    found.append(place)
                if left <= 0 or monotonic() > deadline:
                    return found, place
        before, size = batch[-1], min(4 * size, _LARGEST_BATCH)
    return found, None


def _certain(database: Database, wanted: StoryFilter, search: Search, story_ids: Sequence[int]) -> set[int]:
    """Return those of some stories that need no reading."""
    if not search.asked.complete or search.asked.words.sure is None:
        return set()
    own, values = article_tests.clauses(wanted.tests or ArticleTests())
    return hits.stories_with_hits(database, search.asked.words.sure, story_ids, own, values)


def _to_read(
    database: Database, wanted: StoryFilter, story_ids: Sequence[int]
) -> Callable[[int], Iterator[StoredArticle]]:
    """Return what yields the articles of a story, of those given, that the query may hold for."""
    if wanted.expression is None:
        return lambda story_id: stories.each_member(database, story_id)
    may = hits.articles_with_hits(database, wanted.expression, story_ids)
    return lambda story_id: (articles.get(database, article_id) for article_id in may.get(story_id, ()))


class Subjects:
    """Stored articles as queries see them; what several articles share is looked up once."""

    def __init__(self, database: Database, query: Query) -> None:
        """Prepare to show articles to a query."""
        self._database = database
        self._tagged = asks(query, Field.TAG)
        self._of_acts = asks_of_acts(query)
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
            signals=articles.signals(self._database, article.revision_id) if self._of_acts else (),
            at=article.effective_at,
            tags=self._tags_of(article.story_id),
        )

    def _tags_of(self, story_id: int | None) -> tuple[str, ...]:
        if not self._tagged or story_id is None:
            return ()
        if story_id not in self._tags:
            self._tags[story_id] = notes.names_of_tags(self._database, story_id)
        return self._tags[story_id]
