"""What becomes of triage when two stories become one, or one becomes two.

* The standing of the story that stays is :func:`~storage.types.triage.unite` of both: what was escalated stays so, else
  the later decision holds. It is important when either was; whoever worked on it goes on, else who worked on the other.
* Notes, tags and links of both are there.
* It is seen by those who saw both; whoever saw one alone finds it new since they looked.
* The history of the story that went stays under its own number and is shown with the other's.

A story that is split off starts as new: nobody judged that event. Who saw its articles has seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from storage import triage
from storage.listed import listed
from storage.seen import seen_in_order
from storage.triage_values import YES, assignee_text, key_of, link_subject, standing_text
from storage.types.people import Person
from storage.types.triage import LinkKind, TriageField, unite


def carry_over(
    database: Database, story_id: int, into: int, moved: Sequence[int], *, by: Person, now: datetime
) -> None:
    """Give the triage of a story that is left without articles to the one that holds them now.

    Args:
        database: the archive, in a transaction; the articles moved before.
        story_id: of the story that is left.
        into: of the story that holds its articles now.
        moved: numbers of those articles.
        by: who put them together.
        now: when.
    """
    left, kept = triage.get(database, story_id), triage.get(database, into)
    standing = standing_text(unite(left.standing, kept.standing))
    triage.write(database, into, TriageField.STANDING, standing, by=by, now=now)
    if left.important:
        triage.write(database, into, TriageField.IMPORTANT, YES, by=by, now=now)
    if kept.assignee is None and left.assignee is not None:
        triage.write(database, into, TriageField.ASSIGNEE, assignee_text(left.assignee), by=by, now=now)
    known = {key_of(name) for name in kept.tags}
    for name in left.tags:
        if key_of(name) not in known:
            triage.write(database, into, TriageField.TAG, name, subject=key_of(name), by=by, now=now)
    database.execute("UPDATE note SET story_id = ? WHERE story_id = ?", (into, story_id))
    _links(database, story_id, into, by=by, now=now)
    _looks(database, story_id, into, moved)


def _links(database: Database, story_id: int, into: int, *, by: Person, now: datetime) -> None:
    """Links of the one become links of the other; a link between the two of them goes."""
    rows = database.execute(
        "SELECT story_id, other_id, kind FROM story_link WHERE story_id = :story OR other_id = :story",
        {"story": story_id},
    ).fetchall()
    for first, second, kind in rows:
        gone = link_subject(second, LinkKind(kind))
        triage.write(database, first, TriageField.LINK, "", subject=gone, by=by, now=now)
        here, there = (into if first == story_id else first), (into if second == story_id else second)
        if here != there:
            subject = link_subject(there, LinkKind(kind))
            triage.write(database, here, TriageField.LINK, YES, subject=subject, by=by, now=now)


def _looks(database: Database, story_id: int, into: int, moved: Sequence[int]) -> None:
    """Work out who has seen the story that holds the articles of two."""
    marks, wanted = listed(moved or (0,))
    newest = database.execute(
        f"SELECT coalesce(max(id), 0) FROM article WHERE story_id = ? AND id NOT IN ({marks})",  # noqa: S608 (placeholders)
        (into, *wanted),
    ).fetchone()[0]
    left, kept = seen_in_order(database, story_id), seen_in_order(database, into)
    database.execute("DELETE FROM seen WHERE story_id IN (?, ?)", (story_id, into))
    for person in left.keys() | kept.keys():
        looks = [one[person] for one in (left, kept) if person in one]
        name, at, _ = max(looks, key=lambda look: look[1])
        both = len(looks) == 2 and left[person][2] >= max(moved, default=0) and kept[person][2] >= newest
        # A look at one of them says nothing of the other: it is new since they looked.
        up_to = max(newest, *moved) if both else 0
        database.execute(
            "INSERT INTO seen (person_id, story_id, name, at, up_to) VALUES (?, ?, ?, ?, ?)",
            (person, into, name, at, up_to),
        )


def split_looks(database: Database, story_id: int, new: int) -> None:
    """Let those who saw a story have seen the one that was split off it, as far as they had."""
    for person, (name, at, up_to) in seen_in_order(database, story_id).items():
        database.execute(
            "INSERT INTO seen (person_id, story_id, name, at, up_to) VALUES (?, ?, ?, ?, ?)",
            (person, new, name, at, up_to),
        )
