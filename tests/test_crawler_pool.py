"""A page may hang, crash or swell its process; the next page does not notice."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from crawler.errors import RefusedError
from crawler.feeds import parse_feed
from crawler.pool import ExtractionPool
from crawler.settings import MEBIBYTE, CrawlerSettings
from storage.types import FailureReason

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[ExtractionPool]:
    settings = CrawlerSettings(user_agent="x", workers=1, extraction_seconds=1.5, worker_memory=700 * MEBIBYTE)
    pool = ExtractionPool(settings)
    yield pool
    pool.stop()


async def reason(pool: ExtractionPool, job: Callable[..., object], *arguments: object) -> FailureReason:
    with pytest.raises(RefusedError) as caught:
        await pool.run(job, *arguments)
    assert caught.value.failure.detail
    return caught.value.failure.reason


async def works(pool: ExtractionPool) -> bool:
    return await pool.run(len, "Bamako") == 6


async def test_job_that_hangs_is_ended(pool: ExtractionPool) -> None:
    start = time.monotonic()
    assert await reason(pool, time.sleep, 60) is FailureReason.EXTRACTION_TIMEOUT
    assert time.monotonic() - start < 10
    assert await works(pool)


@pytest.mark.parametrize(("job", "arguments"), [(os._exit, (3,)), (os.abort, ()), (ctypes.string_at, (0,))])
async def test_job_that_kills_its_process_fails_alone(
    pool: ExtractionPool, job: Callable[..., object], arguments: tuple[int, ...]
) -> None:
    assert await reason(pool, job, *arguments) is FailureReason.EXTRACTION_CRASH
    assert await works(pool)


async def test_job_that_takes_too_much_memory_fails_alone(pool: ExtractionPool) -> None:
    assert await reason(pool, bytes, 2 * 1024 * MEBIBYTE) is FailureReason.EXTRACTION_CRASH
    assert await works(pool)


async def test_job_that_raises_fails_by_name(pool: ExtractionPool) -> None:
    assert await reason(pool, int, "x") is FailureReason.EXTRACTION_CRASH
    assert await works(pool)


async def test_worker_killed_while_idle_is_replaced(pool: ExtractionPool) -> None:
    for _ in range(2):
        worker = await pool.run(os.getpid)
        os.kill(worker, signal.SIGKILL)
        for _ in range(4):
            assert await works(pool)


async def test_workers_run_elsewhere(pool: ExtractionPool) -> None:
    assert await pool.run(os.getpid) != os.getpid()


async def test_many_jobs_at_once_all_answer(pool: ExtractionPool) -> None:
    answers = await asyncio.gather(*(pool.run(len, "x" * n) for n in range(40)))
    assert answers == list(range(40))


async def test_hostile_feed_is_bounded(pool: ExtractionPool) -> None:
    deep = b"<rss version='2.0'><channel>" + b"<item>" * 300_000
    try:
        await pool.run(parse_feed, deep, "http://x/", None)
    except RefusedError as error:
        caught: RefusedError | None = error
    else:
        caught = None
    assert caught is None or caught.failure.reason in {
        FailureReason.EXTRACTION_TIMEOUT,
        FailureReason.EXTRACTION_CRASH,
    }
    assert await works(pool)
