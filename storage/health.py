"""What is known of how sources are doing: states with their history, addresses, pages, interruptions.

Everything judged is small: one row for each address, the last pages of each source, and the pauses, which are
read from the entries through an index of their own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import (
    Cause,
    Drift,
    FailureReason,
    Health,
    HealthEvent,
    HealthState,
)

#: pages remembered of each source
PAGES = 200
#: an interruption of all sources
ALL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """How polling one address went."""

    url: str
    failures: int
    failing_since: datetime | None
    failure: FailureReason | None
    detail: str | None
    moved_to: str | None
    moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """What reading one page gave."""

    at: datetime
    length: int | None
    titled: bool
    language: str | None
    failure: FailureReason | None
    missed: bool


def create(database: Database) -> None:
    """Make the tables; called by a step of :mod:`storage.migrations`."""
    database.executescript(
        """
        CREATE TABLE source_health (
            source_id TEXT PRIMARY KEY REFERENCES source (id), state TEXT NOT NULL, since TEXT NOT NULL,
            cause TEXT NOT NULL, first_read_at TEXT
        ) WITHOUT ROWID;
        CREATE TABLE source_event (
            id INTEGER PRIMARY KEY, source_id TEXT NOT NULL REFERENCES source (id), at TEXT NOT NULL,
            was TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL
        );
        CREATE INDEX source_event_source ON source_event (source_id, at);
        CREATE TABLE address_health (
            source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL, failures INTEGER NOT NULL,
            failing_since TEXT, failure TEXT, detail TEXT, moved_to TEXT, moves INTEGER NOT NULL,
            PRIMARY KEY (source_id, url)
        ) WITHOUT ROWID;
        CREATE TABLE page_outcome (
            id INTEGER PRIMARY KEY, source_id TEXT NOT NULL REFERENCES source (id), at TEXT NOT NULL,
            length INTEGER, titled INTEGER NOT NULL, language TEXT, failure TEXT, missed INTEGER NOT NULL
        );
        CREATE INDEX page_outcome_source ON page_outcome (source_id, id);
        CREATE TABLE interruption (source_id TEXT NOT NULL, began TEXT NOT NULL, ended TEXT NOT NULL);
        CREATE INDEX interruption_source ON interruption (source_id, ended);
        CREATE TABLE watch_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE canary (
            id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT NOT NULL, stage TEXT, detail TEXT NOT NULL
        );
        CREATE INDEX entry_seen ON entry (source_id, seen_at);
        """
    )


def health(database: Database) -> dict[str, Health]:
    """Return how every source that was ever judged is doing, by its id."""
    return {row["source_id"]: _health(row) for row in database.query("SELECT * FROM source_health")}


def counts(database: Database) -> dict[HealthState, int]:
    """Return how many enabled sources are in each state, those left out that somebody paused."""
    rows = database.execute(
        """
        SELECT h.state, count(*) FROM source_health h JOIN source s ON s.id = h.source_id
        WHERE s.enabled = 1 AND s.id NOT IN (SELECT source_id FROM source_pause) GROUP BY h.state ORDER BY h.state
        """
    )
    return {HealthState(state): count for state, count in rows}


def save(database: Database, source_id: str, health: Health, *, first_read_at: datetime | None) -> None:
    """Keep a source's health; ``first_read_at`` is kept from the first time it is known."""
    database.execute(
        """
        INSERT INTO source_health (source_id, state, since, cause, first_read_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (source_id) DO UPDATE SET state = excluded.state, since = excluded.since, cause = excluded.cause,
            first_read_at = coalesce(first_read_at, excluded.first_read_at)
        """,
        (source_id, health.state, to_text(health.since), cause_text(health.cause), to_text_or_none(first_read_at)),
    )


def first_read(database: Database, source_id: str) -> datetime | None:
    """Return when a source was first read."""
    row = database.execute("SELECT first_read_at FROM source_health WHERE source_id = ?", (source_id,)).fetchone()
    return from_text_or_none(row[0]) if row else None


