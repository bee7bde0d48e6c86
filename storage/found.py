"""The newest articles of a story: what shows why a search found it."""

from __future__ import annotations

from sqlite_utils import Database

from storage.articles import ARTICLE_COLUMNS, StoredArticle, article_from_row


def newest(database: Database, story_id: int, limit: int, skip: int = 0) -> list[StoredArticle]:
    """Return a story's newest articles, the newest first."""
    rows = database.query(
        f"SELECT {ARTICLE_COLUMNS} WHERE a.story_id = ? ORDER BY a.effective_at DESC, a.id DESC LIMIT ? OFFSET ?",
        (story_id, limit, skip),
    )
    return [article_from_row(row) for row in rows]
