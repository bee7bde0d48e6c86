"""What a change of many stories comes to, story by story, before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from alerts.triage_actions import Action, Proposal, propose
from alerts.triaging import JudgeReason, changed_since
from review.triage_fields import FIELD_OF, FOR_READERS, Chosen
from storage import notes, triage, triage_history
from storage.seen import Attention
from storage.triage import Marks
from storage.types import Person
from storage.types.triage import Assignee, Triage, TriageField, TriageState, VerdictReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One story of a change of many."""

    held: Triage
    attention: Attention
    headline: str
    #: the rule that does not allow it
    refused: JudgeReason | None = None
    #: who changed it since it was chosen
    changed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change of many stories comes to."""

    do: str
    #: whether a whole view was asked for, and holds more than one change takes
    all: bool
    cut: bool
    changes: tuple[Planned, ...]
    same: tuple[Planned, ...]
    refused: tuple[Planned, ...]
    #: stories that are not stored
    missing: int
    #: where to go afterwards
    back: str

    @property
    def quicker(self) -> bool:
        """Whether somebody changed one of them since they were chosen."""
        return any(one.changed_by for one in (*self.changes, *self.same, *self.refused))

    @property
    def total(self) -> int:
        """How many stories were chosen."""
        return len(self.changes) + len(self.same) + len(self.refused)


def plan(
    database: Database,
    chosen: Sequence[Chosen],
    do: str,
    fields: Mapping[str, str],
    person: Person,
    now: datetime,
) -> tuple[tuple[Planned, ...], ...]:
    """Return the stories that change, those that stand so already, and those the rules leave alone.

    Args:
        database: the archive.
        chosen: the stories, with the versions that their list showed.
        do: what is to become of them, one of :mod:`review.triage_fields`.
        fields: what else was entered; a tag or a name may still be missing.
        person: who asks.
        now: when.
    """
    marks = triage.marks(database, [one.story_id for one in chosen], person.id)
    headlines = notes.headlines(database, list(marks))
    changes: list[Planned] = []
    same: list[Planned] = []
    refused: list[Planned] = []
    for one in chosen:
        if one.story_id not in marks:
            continue
        mark = marks[one.story_id]
        reason, changed_by = _reason(database, mark, one.version, do, fields, person, now)
        planned = Planned(
            held=mark.triage,
            attention=mark.attention,
            headline=headlines[one.story_id],
            refused=None if reason in {JudgeReason.DECIDED, JudgeReason.SAME} else reason,
            changed_by=changed_by,
        )
        (changes if reason is JudgeReason.DECIDED else same if reason is JudgeReason.SAME else refused).append(planned)
    return tuple(changes), tuple(same), tuple(refused)


def _reason(
    database: Database,
    mark: Marks,
    version: int | None,
    do: str,
    fields: Mapping[str, str],
    person: Person,
    now: datetime,
) -> tuple[JudgeReason, str | None]:
    """Return whether a story changes, and who changed the same since it was chosen."""
    if do in {"follow", "unfollow"}:
        followed = mark.follow is not None
        return JudgeReason.SAME if followed == (do == "follow") else JudgeReason.DECIDED, None
    if do in FOR_READERS:
        seen = mark.attention is Attention.SEEN
        return JudgeReason.SAME if seen == (do == "seen") else JudgeReason.DECIDED, None
    action = action_of(do, fields, person)
    history = triage_history.of_field(database, mark.triage.story_id, action.field, action.subject)
    later = changed_since(history, version, person)
    return _proposal(mark.triage, action, now).reason, None if later is None else later.name


def action_of(do: str, fields: Mapping[str, str], person: Person) -> Action:
    """Return the action behind a choice, as far as the fields say it; a tag or a name may still be missing."""
    field = FIELD_OF[do]
    reason = fields.get("reason", "")
    assignee = Assignee(name=person.name, id=person.id) if do == "assign_me" else None
    if do == "assign":
        assignee = Assignee(name=fields.get("assignee", "").strip() or "…")
    return Action(
        field=field,
        state=TriageState(do) if field is TriageField.STANDING else TriageState.NEW,
        reason=VerdictReason(reason) if do == "not_relevant" and reason in set(VerdictReason) else None,
        yes=do in {"important", "tag"},
        tag=fields.get("tag", ""),
        assignee=assignee,
    )


def _proposal(story: Triage, action: Action, now: datetime) -> Proposal:
    if action.field is TriageField.TAG and not action.tag.strip():
        # Which tag is said on the page itself; until then every story can change.
        return Proposal(reason=JudgeReason.DECIDED, after="")
    return propose(story, action, by="", now=now)
