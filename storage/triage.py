"""Triage: what people decided, wrote and marked, story by story.

For those who build on it:

* **Marks of a list's rows**: ``marks(database, story_ids, person_id)`` gives each story's :class:`Marks` (standing,
  star, assignee, tags, count of notes, seen or not, followed or not) in five queries however long the list is.
* **Conditions of a list**: set ``StoryFilter.triage`` to a :class:`storage.triage_filter.TriageFilter`; each of its
  fields is None for any. Outside a ``StoryFilter``, ``triage_filter.clauses`` gives SQL over ``story st``.
* **Verdicts as labels**: ``verdicts_by_story(database, story_ids)`` gives the standing of those that have a verdict;
  :mod:`storage.verdicts` counts them by watch and by rule.
* **Writing**: :func:`write` sets one field of one story and keeps its history; nothing else writes these fields. What
  may be written is decided by :mod:`alerts.triaging` and carried out by :mod:`scheduler.changes_triage`.

A person is a number; None is whoever uses this machine while there are no accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import follows, triage_history
from storage.errors import NotFoundError
from storage.follows import FollowNews
from storage.listed import listed
from storage.seen import Attention, attention
from storage.times import to_text, to_text_or_none
from storage.triage_values import (
    NO,
    YES,
    assignee_text,
    key_of,
    read_assignee,
    read_link_subject,
    read_standing,
    standing_from,
    standing_text,
)
from storage.types.people import Person
from storage.types.triage import Assignee, Standing, Triage, TriageEvent, TriageField

__all__ = ["Marks", "get", "marks", "of_stories", "value", "verdicts_by_story", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a row of a list shows of triage, for one person."""

    triage: Triage
    attention: Attention
    #: what is new in it, None for one that they do not follow
    follow: FollowNews | None = None


def get(database: Database, story_id: int) -> Triage:
    """Return what people share about a story.

    Raises:
        NotFoundError: no story has this id.
    """
    found = of_stories(database, [story_id])
    if story_id not in found:
        raise NotFoundError(f"no story {story_id} is stored")
    return found[story_id]


def of_stories(database: Database, story_ids: Sequence[int]) -> dict[int, Triage]:
    """Return what people share about each of some stories that are stored."""
    if not story_ids:
        return {}
    marks_, wanted = listed(story_ids)
    tags: dict[int, list[str]] = defaultdict(list)
    for story_id, name in database.execute(
        f"SELECT story_id, name FROM story_tag WHERE story_id IN ({marks_}) ORDER BY story_id, key",  # noqa: S608 (placeholders)
        wanted,
    ):
        tags[story_id].append(name)
    notes = dict(
        database.execute(
            "SELECT story_id, count(*) FROM note WHERE withdrawn_at IS NULL "  # noqa: S608 (placeholders)
            f"AND story_id IN ({marks_}) GROUP BY story_id",
            wanted,
        ).fetchall()
    )
    rows = database.query(f"SELECT {_COLUMNS} FROM story WHERE id IN ({marks_})", wanted)  # noqa: S608 (placeholders)
    return {
        row["id"]: Triage(
            story_id=row["id"],
            version=row["triage_version"],
            standing=_standing(row),
            important=bool(row["important"]),
            assignee=None if row["assignee"] is None else Assignee(name=row["assignee"], id=row["assignee_id"]),
            tags=tuple(tags.get(row["id"], ())),
            notes=int(notes.get(row["id"], 0)),
        )
        for row in rows
    }


def marks(database: Database, story_ids: Sequence[int], person_id: int | None) -> dict[int, Marks]:
    """Return what the rows of a list show a person."""
    shared = of_stories(database, story_ids)
    own = attention(database, story_ids, person_id)
    followed = follows.news(database, story_ids, person_id)
    return {
        story_id: Marks(triage=found, attention=own.get(story_id, Attention.NEW), follow=followed.get(story_id))
        for story_id, found in shared.items()
    }


def verdicts_by_story(database: Database, story_ids: Sequence[int]) -> dict[int, Standing]:
    """Return the standing of those of some stories that people gave a verdict on."""
    if not story_ids:
        return {}
    found: dict[int, Standing] = {}
    ids = list(dict.fromkeys(story_ids))
    for first in range(0, len(ids), _MOST_AT_ONCE):
        marks_, wanted = listed(ids[first : first + _MOST_AT_ONCE])
        rows = database.query(
            f"SELECT {_COLUMNS} FROM story WHERE verdict IS NOT NULL AND id IN ({marks_})",  # noqa: S608 (placeholders)
            wanted,
        )
        found |= {row["id"]: _standing(row) for row in rows}
    return found


#: values of one statement
_MOST_AT_ONCE = 800
_COLUMNS = (
    "id, triage_state, verdict, verdict_reason, judged_by, judged_at, important, assignee, assignee_id, triage_version"
)


def _standing(row: dict[str, Any]) -> Standing:
    return standing_from(row["triage_state"], row["verdict"], row["verdict_reason"], row["judged_by"], row["judged_at"])


