"""The archive as the owner process uses it: one connection in one thread, off the event loop.

Writes that wait for one another share a commit. Forcing a commit to disk takes longer than most writes, so
a burst of pages would otherwise wait for the disk once a page.
"""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from storage.database import open_writer, transaction

P = ParamSpec("P")
T = TypeVar("T")

#: most writes that share one commit
MOST_TOGETHER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """A write that waits, and where its answer goes."""

    function: Callable[[Database], Any]
    answer: Future[Any] = field(default_factory=Future)


class Archive:
    """Runs storage functions in the writer thread; SQLite's segment merges never stall the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._database: Database | None = None
        self._waiting: deque[_Write] = deque()
        self._lock = threading.Lock()

    async def open(self) -> None:
        """Open or create the archive.

        Raises:
            storage.errors.DataRefusedError: what lies on disk must not be touched.
        """
        self._database = await asyncio.get_running_loop().run_in_executor(self._thread, open_writer, self.folder)

    async def write(self, function: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(database, …)`` whole or not at all, and return its answer once it is on disk.

        It may be run a second time when the commit that it shared with others failed, so all that it does
        must be to the database.
        """
        self._opened()
        write = _Write(function=lambda database: function(database, *args, **kwargs))
        with self._lock:
            self._waiting.append(write)
        self._thread.submit(self._commit_waiting)
        # A cancelled caller must not leave half a step behind: the thread finishes what it began.
        answer: T = await asyncio.shield(asyncio.wrap_future(write.answer))
        return answer

    async def read(self, function: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(database, …)`` without a transaction of its own."""
        return await self._run(functools.partial(function, self._opened(), *args, **kwargs))

    async def close(self) -> None:
        """Wait for what is queued and close the connection."""
        if self._database is not None:
            await self._run(self._database.conn.close)
            self._database = None
        self._thread.shutdown(wait=True)

    def _opened(self) -> Database:
        if self._database is None:
            raise RuntimeError("the archive is not open")
        return self._database

    async def _run(self, function: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, function))

    # --- in the writer thread ------------------------------------------------------------------

    def _commit_waiting(self) -> None:
        """Write what waits; an earlier call may have taken this call's write along."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        if len(batch) > 1 and self._committed_together(batch):
            return
        for write in batch:
            self._commit(write)

    def _commit(self, write: _Write) -> None:
        try:
            with transaction(self._opened()) as database:
                value = write.function(database)
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            write.answer.set_exception(error)
        else:
            write.answer.set_result(value)

    def _committed_together(self, batch: list[_Write]) -> bool:
        """Write a batch with one commit; False when nothing of it was written, so that each must try alone."""
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            with transaction(self._opened()) as database:
                outcomes += [_within(database, write) for write in batch]
        except Exception:  # noqa: BLE001 - each write meets it again by itself, and its caller hears of it
            return False
        for write, (value, error) in zip(batch, outcomes, strict=True):
            if error is None:
                write.answer.set_result(value)
            else:
                write.answer.set_exception(error)
        return True


def _within(database: Database, write: _Write) -> tuple[Any, Exception | None]:
    """Run one write of a batch; what it raises undoes this write alone.

    Raises:
        sqlite3.Error: the database itself has a fault, which is not this write's own.
        OSError: likewise.
    """
    database.conn.execute("SAVEPOINT one")
    try:
        value = write.function(database)
    except (sqlite3.Error, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - handed to the caller
        database.conn.execute("ROLLBACK TO one")
        database.conn.execute("RELEASE one")
        return None, error
    database.conn.execute("RELEASE one")
    return value, None
