"""What a watch's people were told, with what was taken back of it, in the order in which it was decided."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.alerts import CORRECTION, Act
from storage.times import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An alert as far as it tells acts or takes them back."""

    story_id: int | None
    acts: tuple[tuple[Act, int], ...]
    #: reason of a correction; None for any other alert
    takes_back: str | None
    #: what the article of a correction tells as done all the same
    asserted: tuple[Act, ...]
    #: what the article of a correction speaks of in any way
    named: tuple[Act, ...]
    at: datetime
    #: whether its story is one of the thread that was asked for
    in_thread: bool


def told_elsewhere(
    database: Database, watch_id: str, story_id: int, since: datetime, *, sent_only: bool = False
) -> list[Telling]:
    """Return what a watch's people were told of all stories but one, the first first.

    Args:
        database: the archive.
        watch_id: whose people.
        story_id: the story that is left out; those of its thread are marked.
        since: alerts before are left out.
        sent_only: leave out alerts of an import, which nobody heard of.
    """
    rows = database.query(
        """
        SELECT l.story_id, l.type, l.reason, l.acts, l.article_id, l.created_at,
            st.thread_id = (SELECT thread_id FROM story WHERE id = :story) AS in_thread
        FROM alert l JOIN story st ON st.id = l.story_id
        WHERE l.watch_id = :watch AND l.story_id <> :story AND l.created_at >= :since
            AND (l.recorded_only = 0 OR NOT :sent_only)
        ORDER BY l.created_at, l.sequence, l.rowid
        """,
        {"watch": watch_id, "story": story_id, "since": to_text(since), "sent_only": int(sent_only)},
    )
    return _tellings(database, rows)


def told_of(database: Database, watch_id: str, story_id: int) -> list[Telling]:
    """Return what a watch's people were told of one story, the first first."""
    rows = database.query(
        """
        SELECT story_id, type, reason, acts, article_id, created_at, 1 AS in_thread FROM alert
        WHERE watch_id = ? AND story_id = ? AND recorded_only = 0 ORDER BY created_at, sequence, rowid
        """,
        (watch_id, story_id),
    )
    return _tellings(database, rows)


def acts_of(database: Database, alert_id: str) -> tuple[tuple[Act, int], ...]:
    """Return the acts that one alert tells, or takes back, each with its severity."""
    row = database.execute("SELECT acts FROM alert WHERE id = ?", (alert_id,)).fetchone()
    return () if row is None else _acts(row[0])


def _tellings(database: Database, rows: Iterable[dict[str, Any]]) -> list[Telling]:
    # Read whole first: another statement runs for each correction.
    return [_telling(database, row) for row in list(rows)]


def _telling(database: Database, row: dict[str, Any]) -> Telling:
    corrects = row["type"] == CORRECTION
    said = _said(database, row["article_id"]) if corrects else []
    return Telling(
        story_id=row["story_id"],
        acts=_acts(row["acts"]),
        takes_back=row["reason"] if corrects else None,
        asserted=tuple(act for act, status in said if status == "asserted"),
        named=tuple(act for act, _ in said),
        at=from_text(row["created_at"]),
        in_thread=bool(row["in_thread"]),
    )


def _said(database: Database, article_id: int | None) -> list[tuple[Act, str]]:
    rows = database.execute(
        """
        SELECT g.type, g.actor, g.target, g.status FROM article a JOIN signal g ON g.revision_id = a.revision_id
        WHERE a.id = ?
        """,
        (article_id,),
    )
    return [((row[0], row[1], row[2]), row[3]) for row in rows]


def _acts(text: str) -> tuple[tuple[Act, int], ...]:
    return tuple(((type_, actor, target), severity) for type_, actor, target, severity in json.loads(text))
