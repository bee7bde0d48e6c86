"""Letting go of what need not be kept: saved pages and the log of attempts."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import to_text


def forget_evidence(database: Database, before: datetime) -> int:
    """Delete saved pages captured before a moment; return how many.

    Pages of a story that people were alerted to stay until every alert on it is acknowledged: nobody has looked at them
    yet.
    """
    cursor = database.execute(
        """
        DELETE FROM evidence WHERE captured_at < ? AND NOT EXISTS (
            SELECT 1 FROM revision r JOIN article a ON a.id = r.article_id JOIN alert l ON l.story_id = a.story_id
            WHERE r.id = evidence.revision_id AND l.acknowledged_at IS NULL AND l.recorded_only = 0
        )
        """,
        (to_text(before),),
    )
    return int(cursor.rowcount)


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
