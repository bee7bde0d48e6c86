"""What stories tell of acts between states, and the changes of rung that followed.

``story_act`` holds a row for each act of a story (:class:`storage.types.ToldAct`), written with the article that
tells it: the ladder of a pair is read from a few hundred rows, however many articles tell of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.articles import signal_from_row
from storage.listed import listed
from storage.times import from_text, to_text
from storage.types import Report, RungChange, Signal, Status, ToldAct

#: what an agency took back was never told
_STANDS = "st.state <> 'withdrawn'"
#: characters looked at of a first paragraph
MOST_OF_A_LEAD = 1_000


def create(database: Database) -> None:
    """Create the tables of the ladder; every story that tells an act is read into them by and by."""
    for statement in (
        """CREATE TABLE story_act (
            story_id INTEGER NOT NULL REFERENCES story (id), type TEXT NOT NULL, actor TEXT NOT NULL,
            target TEXT NOT NULL, status TEXT NOT NULL, persons INTEGER NOT NULL, at TEXT NOT NULL,
            severity INTEGER NOT NULL, raised INTEGER NOT NULL, headline INTEGER NOT NULL, reaction INTEGER NOT NULL,
            confidence REAL NOT NULL, tellings INTEGER NOT NULL, article_id INTEGER NOT NULL, sentence TEXT NOT NULL,
            PRIMARY KEY (story_id, type, actor, target, status, persons)
        ) WITHOUT ROWID""",
        "CREATE INDEX story_act_pair ON story_act (actor, target, at)",
        "CREATE INDEX story_act_at ON story_act (at)",
        "CREATE TABLE story_act_due (story_id INTEGER PRIMARY KEY)",
        "INSERT INTO story_act_due (story_id) SELECT id FROM story WHERE telling = 1",
        """CREATE TABLE rung_due (
            actor TEXT NOT NULL, target TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,
            PRIMARY KEY (actor, target)
        ) WITHOUT ROWID""",
        """CREATE TABLE rung_change (
            key TEXT PRIMARY KEY, actor TEXT NOT NULL, target TEXT NOT NULL, at TEXT NOT NULL, before INTEGER NOT NULL,
            after INTEGER NOT NULL, reason TEXT NOT NULL, type TEXT NOT NULL, story_id INTEGER NOT NULL,
            noted_at TEXT NOT NULL, withdrawn_at TEXT
        ) WITHOUT ROWID""",
        "CREATE INDEX rung_change_pair ON rung_change (actor, target, at)",
    ):
        database.conn.execute(statement)


# --- acts of stories ----------------------------------------------------------------------------


def report(database: Database, article_id: int) -> Report | None:
    """Return what one article tells, None for a copy: it tells nothing that its original does not."""
    found = list(_reports(database, "a.id = ?", article_id))
    return found[0] if found else None


def reports(database: Database, story_id: int) -> list[Report]:
    """Return what the articles of a story tell that are nobody's copies, those without a signal left out."""
    return list(_reports(database, "a.story_id = ?", story_id))


def _reports(database: Database, which: str, value: int) -> Iterator[Report]:
    cursor = database.execute(
        f"""
        SELECT g.*, st.id AS told_in, coalesce(st.thread_id, st.id) AS thread_id, r.title, r.lede,
            CASE WHEN r.lede = '' THEN substr(r.body, 1, ?) END AS body,
            CASE WHEN a.first_seen_at < a.effective_at THEN a.first_seen_at ELSE a.effective_at END AS told_at
        FROM article a JOIN revision r ON r.id = a.revision_id JOIN signal g ON g.revision_id = r.id
            JOIN story st ON st.id = a.story_id
        WHERE {which} AND a.copy_of IS NULL AND {_STANDS}
        ORDER BY a.effective_at, a.id, g.start, g.id
        """,  # noqa: S608 (fixed text)
        (MOST_OF_A_LEAD, value),
    )
    names = [column[0] for column in cursor.description]
    held: dict[int, tuple[dict[str, Any], list[Signal]]] = {}
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        held.setdefault(row["article_id"], (row, []))[1].append(signal_from_row(row))
    for article_id, (row, signals) in held.items():
        yield Report(
            article_id=article_id,
            story_id=row["told_in"],
            thread_id=row["thread_id"],
            at=from_text(row["told_at"]),
            title=row["title"],
            lead=(row["lede"] or row["body"] or "").split("\n", 1)[0],
            signals=tuple(signals),
        )


_COLUMNS = """
    t.story_id, t.type, t.actor, t.target, t.status, t.persons, t.at, t.severity, t.raised, t.headline, t.reaction,
    t.confidence, t.tellings, t.article_id, t.sentence, coalesce(st.thread_id, st.id)
    FROM story_act t JOIN story st ON st.id = t.story_id
"""


def acts_of_story(database: Database, story_id: int) -> list[ToldAct]:
    """Return the acts that a story tells."""
    return _told(database, "WHERE t.story_id = ?", (story_id,))


