"""Read-only connections to the archive, a bounded number, lent to one page at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from review.errors import PageBusyError
from storage.database import open_reader
from storage.reading import snapshot

#: connections open at most
MOST_READERS = 8
#: how long a page waits for one, in seconds
PATIENCE = 5.0
#: how long the queries of one page may take, in seconds
QUERY_DEADLINE = 10.0


class Readers:
    """A pool of read-only connections; threads come and go, connections stay."""

    def __init__(self, folder: Path, *, limit: int = MOST_READERS, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience
        self._free = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[Database] = []
        self._closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Database]:
        """Lend a connection that sees one unchanging state of the archive.

        Raises:
            PageBusyError: all connections stayed in use, or the service is stopping.
            DataRefusedError: there is no archive, or it must not be touched.
        """
        if not self._free.acquire(timeout=self._patience):
            raise PageBusyError("too many pages are being read at once; try again in a moment")
        try:
            database = self._take()
            try:
                with snapshot(database, QUERY_DEADLINE):
                    yield database
            finally:
                self._give_back(database)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close idle connections now and lent ones when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for database in idle:
            database.conn.close()

    def _take(self) -> Database:
        with self._lock:
            if self._closed:
                raise PageBusyError("the service is stopping")
            if self._idle:
                return self._idle.pop()
        return open_reader(self._folder)

    def _give_back(self, database: Database) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(database)
                return
        database.conn.close()
