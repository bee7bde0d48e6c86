"""Verified copies of the archive, taken while it is in use, and the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from storage import folder as data_folder
from storage.database import open_reader, wrapped_errors
from storage.errors import DataRefusedError, StorageError
from storage.migrations import NEWEST_VERSION

#: pages copied between two looks at other connections
_PAGES = 512


def backup(source: Path, destination: Path) -> Path:
    """Copy the archive in folder ``source`` to the file ``destination``, checked and readable by you alone.

    The copy appears under its name only when it is whole (written beside it, checked, renamed).

    Raises:
        StorageError: the destination exists or cannot be written, or the copy is damaged.
        DataRefusedError: there is no archive to copy.
    """
    if destination.is_dir():
        destination = destination / data_folder.DATABASE_NAME
    if destination.exists():
        raise StorageError(f"{destination} exists already; name a file that does not")
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}")
    reader = open_reader(source)
    try:
        temporary.touch(mode=0o600)
        with wrapped_errors(destination), contextlib.closing(sqlite3.connect(temporary)) as copy:
            # One state of the archive: without it every write of the owner would start the copy again.
            reader.conn.execute("BEGIN")
            reader.conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reader.conn.backup(copy, pages=_PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")
            _verify(copy, destination)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(destination)
    finally:
        reader.conn.close()
        temporary.unlink(missing_ok=True)
    return destination


def restore(source: Path, folder: Path) -> None:
    """Put the backup ``source`` into the data folder; what lay there is kept beside it as ``….before-restore``.

    The caller must hold :func:`storage.folder.ownership`.

    Raises:
        DataRefusedError: the backup is damaged, foreign, or from a newer version.
    """
    if not source.is_file():
        raise StorageError(f"{source} is not a file; name the copy that 'vigie backup' wrote")
    header = data_folder.read_header(source)
    if header.application_id != data_folder.APPLICATION_ID:
        raise DataRefusedError(source, "this is no backup of Vigie's archive")
    if header.user_version > NEWEST_VERSION:
        raise DataRefusedError(source, "this backup was written by a newer version of Vigie; install that version")
    data_folder.prepare(folder)
    target = folder / data_folder.DATABASE_NAME
    temporary = folder / f"{data_folder.DATABASE_NAME}.restoring"
    try:
        with wrapped_errors(source):
            instance = _checked_copy(source, temporary)
        for name in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
            if name.exists():
                name.replace(name.with_name(f"{name.name}.before-restore"))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    data_folder.write_marker(folder, instance)


def _checked_copy(source: Path, temporary: Path) -> str:
    """Copy a backup durably, check the copy, end the sessions in it, and return whose archive it is."""
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    shutil.copyfile(source, temporary)
    with contextlib.closing(sqlite3.connect(temporary)) as copy:
        _verify(copy, source)
        # Who was logged in when the copy was made may have been sent away since.
        if copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session'").fetchone():
            copy.execute("DELETE FROM session")
            copy.commit()
        instance = str(copy.execute("SELECT value FROM meta WHERE key = 'instance'").fetchone()[0])
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    return instance


def prune(folder: Path, keep: int) -> int:
    """Delete all but the newest ``keep`` copies in a folder of backups; return how many went."""
    copies = sorted(folder.glob("vigie-*.db"))
    surplus = copies[: max(0, len(copies) - keep)]
    for copy in surplus:
        copy.unlink()
    return len(surplus)


def _verify(copy: sqlite3.Connection, name: Path) -> None:
    verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DataRefusedError(name, f"the copy is damaged ({verdict})")
