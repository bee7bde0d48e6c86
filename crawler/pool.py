"""Extraction in processes that may hang, crash or swell without harm to the crawler.

A page gets so many seconds of a processor and so much memory; when it takes more, its worker is killed, the
page fails by name and the next page gets a fresh worker. A page that only waits is ended by the clock. Threads
are no choice: trafilatura in threads has crashed the interpreter.

There are two lanes. Practically every page is read in a fraction of a second, so the quick lane ends a
page after a few; it is read again in the slow lane, by one worker, within the full deadline. A source whose
pages need that goes straight to the slow lane for a while. So a source that serves monsters waits for
itself, and hardly anybody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.errors import RefusedError
from crawler.jobs import prepare_worker, within
from crawler.settings import CrawlerSettings
from storage.types import CrawlFailure, FailureReason

_Answer = TypeVar("_Answer")

_log = logging.getLogger(__name__)

#: pages after which a worker is replaced, against leaks in C libraries
MAX_TASKS = 500
#: how much longer than its processor time a page may take by the clock, on a machine with other work
CLOCK_FACTOR = 3.0
#: seconds a source stays in the slow lane after a page that was not read quickly
SLOW_SOURCE_SECONDS = 600.0
#: bytes that may wait in a pipe to the workers or back; what the kernel lets anybody have (``pipe(7)``)
PIPE_BYTES = 1024 * 1024
#: pages in the slow lane at once, of all sources and of one; its deadline times this is an order's patience
MAX_SLOW = 6
MAX_SLOW_OF_SOURCE = 3
#: sources remembered as slow; the one that came first goes first
_MAX_SLOW_SOURCES = 1000


class Reader(Protocol):
    """Who reads bodies."""

    async def run(self, job: Callable[..., _Answer], *arguments: object) -> _Answer:
        """Return what ``job`` gives for the arguments; see :meth:`ExtractionPool.run`."""
        ...


class ExtractionPool:
    """A bounded set of worker processes; to be used from one event loop."""

    def __init__(self, settings: CrawlerSettings) -> None:
        seconds = settings.extraction_seconds
        self._quick = _Lane(settings, workers=settings.workers, seconds=min(settings.quick_seconds, seconds))
        self._slow = _Lane(settings, workers=1, seconds=seconds)
        self._slow_until: dict[str, float] = {}
        self._slow_now: Counter[str] = Counter()

    def of(self, source_id: str) -> Reader:
        """Return the reader of one source's bodies."""
        return _SourceReader(self, source_id)

    async def run(self, job: Callable[..., _Answer], *arguments: object, source_id: str = "") -> _Answer:
        """Return what ``job`` gives for the arguments, computed in a worker.

        Raises:
            RefusedError: it took too long (``extraction_timeout``) or its worker died or failed
                (``extraction_crash``).
        """
        if self._slow_until.get(source_id, 0.0) <= time.monotonic():
            try:
                return await self._quick.run(job, arguments)
            except RefusedError as error:
                late = error.failure.reason is FailureReason.EXTRACTION_TIMEOUT
                if not late or self._quick.seconds >= self._slow.seconds:
                    raise
            if source_id:
                self._remember(source_id)
        return await self._run_slowly(job, arguments, source_id)

    async def _run_slowly(self, job: Callable[..., _Answer], arguments: tuple[object, ...], source_id: str) -> _Answer:
        if self._slow_now.total() >= MAX_SLOW or self._slow_now[source_id] >= MAX_SLOW_OF_SOURCE:
            detail = "other pages that take long to read are being read; there is no room for one more"
            raise _refused(FailureReason.EXTRACTION_TIMEOUT, detail)
        self._slow_now[source_id] += 1
        try:
            return await self._slow.run(job, arguments)
        finally:
            self._slow_now -= Counter({source_id: 1})

    def _remember(self, source_id: str) -> None:
        _log.warning("pages of source %r take long to read; they are read one at a time for a while", source_id)
        self._slow_until.pop(source_id, None)
        while len(self._slow_until) >= _MAX_SLOW_SOURCES:
            self._slow_until.pop(next(iter(self._slow_until)))
        self._slow_until[source_id] = time.monotonic() + SLOW_SOURCE_SECONDS

    def stop(self) -> None:
        """Kill the workers; open calls fail."""
        self._quick.stop()
        self._slow.stop()


