"""Judgements that the pages show, each a pure function of what the archive says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.alert_log import AlertRow
from storage.overview import LATE_AFTER, Overview, SourceHealth
from storage.pauses import forgotten
from storage.reading import AlertSummary, ArticleSignal
from storage.types import DeliveryState, HealthState, NetworkState, Signal, SourcePause, Status

#: with no successful poll for so long the watch is blind
BLIND_AFTER = timedelta(hours=1)
#: a page or delivery that waits longer than this deserves a look
SLOW_AFTER = timedelta(minutes=15)


class AlertStanding(StrEnum):
    """Whether people were told of a story."""

    NONE = "none"
    #: kept in the archive only, as an import's alerts are
    RECORDED = "recorded"
    WITHHELD = "withheld"
    WAITING = "waiting"
    #: gathered with others, and told in a list or when its batch closes
    GATHERED = "gathered"
    SENT = "sent"
    FAILED = "failed"
    #: raised, but no channel stands behind it
    UNADDRESSED = "unaddressed"


def alert_standing(summary: AlertSummary | None) -> AlertStanding:
    """Return whether people were told: what needs a hand comes before what went well."""
    if summary is None or not summary.alerts:
        return AlertStanding.NONE
    states = {state for state, count in summary.deliveries if count}
    if DeliveryState.DEAD in states:
        return AlertStanding.FAILED
    if states & {DeliveryState.PENDING, DeliveryState.LEASED}:
        return AlertStanding.WAITING
    if DeliveryState.SENT in states:
        return AlertStanding.SENT
    if DeliveryState.BATCHED in states:
        return AlertStanding.GATHERED
    if DeliveryState.SUPPRESSED in states:
        return AlertStanding.WITHHELD
    return AlertStanding.RECORDED if summary.recorded_only == summary.alerts else AlertStanding.UNADDRESSED


class SourceStanding(StrEnum):
    """How a source is doing."""

    FRESH = "fresh"
    QUIET = "quiet"
    SILENT = "silent"
    WALLED = "walled"
    BROKEN_FEED = "broken_feed"
    MOVED = "moved"
    ROBOTS = "robots"
    NETWORK = "network"
    FAILING = "failing"
    GONE = "gone"
    DRIFTING = "drifting"
    LATE = "late"
    UNCHECKED = "unchecked"
    PAUSED = "paused"
    OFF = "off"


def source_standing(source: SourceHealth, now: datetime) -> SourceStanding:
    """Return how a source is doing."""
    if not source.enabled:
        return SourceStanding.OFF
    if source.pause is not None:
        return SourceStanding.PAUSED
    if source.health is not None and not source.health.well:
        return SourceStanding(source.health.state)
    if source.state.failures:
        return SourceStanding.FAILING
    if source.state.last_checked_at is None:
        return SourceStanding.UNCHECKED
    if source.state.next_check_at < now - LATE_AFTER:
        return SourceStanding.LATE
    quiet = source.health is not None and source.health.state is HealthState.QUIET
    return SourceStanding.QUIET if quiet else SourceStanding.FRESH


class Level(StrEnum):
    """How much attention a figure deserves."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The trust strip's judgement of each of its figures."""

    sources: Level
    checks: Level
    pages: Level
    deliveries: Level
    canary: Level
    #: the network is down, as far as anybody can tell
    cut_off: bool
    #: nothing is being read: what the page shows may be long overtaken
    blind: bool
    #: pauses without an end that have lasted for so long that somebody may have forgotten them
    forgotten: tuple[SourcePause, ...] = ()


