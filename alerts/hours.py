"""Wall-clock times of a watch's zone as moments: quiet hours and digests, over every change of the clocks.

A time that the clocks leap over counts as the moment it would have been, an hour later by the new time; one that
comes twice counts the first time (PEP 495, ``fold=0``). So quiet hours always end and a day never has two digests.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.types import Digest, QuietHours

_DAY = timedelta(days=1)
#: quiet hours are shorter, so that a change of the clocks never joins them to the next ones
LONGEST_QUIET = timedelta(hours=22)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return when a zone's clocks show ``at`` on ``day``, in UTC; None when the zone has no such day.

    Zones have left out days: Samoa had no 30 December 2011.
    """
    moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).date() == day else None


def length_of(quiet: QuietHours) -> timedelta:
    """Return how long quiet hours last by the clock."""
    start, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (quiet.start, quiet.end))
    return end - start if start < end else end - start + _DAY


def quiet_until(quiet: QuietHours | None, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """Return when the quiet hours end that hold at ``moment``, in UTC; None when none do."""
    if quiet is None:
        return None
    today = moment.astimezone(zone).date()
    for day in (today - _DAY, today):
        if day.weekday() not in quiet.days:
            continue
        start = moment_of(day, quiet.start, zone)
        end = moment_of(day if quiet.start < quiet.end else day + _DAY, quiet.end, zone)
        if start is not None and end is not None and start <= moment < end:
            return min(end, moment + _DAY)
    return None


def next_hourly(moment: datetime) -> datetime:
    """Return the next full hour after ``moment``, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def next_daily(digest: Digest, quiet: QuietHours | None, zone: ZoneInfo, after: datetime) -> tuple[date, datetime]:
    """Return the day of the next daily digest after a moment, and when it goes out, in UTC.

    Every local day has one. A digest whose time lies in quiet hours goes out when they end, under its own day.
    """
    today = after.astimezone(zone).date()
    for offset in range(-2, 4):
        day = today + offset * _DAY
        moment = moment_of(day, digest.at, zone)
        if moment is None:
            continue
        moment = quiet_until(quiet, zone, moment) or moment
        if moment > after:
            return day, moment
    raise ValueError(f"no day within four of {today} exists in {zone.key}")


def is_overnight(quiet: QuietHours) -> bool:
    """Whether quiet hours cross midnight and end before noon."""
    return quiet.start >= quiet.end and quiet.end.hour < 12
