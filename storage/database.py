"""Opening the archive: one writer, many readers, and the only transaction there is.

SQLite runs in WAL mode with ``synchronous=FULL``: an alert leaves this machine only after the
transaction that decided it is on disk. Writers take the lock at once (``BEGIN IMMEDIATE``), because a
deferred transaction that upgrades to writing fails without waiting (sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from storage import folder as data_folder
from storage.errors import ArchiveBusyError, ArchiveFullError, DataRefusedError
from storage.migrations import NEWEST_VERSION, migrate

#: how long a writer waits for somebody else's lock, in milliseconds
BUSY_TIMEOUT = 5_000
#: the write-ahead log is cut back to this size after a checkpoint, in bytes
JOURNAL_LIMIT = 64 * 1024 * 1024
#: pages of the log after which they are moved into the database, 32 MiB: an article touches some two hundred places of
#: the index of fingerprints, mostly the same ones as its neighbours, and SQLite's own 4 MiB move them after every few
CHECKPOINT_PAGES = 8_000
#: statements that the writer keeps compiled: an article takes some seventy, lists in them in several lengths
STATEMENTS = 512
#: what the writer keeps in memory of the archive
CACHE_KIBIBYTES = 64 * 1024


def open_writer(folder: Path) -> Database:
    """Open the archive in ``folder`` for writing, creating or migrating it first.

    The caller must hold :func:`storage.folder.ownership` and use the connection from one thread at a
    time.

    Raises:
        DataRefusedError: the data on disk must not be touched.
        ArchiveFullError: no room to create or migrate it.
    """
    data_folder.prepare(folder)
    data_folder.examine(folder, NEWEST_VERSION)
    path = folder / data_folder.DATABASE_NAME
    with wrapped_errors(path):
        path.touch(mode=0o600, exist_ok=True)
        # A writer that closes a damaged file would still move its log into it, so a reader looks first; but only a
        # writer can undo what a first start left that was killed before there was anything to read.
        if path.stat().st_size and not data_folder.is_half_begun(folder):
            _connect_read_only(path).close()
        connection = sqlite3.connect(
            path, check_same_thread=False, timeout=BUSY_TIMEOUT / 1000, cached_statements=STATEMENTS
        )
        database = Database(connection)
        try:
            _configure(connection)
            migrate(database)
            # The marker must never promise more than the main file can show after a crash.
            if not (folder / data_folder.MARKER_NAME).exists():
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                data_folder.write_marker(folder, instance_id(database))
        except BaseException:
            connection.close()
            raise
    return database


def open_reader(folder: Path) -> Database:
    """Open the archive read-only, for one thread.

    Raises:
        DataRefusedError: there is no archive, or it must not be touched.
    """
    path = folder / data_folder.DATABASE_NAME
    data_folder.examine(folder, NEWEST_VERSION)
    if not path.exists():
        raise DataRefusedError(path, "there is no archive here yet; 'vigie run' creates one")
    with wrapped_errors(path):
        connection = _connect_read_only(path)
    return Database(connection)


def instance_id(database: Database) -> str:
    """Return the identity of this archive, part of every alert's identity; backups carry it along."""
    return str(database.execute("SELECT value FROM meta WHERE key = 'instance'").fetchone()[0])


def _connect_read_only(path: Path) -> sqlite3.Connection:
    """Open without a chance to write, and read all of the schema: damage there is found at once."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT / 1000,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    connection.execute(f"PRAGMA journal_size_limit={JOURNAL_LIMIT}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")


@contextlib.contextmanager
def transaction(database: Database) -> Iterator[Database]:
    """Run the block as one durable transaction; any exception rolls it back.

    Nested sqlite-utils calls join it as savepoints.

    Raises:
        ArchiveBusyError: somebody else held the lock for longer than the archive waits.
        ArchiveFullError: no room on the disk.
    """
    with wrapped_errors():
        database.conn.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.conn.execute("COMMIT")
        except BaseException:
            if database.conn.in_transaction:
                database.conn.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def attempt(database: Database) -> Iterator[Database]:
    """Run the block as a part of the transaction under way; an exception undoes this part alone, and passes on.

    Raises:
        sqlite3.Error: SQLite may have ended the whole transaction, as on a full disk; write nothing more in it.
    """
    database.conn.execute("SAVEPOINT attempt")
    try:
        yield database
    except sqlite3.Error:
        raise
    except BaseException:
        database.conn.execute("ROLLBACK TO attempt")
        database.conn.execute("RELEASE attempt")
        raise
    database.conn.execute("RELEASE attempt")


@contextlib.contextmanager
def wrapped_errors(path: Path | None = None) -> Iterator[None]:
    """Turn SQLite errors that a person can act on into the archive's own; bugs pass through."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else None
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ArchiveBusyError(
                "the database is locked by another program; close whatever has it open and try again"
            ) from error
        if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            raise ArchiveFullError(f"the database could not be written ({error}); free space on its disk") from error
        raise
    except sqlite3.DatabaseError as error:
        # The low byte is the kind of fault; the full-text index reports its own damage in the bytes above.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise DataRefusedError(path or Path("database"), f"the database is damaged ({error})") from error
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ArchiveFullError(f"no room on the disk of the archive ({error.strerror}); free space") from error
        raise
