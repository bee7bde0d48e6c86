"""What of a story somebody took in hand."""

from __future__ import annotations

import json

from sqlite_utils import Database

from storage.alerts import CORRECTION, RETRACTIONS, Act


def acknowledged_acts(database: Database, watch_id: str, story_id: int) -> tuple[tuple[Act, int], ...] | None:
    """Return the acts of a story that a watch's people acknowledged, each with its highest severity; None for nothing.

    What an import recorded was told to nobody, but somebody may have taken it in hand all the same. What was taken
    back since is in nobody's hands: whoever tells it anew tells news.
    """
    rows = database.query(
        """
        SELECT type, reason, severity, acts, acknowledged_at FROM alert WHERE watch_id = ? AND story_id = ?
        ORDER BY created_at, sequence
        """,
        (watch_id, story_id),
    )
    known: dict[Act, int] = {}
    acknowledged = False
    for row in rows:
        acknowledged = acknowledged or row["acknowledged_at"] is not None
        for type_, actor, target, severity in json.loads(row["acts"]):
            act = (type_, actor, target)
            if row["type"] == CORRECTION and row["reason"] in RETRACTIONS:
                known.pop(act, None)
            elif row["acknowledged_at"] is not None:
                known[act] = max(severity, known.get(act, 0))
    return tuple(sorted(known.items(), key=str)) if acknowledged else None
