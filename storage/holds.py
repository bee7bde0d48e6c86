"""Hosts that asked for patience, so that a restart of the service does not forget them."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text, to_text
from storage.types import HostHold, Lane


def record(database: Database, hold: HostHold, now: datetime) -> None:
    """Store a hold in place of the host's earlier one, and forget those that ended."""
    database.execute("DELETE FROM host_hold WHERE until <= ?", (to_text(now),))
    database.execute(
        """
        INSERT INTO host_hold (host, lane, until, strikes, status) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (host, lane) DO UPDATE SET until = excluded.until, strikes = excluded.strikes,
            status = excluded.status
        """,
        (hold.host, hold.lane, to_text(hold.until), hold.strikes, hold.status),
    )


def active(database: Database, now: datetime) -> list[HostHold]:
    """Return the holds that are still in force."""
    rows = database.execute(
        "SELECT host, lane, until, strikes, status FROM host_hold WHERE until > ? ORDER BY host, lane", (to_text(now),)
    )
    return [
        HostHold(host=host, lane=Lane(lane), until=from_text(until), strikes=strikes, status=status)
        for host, lane, until, strikes, status in rows
    ]
