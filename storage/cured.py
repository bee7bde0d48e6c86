"""What failed for a reason on this machine comes due again once the reason is gone."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from storage.times import to_text
from storage.types import FailureReason


def come_due(database: Database, reason: FailureReason, now: datetime) -> int:
    """Have everything that last failed for ``reason`` asked for again now; return how many pages that is.

    Sources, addresses and pages start without the back-off they had run up; pages that were given up for it
    are taken up again.
    """
    moment = to_text(now)
    database.execute(
        "UPDATE source SET next_check_at = min(next_check_at, ?), failures = 0 WHERE failure = ? AND enabled = 1",
        (moment, reason),
    )
    database.execute("UPDATE feed SET resume_at = NULL, failures = 0 WHERE failure = ?", (reason,))
    cursor = database.execute(
        "UPDATE entry SET state = 'pending', attempts = 0, next_attempt_at = ? WHERE failure = ? AND state <> 'done'",
        (moment, reason),
    )
    return int(cursor.rowcount)
