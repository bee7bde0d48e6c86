"""Notes, tags and links of stories, as they are read; :func:`storage.triage.write` sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage import triage
from storage.times import from_text, from_text_or_none, to_text
from storage.triage_history import person_id_of, person_number
from storage.triage_values import YES, key_of
from storage.types.people import Person
from storage.types.triage import LinkKind, Note, StoryLink, TriageEvent, TriageField

#: tags that are offered while one is written
MOST_OFFERED = 200


def add(
    database: Database, story_id: int, text: str, *, by: Person, now: datetime, batch: int | None = None
) -> TriageEvent:
    """Write a note under a story and return the event of its history.

    Raises:
        NotFoundError: no story has this id.
    """
    triage.get(database, story_id)
    # It stands as withdrawn until its history is kept, like any other change.
    cursor = database.execute(
        "INSERT INTO note (story_id, person_id, author, text, at, withdrawn_at) VALUES (?, ?, ?, ?, ?, ?)",
        (story_id, person_number(by.id), by.name, text, to_text(now), to_text(now)),
    )
    event = triage.write(
        database, story_id, TriageField.NOTE, YES, by=by, now=now, subject=str(cursor.lastrowid), batch=batch
    )
    assert event is not None  # it was withdrawn
    return event


def of_story(database: Database, story_id: int, limit: int = 200) -> list[Note]:
    """Return the newest notes of a story, withdrawn ones too, in the order in which they were written."""
    rows = list(
        database.query("SELECT * FROM note WHERE story_id = ? ORDER BY at DESC, id DESC LIMIT ?", (story_id, limit))
    )
    return [
        Note(
            id=row["id"],
            story_id=row["story_id"],
            person_id=person_id_of(row["person_id"]),
            author=row["author"],
            text=row["text"],
            at=from_text(row["at"]),
            withdrawn_at=from_text_or_none(row["withdrawn_at"]),
        )
        for row in reversed(rows)
    ]


def note(database: Database, story_id: int, note_id: int) -> Note | None:
    """Return one note of a story, None when it has no such note."""
    return next((one for one in of_story(database, story_id, limit=10_000) if one.id == note_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """A tag in use."""

    key: str
    #: as it was first written where several write it differently
    name: str
    stories: int


def tags(database: Database, limit: int = MOST_OFFERED) -> list[TagCount]:
    """Return the tags in use with how many stories have each, the most used first."""
    rows = database.execute(
        "SELECT key, min(name), count(*) FROM story_tag GROUP BY key ORDER BY count(*) DESC, key LIMIT ?", (limit,)
    )
    return [TagCount(key=key, name=name, stories=stories) for key, name, stories in rows]


def names_of_tags(database: Database, story_id: int) -> tuple[str, ...]:
    """Return the tags of a story as they are written."""
    rows = database.execute("SELECT name FROM story_tag WHERE story_id = ? ORDER BY key", (story_id,))
    return tuple(str(row[0]) for row in rows)


def tag_named(database: Database, key: str) -> str | None:
    """Return how a tag is written that is in use, None for one that no story has."""
    row = database.execute("SELECT name FROM story_tag WHERE key = ? LIMIT 1", (key,)).fetchone()
    return None if row is None else str(row[0])


def assignees(database: Database, limit: int = MOST_OFFERED) -> list[str]:
    """Return the names of who works on stories, or could with their account, in the order of the alphabet."""
    rows = database.execute(
        "SELECT min(assignee) FROM story WHERE assignee_key IS NOT NULL GROUP BY assignee_key ORDER BY assignee_key "
        "LIMIT ?",
        (limit,),
    )
    accounts = database.execute("SELECT name FROM account WHERE disabled_at IS NULL ORDER BY name LIMIT ?", (limit,))
    names = {key_of(row[0]): str(row[0]) for row in (*rows.fetchall(), *accounts.fetchall())}
    return [names[key] for key in sorted(names)][:limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedStory:
    """A story that somebody linked with another one."""

    link: StoryLink
    #: of the two, the one that is not asked about
    story_id: int
    headline: str
    last_seen_at: datetime


def links(database: Database, story_id: int, limit: int = 100) -> list[LinkedStory]:
    """Return the links of a story from both ends, the newest event first."""
    rows = database.execute(
        """
        SELECT l.story_id, l.other_id, l.kind, st.id, st.headline, st.last_seen_at FROM story_link l
        JOIN story st ON st.id = CASE WHEN l.story_id = :story THEN l.other_id ELSE l.story_id END
        WHERE l.story_id = :story OR l.other_id = :story ORDER BY st.last_seen_at DESC, st.id DESC, l.kind LIMIT :limit
        """,
        {"story": story_id, "limit": limit},
    )
    return [
        LinkedStory(
            link=StoryLink(story_id=first, other_id=second, kind=LinkKind(kind)),
            story_id=other,
            headline=headline,
            last_seen_at=from_text(last_seen_at),
        )
        for first, second, kind, other, headline, last_seen_at in rows
    ]


def nearby(database: Database, story_id: int, limit: int = 20) -> dict[int, str]:
    """Return the headlines of stories that one is likely to be linked or merged with: of its affair, and the latest."""
    rows = database.execute(
        """
        SELECT * FROM (
            SELECT id, headline FROM story WHERE thread_id = (SELECT thread_id FROM story WHERE id = :story)
            ORDER BY last_seen_at DESC, id DESC LIMIT :limit
        ) affair UNION SELECT * FROM (
            SELECT id, headline FROM story WHERE telling = 1 ORDER BY last_seen_at DESC, id DESC LIMIT :limit
        ) latest ORDER BY 1 DESC
        """,
        {"story": story_id, "limit": limit},
    )
    return {int(number): str(headline) for number, headline in rows if number != story_id}


def headlines(database: Database, story_ids: Sequence[int]) -> dict[int, str]:
    """Return the headlines of some stories that are stored."""
    found = {}
    for story_id in dict.fromkeys(story_ids):
        row = database.execute("SELECT headline FROM story WHERE id = ?", (story_id,)).fetchone()
        if row is not None:
            found[story_id] = str(row[0])
    return found
