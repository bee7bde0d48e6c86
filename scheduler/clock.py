"""The present, and the moments when the system's clock jumped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.triggers.base import BaseTrigger

if TYPE_CHECKING:
    from apscheduler.schedulers.base import BaseScheduler

#: a difference between wall clock and monotonic clock that is no drift but a jump
JUMP = timedelta(seconds=60)


def now_utc() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)


#: how APScheduler treats the jobs: never two of one at once, and one that is late runs, once, however late
JOB_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class JumpDetector:
    """Notices that the wall clock moved against the monotonic one: set by hand, by NTP, or after a suspend."""

    def __init__(self) -> None:
        self._offset = self._difference()

    def jumped(self) -> timedelta | None:
        """Return by how much the clock jumped since the last call, or None."""
        offset = self._difference()
        jump = timedelta(seconds=offset - self._offset)
        self._offset = offset
        return jump if abs(jump) > JUMP else None

    @staticmethod
    def _difference() -> float:
        return time.time() - time.monotonic()


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Runs a job at an interval that no setting of the clock upsets.

    APScheduler's own interval counts every missed run, one by one: three hundred million after a jump of ten
    years. Here a missed run is missed, and the next one is never further away than the interval.
    """

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return when the job runs next after ``previous``."""
        planned = now if previous is None else previous + self.interval
        return planned if previous is None or now < planned <= now + self.interval else now + self.interval


def restart(scheduler: BaseScheduler, now: datetime) -> None:
    """Run every job with an interval now, and count its intervals from here."""
    for job in scheduler.get_jobs():
        if isinstance(job.trigger, Every):
            job.modify(next_run_time=now)


def is_upset(scheduler: BaseScheduler, now: datetime) -> bool:
    """Whether a job waits for longer than its interval: the clock went ahead and came back unnoticed."""
    return any(
        isinstance(job.trigger, Every)
        and job.next_run_time is not None
        and job.next_run_time > now + job.trigger.interval + JUMP
        for job in scheduler.get_jobs()
    )


async def each(seconds: float, work: Callable[[], None]) -> None:
    """Call ``work`` again and again, on the monotonic clock."""
    while True:
        await asyncio.sleep(seconds)
        work()