def told(
    database: Database,
    actor: str,
    target: str,
    since: datetime,
    until: datetime,
    types: Collection[str] | None = None,
) -> list[ToldAct]:
    """Return what stories tell one state did to another, first told in a time window (both ends included).

    Stories whose agency took its dispatch back are left out.

    Args:
        database: the archive.
        actor: code.
        target: code.
        since: aware.
        until: aware.
        types: only acts of these; None for all.
    """
    marks, values = listed(sorted(types or ()))
    return _told(
        database,
        f"WHERE t.actor = ? AND t.target = ? AND t.at >= ? AND t.at <= ? AND {_STANDS} "
        + ("" if types is None else f"AND t.type IN ({marks})"),
        (actor, target, to_text(since), to_text(until), *values),
    )


def mark_of_pair(database: Database, pair: tuple[str, str], since: datetime, most_due: int) -> tuple[Any, ...]:
    """Return what changes whenever anything does that is told of two states: equal marks, equal acts.

    Args:
        database: the archive.
        pair: codes, in any order.
        since: nothing before it counts; aware.
        most_due: stories looked at whose acts must be read anew.
    """
    row = database.execute(
        f"""
        SELECT count(*), min(t.at), max(t.at), sum(t.story_id), sum(t.article_id), sum(t.tellings), sum(t.severity),
            sum(t.raised + 2 * t.headline + 4 * t.reaction), sum(t.persons), sum(t.confidence)
        FROM story_act t JOIN story st ON st.id = t.story_id
        WHERE t.actor IN (?, ?) AND t.target IN (?, ?) AND t.at >= ? AND {_STANDS}
        """,  # noqa: S608 (fixed text)
        (*pair, *pair, to_text(since)),
    ).fetchone()
    return (*row, *due_stories(database, most_due))


def last_told(database: Database, pair: tuple[str, str], until: datetime) -> datetime | None:
    """Return when one of two states was last told to have done something to the other, None for never.

    What is told of as denied or over is no act: it makes nobody step up.

    Args:
        database: the archive.
        pair: codes, in any order.
        until: nothing after it counts; aware.
    """
    # Of each direction by itself the last row of an index is enough.
    one = "SELECT max(at) AS last FROM story_act WHERE actor = ? AND target = ? AND at <= ? AND status = 'asserted'"
    row = database.execute(
        f"SELECT max(last) FROM ({one} UNION ALL {one}) either",  # noqa: S608 (fixed text)
        (*pair, to_text(until), *pair[::-1], to_text(until)),
    ).fetchone()
    return None if row[0] is None else from_text(row[0])


def _told(database: Database, where: str, values: tuple[object, ...]) -> list[ToldAct]:
    rows = database.execute(f"SELECT {_COLUMNS} {where}", values)
    return [
        ToldAct(
            story_id=row[0], type=row[1], actor=row[2], target=row[3], status=Status(row[4]), persons=row[5],
            at=from_text(row[6]), severity=row[7], raised=bool(row[8]), headline=bool(row[9]), reaction=bool(row[10]),
            confidence=row[11], tellings=row[12], article_id=row[13], sentence=row[14], thread_id=row[15],
        )
        for row in rows.fetchall()
    ]  # fmt: skip


def save_acts(database: Database, acts: Iterable[ToldAct]) -> None:
    """Store acts of stories; one that is stored takes the new values."""
    database.conn.executemany(
        """
        INSERT INTO story_act (story_id, type, actor, target, status, persons, at, severity, raised, headline, reaction,
            confidence, tellings, article_id, sentence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (story_id, type, actor, target, status, persons) DO UPDATE SET at = excluded.at,
            severity = excluded.severity, raised = excluded.raised, headline = excluded.headline,
            reaction = excluded.reaction, confidence = excluded.confidence, tellings = excluded.tellings,
            article_id = excluded.article_id, sentence = excluded.sentence
        """,
        (
            (
                one.story_id, one.type, one.actor, one.target, one.status, one.persons, to_text(one.at), one.severity,
                int(one.raised), int(one.headline), int(one.reaction), one.confidence, one.tellings, one.article_id,
                one.sentence,
            )
            for one in acts
        ),
    )  # fmt: skip


def forget_acts(database: Database, story_id: int) -> None:
    """Let go of the acts of a story, to read them anew."""
    database.execute("DELETE FROM story_act WHERE story_id = ?", (story_id,))


def due(database: Database, story_id: int) -> None:
    """Note that the acts of a story must be read anew: articles came, went or changed, or its state did."""
    database.execute("INSERT INTO story_act_due (story_id) VALUES (?) ON CONFLICT DO NOTHING", (story_id,))


def due_with(database: Database, article_id: int) -> None:
    """Note that the acts of an article's story must be read anew."""
    database.execute(
        "INSERT INTO story_act_due (story_id) SELECT story_id FROM article WHERE id = ? AND story_id IS NOT NULL "
        "ON CONFLICT DO NOTHING",
        (article_id,),
    )


def due_stories(database: Database, limit: int) -> list[int]:
    """Return stories whose acts must be read anew, the newest first."""
    rows = database.execute("SELECT story_id FROM story_act_due ORDER BY story_id DESC LIMIT ?", (limit,))
    return [int(row[0]) for row in rows.fetchall()]


