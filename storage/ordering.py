"""In which order deliveries of one channel leave: what a watch tells of one story stays in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from storage.times import to_text

#: HTTP status codes by which a receiver refuses one message, and says nothing of others
OF_A_MESSAGE = (400, 413, 422)
# Such a message is tried for days; what is news on its story must not wait for so long.
_NOT_REFUSED = f"""NOT (e.state = 'pending' AND coalesce((
    SELECT t.outcome = 'channel_config' AND t.code IN {OF_A_MESSAGE} FROM attempt t
    WHERE t.delivery_id = e.id ORDER BY t.id DESC LIMIT 1), 0))"""  # noqa: S608 (fixed text)


def next_in_order(database: Database, channel_id: str, now: datetime, limit: int, without: Sequence[str]) -> list[int]:
    """Return the due deliveries that nothing earlier holds back, oldest first.

    They are read until there are enough: with ten thousand waiting, looking at all of them for each lease would take
    longer than sending.
    """
    due = database.execute(
        """
        SELECT d.id, d.recipient, a.watch_id, a.story_id, a.id FROM delivery d CROSS JOIN alert a ON a.id = d.alert_id
        WHERE d.channel_id = ? AND d.state = 'pending' AND d.next_attempt_at <= ? ORDER BY d.next_attempt_at, d.id
        """,
        (channel_id, to_text(now)),
    )
    found: list[int] = []
    earliest: dict[tuple[str, str, int], int | None] = {}
    for delivery_id, recipient, watch_id, story_id, alert_id in due:
        if len(found) >= limit:
            break
        if recipient in without:
            continue
        if story_id is not None:
            key = (recipient, watch_id, story_id)
            if key not in earliest:
                earliest[key] = _earliest_of_story(database, channel_id, *key)
            if (first := earliest[key]) is not None and first < delivery_id:
                continue
        if not _list_waits(database, channel_id, recipient, alert_id):
            found.append(delivery_id)
    return found


def _earliest_of_story(database: Database, channel_id: str, recipient: str, watch_id: str, story_id: int) -> int | None:
    """Return the first delivery on a story that what follows must wait for, None for none."""
    row = database.execute(
        f"""
        SELECT min(e.id) FROM (
            SELECT id FROM alert WHERE watch_id = :watch AND story_id = :story
            UNION ALL SELECT n.id FROM alert o CROSS JOIN alert n ON n.escalates = o.id
                WHERE o.watch_id = :watch AND o.story_id = :story
        ) b CROSS JOIN delivery e ON e.alert_id = b.id
        WHERE e.channel_id = :channel AND e.recipient = :recipient AND e.state IN ('pending', 'leased')
            AND {_NOT_REFUSED}
        """,  # noqa: S608 (fixed text)
        {"watch": watch_id, "story": story_id, "channel": channel_id, "recipient": recipient},
    ).fetchone()
    return None if row[0] is None else int(row[0])


def _list_waits(database: Database, channel_id: str, recipient: str, alert_id: str) -> bool:
    """Whether a list must wait for something earlier on a story that it tells of."""
    # CROSS keeps the order: from the few lists outwards, not from all that waits.
    row = database.execute(
        f"""
        SELECT 1 FROM batch g CROSS JOIN delivery m ON m.batch_id = g.id
            CROSS JOIN alert c ON c.id = m.alert_id
            CROSS JOIN alert b ON b.watch_id = c.watch_id AND b.story_id = c.story_id
            CROSS JOIN delivery e ON e.alert_id = b.id
        WHERE g.alert_id = :alert AND m.state = 'batched' AND m.recipient = :recipient
            AND e.channel_id = :channel AND e.recipient = :recipient
            AND e.id < m.id AND e.state IN ('pending', 'leased') AND {_NOT_REFUSED} LIMIT 1
        """,  # noqa: S608 (fixed text)
        {"alert": alert_id, "recipient": recipient, "channel": channel_id},
    ).fetchone()
    return row is not None
