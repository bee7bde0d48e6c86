"""The data folder: who owns it, and whether what lies in it may be touched.

A database truncated to nothing passes SQLite's own checks with schema version 0, and a naive start
would build an empty archive and ring for everything again. So a marker beside the database says that
an archive exists, and the file's header is read as bytes before SQLite is allowed near it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.errors import AlreadyOwnedError, DataRefusedError, StorageError

DATABASE_NAME = "vigie.db"
MARKER_NAME = "instance.json"
LOCK_NAME = "lock"

#: "VIGI", written into the database header (SQLite file format, section 1.3, offset 68)
APPLICATION_ID = 0x56494749

_HEADER_SIZE = 100
_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The fields of an SQLite file header that decide whether the file is ours."""

    page_size: int
    page_count: int
    user_version: int
    application_id: int
    file_size: int


def prepare(folder: Path) -> None:
    """Create the data folder, readable by its owner alone.

    Raises:
        StorageError: it cannot be made, or is no folder.
    """
    with _usable(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextlib.contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be used as the data folder ({error.strerror}); "
            "make it writable, or point [service] data_dir at another one"
        ) from error


@contextlib.contextmanager
def ownership(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process, by ``flock``: a killed owner leaves no stale lock.

    Raises:
        AlreadyOwnedError: another process holds it.
        StorageError: the folder cannot be written.
    """
    prepare(folder)
    with _usable(folder):
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            text = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise AlreadyOwnedError(folder, int(text) if text.isdigit() else None) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def read_header(path: Path) -> Header:
    """Read the header without opening the file in SQLite.

    Raises:
        DataRefusedError: the file is shorter than a header, or no SQLite database.
    """
    with path.open("rb") as stream:
        raw = stream.read(_HEADER_SIZE)
        size = stream.seek(0, os.SEEK_END)
    if len(raw) < _HEADER_SIZE:
        raise DataRefusedError(path, f"the database is cut off after {size} bytes")
    if not raw.startswith(_MAGIC):
        raise DataRefusedError(path, "this is not an SQLite database")
    page_size = struct.unpack_from(">H", raw, 16)[0]
    page_count, user_version, application_id = (struct.unpack_from(">I", raw, offset)[0] for offset in (28, 60, 68))
    return Header(
        page_size=65536 if page_size == 1 else page_size,
        page_count=page_count,
        user_version=user_version,
        application_id=application_id,
        file_size=size,
    )


def examine(folder: Path, newest_version: int) -> None:
    """Decide whether the archive in ``folder`` may be opened; an absent one may be created.

    Args:
        folder: the data folder.
        newest_version: the schema version this program writes.

    Raises:
        DataRefusedError: damaged, foreign, or written by a newer version. No byte was changed.
    """
    path = folder / DATABASE_NAME
    marker = folder / MARKER_NAME
    journal = Path(f"{path}-wal")
    if not path.exists() or (path.stat().st_size == 0 and not _has_content(journal)):
        if marker.exists():
            raise DataRefusedError(path, f"{MARKER_NAME} says an archive exists, but the database is empty or gone")
        return
    if path.stat().st_size == 0:
        raise DataRefusedError(path, "the database is empty beside a write-ahead log")
    header = read_header(path)
    # Our own first start, killed before its first checkpoint, leaves a file without application id or tables.
    if header.application_id != APPLICATION_ID and not _is_unborn(path, header):
        raise DataRefusedError(path, "this database belongs to another program")
    if header.user_version > newest_version:
        raise DataRefusedError(
            path,
            f"written by a newer version of Vigie (schema {header.user_version}, this one knows {newest_version}); "
            "install that version",
        )
    promised = header.page_size * header.page_count
    # A crash in the middle of a checkpoint leaves a short file beside a log that completes it.
    if (header.file_size < promised or header.file_size % header.page_size) and not (
        _has_content(journal) and _replayed(path, _is_whole)
    ):
        raise DataRefusedError(
            path, f"the database is cut off: {header.file_size} bytes where its header promises {promised}"
        )


def is_half_begun(folder: Path) -> bool:
    """Whether a first start was killed while it made the file: its rollback journal undoes that.

    An archive has a write-ahead log and never such a journal.
    """
    return Path(f"{folder / DATABASE_NAME}-journal").exists() and not (folder / MARKER_NAME).exists()


def write_marker(folder: Path, instance: str) -> None:
    """Record durably that ``folder`` holds the archive of ``instance``."""
    marker = folder / MARKER_NAME
    temporary = folder / f"{MARKER_NAME}.new"
    # A leftover of a crash keeps the mode it was made with, so it goes first.
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump({"instance": instance, "database": DATABASE_NAME}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(marker)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _is_unborn(path: Path, header: Header) -> bool:
    """Tell whether a file without our mark holds nothing at all; it is opened so that no byte can change.

    What its write-ahead log adds must be ours, or nothing.
    """
    if header.application_id or header.user_version:
        return False
    if _has_content(Path(f"{path}-wal")):
        return _replayed(path, _is_ours_or_empty)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)
    except sqlite3.DatabaseError:
        return False


def _is_ours_or_empty(connection: sqlite3.Connection) -> bool:
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    return mark == APPLICATION_ID or (mark == 0 and tables == 0)


def _is_whole(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def _replayed(path: Path, holds: Callable[[sqlite3.Connection], bool]) -> bool:
    """Replay the write-ahead log on a copy and ask something of the result."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        try:
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                return holds(connection)
        except sqlite3.DatabaseError:
            return False
