"""Extraction in processes that may hang, crash or swell without harm to the crawler.

A page gets so many seconds and so much memory; when it takes more, its worker is killed, the page fails
by name and the next page gets a fresh worker. Threads are no choice: trafilatura in threads has crashed
the interpreter.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Callable
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
        # A fork server of one thread: forking the crawler itself, with its threads, could deadlock. It loads
        # the heavy libraries once for all workers.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawler.jobs", "trafilatura", "htmldate", "py3langid"])
        self._seconds = settings.extraction_seconds
        self._pool = ProcessPool(
            max_workers=settings.workers,
            max_tasks=MAX_TASKS,
            initializer=_prepare,
            initargs=(settings.worker_memory,),
            context=context,
        )

    async def run(self, job: Callable[..., _Answer], *arguments: object) -> _Answer:
        """Return what ``job`` gives for the arguments, computed in a worker.

        Raises:
            RefusedError: it took too long (``extraction_timeout``) or its worker died or failed
                (``extraction_crash``).
        """
        future = self._pool.schedule(job, args=arguments, timeout=self._seconds)
        try:
            answer: _Answer = await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise _refused(
                FailureReason.EXTRACTION_TIMEOUT, f"the page was not read within {self._seconds:g} s"
            ) from error
        except ProcessExpired as error:
            raise _refused(
                FailureReason.EXTRACTION_CRASH, f"reading the page killed its process (exit {error.exitcode})"
            ) from error
        except MemoryError as error:
            raise _refused(FailureReason.EXTRACTION_CRASH, "reading the page takes more memory than allowed") from error
        except Exception as error:
            # A hostile page can raise anything in a parser; the log keeps the trace for us.
            _log.exception("extraction failed")
            detail = f"reading the page failed with {type(error).__name__}: {error}"
            raise _refused(FailureReason.EXTRACTION_CRASH, detail[:500]) from error
        return answer

    def stop(self) -> None:
        """Kill the workers; open calls fail."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates most of itself
        self._pool.join(timeout=2)


def _prepare(memory: int) -> None:
    # Runs in the worker, where the jobs are loaded already.
    from crawler.jobs import prepare_worker

    prepare_worker(memory)


def _refused(reason: FailureReason, detail: str) -> RefusedError:
    return RefusedError(CrawlFailure(reason=reason, detail=detail))
