"""Full-text search over the current text of every article, and the lists analysts read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import hits
from storage.articles import StoredArticle, get
from storage.errors import SearchError
from storage.listed import named
from storage.times import from_text, to_text_or_none

#: articles of a list that are looked at first, and how often four times as many after them
_FIRST_WALK, _ROUNDS = 200, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """What a list of articles is narrowed to; None means any."""

    #: an FTS5 expression (sqlite.org/fts5.html section 3), already safe to run
    expression: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    source_id: str | None = None
    language: str | None = None
    #: only articles before this one in the list: keyset paging by (effective time, id)
    before: tuple[datetime, int] | None = None
    limit: int = 50


def articles(database: Database, wanted: ArticleFilter) -> list[StoredArticle]:
    """Return matching articles, newest first.

    Raises:
        SearchError: the expression is not one FTS5 reads.
    """
    try:
        return [get(database, article_id) for article_id in _ids(database, wanted)]
    except UnicodeEncodeError as error:
        raise SearchError("the search holds half a character; type it again") from error
    except sqlite3.OperationalError as error:
        # Only the index itself complains of an expression this way; a locked or full database is no search error.
        if wanted.expression is None or error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise SearchError(f"the search cannot be read: {error}") from error


def _ids(database: Database, wanted: ArticleFilter) -> Iterable[int]:
    """Return which articles are on the page; their texts are read one by one, and only theirs."""
    conditions, values = _conditions(wanted)
    tables = "article a"
    if wanted.expression is not None:
        probe = hits.probe(database, wanted.expression, wanted.limit)
        found = _walked(database, wanted, wanted.expression) if probe.walk else None
        if found is not None:
            return found
        if probe.complete and not probe.newest:
            return []
        if probe.complete:
            marks, names = named(probe.newest, "text")
            conditions, values = [*conditions, f"a.revision_id IN ({marks})"], {**values, **names}
        else:
            tables = "revision_search CROSS JOIN article a"
            conditions += ["revision_search MATCH :expression", "a.revision_id = revision_search.rowid"]
            values["expression"] = wanted.expression
    rows = _listed(database, f"SELECT a.id FROM {tables}", conditions, values, wanted.limit)  # noqa: S608 (fixed text)
    return [row["id"] for row in rows]


def _listed(
    database: Database, select: str, conditions: Sequence[str], values: dict[str, object], limit: int
) -> Iterable[dict[str, Any]]:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return database.query(
        f"{select}{where} ORDER BY a.effective_at DESC, a.id DESC LIMIT :limit", {**values, "limit": limit}
    )


def _conditions(wanted: ArticleFilter) -> tuple[list[str], dict[str, object]]:
    before_time, before_id = wanted.before or (None, None)
    options = (
        ("a.effective_at >= :since", {"since": to_text_or_none(wanted.since)}),
        ("a.effective_at < :until", {"until": to_text_or_none(wanted.until)}),
        ("a.source_id = :source", {"source": wanted.source_id}),
        ("a.language = :language", {"language": wanted.language}),
        ("(a.effective_at, a.id) < (:before, :before_id)",
         {"before": to_text_or_none(before_time), "before_id": before_id}),
    )  # fmt: skip
    chosen = [(clause, values) for clause, values in options if None not in values.values()]
    return [clause for clause, _ in chosen], {name: value for _, values in chosen for name, value in values.items()}


def _walked(database: Database, wanted: ArticleFilter, expression: str) -> list[int] | None:
    """Walk the list and ask the index about many of its articles at once, until enough are found.

    Returns:
        the articles of a page; None where so many rounds did not fill it.
    """
    found: list[int] = []
    size = _FIRST_WALK
    for _ in range(_ROUNDS):
        conditions, values = _conditions(wanted)
        columns = "SELECT a.id, a.effective_at, a.revision_id FROM article a"
        batch = list(_listed(database, columns, conditions, values, size))
        held = hits.texts_with_hits(database, expression, [row["revision_id"] for row in batch])
        found += [row["id"] for row in batch if row["revision_id"] in held]
        if len(found) >= wanted.limit or len(batch) < size:
            return found[: wanted.limit]
        wanted = replace(wanted, before=(from_text(batch[-1]["effective_at"]), batch[-1]["id"]))
        size *= 4
    return None
