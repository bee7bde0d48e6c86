"""The history of triage: every change of every field, kept for good, in the order it was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.errors import NotFoundError
from storage.times import from_text, to_text
from storage.types.people import Person
from storage.types.triage import TriageEvent, TriageField

#: events of a story that a page shows
MOST_EVENTS = 200
#: events of one batch: as many stories as one change takes
MOST_IN_BATCH = 1_000


def person_number(person_id: int | None) -> int:
    """Return the number under which a person stands in the tables of triage; 0 is this machine."""
    return 0 if person_id is None else person_id


def person_id_of(number: int) -> int | None:
    """Read what :func:`person_number` wrote."""
    return number or None


def add(
    database: Database,
    story_id: int,
    field: TriageField,
    subject: str,
    before: str,
    after: str,
    *,
    version: int,
    by: Person,
    now: datetime,
    batch: int | None,
    undoes: int | None,
) -> TriageEvent:
    """Keep one change."""
    cursor = database.execute(
        "INSERT INTO triage_event (story_id, at, person_id, name, field, subject, before_value, after_value, version, "
        "batch, undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            story_id, to_text(now), person_number(by.id), by.name, field, subject, before, after, version, batch,
            undoes,
        ),
    )  # fmt: skip
    return get(database, int(cursor.lastrowid or 0))


def begin_batch(database: Database, event: TriageEvent) -> int:
    """Make an event the first of a batch and return the batch's number."""
    database.execute("UPDATE triage_event SET batch = id WHERE id = ?", (event.id,))
    return event.id


def get(database: Database, event_id: int) -> TriageEvent:
    """Return one event.

    Raises:
        NotFoundError: there is none of this number.
    """
    for row in database.query("SELECT * FROM triage_event WHERE id = ?", (event_id,)):
        return _event(row)
    raise NotFoundError(f"no change {event_id} is kept")


def of_story(
    database: Database, story_id: int, person_id: int | None = None, limit: int = MOST_EVENTS
) -> list[TriageEvent]:
    """Return the changes of a story, and of those that went into it, the newest first.

    Whether somebody follows it is told to themselves alone.
    """
    rows = database.query(
        """
        SELECT * FROM triage_event WHERE (story_id = :story OR story_id IN (
            SELECT c.other_id FROM story_change c WHERE c.story_id = :story AND c.kind IN ('join', 'merge')
                AND NOT EXISTS (SELECT 1 FROM article a WHERE a.story_id = c.other_id)
        )) AND (field <> 'follow' OR subject = :person) ORDER BY id DESC LIMIT :limit
        """,
        {"story": story_id, "person": str(person_number(person_id)), "limit": limit},
    )
    return [_event(row) for row in rows]


def of_field(database: Database, story_id: int, field: TriageField, subject: str = "") -> list[TriageEvent]:
    """Return the changes of one field of a story, the oldest first."""
    rows = database.query(
        "SELECT * FROM triage_event WHERE story_id = ? AND field = ? AND subject = ? ORDER BY id",
        (story_id, field, subject),
    )
    return [_event(row) for row in rows]


def of_batch(database: Database, batch: int) -> list[TriageEvent]:
    """Return the changes that were made as one, the oldest first."""
    rows = database.query("SELECT * FROM triage_event WHERE batch = ? ORDER BY id LIMIT ?", (batch, MOST_IN_BATCH))
    return [_event(row) for row in rows]


def last_own(database: Database, person_id: int | None, since: datetime) -> TriageEvent | None:
    """Return the last change a person made since a moment that stands and takes nothing back."""
    rows = database.query(
        """
        SELECT e.* FROM triage_event e WHERE e.person_id = ? AND e.at >= ? AND e.undoes IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM triage_event u
                WHERE u.story_id = e.story_id AND u.field = e.field AND u.subject = e.subject AND u.undoes = e.id
            )
        ORDER BY e.at DESC, e.id DESC LIMIT 1
        """,
        (person_number(person_id), to_text(since)),
    )
    return next((_event(row) for row in rows), None)


def _event(row: dict[str, Any]) -> TriageEvent:
    return TriageEvent(
        id=row["id"],
        story_id=row["story_id"],
        at=from_text(row["at"]),
        person_id=person_id_of(row["person_id"]),
        name=row["name"],
        field=TriageField(row["field"]),
        subject=row["subject"],
        before=row["before_value"],
        after=row["after_value"],
        version=row["version"],
        batch=row["batch"],
        undoes=row["undoes"],
    )
