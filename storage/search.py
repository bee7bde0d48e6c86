"""Full-text search over the current text of every article, and the lists analysts read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.articles import ARTICLE_COLUMNS, StoredArticle, article_from_row
from storage.errors import SearchError
from storage.times import to_text_or_none


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
    before_time, before_id = wanted.before or (None, None)
    try:
        rows = list(
            database.query(
                f"""
                SELECT {ARTICLE_COLUMNS}
                WHERE (:expression IS NULL OR r.id IN (
                        SELECT rowid FROM revision_search WHERE revision_search MATCH :expression))
                    AND (:since IS NULL OR a.effective_at >= :since)
                    AND (:until IS NULL OR a.effective_at < :until)
                    AND (:source IS NULL OR a.source_id = :source)
                    AND (:language IS NULL OR a.language = :language)
                    AND (:before IS NULL OR (a.effective_at, a.id) < (:before, :before_id))
                ORDER BY a.effective_at DESC, a.id DESC LIMIT :limit
                """,  # noqa: S608 (fixed text)
                {
                    "expression": wanted.expression,
                    "since": to_text_or_none(wanted.since),
                    "until": to_text_or_none(wanted.until),
                    "source": wanted.source_id,
                    "language": wanted.language,
                    "before": to_text_or_none(before_time),
                    "before_id": before_id,
                    "limit": wanted.limit,
                },
            )
        )
    except UnicodeEncodeError as error:
        raise SearchError("the search holds half a character; type it again") from error
    except sqlite3.OperationalError as error:
        # Only the index itself complains of an expression this way; a locked or full database is no search error.
        if wanted.expression is None or error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise SearchError(f"the search cannot be read: {error}") from error
    return [article_from_row(row) for row in rows]
