"""Stories, the fingerprints that find copies, and what was told of each story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.articles import ARTICLE_COLUMNS, StoredArticle, article_from_row
from storage.errors import NotFoundError
from storage.times import from_text, to_text, to_text_or_none
from storage.types import Story, StoryArticle

#: how many look-alikes are compared word by word
MOST_CANDIDATES = 8
#: one fingerprint in so many must be shared: every two long texts of a language have some turn of phrase in common
LEAST_SHARED = 50
#: hashes of a long text that are looked up; winnowing keeps them spread over the text
MOST_HASHES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOfStory:
    """An act that a story's articles assert."""

    story_id: int
    type: str
    actor: str | None
    target: str | None
    last_seen_at: datetime


def create(database: Database, headline: str, moment: datetime) -> int:
    """Open a story and return its id."""
    text = to_text(moment)
    cursor = database.execute(
        "INSERT INTO story (headline, first_seen_at, last_seen_at) VALUES (?, ?, ?)", (headline, text, text)
    )
    return int(cursor.lastrowid or 0)


def attach(
    database: Database,
    article_id: int,
    story_id: int,
    moment: datetime,
    *,
    severity: int,
    copy_of: int | None,
    coverage: float | None,
    origin: str,
) -> None:
    """Put an article into a story and widen the story's time and severity."""
    database.execute(
        "UPDATE article SET story_id = ?, copy_of = ?, coverage = coalesce(?, coverage), origin = ? WHERE id = ?",
        (story_id, copy_of, coverage, origin, article_id),
    )
    text = to_text(moment)
    database.execute(
        """
        UPDATE story SET first_seen_at = min(first_seen_at, ?), last_seen_at = max(last_seen_at, ?),
            severity = max(severity, ?), telling = max(telling, EXISTS (SELECT 1 FROM signal WHERE article_id = ?))
        WHERE id = ?
        """,
        (text, text, severity, article_id, story_id),
    )


def save_fingerprints(database: Database, article_id: int, hashes: Iterable[int]) -> None:
    """Replace the fingerprints under which copies of an article are found."""
    database.execute("DELETE FROM fingerprint WHERE article_id = ?", (article_id,))
    database.conn.executemany(
        "INSERT OR IGNORE INTO fingerprint (hash, article_id) VALUES (?, ?)", ((value, article_id) for value in hashes)
    )


def look_alikes(
    database: Database, hashes: Iterable[int], since: datetime, until: datetime, *, but: int
) -> list[StoredArticle]:
    """Return the articles of a time window that share most fingerprints, best first."""
    wanted = sorted(set(hashes))[:MOST_HASHES]
    if not wanted:
        return []
    marks = ",".join("?" * len(wanted))
    rows = database.query(
        f"""
        WITH hit AS (
            SELECT article_id, count(*) AS shared FROM fingerprint WHERE hash IN ({marks}) GROUP BY article_id
            HAVING shared * {LEAST_SHARED} >= {len(wanted)}
        )
        SELECT {ARTICLE_COLUMNS} JOIN hit ON hit.article_id = a.id
        WHERE a.effective_at BETWEEN ? AND ? AND a.id <> ? ORDER BY hit.shared DESC, a.id LIMIT ?
        """,  # noqa: S608 (placeholders and fixed text)
        (*wanted, to_text(since), to_text(until), but, MOST_CANDIDATES),
    )
    return [article_from_row(row) for row in rows]


def asserted_acts(database: Database, since: datetime, until: datetime) -> list[ActOfStory]:
    """Return the asserted acts of stories that were alive in a time window, newest story first."""
    rows = database.query(
        """
        SELECT DISTINCT st.id AS story_id, g.type, g.actor, g.target, st.last_seen_at
        FROM story st JOIN article a ON a.story_id = st.id JOIN signal g ON g.revision_id = a.revision_id
        WHERE st.last_seen_at >= ? AND st.first_seen_at <= ? AND g.status = 'asserted'
        ORDER BY st.last_seen_at DESC, st.id DESC
        """,
        (to_text(since), to_text(until)),
    )
    return [
        ActOfStory(
            story_id=row["story_id"],
            type=row["type"],
            actor=row["actor"],
            target=row["target"],
            last_seen_at=from_text(row["last_seen_at"]),
        )
        for row in rows
    ]


#: counts are read, never kept: a counter can drift, a query cannot
STORY_COLUMNS = """
    st.id, st.headline, st.severity, st.first_seen_at, st.last_seen_at,
    (SELECT count(*) FROM article a WHERE a.story_id = st.id) AS articles,
    (SELECT count(DISTINCT a.source_id) FROM article a WHERE a.story_id = st.id) AS outlets
    FROM story st
"""


def get(database: Database, story_id: int) -> Story:
    """Return one story with its counts.

    Raises:
        NotFoundError: no story has this id.
    """
    rows = list(database.query(f"SELECT {STORY_COLUMNS} WHERE st.id = ?", (story_id,)))
    if not rows:
        raise NotFoundError(f"no story {story_id} is stored")
    return story_from_row(database, rows[0])


def story_from_row(database: Database, row: dict[str, Any]) -> Story:
    """Build a story from a row that :data:`STORY_COLUMNS` selected."""
    origins = database.execute(
        "SELECT origin FROM article WHERE story_id = ? GROUP BY origin ORDER BY min(effective_at), min(id)",
        (row["id"],),
    )
    return Story(
        id=row["id"],
        headline=row["headline"],
        first_seen_at=from_text(row["first_seen_at"]),
        last_seen_at=from_text(row["last_seen_at"]),
        articles=row["articles"],
        outlets=row["outlets"],
        origins=tuple(origin[0] for origin in origins),
        severity=row["severity"],
    )


def listing(database: Database, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Story]:
    """Yield stories that were alive in a time window, newest first."""
    rows = database.query(
        f"""
        SELECT {STORY_COLUMNS} WHERE (:since IS NULL OR st.last_seen_at >= :since)
            AND (:until IS NULL OR st.first_seen_at < :until) ORDER BY st.last_seen_at DESC, st.id DESC
        """,
        {"since": to_text_or_none(since), "until": to_text_or_none(until)},
    )
    return (story_from_row(database, row) for row in rows)


def members(database: Database, story_id: int, limit: int = 500) -> list[StoredArticle]:
    """Return a story's articles, earliest first."""
    rows = database.query(
        f"SELECT {ARTICLE_COLUMNS} WHERE a.story_id = ? ORDER BY a.effective_at, a.id LIMIT ?",
        (story_id, limit),
    )
    return [article_from_row(row) for row in rows]


def summary(article: StoredArticle) -> StoryArticle:
    """Return what alerts show of a story's article."""
    return StoryArticle(
        id=article.id,
        title=article.title,
        url=article.url,
        source_id=article.source_id,
        source_name=article.source_name,
        origin=article.origin,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        copy_of=article.copy_of,
        partial=article.partial,
    )