def judge_overview(overview: Overview, now: datetime) -> Levels:
    """Return how much attention each figure of the strip deserves."""
    enabled = overview.sources_fresh + overview.sources_failing + overview.sources_unchecked
    all_failing = enabled > 0 and overview.sources_failing == enabled
    stale = overview.last_success_at is not None and overview.last_success_at < now - BLIND_AFTER
    never = overview.last_checked_at is not None and overview.last_success_at is None
    cut_off = overview.network.state is NetworkState.DOWN
    all_paused = enabled == 0 and bool(overview.pauses)
    blind = cut_off or all_paused or (enabled > 0 and (all_failing or stale or never))
    troubled = overview.sources_failing or overview.sources_troubled or overview.sources_late
    return Levels(
        sources=Level.BAD if all_failing else Level.WARNING if troubled else Level.OK,
        checks=Level.BAD if blind else Level.OK,
        pages=_waiting(overview.oldest_unread_at, now),
        deliveries=Level.BAD if overview.deliveries_dead else _waiting(overview.oldest_waiting_at, now),
        canary=Level.OK if overview.canary is None or overview.canary.ok else Level.BAD,
        cut_off=cut_off,
        blind=blind,
        forgotten=forgotten(overview.pauses, now),
    )


def _waiting(since: datetime | None, now: datetime) -> Level:
    return Level.WARNING if since is not None and since < now - SLOW_AFTER else Level.OK


class Emptiness(StrEnum):
    """Why a list of stories is empty."""

    NOTHING_STORED = "nothing_stored"
    SOURCES_FAILING = "sources_failing"
    FILTERED = "filtered"
    NO_SIGNALS = "no_signals"


def emptiness(overview: Overview, *, narrowed: bool, now: datetime) -> Emptiness:
    """Return why a list is empty: a blind watch is said before a tidy filter is."""
    if judge_overview(overview, now).blind:
        return Emptiness.SOURCES_FAILING
    if not overview.any_article:
        return Emptiness.NOTHING_STORED
    return Emptiness.FILTERED if narrowed else Emptiness.NO_SIGNALS


#: statuses of what happens; all others are background
NEWS = frozenset({Status.ASSERTED, Status.THREATENED, Status.DENIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act of a story with one status, over all its articles."""

    #: the first report at the highest severity
    signal: Signal
    article_id: int
    #: ids of the articles that say so, in the order of reporting
    articles: tuple[int, ...]


def group_events(signals: Sequence[ArticleSignal]) -> list[Event]:
    """Return the acts of a story: what was done first, the gravest first."""
    grouped: dict[tuple[tuple[str, str | None, str | None], Status], list[ArticleSignal]] = {}
    for found in signals:
        grouped.setdefault((found.signal.act, found.signal.status), []).append(found)
    events = []
    for members in grouped.values():
        best = max(members, key=lambda found: found.signal.severity)
        articles = tuple(dict.fromkeys(found.article_id for found in members))
        events.append(Event(signal=best.signal, article_id=best.article_id, articles=articles))
    order = list(Status)
    return sorted(events, key=lambda event: (order.index(event.signal.status), -event.signal.severity))


def silent_sides(chief: Signal | None, sides: Sequence[str]) -> tuple[str, ...]:
    """Return the states of a story's gravest act of which no outlet reports; nothing when no country is known."""
    if chief is None or not sides:
        return ()
    own = (chief.actor, chief.target)
    return tuple(code for code in own if code is not None and len(code) == 3 and code not in sides)


def delivery_counts(row: AlertRow) -> list[tuple[DeliveryState, int]]:
    """Return how many deliveries of an alert stand in each state, what needs a hand first."""
    counts = Counter(log.delivery.state for log in row.deliveries)
    order = (DeliveryState.DEAD, DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.BATCHED, DeliveryState.SENT,
             DeliveryState.SUPPRESSED)  # fmt: skip
    return [(state, counts[state]) for state in order if counts[state]]


def reasons_of(payload: str) -> tuple[str, ...]:
    """Return the reasons an alert gives for itself (``data.why`` of its payload)."""
    try:
        content = json.loads(payload)
    except ValueError:
        return ()
    data = content.get("data") if isinstance(content, dict) else None
    why = data.get("why") if isinstance(data, dict) else None
    return tuple(reason for reason in why if isinstance(reason, str)) if isinstance(why, list) else ()
