"""Jobs that raise, hang or take longer than their interval hold nobody up, and none that was due is left out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.clock import JOB_DEFAULTS, Every

SOON = timedelta(milliseconds=20)


@pytest_asyncio.fixture
async def scheduler() -> AsyncIterator[AsyncIOScheduler]:
    running = AsyncIOScheduler(timezone="UTC", job_defaults=JOB_DEFAULTS)
    running.start()
    yield running
    running.shutdown(wait=False)


class Job:
    """Counts its runs, and tells when it has had so many."""

    def __init__(self, enough: int) -> None:
        self.runs = self.at_once = self.most_at_once = 0
        self.done = asyncio.Event()
        self._enough = enough

    def _began(self) -> None:
        self.runs += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.runs >= self._enough:
            self.done.set()

    async def quick(self) -> None:
        self._began()
        self.at_once -= 1

    async def slow(self) -> None:
        self._began()
        await asyncio.sleep(5 * SOON.total_seconds())
        self.at_once -= 1

    async def hanging(self) -> None:
        self._began()
        await asyncio.Event().wait()

    async def raising(self) -> None:
        self._began()
        self.at_once -= 1
        raise OSError("again")

    async def blocking(self) -> None:
        self._began()
        self.at_once -= 1
        time.sleep(5 * SOON.total_seconds())  # noqa: ASYNC251 (a job that does not give way)

    async def enough(self) -> None:
        async with asyncio.timeout(20):
            await self.done.wait()


async def test_job_that_raises_runs_again(scheduler: AsyncIOScheduler) -> None:
    job = Job(3)
    scheduler.add_job(job.raising, Every(SOON))
    await job.enough()


async def test_job_longer_than_its_interval_never_runs_twice_at_once(scheduler: AsyncIOScheduler) -> None:
    job = Job(3)
    scheduler.add_job(job.slow, Every(SOON))
    await job.enough()
    assert job.most_at_once == 1


async def test_job_that_hangs_holds_up_no_other(scheduler: AsyncIOScheduler) -> None:
    hanging, other = Job(1), Job(5)
    scheduler.add_job(hanging.hanging, Every(SOON))
    scheduler.add_job(other.quick, Every(SOON))
    await hanging.enough()
    await other.enough()
    assert hanging.runs == 1


async def test_what_was_due_while_the_loop_was_blocked_runs_late_and_once(scheduler: AsyncIOScheduler) -> None:
    blocking, late = Job(1), [Job(1) for _ in range(4)]
    start = datetime.now(UTC) + SOON
    scheduler.add_job(blocking.blocking, next_run_time=start)
    for job in late:
        scheduler.add_job(job.quick, "date", run_date=start + SOON)
    for job in (blocking, *late):
        await job.enough()
    assert [job.runs for job in late] == [1, 1, 1, 1]
