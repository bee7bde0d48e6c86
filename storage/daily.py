"""How many articles and alerts came when: counts an hour, read from an index alone."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text, to_text

#: of ``2026-01-31T08:00:00…``, the part up to the hour
_HOUR = 13


def articles_by_hour(database: Database, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """Return how many articles are dated in each hour (UTC) that has any."""
    return _by_hour(
        database,
        "SELECT substr(effective_at, 1, 13), count(*) FROM article WHERE effective_at >= ? AND effective_at < ? "
        "GROUP BY 1 ORDER BY 1",
        since,
        until,
    )


def alerts_by_hour(database: Database, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """Return how many alerts of events were raised in each hour (UTC) that has any; notices are none."""
    return _by_hour(
        database,
        "SELECT substr(created_at, 1, 13), count(*) FROM alert WHERE created_at >= ? AND created_at < ? "
        "AND story_id IS NOT NULL GROUP BY 1 ORDER BY 1",
        since,
        until,
    )


def _by_hour(database: Database, statement: str, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    rows = database.execute(statement, (to_text(since), to_text(until)))
    return [(from_text(f"{hour[:_HOUR]}:00:00.000000+00:00"), int(count)) for hour, count in rows]
