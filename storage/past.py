"""The past of an archive as a backtest asks for it: what people changed, what was decided and told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.listed import listed
from storage.threads import JOIN
from storage.times import from_text, to_text

#: keys asked for in one statement
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """Something besides a reading that later decisions depend on."""

    at: datetime
    #: ``withdrawn``, ``restored``, ``acknowledged``, ``merge`` or ``split``
    kind: str
    #: keys of the articles that it is about
    keys: tuple[str, ...] = ()
    #: of an alert that was acknowledged
    alert_id: str | None = None
    author: str = ""
    #: a key of an article of the story that grew by a merge
    into: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAlert:
    """An alert as a comparison needs it."""

    id: str
    watch_id: str
    type: str
    reason: str
    severity: int
    headline: str
    #: the sentence that proves it
    sentence: str
    at: datetime
    #: key of the article that set it off
    key: str
    article_id: int
    story_id: int | None
    #: SHA-256 of what it says: equal digests are messages that are equal but for the numbers of stories
    digest: str


def changes(database: Database, since: datetime | None, until: datetime) -> list[PastChange]:
    """Return what besides readings changed decisions from one moment to before another one, in its order."""
    window = (to_text(since) if since else "", to_text(until))
    found = [
        PastChange(at=from_text(row[0]), kind=row[1], keys=(row[2],), detail=_answer(row[3]))
        for row in database.execute(
            """
            SELECT e.at, e.kind, a.key, e.detail FROM article_event e JOIN article a ON a.id = e.article_id
            WHERE e.at >= ? AND e.at < ? AND e.kind IN ('withdrawn', 'restored') ORDER BY e.at, e.id
            """,
            window,
        )
    ]
    found += [
        PastChange(at=from_text(row[1]), kind="acknowledged", alert_id=row[0], author=row[2] or "")
        for row in database.execute(
            "SELECT id, acknowledged_at, acknowledged_by FROM alert WHERE acknowledged_at >= ? AND acknowledged_at < ? "
            "ORDER BY acknowledged_at, id",
            window,
        )
    ]
    by_hand = database.execute(
        "SELECT at, kind, story_id, articles, author FROM story_change WHERE at >= ? AND at < ? AND kind <> ? "
        "ORDER BY id",
        (*window, JOIN),
    ).fetchall()
    for at, kind, story_id, moved, author in by_hand:
        ids = json.loads(moved)
        into = database.execute(
            f"SELECT key FROM article WHERE story_id = ? AND id NOT IN ({','.join('?' * len(ids[:_AT_ONCE]))}) "  # noqa: S608 (placeholders)
            "ORDER BY id LIMIT 1",
            (story_id, *ids[:_AT_ONCE]),
        ).fetchone()
        found.append(
            PastChange(
                at=from_text(at), kind=kind, keys=_keys(database, ids), author=author, into=into[0] if into else None
            )
        )
    return sorted(found, key=lambda one: one.at)


def _answer(detail: str) -> str:
    answer = json.loads(detail).get("answer", "")
    return answer if isinstance(answer, str) else ""


def _keys(database: Database, ids: Collection[int]) -> tuple[str, ...]:
    marks, wanted = listed(sorted(ids))
    rows = database.execute(f"SELECT key FROM article WHERE id IN ({marks}) ORDER BY id", wanted)  # noqa: S608 (placeholders)
    return tuple(row[0] for row in rows)


def alerts(database: Database, watch_ids: Iterable[str], since: datetime, until: datetime) -> list[PastAlert]:
    """Return what watches told of articles from one moment to before another one, the first first.

    Lists, escalations and what is told of the watch itself are no alerts of their own and are left out.
    """
    marks, wanted = listed(sorted(set(watch_ids)))
    rows = database.query(
        f"""
        SELECT l.id, l.watch_id, l.type, l.reason, l.severity, l.headline, l.payload, l.created_at, l.article_id,
            l.story_id, a.key
        FROM alert l JOIN article a ON a.id = l.article_id
        WHERE l.watch_id IN ({marks}) AND l.created_at >= ? AND l.created_at < ? AND l.escalates IS NULL
        ORDER BY l.created_at, l.sequence, l.id
        """,  # noqa: S608 (placeholders)
        (*wanted, to_text(since), to_text(until)),
    )
    return [_alert(row) for row in rows]


def _alert(row: dict[str, Any]) -> PastAlert:
    payload: str = row["payload"]
    events: list[dict[str, Any]] = json.loads(payload).get("data", {}).get("events") or [{}]
    return PastAlert(
        id=row["id"],
        watch_id=row["watch_id"],
        type=row["type"],
        reason=row["reason"] or "",
        severity=row["severity"],
        headline=row["headline"],
        sentence=str(events[0].get("sentence", "")),
        at=from_text(row["created_at"]),
        key=row["key"],
        article_id=row["article_id"],
        story_id=row["story_id"],
        digest=hashlib.sha256(_said(payload).encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _said(payload: str) -> str:
    """Return what a message says, the numbers of its story left out: another archive counts otherwise."""
    body: dict[str, Any] = json.loads(payload)
    data = body.get("data", {})
    data.pop("links", None)
    for name in ("id", "url"):
        data.get("story", {}).pop(name, None)
    return json.dumps(body, sort_keys=True, ensure_ascii=True)


def places(database: Database, keys: Collection[str]) -> dict[str, tuple[int, int | None]]:
    """Return the article and the story that stand behind each key, as they are now."""
    wanted = sorted(set(keys))
    found: dict[str, tuple[int, int | None]] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        some = wanted[at : at + _AT_ONCE]
        rows = database.execute(
            f"SELECT key, id, story_id FROM article WHERE key IN ({','.join('?' * len(some))})",  # noqa: S608 (placeholders)
            some,
        )
        found |= {row[0]: (row[1], row[2]) for row in rows}
    return found


def counted(
    database: Database, watch_ids: Iterable[str], since: datetime, until: datetime, but: Collection[str]
) -> dict[str, int]:
    """Return how many readings each watch decided on, those left out that have one of some reasons.

    Args:
        database: the archive.
        watch_ids: the watches.
        since: from when.
        until: to before when.
        but: reasons that do not count.
    """
    marks, wanted = listed(sorted(set(watch_ids)))
    others, left_out = listed(sorted(but))
    rows = database.execute(
        f"""
        SELECT watch_id, count(*) FROM decision
        WHERE watch_id IN ({marks}) AND decided_at >= ? AND decided_at < ? AND reason NOT IN ({others})
        GROUP BY watch_id
        """,  # noqa: S608 (placeholders)
        (*wanted, to_text(since), to_text(until), *left_out),
    )
    return {row[0]: int(row[1]) for row in rows}
