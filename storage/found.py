"""The newest articles of a story: what shows why a search found it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from storage.articles import ARTICLE_COLUMNS, StoredArticle, article_from_row
from storage.listed import batched, listed

#: stories in a query
_TOGETHER = 200


def newest_of(database: Database, story_ids: Sequence[int]) -> dict[int, StoredArticle]:
    """Return of each of some stories its newest article; stories without one are left out."""
    found: dict[int, StoredArticle] = {}
    for some in batched(story_ids, _TOGETHER):
        marks, wanted = listed(some)
        rows = database.query(
            f"""
            SELECT {ARTICLE_COLUMNS} WHERE a.id IN (
                SELECT (SELECT n.id FROM article n WHERE n.story_id = st.id
                    ORDER BY n.effective_at DESC, n.id DESC LIMIT 1)
                FROM story st WHERE st.id IN ({marks})
            )
            """,  # noqa: S608 (placeholders)
            wanted,
        )
        found |= {row["story_id"]: article_from_row(row) for row in rows}
    return found


def newest(database: Database, story_id: int, limit: int, skip: int = 0) -> list[StoredArticle]:
    """Return a story's newest articles, the newest first."""
    rows = database.query(
        f"SELECT {ARTICLE_COLUMNS} WHERE a.story_id = ? ORDER BY a.effective_at DESC, a.id DESC LIMIT ? OFFSET ?",
        (story_id, limit, skip),
    )
    return [article_from_row(row) for row in rows]
