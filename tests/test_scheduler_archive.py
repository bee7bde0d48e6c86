"""The writer thread: writes share commits, and still each stands or falls alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler.archive import MOST_TOGETHER, Archive
from storage.database import open_reader


class CountingError(Exception):
    """What a write raises on purpose."""


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    opened = Archive(tmp_path)
    await opened.open()
    await opened.write(lambda database: database.execute("CREATE TABLE number (n INTEGER NOT NULL UNIQUE)") and None)
    yield opened
    await opened.close()


def add(database: Database, number: int) -> int:
    database.execute("INSERT INTO number VALUES (?)", (number,))
    return number


def stored(archive: Archive) -> list[int]:
    database = open_reader(archive.folder)
    try:
        return [row[0] for row in database.execute("SELECT n FROM number ORDER BY n")]
    finally:
        database.conn.close()


async def held(archive: Archive) -> threading.Event:
    """Keep the writer thread busy until the event is set, so that writes pile up behind it."""
    entered, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait(_: Database) -> None:
        loop.call_soon_threadsafe(entered.set)
        release.wait(10)

    held_read = asyncio.create_task(archive.read(wait))
    await entered.wait()
    held_read.add_done_callback(lambda _: None)
    return release


async def test_writes_that_wait_share_a_commit(archive: Archive) -> None:
    commits: list[str] = []
    await archive.read(lambda database: database.conn.set_trace_callback(commits.append))
    release = await held(archive)
    writes = [asyncio.create_task(archive.write(add, number)) for number in range(3 * MOST_TOGETHER)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(*writes) == list(range(3 * MOST_TOGETHER))
    assert commits.count("COMMIT") == 3
    assert stored(archive) == list(range(3 * MOST_TOGETHER))


async def test_a_write_that_fails_takes_none_along(archive: Archive) -> None:
    def fail(database: Database) -> None:
        add(database, 99)
        raise CountingError("on purpose")

    release = await held(archive)
    before = asyncio.create_task(archive.write(add, 1))
    failing = asyncio.create_task(archive.write(fail))
    after = asyncio.create_task(archive.write(add, 2))
    await asyncio.sleep(0)
    release.set()
    assert await before == 1
    with pytest.raises(CountingError):
        await failing
    assert await after == 2
    assert stored(archive) == [1, 2], "half of the failed write would be here otherwise"


async def test_a_fault_of_the_database_is_met_by_its_own_write_alone(archive: Archive) -> None:
    release = await held(archive)
    writes = [asyncio.create_task(archive.write(add, number)) for number in (1, 1, 2)]
    await asyncio.sleep(0)
    release.set()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], sqlite3.IntegrityError)
    assert outcomes[2] == 2
    assert stored(archive) == [1, 2]


async def test_a_commit_that_fails_is_tried_write_by_write(archive: Archive) -> None:
    def orphan(database: Database) -> None:
        # The reference is checked when the transaction ends, so it breaks the commit of the whole batch.
        database.execute("PRAGMA defer_foreign_keys=ON")
        database.execute("INSERT INTO child VALUES (7)")

    await archive.write(lambda database: database.execute("CREATE TABLE child (n REFERENCES number (n))") and None)
    release = await held(archive)
    writes = [asyncio.create_task(archive.write(add, 1)), asyncio.create_task(archive.write(orphan))]
    writes.append(asyncio.create_task(archive.write(add, 2)))
    await asyncio.sleep(0)
    release.set()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == [1, 2]
    assert isinstance(outcomes[1], sqlite3.IntegrityError)
    assert stored(archive) == [1, 2]


async def test_an_answer_comes_when_it_is_on_disk(archive: Archive) -> None:
    await archive.write(add, 5)
    assert stored(archive) == [5], "another connection sees it: it is committed"
