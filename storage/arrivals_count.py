"""How many entries sources listed, by hour and by day: read from an index alone, whatever the archive holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text, to_text


def by_hour(database: Database, source_id: str, since: datetime) -> list[tuple[datetime, int]]:
    """Return how many new entries of a source turned up in each hour (UTC) that has any, in order."""
    rows = database.execute(
        "SELECT substr(seen_at, 1, 13), count(*) FROM entry WHERE source_id = ? AND seen_at >= ? GROUP BY 1 ORDER BY 1",
        (source_id, to_text(since)),
    )
    return [(from_text(f"{hour}:00:00.000000+00:00"), int(count)) for hour, count in rows]


def by_day(database: Database, source_ids: Iterable[str], since: datetime) -> dict[str, dict[str, int]]:
    """Return, by source and by day of UTC (``2026-03-10``), how many new entries turned up."""
    found: dict[str, dict[str, int]] = {}
    for source_id in source_ids:
        # One small range of the index for each: asked for all at once, the whole index would be read.
        found[source_id] = {
            day: int(count)
            for day, count in database.execute(
                "SELECT substr(seen_at, 1, 10), count(*) FROM entry WHERE source_id = ? AND seen_at >= ? GROUP BY 1",
                (source_id, to_text(since)),
            )
        }
    return found
