"""A page may hang, crash or swell its process; the next page does not notice."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from lxml import etree

from crawler.errors import RefusedError
from crawler.feeds import parse_feed
from crawler.jobs import within
from crawler.pool import MAX_SLOW_OF_SOURCE, PIPE_BYTES, ExtractionPool
from crawler.settings import MEBIBYTE, CrawlerSettings
from storage.types import FailureReason
from tests import hostile_bodies

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


async def test_termination_does_not_wait_for_a_parser_in_c(pool: ExtractionPool) -> None:
    # A signal handler written in Python would wait until the parser is done with this, which takes half a minute.
    body = hostile_bodies.attributes()
    start = time.monotonic()
    assert await reason(pool, etree.HTML, body) is FailureReason.EXTRACTION_TIMEOUT
    assert time.monotonic() - start < 8


async def test_kernel_bounds_memory_and_processor_time_of_workers(pool: ExtractionPool) -> None:
    memory, _ = await pool.run(resource.getrlimit, resource.RLIMIT_AS)
    assert memory == 700 * MEBIBYTE
    used = await pool.run(time.process_time)
    seconds, _ = await pool.run(resource.getrlimit, resource.RLIMIT_CPU)
    assert 0 < seconds - used < 1.5 + 2


async def test_kernel_ends_a_job_when_nobody_else_does() -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=within, args=(0.2, spin))
    process.start()
    await asyncio.to_thread(process.join, 20)
    assert process.exitcode == -signal.SIGXCPU


def spin() -> None:
    while True:
        pass


class TestLanes:
    """A page that is not read quickly is read slowly, and its source waits for itself."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def lanes(self) -> AsyncIterator[ExtractionPool]:
        pool = ExtractionPool(CrawlerSettings(user_agent="x", workers=2, quick_seconds=0.2, extraction_seconds=8.0))
        yield pool
        pool.stop()

    async def test_page_that_takes_long_is_read_all_the_same(self, lanes: ExtractionPool) -> None:
        assert await lanes.of("slow").run(slow_answer, 1.0) == "read"

    async def test_other_sources_do_not_wait_for_a_slow_one(self, lanes: ExtractionPool, tmp_path: Path) -> None:
        gate = tmp_path / "gate"
        slow = [asyncio.create_task(lanes.of("slow").run(answer_behind, gate)) for _ in range(2)]
        await in_slow_lane(lanes, 2)
        # Nothing slow ends before the gate is opened, below.
        async with asyncio.timeout(10):
            quick = {await lanes.of("sound").run(os.getpid) for _ in range(10)}
        gate.touch()
        assert await asyncio.gather(*slow) == ["read", "read"]
        # Known by now: the quick lane is not even tried.
        assert await lanes.of("slow").run(os.getpid) not in quick

    async def test_slow_lane_is_bounded(self, lanes: ExtractionPool, tmp_path: Path) -> None:
        gate = tmp_path / "gate"
        reader = lanes.of("slow")
        waiting = [asyncio.create_task(reader.run(answer_behind, gate)) for _ in range(MAX_SLOW_OF_SOURCE)]
        await in_slow_lane(lanes, MAX_SLOW_OF_SOURCE)
        for _ in range(2):
            with pytest.raises(RefusedError) as caught:
                await reader.run(answer_behind, gate)
            assert caught.value.failure.reason is FailureReason.EXTRACTION_TIMEOUT
        gate.touch()
        assert set(await asyncio.gather(*waiting)) == {"read"}


def slow_answer(seconds: float) -> str:
    time.sleep(seconds)
    return "read"


def answer_behind(gate: Path) -> str:
    while not gate.exists():
        time.sleep(0.02)
    return "read"


async def in_slow_lane(pool: ExtractionPool, number: int) -> None:
    """Wait until so many pages are in the slow lane."""
    end = time.monotonic() + 20.0
    while pool._slow_now.total() < number:
        assert time.monotonic() < end, "the pages never came to the slow lane"
        await asyncio.sleep(0.02)


async def test_whole_pages_wait_in_the_pipes(pool: ExtractionPool) -> None:
    assert await works(pool)
    assert pool._quick._pool is not None
    channel = pool._quick._pool._pool_manager.worker_manager.pool_channel
    assert channel is not None
    assert fcntl.fcntl(channel.writer.fileno(), fcntl.F_GETPIPE_SZ) == PIPE_BYTES


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
