"""Why a search found an article or a story: the sentence that holds its words, with the words marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from detection.query import Query, QueryError, Spans, Subject, asks_words, matches, parse, spans
from detection.query.words import fold_words
from detection.sentences import sentence_spans
from review.searching import Search, Subjects
from storage import articles, found, hits
from storage.articles import StoredArticle
from storage.reading import StoryFilter, StoryRow

#: characters of a sentence that are shown, around its first mark
LONGEST = 320
#: marks whose sentences are weighed against one another
_WEIGHED = 12
#: articles read for a page, besides two of each row
_MORE_READ = 20
#: articles read for one row
_MORE_OF_ONE = 6
_CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The sentence of an article by which a search found it."""

    article_id: int
    source_name: str
    title: str
    #: the sentence is the title
    in_title: bool
    sentence: str
    #: first character and the one after the last of each mark in the sentence
    marks: tuple[tuple[int, int], ...]


def match_of(query: Query, subject: Subject, article: StoredArticle, *, certain: bool = False) -> Match | None:
    """Return by which sentence a query found an article; None when it holds none of its words, or does not match.

    Args:
        query: what was asked.
        subject: the article as queries see it.
        article: the same as it is stored.
        certain: it is known to match.
    """
    if not certain and not matches(query, subject, once=True):
        return None
    marked = spans(query, subject)
    if not marked.text and not marked.title:
        return None
    sentence, marks = best_sentence(subject.text, marked.text) if marked.text else (subject.title, marked.title)
    return Match(
        article_id=article.id,
        source_name=article.source_name,
        title=article.title,
        in_title=not marked.text,
        sentence=sentence,
        marks=marks,
    )


def best_sentence(text: str, marks: Sequence[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the sentence of a text that holds most different words of its marks, and the marks within it."""
    best: tuple[int, int, int] | None = None
    for start, end in dict.fromkeys(_sentence_at(text, first) for first, _ in marks[:_WEIGHED]):
        within = {fold_words(text[first:last]) for first, last in marks if start <= first < end}
        if best is None or len(within) > best[0]:
            best = len(within), start, end
    assert best is not None, "no marks, no sentence"
    return _cut(text, best[1], best[2], marks)


def _sentence_at(text: str, place: int) -> tuple[int, int]:
    begin = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    line = text[begin : len(text) if end < 0 else end]
    for first, last in sentence_spans(line):
        if begin + first <= place < begin + last:
            return begin + first, begin + last
    return begin, begin + len(line)


def _cut(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return a sentence of bearable length and the marks within it."""
    first, last, before, after = start, end, "", ""
    if end - start > LONGEST:
        mark = next(mark for mark in marks if start <= mark[0] < end)
        if mark[0] - start > LONGEST // 2:
            first, before = text.find(" ", mark[0] - LONGEST // 2, mark[0]) + 1 or mark[0], _CUT
        if first + LONGEST < end:
            space = text.rfind(" ", max(first, mark[0]), first + LONGEST)
            last, after = (space if space >= min(mark[1], first + LONGEST) else first + LONGEST), _CUT
    shift = len(before) - first
    within = tuple(
        (max(one, first) + shift, min(two, last) + shift) for one, two in marks if one < last and two > first
    )
    return f"{before}{text[first:last]}{after}", within


def matches_of_articles(database: Database, rows: Iterable[StoredArticle], search: Search | None) -> dict[int, Match]:
    """Return by article why a search found it; articles that hold none of its words are left out."""
    if search is None or not asks_words(search.query):
        return {}
    subjects = Subjects(database, search.query)
    matched = {row.id: match_of(search.query, subjects.of(row), row) for row in rows}
    return {number: one for number, one in matched.items() if one is not None}


def matches_of_stories(
    database: Database, rows: Sequence[StoryRow], wanted: StoryFilter, search: Search | None
) -> dict[int, Match]:
    """Return by story the newest article by which a search found it, read within a bounded number of articles."""
    if search is None or not asks_words(search.query):
        return {}
    subjects = Subjects(database, search.query)
    matched: dict[int, Match] = {}

    def tried(story_id: int, article: StoredArticle, *, certain: bool) -> None:
        if _let_through(article, wanted):
            one = match_of(search.query, subjects.of(article), article, certain=certain)
            if one is not None:
                matched[story_id] = one

    ids = [row.story.id for row in rows]
    # A full page is of words that stand in many articles, most likely in the newest of a story too.
    asked = _asked(database, search, ids) if len(rows) < wanted.limit else {}
    for story_id, article in found.newest_of(database, [one for one in ids if one not in asked]).items():
        tried(story_id, article, certain=False)
    further = [row.story.id for row in rows if row.story.id not in matched and (row.story.articles > 1 or asked)]
    asked = asked or _asked(database, search, further)
    left = len(rows) + _MORE_READ
    for story_id in further:
        for article in _more(database, asked.get(story_id), story_id):
            if (left := left - 1) < 0:
                return matched
            tried(story_id, article, certain=search.plan.exact and story_id in asked)
            if story_id in matched:
                break
    return matched


def _asked(database: Database, search: Search, story_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return of some stories the articles that the index finds, the first reported first."""
    expression = search.plan.expression
    # The beginning of a word costs the index as much for one text as for all of them.
    if expression is None or "*" in expression or not story_ids:
        return {}
    return hits.articles_with_hits(database, expression, story_ids)


def _more(database: Database, asked: list[int] | None, story_id: int) -> Iterator[StoredArticle]:
    """Yield a bounded number of a story's articles in which a search may have found it, the newest first."""
    if asked is None:
        yield from found.newest(database, story_id, _MORE_OF_ONE, 1)
    else:
        yield from (articles.get(database, number) for number in asked[: -_MORE_OF_ONE - 1 : -1])


def _let_through(article: StoredArticle, wanted: StoryFilter) -> bool:
    return wanted.source_id in {None, article.source_id} and wanted.language in {None, article.language}


def marks_in(database: Database, text: str | None, article: StoredArticle, title: str, body: str) -> Spans:
    """Return where the words of a search stand in a version of an article; nowhere when the search cannot be read."""
    if not text or not text.strip():
        return Spans()
    try:
        query = parse(text)
    except QueryError:
        return Spans()
    return spans(query, replace(Subjects(database, query).of(article), title=title, text=body))
