"""Read-only figures on how the watch itself is doing: sources, pages waiting, deliveries, channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from storage import deliveries, entries, pauses, watch_state
from storage import health as stored_health
from storage.sources import state_of
from storage.times import from_text_or_none, to_text
from storage.types import (
    WELL,
    CanaryRun,
    DeliveryState,
    FailureReason,
    Health,
    HealthState,
    Network,
    SourcePause,
    SourceState,
)

#: a source is late when its next check is overdue by so long
LATE_AFTER = timedelta(minutes=30)
#: signals looked at for the list of pairs of states
_RECENT_SIGNALS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of the whole watch in a few numbers."""

    #: enabled sources whose last poll worked
    sources_fresh: int
    #: enabled sources whose last poll failed
    sources_failing: int
    #: enabled sources never polled yet
    sources_unchecked: int
    last_checked_at: datetime | None
    last_success_at: datetime | None
    #: pages listed by feeds and not read yet
    pages_due: int
    #: when the oldest page that was never tried turned up
    oldest_unread_at: datetime | None
    #: articles whose effective time lies in the last 24 hours
    articles_today: int
    #: whether the archive holds any article at all
    any_article: bool
    deliveries_waiting: int
    oldest_waiting_at: datetime | None
    deliveries_dead: int
    deliveries_sent: int
    #: enabled sources by the state they were judged to be in
    states: tuple[tuple[HealthState, int], ...] = ()
    network: Network = field(default_factory=Network)
    #: the last synthetic article, None when none has flown
    canary: CanaryRun | None = None
    #: of the fresh ones, those that should have been read again by now
    sources_late: int = 0
    #: enabled sources that somebody paused, by when; the other figures leave them out
    pauses: tuple[SourcePause, ...] = ()

    @property
    def sources_troubled(self) -> int:
        """Enabled sources that somebody should look at, though their last poll may have worked."""
        return sum(count for state, count in self.states if state not in WELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How the last poll of one feed address went."""

    url: str
    failure: FailureReason | None
    detail: str | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """A source with what is known of polling it and what it brought."""

    id: str
    name: str
    url: str
    language: str | None
    country: str | None
    state_affiliation: str | None
    enabled: bool
    state: SourceState
    feeds: tuple[FeedHealth, ...]
    #: articles first seen in the last 24 hours, and in the last seven days
    articles_day: int
    articles_week: int
    #: how it was judged, None before the first judgement
    health: Health | None = None
    #: somebody wants nothing asked of it now
    pause: SourcePause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """What stands in the outbox of one channel."""

    id: str
    waiting: int
    sent: int
    dead: int
    suppressed: int
    #: gathered with others, whether their list was sent or not
    batched: int
    last_sent_at: datetime | None


def overview(database: Database, now: datetime) -> Overview:
    """Return the state of the whole watch."""
    fresh, failing, unchecked, late, last_checked, last_success = database.execute(
        """
        SELECT count(*) FILTER (WHERE failures = 0 AND last_checked_at IS NOT NULL),
            count(*) FILTER (WHERE failures > 0), count(*) FILTER (WHERE failures = 0 AND last_checked_at IS NULL),
            count(*) FILTER (WHERE failures = 0 AND last_checked_at IS NOT NULL AND next_check_at < ?),
            max(last_checked_at), max(last_success_at)
        FROM source WHERE enabled = 1 AND id NOT IN (SELECT source_id FROM source_pause)
        """,
        (to_text(now - LATE_AFTER),),
    ).fetchone()
    # Of each state by itself the first row of an index is enough.
    waiting_since = database.execute(
        "SELECT min(first) FROM (SELECT min(created_at) AS first FROM delivery WHERE state = 'pending' "
        "UNION ALL SELECT min(created_at) FROM delivery WHERE state = 'leased') waiting"
    ).fetchone()[0]
    today = database.execute(
        "SELECT count(*) FROM article WHERE effective_at >= ?", (to_text(now - timedelta(days=1)),)
    ).fetchone()[0]
    any_article = database.execute("SELECT EXISTS (SELECT 1 FROM article)").fetchone()[0]
    return Overview(
        sources_fresh=fresh,
        sources_failing=failing,
        sources_unchecked=unchecked,
        sources_late=late,
        last_checked_at=from_text_or_none(last_checked),
        last_success_at=from_text_or_none(last_success),
        pages_due=entries.count_due(database, now),
        oldest_unread_at=entries.oldest_due(database),
        articles_today=today,
        any_article=bool(any_article),
        deliveries_waiting=deliveries.count(database, DeliveryState.PENDING)
        + deliveries.count(database, DeliveryState.LEASED),
        oldest_waiting_at=from_text_or_none(waiting_since),
        deliveries_dead=deliveries.count(database, DeliveryState.DEAD),
        deliveries_sent=deliveries.count(database, DeliveryState.SENT),
        states=tuple(stored_health.counts(database).items()),
        network=watch_state.network(database),
        canary=watch_state.last_canary(database),
        pauses=_paused(database, now),
    )


def _paused(database: Database, now: datetime) -> tuple[SourcePause, ...]:
    off = {row[0] for row in database.execute("SELECT id FROM source WHERE enabled = 0")}
    return tuple(pause for pause in pauses.active(database, now).values() if pause.source_id not in off)


def sources(database: Database, now: datetime, *, source_id: str | None = None) -> list[SourceHealth]:
    """Return every source, or one: those in trouble first, then by name; switched-off ones last."""
    feeds: dict[str, list[FeedHealth]] = {}
    only = "" if source_id is None else "WHERE {} = :source"
    for row in database.query(
        "SELECT source_id, url, failure, detail, checked_at FROM feed "  # noqa: S608 (fixed text)
        f"{only.format('source_id')} ORDER BY source_id, url",
        {"source": source_id},
    ):
        feeds.setdefault(row["source_id"], []).append(
            FeedHealth(
                url=row["url"],
                failure=FailureReason(row["failure"]) if row["failure"] else None,
                detail=row["detail"],
                checked_at=from_text_or_none(row["checked_at"]),
            )
        )
    rows = database.query(
        f"""
        SELECT s.*,
            (SELECT count(*) FROM article a WHERE a.source_id = s.id AND a.first_seen_at >= :day) AS articles_day,
            (SELECT count(*) FROM article a WHERE a.source_id = s.id AND a.first_seen_at >= :week) AS articles_week
        FROM source s LEFT JOIN source_health h ON h.source_id = s.id {only.format("s.id")}
        ORDER BY s.enabled DESC, s.failures > 0 OR coalesce(h.state NOT IN ('new', 'fresh', 'quiet'), 0) DESC,
            s.name COLLATE NOCASE, s.id
        """,  # noqa: S608 (fixed text)
        {"day": to_text(now - timedelta(days=1)), "week": to_text(now - timedelta(days=7)), "source": source_id},
    )
    judged, paused = stored_health.health(database), pauses.active(database, now)
    return [
        SourceHealth(
            health=judged.get(row["id"]),
            pause=paused.get(row["id"]),
            id=row["id"],
            name=row["name"],
            url=row["url"],
            language=row["language"],
            country=row["country"],
            state_affiliation=row["state_affiliation"],
            enabled=bool(row["enabled"]),
            state=state_of(row),
            feeds=tuple(feeds.get(row["id"], ())),
            articles_day=row["articles_day"],
            articles_week=row["articles_week"],
        )
        for row in rows
    ]


def channels(database: Database) -> list[ChannelHealth]:
    """Return what stands in the outbox of every channel that ever had a delivery."""
    rows = database.query(
        """
        SELECT channel_id AS id, count(*) FILTER (WHERE state IN ('pending', 'leased')) AS waiting,
            count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'dead') AS dead,
            count(*) FILTER (WHERE state = 'suppressed') AS suppressed,
            count(*) FILTER (WHERE state = 'batched') AS batched, max(sent_at) AS last_sent_at
        FROM delivery GROUP BY channel_id ORDER BY channel_id
        """
    )
    return [ChannelHealth(**{**row, "last_sent_at": from_text_or_none(row["last_sent_at"])}) for row in rows]


def source_names(database: Database) -> list[tuple[str, str]]:
    """Return id and name of every source, by name."""
    return [
        (row[0], row[1]) for row in database.execute("SELECT id, name FROM source ORDER BY name COLLATE NOCASE, id")
    ]


def languages(database: Database) -> list[str]:
    """Return the languages that sources declare (ISO 639-1)."""
    rows = database.execute("SELECT DISTINCT language FROM source WHERE language IS NOT NULL ORDER BY language")
    return [row[0] for row in rows]


def countries(database: Database) -> list[str]:
    """Return the countries of sources (ISO 3166-1 alpha-3, or UN, EU, AU, ECOWAS, AES)."""
    rows = database.execute("SELECT DISTINCT country FROM source WHERE country IS NOT NULL ORDER BY country")
    return [row[0] for row in rows]


def pairs(database: Database, limit: int = 40) -> list[tuple[str, str]]:
    """Return the unordered pairs of states in recent signals, the most frequent first."""
    rows = database.execute(
        """
        SELECT min(actor, target) AS first, max(actor, target) AS second, count(*) AS signals
        FROM (SELECT actor, target FROM signal ORDER BY id DESC LIMIT ?)
        WHERE actor IS NOT NULL AND target IS NOT NULL AND actor <> target
        GROUP BY first, second ORDER BY signals DESC, first, second LIMIT ?
        """,
        (_RECENT_SIGNALS, limit),
    )
    return [(row[0], row[1]) for row in rows]
