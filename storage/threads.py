"""Threads of stories, and stories that people merge or split.

A thread holds the stories of one affair: each is an event of its own, linked and never merged by itself. What people
merge or split stays so: placing never moves an article that has its story.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import articles as stored_articles
from storage import ladder, stories, story_rows, triage_merging
from storage.alerts import CORRECTION
from storage.errors import NotFoundError
from storage.listed import listed
from storage.times import from_text, to_text
from storage.types import Story, StoryState
from storage.types.people import Person, Role
from storage.types.triage import SERVICE

#: kind and author of a change that nobody made by hand: two stories turned out to tell one event
JOIN = "join"
AUTHOR = "vigie"
#: reason of a change that takes another one back
TAKEN_BACK = "taken back"
#: stories of a thread that are shown
MOST_STORIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """A merge or a split that somebody made, or a join of two stories that turned out to tell one event."""

    id: int
    at: datetime
    #: ``merge``, ``split`` or ``join``
    kind: str
    #: the story that grew by the merge, or was split
    story_id: int
    #: the story that went into it, or came out of it
    other_id: int
    articles: tuple[int, ...]
    author: str
    reason: str
    #: number of the changes of triage that came with it
    batch: int | None = None


def link(database: Database, story_id: int, to: int) -> None:
    """Put a new story into the thread of another one."""
    database.execute(
        "UPDATE story SET thread_id = (SELECT thread_id FROM story WHERE id = ?) WHERE id = ?", (to, story_id)
    )


def join(database: Database, story_id: int, to: int) -> None:
    """Put the whole thread of a story into the older one of another: it turns out to be the same affair."""
    database.execute(
        """
        UPDATE story SET thread_id = (SELECT thread_id FROM story WHERE id = :to)
        WHERE thread_id = (SELECT thread_id FROM story WHERE id = :story)
        """,
        {"story": story_id, "to": to},
    )


#: states in the order in which one gives way to the next
_STATES = (StoryState.TOLD, StoryState.EDITED, StoryState.CORRECTED, StoryState.DENIED, StoryState.WITHDRAWN)


def mark(database: Database, story_id: int, state: StoryState) -> None:
    """Record what became of a story; a graver state stays."""
    lesser = _STATES[: _STATES.index(state)]
    database.execute(
        f"UPDATE story SET state = ? WHERE id = ? AND state IN ({','.join('?' * len(lesser))})",  # noqa: S608 (placeholders)
        (state, story_id, *lesser),
    )
    ladder.due(database, story_id)


def thread(database: Database, thread_id: int) -> list[Story]:
    """Return the stories of a thread, the first seen first; those whose articles went elsewhere left out."""
    rows = database.execute(
        f"SELECT st.id FROM story st WHERE st.thread_id = ? AND {stories.STILL_TOLD} "  # noqa: S608 (fixed text)
        "ORDER BY st.first_seen_at, st.id LIMIT ?",
        (thread_id, MOST_STORIES),
    )
    return [one.story for one in story_rows.reported(database, [int(row[0]) for row in rows.fetchall()])]


def merge(database: Database, story_id: int, into: int, *, author: str, reason: str, now: datetime) -> None:
    """Put all articles and alerts of a story into another one, and what people made of it.

    Args:
        database: the archive, in a transaction.
        story_id: of the story that is left without articles.
        into: of the story that grows.
        author: who says so.
        reason: why.
        now: when.

    Raises:
        NotFoundError: one of the stories is not stored, or they are the same.
    """
    source, target = stories.get(database, story_id), stories.get(database, into)
    if source.id == target.id:
        raise NotFoundError(f"story {into} is that very story; name two")
    moved = [row[0] for row in database.execute("SELECT id FROM article WHERE story_id = ?", (source.id,))]
    _move(database, moved, target.id)
    database.execute("UPDATE alert SET story_id = ? WHERE story_id = ?", (target.id, source.id))
    database.execute("UPDATE silence SET story_id = ? WHERE story_id = ?", (target.id, source.id))
    if source.thread_id != target.thread_id:
        database.execute("UPDATE story SET thread_id = ? WHERE thread_id = ?", (target.thread_id, source.thread_id))
    batch = triage_merging.carry_over(database, source.id, target.id, moved, by=_nobody(author), now=now)
    _refresh(database, target.id)
    _refresh(database, source.id)
    _record(database, "merge", target.id, source.id, moved, author, reason, now, batch)


def split(database: Database, articles: Sequence[int], *, author: str, reason: str, now: datetime) -> int:
    """Put articles of one story, and the copies of them, into a new story of the same thread; return its id.

    Raises:
        NotFoundError: an article is not stored, they belong to several stories, or nothing would be left.
    """
    marks = ",".join("?" * len(articles))
    found = stored_articles.get_many(database, articles)
    missing = set(articles) - {one.id for one in found}
    if missing or not found:
        raise NotFoundError(f"no article {min(missing, default=0)} is stored")
    whole = {one.story_id for one in found}
    if len(whole) > 1:
        raise NotFoundError("the articles belong to several stories; split one story at a time")
    old = found[0].story_id
    if old is None:
        raise NotFoundError("the articles have no story yet")
    moved = [
        row[0]
        for row in database.execute(
            f"SELECT id FROM article WHERE story_id = ? AND (id IN ({marks}) OR copy_of IN ({marks}))",  # noqa: S608
            (old, *articles, *articles),
        )
    ]
    held = stories.get(database, old).articles
    if len(moved) >= held:
        raise NotFoundError(f"story {old} holds nothing else; there is nothing to split")
    new = stories.create(database, found[0].title, found[0].effective_at)
    link(database, new, old)
    _move(database, moved, new)
    database.execute(
        f"UPDATE alert SET story_id = ? WHERE story_id = ? AND article_id IN ({','.join('?' * len(moved))})",  # noqa: S608
        (new, old, *moved),
    )
    _follow(database, here=old, there=new)
    _follow(database, here=new, there=old)
    triage_merging.split_looks(database, old, new)
    triage_merging.split_follows(database, old, new, by=_nobody(author), now=now)
    for story_id in (old, new):
        _refresh(database, story_id)
    _record(database, "split", old, new, moved, author, reason, now)
    return new


def _follow(database: Database, *, here: int, there: int) -> None:
    """Put the corrections of one story that correct an alert of the other one there."""
    theirs = {row[0] for row in database.execute("SELECT id FROM alert WHERE story_id = ?", (there,))}
    corrections = database.execute(
        "SELECT id, payload FROM alert WHERE story_id = ? AND type = ?", (here, CORRECTION)
    ).fetchall()
    for alert_id, payload in corrections:
        if _corrected(payload) in theirs:
            database.execute("UPDATE alert SET story_id = ? WHERE id = ?", (there, alert_id))


def _corrected(payload: str) -> str | None:
    """Return which alert a stored correction corrects, None when that cannot be read."""
    try:
        found = json.loads(payload)["data"]["correction_of"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def made_by_hand(database: Database, story_ids: Collection[int]) -> set[int]:
    """Return which of some stories somebody has merged or split: they stay as they were left."""
    if not story_ids:
        return set()
    marks, wanted = listed(story_ids)
    rows = database.execute(
        f"SELECT story_id, other_id FROM story_change WHERE kind <> ? "  # noqa: S608 (placeholders)
        f"AND (story_id IN ({marks}) OR other_id IN ({marks}))",
        (JOIN, *wanted, *wanted),
    )
    return {story_id for row in rows for story_id in row}.intersection(story_ids)


def move(database: Database, articles: Sequence[int], into: int, *, now: datetime) -> None:
    """Put articles, their copies and their alerts into another story, which turns out to tell the same event.

    A story that is left without articles stays stored, so that links to it lead on; see :func:`joined`.
    """
    if not articles:
        return
    marks, wanted = listed(articles)
    moved = database.execute(
        f"SELECT id, story_id FROM article WHERE id IN ({marks}) OR copy_of IN ({marks})",  # noqa: S608 (placeholders)
        (*wanted, *wanted),
    ).fetchall()
    _move(database, [row[0] for row in moved], into)
    database.conn.executemany("UPDATE alert SET story_id = ? WHERE article_id = ?", ((into, row[0]) for row in moved))
    _refresh(database, into)
    for left in sorted({row[1] for row in moved} - {into}):
        _refresh(database, left)
        if database.execute("SELECT 1 FROM article WHERE story_id = ? LIMIT 1", (left,)).fetchone() is None:
            database.execute("UPDATE alert SET story_id = ? WHERE story_id = ?", (into, left))
            database.execute("UPDATE silence SET story_id = ? WHERE story_id = ?", (into, left))
            own = [row[0] for row in moved if row[1] == left]
            batch = triage_merging.carry_over(database, left, into, own, by=_nobody(AUTHOR), now=now)
            _record(database, JOIN, into, left, own, AUTHOR, "same event", now, batch)


def joined(database: Database, story_id: int) -> int | None:
    """Return the story into which all articles of another one went, None while it holds some."""
    row = database.execute(
        """
        SELECT story_id FROM story_change WHERE other_id = :story AND kind IN ('join', 'merge')
            AND NOT EXISTS (SELECT 1 FROM article WHERE story_id = :story) ORDER BY id DESC LIMIT 1
        """,
        {"story": story_id},
    ).fetchone()
    return None if row is None else int(row[0])


def changes(database: Database, story_id: int) -> list[StoryChange]:
    """Return the merges and splits that a story took part in, the newest first."""
    rows = database.query(
        "SELECT * FROM story_change WHERE story_id = :id OR other_id = :id ORDER BY id DESC", {"id": story_id}
    )
    return [_change(row) for row in rows]


def _change(row: dict[str, Any]) -> StoryChange:
    return StoryChange(
        id=row["id"],
        at=from_text(row["at"]),
        kind=row["kind"],
        story_id=row["story_id"],
        other_id=row["other_id"],
        articles=tuple(json.loads(row["articles"])),
        author=row["author"],
        reason=row["reason"],
        batch=row["batch"],
    )


def reversible(database: Database, change: StoryChange) -> bool:
    """Whether a merge or a split can be taken back: nobody has merged or split one of its stories since.

    A merge leaves a story empty, which must be so still; a split leaves two, which must both hold articles.
    """
    later = database.execute(
        "SELECT 1 FROM story_change WHERE id > :id AND (story_id IN (:one, :two) OR other_id IN (:one, :two)) LIMIT 1",
        {"id": change.id, "one": change.story_id, "two": change.other_id},
    ).fetchone()
    if later is not None or change.kind == JOIN:
        return False
    filled = database.execute(
        "SELECT count(DISTINCT story_id) FROM article WHERE story_id IN (?, ?)", (change.story_id, change.other_id)
    ).fetchone()[0]
    return int(filled) == (1 if change.kind == "merge" else 2)


def take_back(database: Database, change_id: int, *, author: str, now: datetime) -> StoryChange:
    """Take back a merge or a split, triage included, and return what was taken back.

    Silences stay with the story that has them now: nobody can say for which of the two they were meant.

    Raises:
        NotFoundError: there is no such change, or one of its stories was merged or split since.
    """
    row = next(iter(database.query("SELECT * FROM story_change WHERE id = ?", (change_id,))), None)
    if row is None:
        raise NotFoundError(f"no merge or split {change_id} is kept")
    change = _change(row)
    if not reversible(database, change):
        raise NotFoundError(
            f"story {change.story_id} or {change.other_id} was merged or split since; take that back first"
        )
    if change.kind == "split":
        merge(database, change.other_id, change.story_id, author=author, reason=TAKEN_BACK, now=now)
        return change
    story, other = change.story_id, change.other_id
    marks, wanted = listed(change.articles or (0,))
    moved = [
        article[0]
        for article in database.execute(
            f"SELECT id FROM article WHERE story_id = ? AND (id IN ({marks}) OR copy_of IN ({marks}))",  # noqa: S608 (placeholders)
            (story, *wanted, *wanted),
        )
    ]
    _move(database, moved, other)
    database.conn.executemany("UPDATE alert SET story_id = ? WHERE article_id = ?", ((other, one) for one in moved))
    _follow(database, here=story, there=other)
    _follow(database, here=other, there=story)
    triage_merging.give_back(database, other, story, change.batch, by=_nobody(author), now=now)
    for one in (story, other):
        _refresh(database, one)
    _record(database, "split", story, other, moved, author, TAKEN_BACK, now)
    return change


def _nobody(name: str) -> Person:
    """Return an author whose changes nobody takes back."""
    return Person(id=SERVICE, name=name, role=Role.READER)


def _move(database: Database, articles: Sequence[int], story_id: int) -> None:
    database.conn.executemany("UPDATE article SET story_id = ? WHERE id = ?", ((story_id, one) for one in articles))


def _refresh(database: Database, story_id: int) -> None:
    """Work out a story's time, severity and whether it tells an act from the articles it holds."""
    database.execute(
        """
        UPDATE story SET
            first_seen_at = coalesce((SELECT min(effective_at) FROM article WHERE story_id = story.id), first_seen_at),
            last_seen_at = coalesce((SELECT max(effective_at) FROM article WHERE story_id = story.id), last_seen_at),
            severity = coalesce((SELECT max(g.severity) FROM article a JOIN signal g ON g.revision_id = a.revision_id
                WHERE a.story_id = story.id AND g.status = 'asserted'), 0),
            telling = CASE WHEN EXISTS (SELECT 1 FROM article a JOIN signal g ON g.article_id = a.id
                WHERE a.story_id = story.id) THEN 1 ELSE 0 END
        WHERE id = ?
        """,
        (story_id,),
    )
    ladder.due(database, story_id)


def _record(
    database: Database, kind: str, story_id: int, other_id: int, articles: Sequence[int], author: str, reason: str,
    now: datetime, batch: int | None = None,
) -> None:  # fmt: skip
    database.execute(
        "INSERT INTO story_change (at, kind, story_id, other_id, articles, author, reason, batch) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (to_text(now), kind, story_id, other_id, json.dumps(list(articles)), author, reason, batch),
    )
