"""Read-only queries for a story's page: its articles without their texts, copies under their original, and who spoke.

A story of a great day has thousands of articles; every list here is bounded and the articles are paged by key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.articles import signal_from_row
from storage.listed import listed
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Signal

#: copies of one original that are read, the earliest
MOST_COPIES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An article of a story, without its text."""

    id: int
    title: str
    url: str
    source_name: str
    #: of the outlet, ISO 3166-1 alpha-3
    country: str | None
    origin: str
    language: str | None
    published_at: datetime | None
    first_seen_at: datetime
    #: the time it counts with
    effective_at: datetime
    copy_of: int | None
    withdrawn_at: datetime | None
    #: how many versions of its text are stored
    versions: int
    #: how many of its paragraphs the story had not seen
    novel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """An article that copies none of its story, with those that copy it."""

    line: Line
    #: the earliest of them, see :data:`MOST_COPIES`
    copies: tuple[Line, ...]
    #: how many there are in all
    copied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An origin, or a country, of a story's articles."""

    #: the origin's name, or the country's code; None for outlets of no known country
    name: str | None
    articles: int
    outlets: int
    #: how many of the outlets belong to a state
    state_outlets: int
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAct:
    """One act of a story with one status, over all its articles."""

    #: the first report at the highest severity
    signal: Signal
    article_id: int
    #: how many articles say so
    articles: int
    #: the article that said so first, and when
    first_article: int
    first_at: datetime


_LINE = """
    SELECT a.id, r.title, a.url, s.name AS source_name, s.country, a.origin, a.language, a.published_at,
        a.first_seen_at, a.effective_at, a.copy_of, a.withdrawn_at,
        (SELECT count(*) FROM revision v WHERE v.article_id = a.id) AS versions, a.novel
    FROM article a JOIN revision r ON r.id = a.revision_id JOIN source s ON s.id = a.source_id
"""
#: what a split or a merge left without its original in the story stands by itself
_ORIGINAL = """
    (a.copy_of IS NULL OR NOT EXISTS (
        SELECT 1 FROM article o WHERE o.id = a.copy_of AND o.story_id = a.story_id AND o.copy_of IS NULL
    ))
"""


def originals(
    database: Database, story_id: int, *, after: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Original]:
    """Return the originals of a story in the order of their time, each with its copies.

    Args:
        database: the archive.
        story_id: of the story.
        after: only those after this (effective time, id) in the list.
        limit: at most so many originals.
    """
    where = ""
    values: dict[str, Any] = {"story": story_id, "limit": limit}
    if after is not None:
        where = "AND (a.effective_at, a.id) > (:after, :after_id)"
        values |= {"after": to_text(after[0]), "after_id": after[1]}
    rows = database.query(
        f"{_LINE} WHERE a.story_id = :story AND {_ORIGINAL} {where} ORDER BY a.effective_at, a.id LIMIT :limit", values
    )
    lines = [_line(row) for row in rows]
    copies, counts = _copies(database, story_id, [line.id for line in lines])
    return [Original(line=line, copies=tuple(copies.get(line.id, ())), copied=counts.get(line.id, 0)) for line in lines]


def _copies(
    database: Database, story_id: int, original_ids: Sequence[int]
) -> tuple[dict[int, list[Line]], dict[int, int]]:
    """Return the earliest copies of some originals, and how many each has."""
    marks, values = listed(original_ids)
    if not values:
        return {}, {}
    counts = dict(
        database.execute(
            f"SELECT copy_of, count(*) FROM article WHERE story_id = ? AND copy_of IN ({marks}) GROUP BY copy_of",  # noqa: S608 (placeholders)
            (story_id, *values),
        ).fetchall()
    )
    rows = database.query(
        f"""
        {_LINE} WHERE a.id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (PARTITION BY copy_of ORDER BY effective_at, id) AS place
                FROM article WHERE story_id = ? AND copy_of IN ({marks})
            ) ranked WHERE place <= {MOST_COPIES}
        ) ORDER BY a.effective_at, a.id
        """,  # noqa: S608 (placeholders and a number)
        (story_id, *values),
    )
    found: dict[int, list[Line]] = {}
    for row in rows:
        found.setdefault(row["copy_of"], []).append(_line(row))
    return found, counts


