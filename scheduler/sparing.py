"""Parts of a transaction that may fail alone: what is wrong with one of them must not take an alert with it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from storage.database import attempt

logger = logging.getLogger(__name__)


@contextmanager
def spared(database: Database, trouble: str) -> Iterator[None]:
    """Run the block as a part of the transaction under way; undo and log it when a fault of ours breaks it off.

    Raises:
        sqlite3.Error: the archive itself fails, and with it the whole transaction.
    """
    try:
        with attempt(database):
            yield
    except sqlite3.Error:
        raise
    except Exception:
        logger.exception(trouble)