def value(database: Database, story_id: int, field: TriageField, subject: str = "") -> str:
    """Return what a field holds, as :mod:`storage.triage_values` writes it.

    Raises:
        NotFoundError: no story has this id, or it has no such note.
    """
    held = get(database, story_id)
    if field is TriageField.STANDING:
        return standing_text(held.standing)
    if field is TriageField.IMPORTANT:
        return YES if held.important else NO
    if field is TriageField.ASSIGNEE:
        return assignee_text(held.assignee)
    if field is TriageField.TAG:
        return _first(database, "SELECT name FROM story_tag WHERE story_id = ? AND key = ?", (story_id, subject)) or NO
    if field is TriageField.FOLLOW:
        return YES if follows.follows(database, story_id, int(subject)) else NO
    if field is TriageField.LINK:
        other, kind = read_link_subject(subject)
        found = _first(
            database,
            "SELECT kind FROM story_link WHERE story_id = ? AND other_id = ? AND kind = ?",
            (story_id, other, kind),
        )
        return NO if found is None else YES
    row = database.execute(
        "SELECT withdrawn_at FROM note WHERE id = ? AND story_id = ?", (int(subject), story_id)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"story {story_id} has no note {subject}")
    return YES if row[0] is None else NO


def write(
    database: Database,
    story_id: int,
    field: TriageField,
    after: str,
    *,
    by: Person,
    now: datetime,
    subject: str = "",
    batch: int | None = None,
    undoes: int | None = None,
) -> TriageEvent | None:
    """Set a field of a story and keep the change in its history; return the event, None when nothing changes.

    Args:
        database: the archive, in a transaction.
        story_id: of the story.
        field: what is set.
        after: its value, as :mod:`storage.triage_values` writes it.
        by: who sets it.
        now: when.
        subject: which of several, see :class:`~storage.types.triage.TriageEvent`.
        batch: number of the first event of a change of many stories.
        undoes: number of the event that is taken back.

    Raises:
        NotFoundError: no story has this id, or it has no such note.
    """
    before = value(database, story_id, field, subject)
    if before == after:
        return None
    _SETTERS[field](database, story_id, subject, after, now)
    # What is each person's own makes nobody's page out of date.
    more = 0 if field is TriageField.FOLLOW else 1
    database.execute("UPDATE story SET triage_version = triage_version + ? WHERE id = ?", (more, story_id))
    version = database.execute("SELECT triage_version FROM story WHERE id = ?", (story_id,)).fetchone()[0]
    return triage_history.add(
        database,
        story_id,
        field,
        subject,
        before,
        after,
        version=int(version),
        by=by,
        now=now,
        batch=batch,
        undoes=undoes,
    )


def _set_standing(database: Database, story_id: int, _subject: str, after: str, _now: datetime) -> None:
    standing = read_standing(after)
    database.execute(
        "UPDATE story SET triage_state = ?, verdict = ?, verdict_reason = ?, judged_by = ?, judged_at = ? WHERE id = ?",
        (standing.state, standing.verdict, standing.reason, standing.by, to_text_or_none(standing.at), story_id),
    )


def _set_important(database: Database, story_id: int, _subject: str, after: str, _now: datetime) -> None:
    database.execute("UPDATE story SET important = ? WHERE id = ?", (int(after == YES), story_id))


def _set_assignee(database: Database, story_id: int, _subject: str, after: str, _now: datetime) -> None:
    assignee = read_assignee(after)
    parts = (None, None, None) if assignee is None else (assignee.name, assignee.id, key_of(assignee.name))
    database.execute(
        "UPDATE story SET assignee = ?, assignee_id = ?, assignee_key = ? WHERE id = ?", (*parts, story_id)
    )


def _set_tag(database: Database, story_id: int, subject: str, after: str, _now: datetime) -> None:
    if after == NO:
        database.execute("DELETE FROM story_tag WHERE story_id = ? AND key = ?", (story_id, subject))
        return
    database.execute("INSERT INTO story_tag (story_id, key, name) VALUES (?, ?, ?)", (story_id, subject, after))


def _set_note(database: Database, story_id: int, subject: str, after: str, now: datetime) -> None:
    withdrawn = None if after == YES else to_text(now)
    database.execute(
        "UPDATE note SET withdrawn_at = ? WHERE id = ? AND story_id = ?", (withdrawn, int(subject), story_id)
    )


def _set_link(database: Database, story_id: int, subject: str, after: str, _now: datetime) -> None:
    other, kind = read_link_subject(subject)
    if after == NO:
        database.execute(
            "DELETE FROM story_link WHERE story_id = ? AND other_id = ? AND kind = ?", (story_id, other, kind)
        )
        return
    database.execute("INSERT INTO story_link (story_id, other_id, kind) VALUES (?, ?, ?)", (story_id, other, kind))


def _set_follow(database: Database, story_id: int, subject: str, after: str, now: datetime) -> None:
    follows.put(database, story_id, int(subject), after, now)


_SETTERS = {
    TriageField.STANDING: _set_standing,
    TriageField.IMPORTANT: _set_important,
    TriageField.ASSIGNEE: _set_assignee,
    TriageField.TAG: _set_tag,
    TriageField.NOTE: _set_note,
    TriageField.LINK: _set_link,
    TriageField.FOLLOW: _set_follow,
}


def _first(database: Database, statement: str, values: tuple[object, ...]) -> str | None:
    row = database.execute(statement, values).fetchone()
    return None if row is None else str(row[0])
