"""What becomes of triage when two stories become one, or one becomes two.

* The standing of the story that stays is :func:`~storage.types.triage.unite` of both: what was escalated stays so, else
  the later decision holds. It is important when either was; whoever worked on it goes on, else who worked on the other.
* Notes, tags and links of both are there.
* It is seen by those who saw both; whoever saw one alone finds it new since they looked.
* Whoever follows either follows it.
* The history of the story that went stays under its own number and is shown with the other's.

Taking a merge back gives each story what was its own, as far as nobody changed the same since.

A story that is split off starts as new: nobody judged that event. Who saw its articles has seen it, and who followed
the story that they were in follows both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from storage import follows, triage, triage_history
from storage.listed import listed
from storage.seen import seen_in_order
from storage.triage_values import NO, YES, assignee_text, key_of, link_subject, standing_text
from storage.types.people import Person
from storage.types.triage import LinkKind, TriageField, unite


def carry_over(
    database: Database, story_id: int, into: int, moved: Sequence[int], *, by: Person, now: datetime
) -> int | None:
    """Give the triage of a story that is left without articles to the one that holds them now.

    Args:
        database: the archive, in a transaction; the articles moved before.
        story_id: of the story that is left.
        into: of the story that holds its articles now.
        moved: numbers of those articles.
        by: who put them together.
        now: when.

    Returns:
        The number of the changes, by which :func:`give_back` knows them; None when there was nothing to give.
    """
    if not _is_any(database, story_id, into):
        return None
    left, kept = triage.get(database, story_id), triage.get(database, into)
    wanted = [(into, TriageField.STANDING, "", standing_text(unite(left.standing, kept.standing)))]
    if left.important:
        wanted.append((into, TriageField.IMPORTANT, "", YES))
    if kept.assignee is None and left.assignee is not None:
        wanted.append((into, TriageField.ASSIGNEE, "", assignee_text(left.assignee)))
    known = {key_of(name) for name in kept.tags}
    wanted += [(into, TriageField.TAG, key_of(name), name) for name in left.tags if key_of(name) not in known]
    theirs = set(follows.followers(database, into))
    wanted += [
        (into, TriageField.FOLLOW, str(number), YES)
        for number in follows.followers(database, story_id)
        if number not in theirs
    ]
    batch: int | None = None
    for story, field, subject, after in (*wanted, *_links(database, story_id, into)):
        event = triage.write(database, story, field, after, subject=subject, by=by, now=now, batch=batch)
        if event is not None and batch is None:
            batch = triage_history.begin_batch(database, event)
    database.execute("UPDATE note SET story_id = ? WHERE story_id = ?", (into, story_id))
    follows.inherit(database, story_id, into)
    _looks(database, story_id, into, moved)
    return batch


def _is_any(database: Database, story_id: int, into: int) -> bool:
    """Whether there is anything to carry over: most stories that turn out to be one were looked at by nobody yet."""
    row = database.execute(
        """
        SELECT EXISTS (SELECT 1 FROM story WHERE id = :story AND triage_version > 0)
            OR EXISTS (SELECT 1 FROM seen WHERE story_id IN (:story, :into))
            OR EXISTS (SELECT 1 FROM story_link WHERE other_id = :story)
            OR EXISTS (SELECT 1 FROM follow WHERE story_id = :story)
        """,
        {"story": story_id, "into": into},
    ).fetchone()
    return bool(row[0])


def _links(database: Database, story_id: int, into: int) -> list[tuple[int, TriageField, str, str]]:
    """Links of the one become links of the other; a link between the two of them goes."""
    rows = database.execute(
        "SELECT story_id, other_id, kind FROM story_link WHERE story_id = :story OR other_id = :story",
        {"story": story_id},
    ).fetchall()
    wanted = []
    for first, second, kind in rows:
        wanted.append((first, TriageField.LINK, link_subject(second, LinkKind(kind)), NO))
        here, there = (into if first == story_id else first), (into if second == story_id else second)
        if here != there:
            wanted.append((here, TriageField.LINK, link_subject(there, LinkKind(kind)), YES))
    return wanted


def give_back(
    database: Database, story_id: int, merged_into: int, batch: int | None, *, by: Person, now: datetime
) -> None:
    """Take back what :func:`carry_over` did, as far as nobody changed the same since.

    Standing, star, tags and followers that a story had before a merge are its own still.

    Args:
        database: the archive, in a transaction; the articles moved back before.
        story_id: of the story that had been left.
        merged_into: of the story that held its articles.
        batch: what carry_over answered.
        by: who takes it back.
        now: when.
    """
    # A note knows its first story by its history alone.
    rows = database.execute(
        "SELECT subject FROM triage_event WHERE story_id = ? AND field = ?", (story_id, TriageField.NOTE)
    ).fetchall()
    database.conn.executemany(
        "UPDATE note SET story_id = ? WHERE id = ? AND story_id = ?",
        ((story_id, int(row[0]), merged_into) for row in rows),
    )
    for event in reversed([] if batch is None else triage_history.of_batch(database, batch)):
        later = triage_history.of_field(database, event.story_id, event.field, event.subject)[-1]
        if later.id == event.id:
            triage.write(
                database, event.story_id, event.field, event.before,
                subject=event.subject, by=by, now=now, undoes=event.id,
            )  # fmt: skip
    split_looks(database, merged_into, story_id)


def _looks(database: Database, story_id: int, into: int, moved: Sequence[int]) -> None:
    """Work out who has seen the story that holds the articles of two, and up to which."""
    marks, wanted = listed(moved or (0,))
    others = database.execute(
        f"SELECT min(id), max(id) FROM article WHERE story_id = ? AND id NOT IN ({marks})",  # noqa: S608 (placeholders)
        (into, *wanted),
    ).fetchone()
    spans = ((min(moved, default=None), max(moved, default=None)), others)
    both = seen_in_order(database, story_id), seen_in_order(database, into)
    newest = max((last for _, last in spans if last is not None), default=0)
    database.execute("DELETE FROM seen WHERE story_id IN (?, ?)", (story_id, into))
    for person in both[0].keys() | both[1].keys():
        looks = [one.get(person) for one in both]
        name, at, _ = max((look for look in looks if look is not None), key=lambda look: look[1])
        up_to = min(_seen_up_to(look, span, newest) for look, span in zip(looks, spans, strict=True))
        database.execute(
            "INSERT INTO seen (person_id, story_id, name, at, up_to) VALUES (?, ?, ?, ?, ?)",
            (person, into, name, at, up_to),
        )


def _seen_up_to(look: tuple[str, str, int] | None, span: tuple[int | None, int | None], newest: int) -> int:
    """Return up to which article of both stories a person has seen what one of them held."""
    first, last = span
    if first is None or last is None:
        return newest
    # A look at the other story says nothing of this one: all of it is new since they looked.
    up_to = first - 1 if look is None else look[2]
    return newest if up_to >= last else up_to


def split_looks(database: Database, story_id: int, new: int) -> None:
    """Let those who saw a story have seen the one that was split off it, as far as they had."""
    for person, (name, at, up_to) in seen_in_order(database, story_id).items():
        database.execute(
            "INSERT INTO seen (person_id, story_id, name, at, up_to) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (person, new, name, at, up_to),
        )


def split_follows(database: Database, story_id: int, new: int, *, by: Person, now: datetime) -> None:
    """Let those who follow a story also follow the one that was split off it, since when they follow the first."""
    for number in follows.followers(database, story_id):
        triage.write(database, new, TriageField.FOLLOW, YES, subject=str(number), by=by, now=now)
    follows.inherit(database, story_id, new)