def add_event(database: Database, event: HealthEvent) -> None:
    """Keep a change of state."""
    database.execute(
        "INSERT INTO source_event (source_id, at, was, state, cause) VALUES (?, ?, ?, ?, ?)",
        (event.source_id, to_text(event.at), event.was, event.health.state, cause_text(event.health.cause)),
    )


def events(database: Database, source_id: str | None = None, *, limit: int = 100) -> list[HealthEvent]:
    """Return changes of state, newest first."""
    rows = database.query(
        """
        SELECT * FROM source_event WHERE (:source IS NULL OR source_id = :source)
        ORDER BY at DESC, id DESC LIMIT :limit
        """,
        {"source": source_id, "limit": limit},
    )
    return [
        HealthEvent(
            source_id=row["source_id"],
            at=from_text(row["at"]),
            was=HealthState(row["was"]),
            health=_health({**row, "since": row["at"]}),
        )
        for row in rows
    ]


def addresses(database: Database, source_id: str) -> list[AddressRow]:
    """Return what is known of a source's addresses."""
    rows = database.query("SELECT * FROM address_health WHERE source_id = ?", (source_id,))
    return [
        AddressRow(
            url=row["url"],
            failures=row["failures"],
            failing_since=from_text_or_none(row["failing_since"]),
            failure=FailureReason(row["failure"]) if row["failure"] else None,
            detail=row["detail"],
            moved_to=row["moved_to"],
            moves=row["moves"],
        )
        for row in rows
    ]


def record_failure(
    database: Database, source_id: str, url: str, failure: FailureReason, detail: str, now: datetime
) -> None:
    """Count one more failed poll of an address."""
    database.execute(
        """
        INSERT INTO address_health (source_id, url, failures, failing_since, failure, detail, moves)
        VALUES (:source, :url, 1, :now, :failure, :detail, 0)
        ON CONFLICT (source_id, url) DO UPDATE SET failures = failures + 1,
            failing_since = coalesce(failing_since, excluded.failing_since), failure = excluded.failure,
            detail = excluded.detail, moved_to = NULL, moves = 0
        """,
        {"source": source_id, "url": url, "now": to_text(now), "failure": failure, "detail": detail},
    )


def record_success(database: Database, source_id: str, url: str, moved_to: str | None) -> datetime | None:
    """Note that an address answered, and where it redirects for good; return since when it had failed."""
    row = database.execute(
        "SELECT failing_since FROM address_health WHERE source_id = ? AND url = ?", (source_id, url)
    ).fetchone()
    database.execute(
        """
        INSERT INTO address_health (source_id, url, failures, moved_to, moves) VALUES (:source, :url, 0, :moved, :once)
        ON CONFLICT (source_id, url) DO UPDATE SET failures = 0, failing_since = NULL, failure = NULL, detail = NULL,
            moves = CASE WHEN :moved IS NULL THEN 0 WHEN moved_to IS :moved THEN moves + 1 ELSE 1 END,
            moved_to = :moved
        """,
        {"source": source_id, "url": url, "moved": moved_to, "once": int(moved_to is not None)},
    )
    return from_text_or_none(row[0]) if row else None


