"""What can go wrong with the archive.

::

    StorageError
    ├── DataRefusedError      the database is damaged, foreign or newer than this version
    ├── AlreadyOwnedError     another instance owns the data folder
    ├── ArchiveBusyError      somebody else held the database for too long
    ├── ArchiveFullError      the disk has no room for the write
    ├── ConflictError         what is asked for does not agree with what is there
    ├── NotFoundError         no such article, story, alert or delivery
    └── SearchError           a search expression the full-text index cannot read
"""

from __future__ import annotations

from pathlib import Path


class StorageError(Exception):
    """Base of everything the archive raises on purpose."""


class DataRefusedError(StorageError):
    """The data on disk is not what this version may touch; nothing was changed."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path}: {reason}. Nothing was touched. Restore a backup with 'vigie restore', "
            "or point [service] data_dir at another folder."
        )


class AlreadyOwnedError(StorageError):
    """Another running instance owns the data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder = folder
        self.pid = pid
        owner = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{folder}: {owner} already runs Vigie on this data folder. "
            "Stop it first, or choose another [service] data_dir."
        )


class ArchiveBusyError(StorageError):
    """The database stayed locked longer than the archive waits."""


class ArchiveFullError(StorageError):
    """The disk, or the database's size limit, is full; the transaction was rolled back."""


class ConflictError(StorageError):
    """What is asked for does not agree with what is there, such as a name that is taken."""


class NotFoundError(StorageError):
    """The thing asked for is not in the archive."""


class SearchError(StorageError):
    """The full-text index cannot read the expression."""