def take_due(database: Database, limit: int) -> list[int]:
    """Return stories whose acts must be read anew, the newest first, and strike them off."""
    found = due_stories(database, limit)
    database.conn.executemany("DELETE FROM story_act_due WHERE story_id = ?", ((one,) for one in found))
    return found


def rungs_due(database: Database, actor: str, target: str, since: datetime, until: datetime) -> None:
    """Note that the changes of rung of a direction must be worked out anew in some time."""
    database.execute(
        """
        INSERT INTO rung_due (actor, target, since, until) VALUES (?, ?, ?, ?) ON CONFLICT (actor, target) DO UPDATE SET
            since = CASE WHEN excluded.since < rung_due.since THEN excluded.since ELSE rung_due.since END,
            until = CASE WHEN excluded.until > rung_due.until THEN excluded.until ELSE rung_due.until END
        """,
        (actor, target, to_text(since), to_text(until)),
    )


def take_rungs_due(database: Database, limit: int) -> list[tuple[str, str, datetime, datetime]]:
    """Return directions and times whose changes must be worked out anew, the latest first, and strike them off."""
    rows = database.execute(
        "SELECT actor, target, since, until FROM rung_due ORDER BY until DESC, actor, target LIMIT ?", (limit,)
    ).fetchall()
    database.conn.executemany(
        "DELETE FROM rung_due WHERE actor = ? AND target = ?", ((actor, target) for actor, target, _, _ in rows)
    )
    return [(actor, target, from_text(since), from_text(until)) for actor, target, since, until in rows]


def is_due(database: Database) -> bool:
    """Whether stories must be read, or changes worked out."""
    row = database.execute("SELECT EXISTS (SELECT 1 FROM story_act_due) OR EXISTS (SELECT 1 FROM rung_due)").fetchone()
    return bool(row[0])


def directions(database: Database, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Return (actor, target) of every act first told in a time window, in order of the codes."""
    rows = database.execute(
        "SELECT DISTINCT actor, target FROM story_act WHERE at >= ? AND at <= ? AND actor <> target "
        "ORDER BY actor, target",
        (to_text(since), to_text(until)),
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def advanced_to(database: Database) -> datetime | None:
    """Return up to when acts that left the window are known to have left it, None before the first time."""
    row = database.execute("SELECT value FROM meta WHERE key = 'ladder_advanced_to'").fetchone()
    return None if row is None else from_text(row[0])


def save_advanced_to(database: Database, now: datetime) -> None:
    """Record up to when acts were looked at that left the window."""
    database.execute(
        "INSERT INTO meta (key, value) VALUES ('ladder_advanced_to', ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (to_text(now),),
    )


# --- changes of rung ----------------------------------------------------------------------------


def changes(
    database: Database, actor: str, target: str, since: datetime, until: datetime, *, withdrawn: bool = False
) -> list[RungChange]:
    """Return the changes of one direction in a time window (both ends included), the first first.

    Args:
        database: the archive.
        actor: code.
        target: code.
        since: aware.
        until: aware.
        withdrawn: also those that turned out not to have been.
    """
    rows = database.query(
        f"""
        SELECT * FROM rung_change WHERE actor = ? AND target = ? AND at >= ? AND at <= ?
            {"" if withdrawn else "AND withdrawn_at IS NULL"} ORDER BY at, key
        """,  # noqa: S608 (fixed text)
        (actor, target, to_text(since), to_text(until)),
    )
    return [
        RungChange(
            key=row["key"], actor=row["actor"], target=row["target"], at=from_text(row["at"]), before=row["before"],
            after=row["after"], reason=row["reason"], type=row["type"], story_id=row["story_id"],
        )
        for row in rows
    ]  # fmt: skip


def rung_at(database: Database, actor: str, target: str, at: datetime) -> int:
    """Return the rung of a direction at a moment as its changes tell it; 0 before the first."""
    row = database.execute(
        "SELECT after FROM rung_change WHERE actor = ? AND target = ? AND at <= ? AND withdrawn_at IS NULL "
        "ORDER BY at DESC LIMIT 1",
        (actor, target, to_text(at)),
    ).fetchone()
    return 0 if row is None else int(row[0])


def save_changes(database: Database, found: Collection[RungChange], now: datetime) -> None:
    """Store changes under their keys; one that is stored keeps the moment at which it was noted first."""
    database.conn.executemany(
        """
        INSERT INTO rung_change (key, actor, target, at, before, after, reason, type, story_id, noted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET at = excluded.at, before = excluded.before, after = excluded.after,
            reason = excluded.reason, type = excluded.type, withdrawn_at = NULL
        """,
        (
            (
                one.key, one.actor, one.target, to_text(one.at), one.before, one.after, one.reason, one.type,
                one.story_id, to_text(now),
            )
            for one in found
        ),
    )  # fmt: skip


def withdraw_changes(database: Database, keys: Iterable[str], now: datetime) -> None:
    """Record that changes turned out not to have been; they stay stored."""
    database.conn.executemany(
        "UPDATE rung_change SET withdrawn_at = ? WHERE key = ? AND withdrawn_at IS NULL",
        ((to_text(now), key) for key in keys),
    )
