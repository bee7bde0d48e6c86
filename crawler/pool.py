"""Extraction in processes that may hang, crash or swell without harm to the crawler.

A page gets so many seconds and so much memory; when it takes more, its worker is killed, the page fails
by name and the next page gets a fresh worker. Threads are no choice: trafilatura in threads has crashed
the interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.errors import RefusedError
from crawler.settings import CrawlerSettings
from storage.types import CrawlFailure, FailureReason

_Answer = TypeVar("_Answer")

_log = logging.getLogger(__name__)

#: pages after which a worker is replaced, against leaks in C libraries
MAX_TASKS = 500


class ExtractionPool:
    """A bounded set of worker processes; to be used from one event loop."""

    def __init__(self, settings: CrawlerSettings) -> None:
        self._settings = settings
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        # A fork server of one thread: forking the crawler itself, with its threads, could deadlock. It loads
        # the heavy libraries once for all workers.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawler.jobs", "trafilatura", "htmldate", "py3langid"])
        return ProcessPool(
            max_workers=self._settings.workers,
            max_tasks=MAX_TASKS,
            initializer=_prepare,
            initargs=(self._settings.worker_memory,),
            context=context,
        )

    async def run(self, job: Callable[..., _Answer], *arguments: object) -> _Answer:
        """Return what ``job`` gives for the arguments, computed in a worker.

        Raises:
            RefusedError: it took too long (``extraction_timeout``) or its worker died or failed
                (``extraction_crash``).
        """
        pool = self._pool
        try:
            return await self._attempt(pool, job, arguments)
        except _BrokenPoolError:
            # A worker that dies while idle, killed by the system for want of memory, takes the pool along.
            self._replace(pool)
        try:
            return await self._attempt(self._pool, job, arguments)
        except _BrokenPoolError as error:
            raise _refused(FailureReason.EXTRACTION_CRASH, "no process for reading pages can be started") from error

    async def _attempt(self, pool: ProcessPool, job: Callable[..., _Answer], arguments: tuple[object, ...]) -> _Answer:
        seconds = self._settings.extraction_seconds
        try:
            future = pool.schedule(job, args=arguments, timeout=seconds)
        except RuntimeError as error:
            raise _BrokenPoolError from error
        try:
            answer: _Answer = await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            raise _BrokenPoolError from error
        except TimeoutError as error:
            raise _refused(FailureReason.EXTRACTION_TIMEOUT, f"it was not read within {seconds:g} s") from error
        except ProcessExpired as error:
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

    def _replace(self, broken: ProcessPool) -> None:
        if self._pool is broken:
            _log.warning("the extraction pool broke and is replaced")
            self._pool = self._new_pool()
            _end(broken, 0.0)

    def stop(self) -> None:
        """Kill the workers; open calls fail."""
        _end(self._pool, 2.0)


class _BrokenPoolError(Exception):
    """The pool gave up; a job in it was not at fault."""


def _end(pool: ProcessPool, seconds: float) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates most of itself
    with contextlib.suppress(TimeoutError):
        pool.join(timeout=seconds)


def _prepare(memory: int) -> None:
    # Runs in the worker, where the jobs are loaded already.
    from crawler.jobs import prepare_worker

    prepare_worker(memory)


def _refused(reason: FailureReason, detail: str) -> RefusedError:
    return RefusedError(CrawlFailure(reason=reason, detail=detail))