@dataclass(frozen=True, slots=True)
class _SourceReader:
    pool: ExtractionPool
    source_id: str

    async def run(self, job: Callable[..., _Answer], *arguments: object) -> _Answer:
        return await self.pool.run(job, *arguments, source_id=self.source_id)


class _Lane:
    """Workers with one deadline; started when first used."""

    def __init__(self, settings: CrawlerSettings, *, workers: int, seconds: float) -> None:
        self.seconds = seconds
        self._workers = workers
        self._memory = settings.worker_memory
        self._pool: ProcessPool | None = None
        self._widened = False

    def _opened(self) -> ProcessPool:
        if self._pool is None:
            # A fork server of one thread: forking the crawler itself, with its threads, could deadlock. It
            # loads the heavy libraries once for all workers.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["crawler.jobs", "crawler.warm"])
            self._widened = False
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=MAX_TASKS,
                initializer=prepare_worker,
                initargs=(self._memory,),
                context=context,
            )
        return self._pool

    async def run(self, job: Callable[..., _Answer], arguments: tuple[object, ...]) -> _Answer:
        pool = self._opened()
        try:
            return await self._attempt(pool, job, arguments)
        except _BrokenPoolError:
            # A worker that dies while idle, killed by the system for want of memory, takes the pool along.
            self._drop(pool)
        try:
            return await self._attempt(self._opened(), job, arguments)
        except _BrokenPoolError as error:
            raise _refused(FailureReason.EXTRACTION_CRASH, "no process for reading pages can be started") from error

    async def _attempt(self, pool: ProcessPool, job: Callable[..., _Answer], arguments: tuple[object, ...]) -> _Answer:
        try:
            future = pool.schedule(within, args=(self.seconds, job, *arguments), timeout=self.seconds * CLOCK_FACTOR)
        except RuntimeError as error:
            raise _BrokenPoolError from error
        if not self._widened:
            self._widened = True
            _widen(pool)
        try:
            answer: _Answer = await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            raise _BrokenPoolError from error
        except TimeoutError as error:
            raise self._late() from error
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGXCPU:
                raise self._late() from error
            detail = f"reading it killed its process (exit {error.exitcode})"
            raise _refused(FailureReason.EXTRACTION_CRASH, detail) from error
        except MemoryError as error:
            raise _refused(FailureReason.EXTRACTION_CRASH, "reading it takes more memory than allowed") from error
        except Exception as error:
            # A hostile page can raise anything in a parser; the log keeps the trace for us.
            _log.exception("extraction failed")
            detail = f"reading it failed with {type(error).__name__}: {error}"
            raise _refused(FailureReason.EXTRACTION_CRASH, detail[:500]) from error
        return answer

    def _late(self) -> RefusedError:
        return _refused(FailureReason.EXTRACTION_TIMEOUT, f"it was not read within {self.seconds:g} s")

    def _drop(self, broken: ProcessPool) -> None:
        if self._pool is broken:
            _log.warning("the extraction pool broke and is replaced")
            self._pool = None
            _end(broken, 0.0)

    def stop(self) -> None:
        if self._pool is not None:
            _end(self._pool, 2.0)


class _BrokenPoolError(Exception):
    """The pool gave up; a job in it was not at fault."""


def _end(pool: ProcessPool, seconds: float) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates most of itself
    with contextlib.suppress(TimeoutError):
        pool.join(timeout=seconds)


def _widen(pool: ProcessPool) -> None:
    """Let whole pages wait in the pipes: no worker then waits until the crawler's thread has pushed one through."""
    # It is a matter of speed alone, in a place that pebble does not promise; a test notices when it moves.
    with contextlib.suppress(AttributeError, OSError):
        manager = pool._pool_manager.worker_manager
        for channel in (manager.pool_channel, manager.workers_channel):
            if channel is not None:
                fcntl.fcntl(channel.writer.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _refused(reason: FailureReason, detail: str) -> RefusedError:
    return RefusedError(CrawlFailure(reason=reason, detail=detail))
