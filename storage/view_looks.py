"""How far each person has looked at each view: the newest article that the archive held when they opened its list.

Counting what came since costs the same in an archive of any size: of the events that a view's card counted anyway,
those with a later article are looked for until there are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from storage.listed import batched, listed
from storage.times import to_text
from storage.triage_history import person_number

#: stories asked about in one statement
_AT_ONCE = 400


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    # 0 stands for this machine, where nobody logs in.
    database.conn.execute(
        """
        CREATE TABLE view_look (
            person_id INTEGER NOT NULL, view_id TEXT NOT NULL, up_to INTEGER NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (person_id, view_id)
        ) WITHOUT ROWID
        """
    )


def of_person(database: Database, person_id: int | None) -> dict[str, int]:
    """Return up to which article a person has looked at each view that they ever opened."""
    rows = database.execute("SELECT view_id, up_to FROM view_look WHERE person_id = ?", (person_number(person_id),))
    return {str(view_id): int(up_to) for view_id, up_to in rows}


def look(database: Database, view_ids: Iterable[str], person_id: int | None, *, up_to: int, now: datetime) -> None:
    """Keep that a person looked at views when a certain article was the newest; an earlier look changes nothing."""
    database.conn.executemany(
        """
        INSERT INTO view_look (person_id, view_id, up_to, at) VALUES (?, ?, ?, ?)
        ON CONFLICT (person_id, view_id) DO UPDATE SET up_to = excluded.up_to, at = excluded.at
        WHERE view_look.up_to <= excluded.up_to
        """,
        ((person_number(person_id), view_id, up_to, to_text(now)) for view_id in view_ids),
    )


def newer(database: Database, story_ids: Sequence[int], up_to: int, *, most: int) -> set[int]:
    """Return those of some stories that hold an article stored after another one, ``most`` of them and no more."""
    found: set[int] = set()
    for some in batched(story_ids, _AT_ONCE):
        marks, wanted = listed(some)
        rows = database.execute(
            f"SELECT st.id FROM story st WHERE st.id IN ({marks}) "  # noqa: S608 (placeholders)
            "AND EXISTS (SELECT 1 FROM article a WHERE a.story_id = st.id AND a.id > ?) LIMIT ?",
            (*wanted, up_to, most - len(found)),
        )
        found.update(int(row[0]) for row in rows)
        if len(found) >= most:
            break
    return found
