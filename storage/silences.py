"""Silences: alerts that match are recorded, not sent, for a while and for a stated reason.

What matches is decided in :mod:`alerts.silencing`; here is what it needs to know, and what a silence hid.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.alerts import CORRECTION, Act, alert_from_row
from storage.errors import NotFoundError
from storage.times import from_text, from_text_or_none, to_text
from storage.types import Alert, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What an alert is about, as far as a silence may ask."""

    watch_id: str
    story_id: int | None
    severity: int
    acts: tuple[Act, ...]
    source_id: str | None
    #: the webhook type, such as ``alert.new``
    type: str
    #: of a correction: whether this recipient heard of the same story from the same watch before
    heard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """An alert that a silence held back from one recipient."""

    alert: Alert
    channel_id: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A line of the list of silences."""

    silence: Silence
    #: how many alerts it held back so far
    hid: int


def add(
    database: Database,
    *,
    watch_id: str | None,
    author: str,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    story_id: int | None = None,
    pair: tuple[str, str] | None = None,
    one_way: bool = False,
    types: tuple[str, ...] = (),
    max_severity: int | None = None,
    source_id: str | None = None,
) -> Silence:
    """Start a silence; every part that is given must match, one that is None matches any.

    Raises:
        ValueError: it would never hold, or says not who wants it and why.
        NotFoundError: there is no such story.
    """
    if ends_at <= starts_at:
        raise ValueError(f"a silence that ends before it starts ({starts_at} – {ends_at}) silences nothing")
    if not author.strip() or not reason.strip():
        raise ValueError("a silence needs an author and a reason")
    if story_id is not None and not database.execute("SELECT 1 FROM story WHERE id = ?", (story_id,)).fetchone():
        raise NotFoundError(f"no story {story_id} is stored")
    cursor = database.execute(
        """
        INSERT INTO silence (watch_id, author, reason, starts_at, ends_at, story_id, pair, one_way, types,
            max_severity, source_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            watch_id, author.strip(), reason.strip(), to_text(starts_at), to_text(ends_at), story_id,
            json.dumps(pair) if pair else None, int(one_way), json.dumps(types), max_severity, source_id,
        ),
    )  # fmt: skip
    return get(database, int(cursor.lastrowid or 0))


def get(database: Database, silence_id: int) -> Silence:
    """Return one silence.

    Raises:
        NotFoundError: no silence has this id.
    """
    for row in database.query("SELECT * FROM silence WHERE id = ?", (silence_id,)):
        return _silence(row)
    raise NotFoundError(f"no silence {silence_id}; 'vigie silence list' shows them")


def running(database: Database, now: datetime) -> list[Silence]:
    """Return the silences in force, the one that holds longest first."""
    rows = database.query(
        """
        SELECT * FROM silence WHERE starts_at <= :now AND ends_at > :now AND closed_at IS NULL
        ORDER BY ends_at DESC, id DESC
        """,
        {"now": to_text(now)},
    )
    return [_silence(row) for row in rows]


def over(database: Database, now: datetime) -> list[Silence]:
    """Return silences that came to their end, which nobody was told of yet."""
    rows = database.query(
        "SELECT * FROM silence WHERE ends_at <= ? AND closed_at IS NULL ORDER BY ends_at, id", (to_text(now),)
    )
    return [_silence(row) for row in rows]


def close(database: Database, silence_id: int, now: datetime) -> None:
    """Mark the end of a silence as dealt with."""
    database.execute("UPDATE silence SET closed_at = ? WHERE id = ? AND closed_at IS NULL", (to_text(now), silence_id))


def clamp(database: Database, now: datetime) -> int:
    """Let silences that start ahead of the clock start now, as long as they were meant to be.

    A silence starts when somebody asks for it. One that starts later was asked for by a clock that ran ahead.
    """
    ahead = [
        _silence(row)
        for row in database.query("SELECT * FROM silence WHERE starts_at > ? AND closed_at IS NULL", (to_text(now),))
    ]
    for silence in ahead:
        database.execute(
            "UPDATE silence SET starts_at = ?, ends_at = ? WHERE id = ?",
            (to_text(now), to_text(now + (silence.ends_at - silence.starts_at)), silence.id),
        )
    return len(ahead)


def listing(
    database: Database, *, before: tuple[datetime, int] | None = None, limit: int | None = None
) -> list[SilenceRow]:
    """Return silences, the latest end first, each with how many alerts it held back.

    Args:
        database: the archive.
        before: only those after this (end, id) in the list.
        limit: at most so many; None gives all.
    """
    before_end, before_id = before or (None, None)
    rows = database.query(
        """
        SELECT s.*, (SELECT count(DISTINCT d.alert_id) FROM delivery d WHERE d.silence_id = s.id) AS hid
        FROM silence s WHERE :before IS NULL OR (s.ends_at, s.id) < (:before, :before_id)
        ORDER BY s.ends_at DESC, s.id DESC LIMIT :limit
        """,
        {
            "before": None if before_end is None else to_text(before_end), "before_id": before_id,
            "limit": 2**31 if limit is None else limit,
        },
    )  # fmt: skip
    return [SilenceRow(silence=_silence(row), hid=row["hid"]) for row in rows]