def acts(database: Database, story_id: int, limit: int = 200) -> list[ToldAct]:
    """Return the acts in the current texts of a story, the first told first; exact however many articles it has."""
    rows = database.execute(
        """
        SELECT g.id, g.severity, a.id, a.effective_at, g.type, g.actor, g.target, g.status
        FROM article a JOIN signal g ON g.revision_id = a.revision_id WHERE a.story_id = ?
        ORDER BY a.effective_at, a.id, g.start, g.id
        """,
        (story_id,),
    )
    told: dict[tuple[str, ...], _Telling] = {}
    for number, severity, article_id, at, *act in rows:
        telling = told.setdefault(tuple(act), _Telling(article_id, at))
        telling.articles.add(article_id)
        if severity > telling.severity:
            telling.best, telling.severity = number, severity
    chosen = list(told.values())[:limit]
    marks, values = listed([telling.best for telling in chosen])
    if not values:
        return []
    # The sentences are read of those alone that are shown.
    best = {row["id"]: row for row in database.query(f"SELECT * FROM signal WHERE id IN ({marks})", values)}  # noqa: S608 (placeholders)
    return [
        ToldAct(
            signal=signal_from_row(best[telling.best]),
            article_id=best[telling.best]["article_id"],
            articles=len(telling.articles),
            first_article=telling.first_article,
            first_at=from_text(telling.first_at),
        )
        for telling in chosen
    ]


@dataclass(slots=True)
class _Telling:
    """What is known of an act while the signals of its story are gone through."""

    first_article: int
    first_at: str
    best: int = 0
    severity: int = 0
    articles: set[int] = field(default_factory=set)


def first_article(database: Database, story_id: int) -> int | None:
    """Return the article that opened a story."""
    row = database.execute(
        "SELECT id FROM article WHERE story_id = ? ORDER BY effective_at, id LIMIT 1", (story_id,)
    ).fetchone()
    return None if row is None else int(row[0])


def lines(database: Database, article_ids: Iterable[int]) -> dict[int, Line]:
    """Return articles by their ids."""
    marks, values = listed(sorted(set(article_ids)))
    if not values:
        return {}
    return {row["id"]: _line(row) for row in database.query(f"{_LINE} WHERE a.id IN ({marks})", values)}


def count_originals(database: Database, story_id: int) -> int:
    """Return how many originals a story has."""
    row = database.execute(f"SELECT count(*) FROM article a WHERE a.story_id = ? AND {_ORIGINAL}", (story_id,))  # noqa: S608 (fixed)
    return int(row.fetchone()[0])


def origins(database: Database, story_id: int) -> list[Voice]:
    """Return where a story's articles came from, the first to speak first."""
    return _voices(database, story_id, "a.origin")


def sides(database: Database, story_id: int) -> list[Voice]:
    """Return the countries of a story's outlets, the first to speak first."""
    return _voices(database, story_id, "s.country")


def _voices(database: Database, story_id: int, column: str) -> list[Voice]:
    rows = database.query(
        f"""
        SELECT {column} AS name, count(*) AS articles, count(DISTINCT s.id) AS outlets,
            count(DISTINCT CASE WHEN s.state_affiliation IS NOT NULL THEN s.id END) AS state_outlets,
            min(a.effective_at) AS first_at
        FROM article a JOIN source s ON s.id = a.source_id WHERE a.story_id = ?
        GROUP BY {column} ORDER BY first_at, name LIMIT 100
        """,  # noqa: S608 (fixed)
        (story_id,),
    )
    return [
        Voice(
            name=row["name"],
            articles=row["articles"],
            outlets=row["outlets"],
            state_outlets=row["state_outlets"],
            first_at=from_text(row["first_at"]),
        )
        for row in rows
    ]


def _line(row: dict[str, Any]) -> Line:
    return Line(
        id=row["id"],
        title=row["title"],
        url=row["url"],
        source_name=row["source_name"],
        country=row["country"],
        origin=row["origin"],
        language=row["language"],
        published_at=from_text_or_none(row["published_at"]),
        first_seen_at=from_text(row["first_seen_at"]),
        effective_at=from_text(row["effective_at"]),
        copy_of=row["copy_of"],
        withdrawn_at=from_text_or_none(row["withdrawn_at"]),
        versions=row["versions"],
        novel=len(json.loads(row["novel"])),
    )
