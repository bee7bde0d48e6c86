"""Search among articles, in the query language of watches: a page at a time, in the order of the press."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from sqlite_utils import Database

from detection.query import Query, matches
from review.searching import MOST_READ, MOST_SECONDS, Search, Subjects, lightened, needed_of_articles
from storage import search as index
from storage.articles import StoredArticle
from storage.search import ArticleFilter

#: articles looked at in one go where the index does not say all
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """A page of articles and where the next one begins; no place means that nothing follows."""

    rows: tuple[StoredArticle, ...]
    next: tuple[datetime, int] | None


def find_articles(database: Database, wanted: ArticleFilter, search: Search | None) -> ArticlePage:
    """Return a page of articles that pass the filter and the search, newest first.

    Raises:
        SearchError: the index could not answer.
    """
    search = lightened(database, search)
    if search is not None:
        wanted = replace(needed_of_articles(database, wanted, search.query), expression=search.plan.expression)
    if search is None or search.plan.exact:
        rows = index.articles(database, replace(wanted, limit=wanted.limit + 1))
        shown = tuple(rows[: wanted.limit])
        return ArticlePage(rows=shown, next=_after(shown[-1]) if len(rows) > wanted.limit else None)
    return _checked(database, wanted, search.query)


def _checked(database: Database, wanted: ArticleFilter, query: Query) -> ArticlePage:
    """Read what the index lets through, a bounded number of articles; the next page goes on from there."""
    subjects = Subjects(database, query)
    found: list[StoredArticle] = []
    before, left, deadline = wanted.before, MOST_READ, monotonic() + MOST_SECONDS
    while batch := index.articles(database, replace(wanted, before=before, limit=_BATCH)):
        for article in batch:
            if matches(query, subjects.of(article), once=True):
                if len(found) == wanted.limit:
                    return ArticlePage(rows=tuple(found), next=_after(found[-1]))
                found.append(article)
            before = _after(article)
            left -= 1
            if left <= 0 or monotonic() > deadline:
                return ArticlePage(rows=tuple(found), next=before)
    return ArticlePage(rows=tuple(found), next=None)


def _after(article: StoredArticle) -> tuple[datetime, int]:
    return article.effective_at, article.id