def end(database: Database, silence_id: int, now: datetime) -> None:
    """End a silence now.

    Raises:
        NotFoundError: no silence with this id is still running.
    """
    cursor = database.execute(
        "UPDATE silence SET ends_at = :now WHERE id = :id AND ends_at > :now AND closed_at IS NULL",
        {"now": to_text(now), "id": silence_id},
    )
    if cursor.rowcount != 1:
        raise NotFoundError(f"no running silence {silence_id}; 'vigie silence list' shows them")


def hidden(database: Database, silence_id: int) -> list[Hidden]:
    """Return what a silence still holds back, in the order of the alerts; what was sent by hand since is left out."""
    rows = database.query(
        """
        SELECT a.*, d.channel_id, d.recipient FROM delivery d JOIN alert a ON a.id = d.alert_id
        WHERE d.silence_id = ? AND d.state = 'suppressed' ORDER BY a.created_at, d.id
        """,
        (silence_id,),
    )
    return [Hidden(alert=alert_from_row(row), channel_id=row["channel_id"], recipient=row["recipient"]) for row in rows]


# Heard of is what was sent, by itself, in a list or by an escalation, and what the end of a silence named.
_MATTER = """
    SELECT a.watch_id, a.story_id, a.severity, a.acts, t.source_id, l.type, l.payload, l.type = :correction AND EXISTS (
        SELECT 1 FROM alert h CROSS JOIN alert b ON b.id = h.id OR b.escalates = h.id
            CROSS JOIN delivery e ON e.alert_id = b.id
            LEFT JOIN silence s ON s.id = e.silence_id
            LEFT JOIN batch g ON g.id = e.batch_id AND e.state = 'batched'
            LEFT JOIN delivery w ON w.alert_id = g.alert_id AND w.channel_id = e.channel_id
                AND w.recipient = e.recipient
        WHERE h.watch_id = a.watch_id AND h.story_id = a.story_id AND h.id <> a.id
            AND e.channel_id = :channel AND e.recipient = :recipient
            AND (e.sent_at IS NOT NULL OR e.maybe_delivered OR w.sent_at IS NOT NULL OR w.maybe_delivered
                OR (e.state = 'suppressed' AND s.closed_at IS NOT NULL))
    ) AS heard
    FROM alert l JOIN alert a ON a.id = coalesce(l.escalates, l.id) LEFT JOIN article t ON t.id = a.article_id
    WHERE l.id = :alert
"""


def matters(database: Database, delivery_id: int) -> list[Matter]:
    """Return what a delivery tells: of a list, what each of its members is about.

    Nothing when no silence may hold it: somebody asked for it by hand, or it is the daily digest, which is a sign of
    life as well.
    """
    for row in database.query(
        """
        SELECT d.alert_id, d.channel_id, d.recipient, a.type, a.payload
        FROM delivery d JOIN alert a ON a.id = d.alert_id WHERE d.id = ? AND d.by_hand = 0
        """,
        (delivery_id,),
    ):
        told = [row["alert_id"]]
        if row["type"] == _LIST:
            daily = json.loads(row["payload"])["data"]["kind"] == "daily"
            told = [] if daily else listed(database, row["alert_id"])
        found = (matter(database, one, channel_id=row["channel_id"], recipient=row["recipient"]) for one in told)
        return [one for one in found if one is not None]
    return []


#: an alert of this type lists others
_LIST = "alert.digest"


def listed(database: Database, alert_id: str) -> list[str]:
    """Return the ids of the alerts that a list tells; none when it is no list."""
    rows = database.execute(
        """
        SELECT d.alert_id FROM delivery d JOIN batch b ON b.id = d.batch_id
        WHERE b.alert_id = ? AND d.state = 'batched' GROUP BY d.alert_id ORDER BY min(d.id)
        """,
        (alert_id,),
    )
    return [row[0] for row in rows]


def matter(database: Database, alert_id: str, *, channel_id: str = "", recipient: str = "") -> Matter | None:
    """Return what an alert is about; an escalation is about what the alert that it carries further is about.

    Args:
        database: the archive.
        alert_id: which alert.
        channel_id: through which channel somebody is to hear of it.
        recipient: who.
    """
    wanted = {"alert": alert_id, "channel": channel_id, "recipient": recipient, "correction": CORRECTION}
    for row in database.query(_MATTER, wanted):
        return Matter(
            watch_id=row["watch_id"],
            story_id=row["story_id"],
            severity=row["severity"],
            acts=tuple((type_, actor, target) for type_, actor, target, _ in json.loads(row["acts"])),
            source_id=row["source_id"] if row["watch_id"] else json.loads(row["payload"])["data"].get("source"),
            type=row["type"],
            heard=bool(row["heard"]),
        )
    return None


def _silence(row: dict[str, Any]) -> Silence:
    first, second = json.loads(row["pair"]) if row["pair"] else (None, None)
    return Silence(
        id=row["id"],
        watch_id=row["watch_id"],
        author=row["author"],
        reason=row["reason"],
        starts_at=from_text(row["starts_at"]),
        ends_at=from_text(row["ends_at"]),
        story_id=row["story_id"],
        pair=(first, second) if first and second else None,
        one_way=bool(row["one_way"]),
        types=tuple(json.loads(row["types"])),
        max_severity=row["max_severity"],
        source_id=row["source_id"],
        closed_at=from_text_or_none(row["closed_at"]),
    )
