"""What is known of the watch itself: that it runs, its way to the press, its canary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import CanaryRun, FailureReason, Network, NetworkState


def seen_alive(database: Database, now: datetime) -> datetime | None:
    """Note that the service runs, and return when it was last noted."""
    before = _value(database, "alive")
    _keep(database, "alive", {"at": to_text(now)})
    return from_text(before["at"]) if before else None


def note_audit(database: Database, now: datetime) -> None:
    """Note that the archive can be written."""
    _keep(database, "audit", {"at": to_text(now)})


def network(database: Database) -> Network:
    """Return what is known of the way to the press."""
    value = _value(database, "network")
    if value is None:
        return Network()
    return Network(
        state=NetworkState(value["state"]),
        since=from_text_or_none(value["since"]),
        failed=value["failed"],
        asked=value["asked"],
        failure=FailureReason(value["failure"]) if value["failure"] else None,
    )


def save_network(database: Database, network: Network) -> None:
    """Keep what is known of the way to the press."""
    _keep(database, "network", {**asdict(network), "since": to_text_or_none(network.since)})


def hasten(database: Database, due: Sequence[tuple[str, datetime]], reasons: Iterable[FailureReason]) -> None:
    """Let sources, and their addresses that failed for one of these reasons, be polled at the latest at a moment.

    Args:
        database: the archive, inside a transaction.
        due: source and moment; nothing is delayed.
        reasons: an address that failed for another reason keeps its rest.
    """
    wanted = list(reasons)
    marks = ",".join("?" * len(wanted))
    for source_id, moment in due:
        text = to_text(moment)
        database.execute(
            "UPDATE source SET next_check_at = min(next_check_at, ?) WHERE id = ? AND enabled = 1", (text, source_id)
        )
        database.execute(
            f"UPDATE feed SET resume_at = min(resume_at, ?) WHERE source_id = ? AND failure IN ({marks})",  # noqa: S608 (placeholders)
            (text, source_id, *wanted),
        )


def cut_off(database: Database, reasons: Iterable[FailureReason]) -> list[str]:
    """Return enabled sources whose last poll failed for one of these reasons, next due first."""
    wanted = list(reasons)
    marks = ",".join("?" * len(wanted))
    rows = database.execute(
        f"SELECT id FROM source WHERE enabled = 1 AND failure IN ({marks}) ORDER BY next_check_at, id",  # noqa: S608 (placeholders)
        wanted,
    )
    return [row[0] for row in rows]


def record_canary(database: Database, run: CanaryRun) -> None:
    """Keep what became of a canary."""
    database.execute(
        "INSERT INTO canary (started_at, ended_at, stage, detail) VALUES (?, ?, ?, ?)",
        (to_text(run.started_at), to_text(run.ended_at), run.stage, run.detail),
    )


def last_canary(database: Database, *, ok: bool = False) -> CanaryRun | None:
    """Return the last canary, or the last one that came through."""
    rows = database.query("SELECT * FROM canary WHERE stage IS NULL OR NOT ? ORDER BY id DESC LIMIT 1", (int(ok),))
    for row in rows:
        return CanaryRun(
            started_at=from_text(row["started_at"]),
            ended_at=from_text(row["ended_at"]),
            stage=row["stage"],
            detail=row["detail"],
        )
    return None


def _value(database: Database, name: str) -> dict[str, Any] | None:
    row = database.execute("SELECT value FROM watch_state WHERE name = ?", (name,)).fetchone()
    value: dict[str, Any] | None = json.loads(row[0]) if row else None
    return value


def _keep(database: Database, name: str, value: dict[str, Any]) -> None:
    database.table("watch_state").upsert({"name": name, "value": json.dumps(value)}, pk="name")
