"""Whether an alert goes out on a channel now, later, or together with others; and always why.

Pure: the same alert, watch, history, traffic, settings and time give the same plan. Nothing is dropped: a plan
either sends at a moment or names a batch, which closes at a moment and tells its members.

Reasons: ``at_once``, ``group_wait``, ``group_interval``, ``cooldown``, ``quiet_hours``, ``digest``, ``storm``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.hours import next_daily, next_hourly, quiet_until
from storage.types import Alert, BatchKind, BatchPlan, Digest, Watch, utc

AT_ONCE, GROUP_WAIT, GROUP_INTERVAL = "at_once", "group_wait", "group_interval"
COOLDOWN, QUIET_HOURS, DIGEST, STORM = "cooldown", "quiet_hours", "digest", "storm"
REASONS = (AT_ONCE, GROUP_WAIT, GROUP_INTERVAL, COOLDOWN, QUIET_HOURS, DIGEST, STORM)

CORRECTION = "alert.correction"
#: a cooldown is no longer
LONGEST_COOLDOWN = timedelta(hours=24)
#: no batch waits longer: a cooldown that ends in quiet hours, a digest on the long day whose time lies in them
LONGEST_HOLD = timedelta(hours=50)
#: critical alerts join the list of a storm only when a channel got so many times the limit
CRITICAL_LIMITS = 3
#: a list of a storm gathers for so long at least
_SHORTEST_STORM = timedelta(minutes=1)


class Told(Protocol):
    """What a channel carried of a story so far."""

    @property
    def at(self) -> datetime:
        """When it last did."""
        ...

    @property
    def severity(self) -> int:
        """The highest severity it carried."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What a channel was given within the storm guard's window."""

    messages: int = 0
    #: when the first of them was queued
    oldest_at: datetime | None = None
    #: the list that a flood of this watch goes to, as long as it is open
    open_list: BatchPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingSettings:
    """How long alerts wait where their watch does not say."""

    #: before the first attempt
    group_wait: timedelta = timedelta(0)
    #: least time between two alerts of one watch on one story
    group_interval: timedelta = timedelta(0)
    #: from this severity on, digest, ``group_wait`` and ``group_interval`` hold nothing
    urgent_severity: int = 4
    #: from this severity on, quiet hours hold nothing
    breaks_quiet: int = 5
    #: more messages than this to one channel within ``storm_window`` become one list
    storm_limit: int = 20
    storm_window: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of an alert on one channel."""

    #: when it is due by itself, or when its batch closes
    at: datetime
    #: one of :data:`REASONS`
    reason: str
    #: what it joins; None: it goes by itself
    batch: BatchPlan | None = None


def plan(
    *,
    watch: Watch,
    channel_id: str,
    alert: Alert,
    told: Told | None,
    lately: Lately,
    zone: ZoneInfo,
    settings: HoldingSettings,
    now: datetime,
) -> Plan:
    """Return when and how an alert goes out on one channel.

    Args:
        watch: whose alert it is.
        channel_id: where it is to go.
        alert: severity, type and story count.
        told: what the channel carried of the story before, None for nothing.
        lately: what else the channel was given.
        zone: the watch's.
        settings: what holds for every watch.
        now: aware.
    """
    now = utc(now)
    name = f"{watch.id}:{channel_id}"
    # What corrects an alert that still waits, waits with it.
    correction = alert.type == CORRECTION and told is not None
    calm = alert.severity < settings.urgent_severity and not correction
    quiet = watch.quiet_hours if alert.severity < settings.breaks_quiet else None
    found = Plan(at=now, reason=AT_ONCE)
    if calm and watch.digest is not None:
        found = _digest(watch, watch.digest, name, zone, now)
        if watch.digest.every == "daily":
            return found
    else:
        if calm:
            found = _grouped(told, settings, now)
        if watch.cooldown is not None and told is not None and not correction and alert.severity <= told.severity:
            found = _cooled(found, told, watch.cooldown, f"{name}:{alert.story_id}", now)
    if found.batch is None:
        found = _in_storm(found, alert, lately, name, settings, now)
    ends = quiet_until(quiet, zone, found.at)
    return found if ends is None else _batched(BatchKind.QUIET_HOURS, name, ends.isoformat(), ends, QUIET_HOURS)


def daily(watch: Watch, channel_id: str, zone: ZoneInfo, now: datetime) -> BatchPlan | None:
    """Return the daily digest of a watch that comes next, None when it has none."""
    if watch.digest is None or watch.digest.every != "daily":
        return None
    return _digest(watch, watch.digest, f"{watch.id}:{channel_id}", zone, utc(now)).batch


def _digest(watch: Watch, digest: Digest, name: str, zone: ZoneInfo, now: datetime) -> Plan:
    if digest.every == "hourly":
        at = next_hourly(now)
        return _batched(BatchKind.HOURLY, name, at.isoformat(), at, DIGEST)
    day, at = next_daily(digest, watch.quiet_hours, zone, now)
    return _batched(BatchKind.DAILY, name, day.isoformat(), at, DIGEST)


def _grouped(told: Told | None, settings: HoldingSettings, now: datetime) -> Plan:
    at, reason = now, AT_ONCE
    if settings.group_wait > timedelta(0):
        at, reason = now + settings.group_wait, GROUP_WAIT
    # A clock that was set back must not make an old message look like one to come.
    rested = min(told.at, now) + settings.group_interval if told is not None else now
    return Plan(at=rested, reason=GROUP_INTERVAL) if rested > at else Plan(at=at, reason=reason)


def _cooled(found: Plan, told: Told, cooldown: timedelta, name: str, now: datetime) -> Plan:
    ends = min(told.at, now) + min(cooldown, LONGEST_COOLDOWN)
    if ends <= found.at:
        return found
    return _batched(BatchKind.COOLDOWN, name, told.at.isoformat(), ends, COOLDOWN)


def _in_storm(found: Plan, alert: Alert, lately: Lately, name: str, settings: HoldingSettings, now: datetime) -> Plan:
    critical = alert.severity >= settings.breaks_quiet
    limit = settings.storm_limit * (CRITICAL_LIMITS if critical else 1)
    if lately.messages < limit and (critical or lately.open_list is None):
        return found
    if lately.open_list is not None:
        return Plan(at=lately.open_list.closes_at, reason=STORM, batch=lately.open_list)
    # The list goes out when the channel is below its limit again.
    calms = min(lately.oldest_at or now, now) + settings.storm_window
    at = max(calms, now + min(_SHORTEST_STORM, settings.storm_window))
    return _batched(BatchKind.STORM, name, now.isoformat(), at, STORM)


def _batched(kind: BatchKind, name: str, period: str, at: datetime, reason: str) -> Plan:
    plan_ = BatchPlan(kind=kind, key=f"{kind}:{name}:{period}", closes_at=at)
    return Plan(at=at, reason=reason, batch=plan_)