def record_page(database: Database, source_id: str, page: PageRow) -> None:
    """Remember what reading one page gave."""
    database.execute(
        """
        INSERT INTO page_outcome (source_id, at, length, titled, language, failure, missed)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (source_id, to_text(page.at), page.length, int(page.titled), page.language, page.failure, int(page.missed)),
    )


def pages(database: Database, source_id: str) -> list[PageRow]:
    """Return a source's last pages, oldest first."""
    rows = database.query("SELECT * FROM page_outcome WHERE source_id = ? ORDER BY id", (source_id,))
    return [
        PageRow(
            at=from_text(row["at"]),
            length=row["length"],
            titled=bool(row["titled"]),
            language=row["language"],
            failure=FailureReason(row["failure"]) if row["failure"] else None,
            missed=bool(row["missed"]),
        )
        for row in rows
    ]


def forget_pages(database: Database, source_id: str, *, frozen: datetime | None) -> None:
    """Let go of all but the last pages; those before ``frozen`` stay, as the measure of a drift."""
    since = to_text_or_none(frozen) or ""
    database.execute(
        """
        DELETE FROM page_outcome WHERE source_id = :source AND at >= :since AND id <= (
            SELECT id FROM page_outcome WHERE source_id = :source AND at >= :since
            ORDER BY id DESC LIMIT 1 OFFSET :keep)
        """,
        {"source": source_id, "since": since, "keep": PAGES},
    )


def forget_pages_before(database: Database, source_id: str, moment: datetime) -> None:
    """Let go of a source's older pages: they are no measure any more."""
    database.execute("DELETE FROM page_outcome WHERE source_id = ? AND at < ?", (source_id, to_text(moment)))


def moments(database: Database, source_id: str, since: datetime) -> list[datetime]:
    """Return when new entries of a source turned up, each moment once, in order."""
    rows = database.execute(
        "SELECT DISTINCT seen_at FROM entry WHERE source_id = ? AND seen_at >= ? ORDER BY seen_at",
        (source_id, to_text(since)),
    )
    return [from_text(row[0]) for row in rows]


def published(database: Database, source_id: str, limit: int = 200) -> list[datetime]:
    """Return the dates a source gave its entries, those seen last first."""
    rows = database.execute(
        """
        SELECT published_at FROM entry WHERE source_id = ? AND published_at IS NOT NULL
        ORDER BY seen_at DESC LIMIT ?
        """,
        (source_id, limit),
    )
    return [from_text(row[0]) for row in rows]


def add_interruption(database: Database, source_id: str, began: datetime, ended: datetime) -> None:
    """Note a span in which a source, or :data:`ALL` of them, could not be read."""
    database.execute(
        "INSERT INTO interruption (source_id, began, ended) VALUES (?, ?, ?)",
        (source_id, to_text(began), to_text(ended)),
    )


def interruptions(database: Database, source_id: str, since: datetime) -> list[tuple[datetime, datetime]]:
    """Return the spans in which a source could not be read, that ended after a moment."""
    rows = database.execute(
        "SELECT began, ended FROM interruption WHERE source_id IN (?, ?) AND ended > ? ORDER BY began",
        (ALL, source_id, to_text(since)),
    )
    return [(from_text(began), from_text(ended)) for began, ended in rows]


def forget_before(database: Database, moment: datetime) -> None:
    """Let go of interruptions, changes of state and canaries older than ``moment``."""
    text = to_text(moment)
    database.execute("DELETE FROM interruption WHERE ended < ?", (text,))
    database.execute("DELETE FROM source_event WHERE at < ?", (text,))
    database.execute("DELETE FROM canary WHERE ended_at < ?", (text,))


def cause_text(cause: Cause) -> str:
    """Return a cause as JSON, what it does not say left out."""
    values = {key: _plain(value) for key, value in asdict(cause).items() if value not in (None, 0)}
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def read_cause(text: str) -> Cause:
    """Read what :func:`cause_text` wrote."""
    values: dict[str, Any] = json.loads(text)
    return Cause(**{key: _READERS.get(key, _same)(value) for key, value in values.items()})


def _same(value: Any) -> Any:
    return value


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


_READERS: dict[str, Any] = {
    "failure": FailureReason,
    "last_new_at": from_text,
    "usual": _seconds,
    "limit": _seconds,
    "drift": Drift,
}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    return value.total_seconds() if isinstance(value, timedelta) else value


def _health(row: dict[str, Any]) -> Health:
    return Health(state=HealthState(row["state"]), since=from_text(row["since"]), cause=read_cause(row["cause"]))
