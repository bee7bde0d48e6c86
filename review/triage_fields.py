"""The fields of the forms of triage, read into changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.triage_actions import LONGEST_ASSIGNEE, LONGEST_NOTE, LONGEST_TAG
from review.errors import FaultError
from review.forms import LONGEST_NAME, one_line
from review.paging import read_id
from storage.triage_values import key_of
from storage.types import Person
from storage.types.triage import LinkKind, TriageField, TriageState, VerdictReason

#: characters of an address that somebody pastes
LONGEST_ADDRESS = 2_000
#: what a form may ask of a story, and which field it sets
FIELD_OF: Mapping[str, TriageField] = {
    **{str(state): TriageField.STANDING for state in TriageState},
    "important": TriageField.IMPORTANT,
    "unimportant": TriageField.IMPORTANT,
    "assign": TriageField.ASSIGNEE,
    "assign_me": TriageField.ASSIGNEE,
    "unassign": TriageField.ASSIGNEE,
    "tag": TriageField.TAG,
    "untag": TriageField.TAG,
    "note": TriageField.NOTE,
    "withdraw": TriageField.NOTE,
    "link": TriageField.LINK,
    "unlink": TriageField.LINK,
}
#: what a form may ask of many stories, in the order in which it is offered
OF_MANY = (
    *("relevant", "not_relevant", "escalated", "closed", "new"),
    *("important", "unimportant", "assign", "assign_me", "unassign", "tag", "untag"),
)
#: what asks for no more than a reader's part
FOR_READERS = ("seen", "unseen", "follow", "unfollow")


def read_change(fields: Mapping[str, str], person: Person) -> tuple[str, dict[str, Any]]:
    """Read what a form asks of a story into the name and the values of a change, without the story.

    Raises:
        FaultError: a field cannot be used.
    """
    do = fields.get("do", "")
    field = FIELD_OF.get(do)
    if field is None:
        raise FaultError("triage")
    author = one_line(fields.get("author", ""), LONGEST_NAME)
    name, values = _READERS[field](do, fields, person)
    return name, {**values, "author": author} if author and person.id is None else values


def _standing(do: str, fields: Mapping[str, str], _person: Person) -> tuple[str, dict[str, Any]]:
    reason = fields.get("reason") or None
    if do != TriageState.NOT_RELEVANT or reason is None:
        return "verdict", {"state": do, "reason": None}
    if reason not in set(VerdictReason):
        raise FaultError("triage")
    return "verdict", {"state": do, "reason": reason}


def _important(do: str, _fields: Mapping[str, str], _person: Person) -> tuple[str, dict[str, Any]]:
    return "important", {"important": do == "important"}


def _assignee(do: str, fields: Mapping[str, str], person: Person) -> tuple[str, dict[str, Any]]:
    if do == "assign_me":
        return "assign", {"assignee": person.name}
    given = fields.get("assignee", "") if do == "assign" else ""
    name = one_line(given, LONGEST_ASSIGNEE + 1)
    if len(name) > LONGEST_ASSIGNEE or (do == "assign" and not name):
        raise FaultError("assignee")
    return "assign", {"assignee": name}


def _tag(do: str, fields: Mapping[str, str], _person: Person) -> tuple[str, dict[str, Any]]:
    tag = one_line(fields.get("tag", ""), LONGEST_TAG + 1)
    if not tag or len(tag) > LONGEST_TAG:
        raise FaultError("tag")
    return do, {"tag": tag}


def _note(do: str, fields: Mapping[str, str], _person: Person) -> tuple[str, dict[str, Any]]:
    if do == "withdraw":
        return "withdraw_note", {"note": _number(fields, "note")}
    text = fields.get("text", "").strip()
    if not text or len(text) > LONGEST_NOTE:
        raise FaultError("note")
    return "note", {"text": text}


def _link(do: str, fields: Mapping[str, str], _person: Person) -> tuple[str, dict[str, Any]]:
    kind = fields.get("kind", "")
    if kind not in set(LinkKind):
        raise FaultError("triage")
    other = read_story(fields.get("other", ""))
    if other is None:
        raise FaultError("linked")
    return f"{do}_stories", {"other": other, "kind": kind}


_READERS = {
    TriageField.STANDING: _standing,
    TriageField.IMPORTANT: _important,
    TriageField.ASSIGNEE: _assignee,
    TriageField.TAG: _tag,
    TriageField.NOTE: _note,
    TriageField.LINK: _link,
}


def _number(fields: Mapping[str, str], name: str) -> int:
    number = read_id(fields.get(name, "").strip())
    if number is None:
        raise FaultError("triage")
    return number


def read_story(text: str) -> int | None:
    """Return the number of a story that somebody typed, or that stands in an address of ours they pasted."""
    found = re.search(r"(?:/stories/|[?&]story=)([0-9]+)", text[:LONGEST_ADDRESS], re.ASCII)
    return read_id(found[1] if found else text.strip().removeprefix("#"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A story that was ticked in a list, and the version that the list showed."""

    story_id: int
    version: int | None


def read_version(text: str | None) -> int | None:
    """Return the version that a form saw, None when it names none that can be read."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def read_chosen(values: tuple[str, ...] | list[str]) -> tuple[Chosen, ...]:
    """Read the boxes of a list, ``STORY.VERSION`` each; what cannot be read is left out, repeats too."""
    found: dict[int, Chosen] = {}
    for value in values:
        number, _, version = value.partition(".")
        story_id = read_id(number)
        if story_id is not None:
            found.setdefault(story_id, Chosen(story_id=story_id, version=read_version(version)))
    return tuple(found.values())


def subject_of(fields: Mapping[str, str]) -> tuple[TriageField, str] | None:
    """Return which field of a story a form wanted to set, and which of its values; None for what sets none."""
    field = FIELD_OF.get(fields.get("do", ""))
    if field is None or field in {TriageField.NOTE, TriageField.LINK}:
        return None
    return field, key_of(fields.get("tag", "")) if field is TriageField.TAG else ""
