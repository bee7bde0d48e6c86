"""What each person has seen: opening a story sees all of its articles; a later article makes it new again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlite_utils import Database

from storage.errors import NotFoundError
from storage.listed import listed
from storage.times import from_text, to_text
from storage.triage_history import person_id_of, person_number
from storage.types.people import Person
from storage.types.triage import Look


class Attention(StrEnum):
    """How a story stands to one person."""

    #: never opened
    NEW = "new"
    #: opened, but articles came since
    BEHIND = "behind"
    SEEN = "seen"


#: the newest article of the story in ``{story}``
NEWEST = "(SELECT max(a.id) FROM article a WHERE a.story_id = {story})"


def attention(database: Database, story_ids: Sequence[int], person_id: int | None) -> dict[int, Attention]:
    """Return how those of some stories that a person ever opened stand to them; the others are new."""
    if not story_ids:
        return {}
    marks, wanted = listed(story_ids)
    rows = database.execute(
        f"SELECT s.story_id, s.up_to, {NEWEST.format(story='s.story_id')} FROM seen s "  # noqa: S608 (placeholders)
        f"WHERE s.person_id = ? AND s.story_id IN ({marks})",
        (person_number(person_id), *wanted),
    )
    return {
        story_id: Attention.SEEN if newest is None or up_to >= newest else Attention.BEHIND
        for story_id, up_to, newest in rows
    }


def look(database: Database, story_id: int, person_id: int | None) -> Look | None:
    """Return a person's last look at a story, None when there was none."""
    return next((one for one in looks(database, story_id) if one.person_id == person_id), None)


def looks(database: Database, story_id: int, since: datetime | None = None) -> list[Look]:
    """Return the last look of everybody who opened a story, the latest first."""
    rows = database.execute(
        f"SELECT s.person_id, s.name, s.at, s.up_to, {NEWEST.format(story='s.story_id')} FROM seen s "  # noqa: S608 (fixed)
        "WHERE s.story_id = ? AND s.at >= ? ORDER BY s.at DESC, s.person_id",
        (story_id, "" if since is None else to_text(since)),
    )
    return [
        Look(
            story_id=story_id,
            person_id=person_id_of(number),
            name=name,
            at=from_text(at),
            up_to=up_to,
            behind=newest is not None and up_to < newest,
        )
        for number, name, at, up_to, newest in rows
    ]


def see(database: Database, story_id: int, by: Person, now: datetime) -> None:
    """Keep that a person has seen a story as it stands.

    Raises:
        NotFoundError: no story has this id.
    """
    if database.execute("SELECT 1 FROM story WHERE id = ?", (story_id,)).fetchone() is None:
        raise NotFoundError(f"no story {story_id} is stored")
    database.execute(
        f"""
        INSERT INTO seen (person_id, story_id, name, at, up_to)
        VALUES (:person, :story, :name, :at, coalesce({NEWEST.format(story=":story")}, 0))
        ON CONFLICT (person_id, story_id) DO UPDATE SET name = excluded.name, at = excluded.at, up_to = excluded.up_to
        """,  # noqa: S608 (fixed)
        {"person": person_number(by.id), "story": story_id, "name": by.name, "at": to_text(now)},
    )


def unsee(database: Database, story_id: int, by: Person) -> None:
    """Make a story new to a person again."""
    database.execute("DELETE FROM seen WHERE person_id = ? AND story_id = ?", (person_number(by.id), story_id))


def seen_in_order(database: Database, story_id: int) -> dict[int, tuple[str, str, int]]:
    """Return (name, at, up to which article) of each person's look at a story, by the person's number."""
    rows = database.execute("SELECT person_id, name, at, up_to FROM seen WHERE story_id = ?", (story_id,))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}
