"""Times for people: stored in UTC, shown in the reader's zone with UTC beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from review.wording import Words

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Writes times in one zone and one language, as seen at one moment."""

    zone: ZoneInfo
    words: Words
    now: datetime

    def clock(self, moment: datetime) -> str:
        """Return ``09:15``."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def day(self, moment: datetime) -> str:
        """Return ``mardi 24 novembre 2026``."""
        return self._long(moment.astimezone(self.zone).date())

    def full(self, moment: datetime) -> str:
        """Return ``24 nov. 2026, 09:15``."""
        local = moment.astimezone(self.zone)
        month = self.words.sequence("time.months_short")[local.month - 1]
        return self.words("time.full", day=local.day, month=month, year=local.year, clock=f"{local:%H:%M}")

    def utc(self, moment: datetime) -> str:
        """Return ``08:15 UTC``, with the date where the zone's date differs."""
        there = moment.astimezone(UTC)
        if there.date() == moment.astimezone(self.zone).date():
            return f"{there:%H:%M} UTC"
        month = self.words.sequence("time.months_short")[there.month - 1]
        return f"{there.day} {month} {there:%H:%M} UTC"

    def exact(self, moment: datetime) -> str:
        """Return ``2026-11-24 08:15:02 UTC``, for hovering and copying."""
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    def machine(self, moment: datetime) -> str:
        """Return ``2026-11-24T08:15:02Z``, for programs."""
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def span(self, moment: datetime) -> str:
        """Return how far ``moment`` lies from now: ``3 min``, ``2 h``, ``4 j``."""
        seconds = int(abs((self.now - moment).total_seconds()))
        if seconds < _MINUTE:
            return self.words("time.seconds", n=seconds)
        if seconds < _HOUR:
            return self.words("time.minutes", n=seconds // _MINUTE)
        if seconds < 2 * _DAY:
            return self.words("time.hours", n=seconds // _HOUR)
        return self.words("time.days", n=seconds // _DAY)

    def fresh(self, moment: datetime) -> bool:
        """Whether a moment is so close that how long ago it was says more than its date."""
        return abs((self.now - moment).total_seconds()) < 2 * _DAY

    def relative(self, moment: datetime) -> str:
        """Return ``il y a 3 min`` or ``dans 2 h``, and ``à l’instant`` or ``maintenant`` within a second."""
        past = moment <= self.now
        if abs((self.now - moment).total_seconds()) < 1:
            return self.words("time.now" if past else "time.due")
        return self.words("time.ago" if past else "time.ahead", span=self.span(moment))

    def _long(self, local: date) -> str:
        return self.words(
            "time.day",
            weekday=self.words.sequence("time.weekdays")[local.weekday()],
            day=local.day,
            month=self.words.sequence("time.months")[local.month - 1],
            year=local.year,
        )
