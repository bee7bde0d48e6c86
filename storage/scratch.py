"""An archive for a while: where a backtest takes the past through the service's path once more.

It lies in a folder of its own and never beside the real one. What the path asks of the archive besides articles stands
in it: the archive's identity, the sources, the silences.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from storage.database import open_writer, transaction
from storage.times import to_text

#: tables that are taken over as they stand
_TAKEN_OVER = ("source", "silence")


@contextmanager
def scratch(archive: Database) -> Iterator[Database]:
    """Open an empty archive with the identity of another one; it is gone when the block ends.

    Args:
        archive: the real one; only read.
    """
    with tempfile.TemporaryDirectory(prefix="vigie-backtest-", ignore_cleanup_errors=True) as folder:
        database = open_writer(Path(folder) / "archive")
        try:
            # Nothing of it outlives this process, so it need not be forced to the disk.
            database.conn.execute("PRAGMA journal_mode=MEMORY")
            database.conn.execute("PRAGMA synchronous=OFF")
            # The real archive held every reference to be good already.
            database.conn.execute("PRAGMA foreign_keys=OFF")
            for trigger in ("insert", "delete", "update"):
                database.conn.execute(f"DROP TRIGGER revision_search_{trigger}")
            with transaction(database):
                _take_over(database, archive)
            yield database
        finally:
            database.conn.close()


def _take_over(database: Database, archive: Database) -> None:
    instance = archive.execute("SELECT value FROM meta WHERE key = 'instance'").fetchone()
    database.execute("UPDATE meta SET value = ? WHERE key = 'instance'", instance)
    for table in _TAKEN_OVER:
        cursor = archive.execute(f"SELECT * FROM {table}")  # noqa: S608 (fixed names)
        columns = ", ".join(f'"{column[0]}"' for column in cursor.description)
        marks = ", ".join("?" * len(cursor.description))
        database.conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", cursor)  # noqa: S608 (fixed names)


def set_looked_at(database: Database, article_id: int, moment: datetime) -> None:
    """Record when an article's page was last looked at and was there."""
    database.execute(
        """
        INSERT INTO look (article_id, host, reason, looked_at) VALUES (?, '', '', ?)
        ON CONFLICT (article_id) DO UPDATE SET looked_at = excluded.looked_at
        """,
        (article_id, to_text(moment)),
    )


def set_acknowledged(database: Database, alert_id: str, moment: datetime, author: str | None) -> None:
    """Record that somebody took an alert in hand, where it was raised."""
    database.execute(
        "UPDATE alert SET acknowledged_at = ?, acknowledged_by = ?, escalate_at = NULL WHERE id = ?",
        (to_text(moment), author, alert_id),
    )
