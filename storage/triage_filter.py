"""Conditions of triage for lists of stories: SQL clauses over ``story st``, made so that an index serves each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from storage import follows
from storage.seen import NEWEST
from storage.triage_history import person_number
from storage.triage_values import key_of
from storage.types.triage import Following, TriageState, Verdict

#: stories with a mark from which on it is quicker to walk the list than to look them up
_MANY = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFilter:
    """What people made of the stories of a list; None, or nothing, means any. True is yes, False is no."""

    #: any of these
    states: tuple[TriageState, ...] = ()
    verdict: Verdict | None = None
    #: whether ``person_id`` saw all of its articles
    seen: bool | None = None
    #: whether ``person_id`` follows it
    following: Following | None = None
    person_id: int | None = None
    important: bool | None = None
    #: whether a note stands
    noted: bool | None = None
    #: whether it has any tag
    tagged: bool | None = None
    #: this tag, however its letters are written
    tag: str | None = None
    #: whether somebody works on it
    assigned: bool | None = None
    #: who works on it, by name
    assignee: str | None = None


def clauses(database: Database, wanted: TriageFilter) -> tuple[list[str], dict[str, Any]]:
    """Return clauses to join by AND, with their values."""
    found: list[str] = []
    values: dict[str, Any] = {}
    if wanted.states:
        names = {f"triage_state{number}": state for number, state in enumerate(wanted.states)}
        values |= names
        if len(names) == 1:
            found.append("st.triage_state = :triage_state0")
        else:
            found.append(f"st.triage_state IN ({', '.join(':' + name for name in names)})")
        if TriageState.NEW not in wanted.states:
            # Word for word the condition of the index, without which it is not used.
            found.append("st.triage_state <> 'new'")
    if wanted.verdict is not None:
        found.append("st.verdict = :triage_verdict")
        values["triage_verdict"] = wanted.verdict
    if wanted.seen is not None:
        found.append(_seen(database, wanted))
        values["triage_person"] = person_number(wanted.person_id)
    if wanted.following is not None:
        found.append(_FOLLOWING[wanted.following])
        values["triage_person"] = person_number(wanted.person_id)
    if wanted.important is not None:
        found.append(f"st.important = {int(wanted.important)}")
    if wanted.noted is not None:
        those = "SELECT n.story_id FROM note n WHERE n.withdrawn_at IS NULL"
        found.append(_whether(database, wanted.noted, those, "n"))
    if wanted.tagged is not None:
        found.append(_whether(database, wanted.tagged, "SELECT t.story_id FROM story_tag t WHERE 1 = 1", "t"))
    if wanted.tag is not None:
        found.append("st.id IN (SELECT t.story_id FROM story_tag t WHERE t.key = :triage_tag)")
        values["triage_tag"] = key_of(wanted.tag)
    if wanted.assigned is not None:
        found.append(f"st.assignee_key IS {'NOT ' if wanted.assigned else ''}NULL")
    if wanted.assignee is not None:
        found.append("st.assignee_key = :triage_assignee")
        values["triage_assignee"] = key_of(wanted.assignee)
    return found, values


#: a person follows few stories
_FOLLOWING = {
    Following.YES: "st.id IN (SELECT f.story_id FROM follow f WHERE f.person_id = :triage_person)",
    Following.NO: "NOT EXISTS (SELECT 1 FROM follow f WHERE f.person_id = :triage_person AND f.story_id = st.id)",
    Following.NEW: f"st.id IN ({follows.with_news(':triage_person')})",
}


def _whether(database: Database, has: object, those: str, alias: str) -> str:
    """Few stories have it, so those are looked up; many, or all that have not, are met as the list goes on."""
    each = f"EXISTS ({those} AND {alias}.story_id = st.id)"
    if not has:
        return f"NOT {each}"
    return each if _are_many(database, those, ()) else f"st.id IN ({those})"


def _seen(database: Database, wanted: TriageFilter) -> str:
    up_to_date = f"s.person_id = :triage_person AND s.up_to >= {NEWEST.format(story='s.story_id')}"
    each = f"EXISTS (SELECT 1 FROM seen s WHERE s.story_id = st.id AND {up_to_date})"  # noqa: S608 (fixed)
    if not wanted.seen:
        return f"NOT {each}"
    own = "SELECT s.story_id FROM seen s WHERE s.person_id = ?"
    if _are_many(database, own, (person_number(wanted.person_id),)):
        return each
    return f"st.id IN (SELECT s.story_id FROM seen s WHERE {up_to_date})"  # noqa: S608 (fixed)


def _are_many(database: Database, those: str, values: tuple[object, ...]) -> bool:
    statement = f"SELECT count(*) FROM ({those} LIMIT {_MANY}) few"  # noqa: S608 (fixed)
    return int(database.execute(statement, values).fetchone()[0]) == _MANY
