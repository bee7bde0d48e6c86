"""What an arriving article is compared with: the texts and signals of those that look alike."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from storage.articles import signal_from_row, text_of
from storage.listed import listed
from storage.types import Signal


def signals_of(database: Database, revision_ids: Iterable[int]) -> dict[int, tuple[Signal, ...]]:
    """Return the signals of several revisions, those without any left out; each in the order of the text."""
    marks, wanted = listed(revision_ids)
    cursor = database.execute(
        f'SELECT * FROM signal WHERE revision_id IN ({marks}) ORDER BY start, "end", id',  # noqa: S608 (placeholders)
        wanted,
    )
    names = [column[0] for column in cursor.description]
    found: dict[int, list[Signal]] = {}
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        found.setdefault(row["revision_id"], []).append(signal_from_row(row))
    return {revision_id: tuple(own) for revision_id, own in found.items()}


def texts(database: Database, revision_ids: Iterable[int]) -> dict[int, str]:
    """Return standfirst and body of revisions, a line each: what detection reads after the title."""
    marks, wanted = listed(revision_ids)
    rows = database.execute(
        f"SELECT id, lede, body FROM revision WHERE id IN ({marks})",  # noqa: S608 (placeholders)
        wanted,
    )
    return {int(row[0]): text_of(row[1], row[2]) for row in rows}


def story_of(database: Database, article_id: int) -> int | None:
    """Return the story that holds an article, None when it has none yet."""
    row = database.execute("SELECT story_id FROM article WHERE id = ?", (article_id,)).fetchone()
    return None if row is None or row[0] is None else int(row[0])
