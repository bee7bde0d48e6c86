"""The archive as the owner process uses it: one connection in one thread, off the event loop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from storage.database import open_writer, transaction

P = ParamSpec("P")
T = TypeVar("T")


class Archive:
    """Runs storage functions in the writer thread; SQLite's segment merges never stall the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._database: Database | None = None

    async def open(self) -> None:
        """Open or create the archive.

        Raises:
            storage.errors.DataRefusedError: what lies on disk must not be touched.
        """
        self._database = await asyncio.get_running_loop().run_in_executor(self._thread, open_writer, self.folder)

    async def write(self, function: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(database, …)`` as one durable transaction."""
        return await self._run(functools.partial(self._in_transaction, function, *args, **kwargs))

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

    def _in_transaction(self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with transaction(self._opened()) as database:
            return function(database, *args, **kwargs)

    async def _run(self, function: Callable[[], T]) -> T:
        # A cancelled caller must not leave half a step behind: the thread finishes what it began.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, function))
