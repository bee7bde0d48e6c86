"""Read-only queries for pages and the interface: lists with all that one screen shows of each row.

Every list is bounded and paged by key (time and id of the last row): deep pages cost what the first one costs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.articles import signal_from_row
from storage.errors import SearchError
from storage.listed import named
from storage.stories import novelty
from storage.story_filter import Member, Place, StoryFilter, places, signal_clauses
from storage.story_rows import reported
from storage.times import from_text
from storage.types import DeliveryState, Signal, Story

__all__ = [
    "AlertSummary",
    "ArticleSignal",
    "Member",
    "Place",
    "StoryEvidence",
    "StoryFilter",
    "StoryRow",
    "newest_article",
    "places",
    "reports",
    "rows_at",
    "snapshot",
    "stories",
    "story_signals",
]

#: SQLite calls back after so many of its instructions, to see whether a page took too long
_STEPS_BETWEEN_CHECKS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvidence:
    """The strongest signal of a story that the filter lets through, and where it stands."""

    signal: Signal
    #: the words that made the rule match, empty where the offsets do not fit the text
    trigger: str
    article_id: int
    source_name: str
    origin: str
    #: address of the article
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSummary:
    """What was told of a story, in numbers."""

    alerts: int
    #: alerts kept in the archive and never meant to leave it
    recorded_only: int
    acknowledged: int
    last_at: datetime
    #: how many deliveries stand in each state
    deliveries: tuple[tuple[DeliveryState, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """A line of the list of stories."""

    story: Story
    evidence: StoryEvidence | None
    #: names of the outlets, the first to report it first
    outlets: tuple[str, ...]
    alerts: AlertSummary | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSignal:
    """A signal with the article whose current text holds it."""

    article_id: int
    signal: Signal


@contextlib.contextmanager
def snapshot(database: Database, seconds: float) -> Iterator[Database]:
    """Read one unchanging state of the archive within the block, for at most ``seconds``.

    Raises:
        SearchError: the queries took longer.
    """
    deadline = time.monotonic() + seconds
    connection = database.conn
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_CHECKS)
    connection.execute("BEGIN")
    try:
        yield database
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise SearchError(f"reading the archive took longer than {seconds:g} s; narrow the search") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def stories(database: Database, wanted: StoryFilter) -> list[StoryRow]:
    """Return stories, the one last reported on first.

    Raises:
        SearchError: the expression is not one FTS5 reads.
    """
    return rows_at(database, places(database, wanted), wanted)


def rows_at(database: Database, where: Sequence[Place], wanted: StoryFilter) -> list[StoryRow]:
    """Return the stories at some places of a list, with the evidence that its filter lets through."""
    if not where:
        return []
    ids = [story_id for _, story_id in where]
    evidence, summaries = _evidence(database, ids, wanted), _alert_summaries(database, ids)
    return [
        StoryRow(
            story=found.story,
            evidence=evidence.get(found.story.id),
            outlets=found.outlets,
            alerts=summaries.get(found.story.id),
        )
        for found in reported(database, ids)
    ]


def newest_article(database: Database) -> int:
    """Return the number of the article that was stored last, 0 when there is none."""
    return int(database.execute("SELECT coalesce(max(id), 0) FROM article").fetchone()[0])


def _evidence(database: Database, story_ids: Sequence[int], wanted: StoryFilter) -> dict[int, StoryEvidence]:
    """The strongest matching signal of each story: done before said, own text before copies."""
    marks, names = named(story_ids, "story")
    conditions, parameters = signal_clauses(wanted)
    # A story may hold thousands of signals: the first of them in this order is found without sorting them all.
    best = database.execute(
        f"""
        SELECT min(printf('%d%d%02d%d%s%015d%010d%015d', g.status <> 'asserted', g.status <> 'threatened',
            50 - g.severity, a.copy_of IS NOT NULL, a.effective_at, a.id, g.start, g.id))
        FROM article a CROSS JOIN signal g
        WHERE {" AND ".join([f"a.story_id IN ({marks})", "g.revision_id = a.revision_id", *conditions])}
        GROUP BY a.story_id
        """,  # noqa: S608 (placeholders and fixed clauses)
        {**parameters, **names},
    )
    strongest = [int(row[0][-15:]) for row in best.fetchall()]
    if not strongest:
        return {}
    marks, names = named(strongest, "signal")
    rows = database.query(
        f"""
        SELECT g.*, a.story_id, a.origin, a.url, s.name AS source_name,
            substr(r.title || char(10) || iif(r.lede = '', '', r.lede || char(10)) || r.body,
                g.start + 1, g."end" - g.start) AS trigger_text
        FROM signal g JOIN revision r ON r.id = g.revision_id JOIN article a ON a.id = g.article_id
            JOIN source s ON s.id = a.source_id
        WHERE g.id IN ({marks})
        """,  # noqa: S608 (placeholders)
        names,
    )
    return {
        row["story_id"]: StoryEvidence(
            signal=signal_from_row(row),
            trigger=row["trigger_text"] or "",
            article_id=row["article_id"],
            source_name=row["source_name"],
            origin=row["origin"],
            url=row["url"],
        )
        for row in rows
    }


def _alert_summaries(database: Database, story_ids: Sequence[int]) -> dict[int, AlertSummary]:
    marks, names = named(story_ids, "story")
    states: dict[int, list[tuple[DeliveryState, int]]] = {}
    for story_id, state, count in database.execute(
        f"""
        SELECT a.story_id, d.state, count(*) FROM alert a JOIN delivery d ON d.alert_id = a.id
        WHERE a.story_id IN ({marks}) GROUP BY a.story_id, d.state ORDER BY d.state
        """,  # noqa: S608 (placeholders)
        names,
    ):
        states.setdefault(story_id, []).append((DeliveryState(state), count))
    rows = database.execute(
        f"""
        SELECT story_id, count(*), sum(recorded_only), count(acknowledged_at), max(created_at)
        FROM alert WHERE story_id IN ({marks}) GROUP BY story_id
        """,  # noqa: S608 (placeholders)
        names,
    )
    return {
        story_id: AlertSummary(
            alerts=alerts,
            recorded_only=recorded_only,
            acknowledged=acknowledged,
            last_at=from_text(last_at),
            deliveries=tuple(states.get(story_id, ())),
        )
        for story_id, alerts, recorded_only, acknowledged, last_at in rows
    }


def story_signals(database: Database, story_id: int, limit: int = 2_000) -> list[ArticleSignal]:
    """Return the signals in the current texts of a story's articles, in the order of reporting."""
    rows = database.query(
        """
        SELECT g.* FROM article a JOIN signal g ON g.revision_id = a.revision_id
        WHERE a.story_id = ? ORDER BY a.effective_at, a.id, g.start, g.id LIMIT ?
        """,
        (story_id, limit),
    )
    return [ArticleSignal(article_id=row["article_id"], signal=signal_from_row(row)) for row in rows]


def reports(
    database: Database, story_id: int, signals: Sequence[ArticleSignal] | None = None
) -> list[tuple[int, list[Signal], tuple[int, ...]]]:
    """Return (article, its signals, positions of paragraphs new to the story) in the order of reporting.

    Args:
        database: the archive.
        story_id: of the story.
        signals: of the story, as :func:`story_signals` returns them, when they were read already.
    """
    novel = novelty(database, story_id)
    found: dict[int, list[Signal]] = {
        int(row[0]): []
        for row in database.execute(
            "SELECT id FROM article WHERE story_id = ? ORDER BY effective_at, id LIMIT 500", (story_id,)
        )
    }
    for told in story_signals(database, story_id) if signals is None else signals:
        if told.article_id in found:
            found[told.article_id].append(told.signal)
    return [(article_id, signals, novel.get(article_id, ())) for article_id, signals in found.items()]
