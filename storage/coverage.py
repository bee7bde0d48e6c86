"""What the watch covered in a span of time: the figures of a digest that says the watch is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage import deliveries, health
from storage.times import to_text
from storage.types import DeliveryState, HealthState

_WELL = (HealthState.FRESH, HealthState.QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How the watch did."""

    #: enabled sources that are read and publish at their pace
    sources_ok: int
    #: those that are read and publish nothing, against their habit
    sources_silent: int
    #: those that cannot be read as they should: in trouble of any other kind
    sources_broken: int
    #: those not read yet
    sources_new: int
    #: articles first seen in the span
    articles: int
    #: alerts raised for the watch in the span
    alerts: int
    #: deliveries given up and not seen to yet
    dead_letters: int


def coverage(database: Database, watch_id: str, since: datetime) -> Coverage:
    """Return how the watch did since a moment; sources and dead letters as they stand now."""
    states = health.counts(database)
    enabled = int(
        database.execute(
            "SELECT count(*) FROM source WHERE enabled = 1 AND id NOT IN (SELECT source_id FROM source_pause)"
        ).fetchone()[0]
    )
    well = sum(states.get(state, 0) for state in _WELL)
    silent, new = states.get(HealthState.SILENT, 0), states.get(HealthState.NEW, 0)
    judged = sum(states.values())
    articles = database.execute(
        """
        SELECT coalesce(sum((SELECT count(*) FROM article a WHERE a.source_id = s.id AND a.first_seen_at >= ?)), 0)
        FROM source s
        """,
        (to_text(since),),
    ).fetchone()
    raised = database.execute(
        """
        SELECT count(*) FROM alert WHERE created_at >= ? AND watch_id = ? AND type <> 'alert.digest'
            AND recorded_only = 0
        """,
        (to_text(since), watch_id),
    ).fetchone()
    return Coverage(
        sources_ok=well,
        sources_silent=silent,
        sources_broken=judged - well - silent - new,
        sources_new=new + enabled - judged,
        articles=int(articles[0]),
        alerts=int(raised[0]),
        dead_letters=deliveries.count(database, DeliveryState.DEAD),
    )
