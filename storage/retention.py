"""Letting go of what need not be kept: saved pages and the log of attempts."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import to_text


def forget_evidence(database: Database, before: datetime) -> int:
    """Delete saved pages captured before a moment; return how many."""
    return int(database.execute("DELETE FROM evidence WHERE captured_at < ?", (to_text(before),)).rowcount)


def forget_attempts(database: Database, before: datetime) -> int:
    """Delete the attempts of deliveries that arrived before a moment; dead letters keep theirs."""
    cursor = database.execute(
        """
        DELETE FROM attempt WHERE ended_at < ?
            AND delivery_id IN (SELECT id FROM delivery WHERE state IN ('sent', 'suppressed'))
        """,
        (to_text(before),),
    )
    return int(cursor.rowcount)
