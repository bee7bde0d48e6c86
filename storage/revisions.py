"""What happened to articles after they were first read: edits, pages that went, pages that came back.

Each change is one row of ``article_event``, written in the transaction that found it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from storage.articles import Saved, revisions, signals
from storage.times import from_text, to_text
from storage.types import Revision, Signal


class EventKind(StrEnum):
    """What happened to an article."""

    #: its words changed
    EDITED = "edited"
    #: its page answers 404 or 410
    WITHDRAWN = "withdrawn"
    #: its page is there again
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAct:
    """An act that an edit brought in or took out, with the sentence that said it."""

    type: str
    actor: str | None
    target: str | None
    status: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEvent:
    """One thing that happened to an article."""

    id: int
    article_id: int
    kind: EventKind
    at: datetime
    #: the revision an edit made; the current one when the page went or came back
    revision_id: int | None
    #: an edit that the page's own date of change does not admit
    silent: bool
    #: found by an import: nobody is to be told
    recorded_only: bool
    added: tuple[EventAct, ...] = ()
    dropped: tuple[EventAct, ...] = ()
    #: what the site answered
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A revision with the signals of its text."""

    revision: Revision
    signals: tuple[Signal, ...]


def record_edit(
    database: Database,
    saved: Saved,
    *,
    added: Iterable[Signal],
    dropped: Iterable[Signal],
    now: datetime,
    recorded_only: bool = False,
) -> None:
    """Record that a revision changed an article's words, and which acts came or went with them."""
    detail = {"added": [_act(signal) for signal in added], "dropped": [_act(signal) for signal in dropped]}
    database.execute(
        """
        INSERT INTO article_event (article_id, kind, at, revision_id, silent, recorded_only, detail)
        SELECT ?, ?, ?, id, silent, ?, ? FROM revision WHERE id = ?
        """,
        (
            saved.article_id, EventKind.EDITED, to_text(now), int(recorded_only),
            json.dumps(detail, ensure_ascii=False), saved.revision_id,
        ),
    )  # fmt: skip


def withdraw(database: Database, article_id: int, detail: str, now: datetime) -> bool:
    """Record that an article's page is gone; return False, and change nothing, when that is known already."""
    cursor = database.execute(
        "UPDATE article SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL", (to_text(now), article_id)
    )
    if cursor.rowcount == 1:
        _record(database, article_id, EventKind.WITHDRAWN, detail, now)
    return cursor.rowcount == 1


def restore(database: Database, article_id: int, now: datetime) -> bool:
    """Record that a page is there again; return False, and change nothing, when it was not gone."""
    cursor = database.execute(
        "UPDATE article SET withdrawn_at = NULL WHERE id = ? AND withdrawn_at IS NOT NULL", (article_id,)
    )
    if cursor.rowcount == 1:
        _record(database, article_id, EventKind.RESTORED, "", now)
    return cursor.rowcount == 1


def _record(database: Database, article_id: int, kind: EventKind, detail: str, now: datetime) -> None:
    database.execute(
        """
        INSERT INTO article_event (article_id, kind, at, revision_id, detail)
        SELECT id, ?, ?, revision_id, ? FROM article WHERE id = ?
        """,
        (kind, to_text(now), json.dumps({"answer": detail}, ensure_ascii=False), article_id),
    )


def events(database: Database, article_id: int) -> list[ArticleEvent]:
    """Return what happened to an article, oldest first."""
    rows = database.query("SELECT * FROM article_event WHERE article_id = ? ORDER BY at, id", (article_id,))
    return [_event(row) for row in rows]


def events_since(
    database: Database, since: datetime, *, kind: EventKind | None = None, limit: int = 1000
) -> list[ArticleEvent]:
    """Return what happened to any article at or after a moment, oldest first."""
    rows = database.query(
        """
        SELECT * FROM article_event WHERE at >= :since AND (:kind IS NULL OR kind = :kind)
        ORDER BY at, id LIMIT :limit
        """,
        {"since": to_text(since), "kind": kind, "limit": limit},
    )
    return [_event(row) for row in rows]


def versions(database: Database, article_id: int) -> list[Version]:
    """Return every revision of an article with its signals, oldest first: which one first carried or dropped an act."""
    return [
        Version(revision=revision, signals=signals(database, revision.id))
        for revision in revisions(database, article_id)
    ]


def _act(signal: Signal) -> dict[str, str | None]:
    return {
        "type": signal.type,
        "actor": signal.actor,
        "target": signal.target,
        "status": signal.status.value,
        "sentence": signal.sentence,
    }


def _event(row: dict[str, Any]) -> ArticleEvent:
    detail = json.loads(row["detail"])
    return ArticleEvent(
        id=row["id"],
        article_id=row["article_id"],
        kind=EventKind(row["kind"]),
        at=from_text(row["at"]),
        revision_id=row["revision_id"],
        silent=bool(row["silent"]),
        recorded_only=bool(row["recorded_only"]),
        added=tuple(EventAct(**act) for act in detail.get("added", ())),
        dropped=tuple(EventAct(**act) for act in detail.get("dropped", ())),
        detail=detail.get("answer", ""),
    )
