"""Hosts that asked for patience survive a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import holds
from storage.database import open_writer
from storage.types import HostHold, Lane

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOLD = HostHold(host="journal.example", lane=Lane.PAGE, until=NOW + 5 * MINUTE, strikes=2, status=429)


def test_hold_is_kept_until_it_ends(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    holds.record(database, HOLD, NOW)
    longer = replace(HOLD, until=NOW + 9 * MINUTE, strikes=3)
    holds.record(database, longer, NOW)
    other = replace(HOLD, lane=Lane.LISTING)
    holds.record(database, other, NOW)
    assert holds.active(database, NOW) == [other, longer]
    assert holds.active(database, NOW + 6 * MINUTE) == [longer]
    holds.record(database, replace(other, until=NOW + 60 * MINUTE), NOW + 10 * MINUTE)
    assert database.execute("SELECT count(*) FROM host_hold").fetchone()[0] == 1
    database.conn.close()
