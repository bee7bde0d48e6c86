"""What one action would make of one story: the same answer states the effect of a change before it, and makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.triaging import JudgeReason, judge
from storage.triage_values import NO, YES, assignee_text, key_of, standing_text
from storage.types.triage import Assignee, Triage, TriageField, TriageState, VerdictReason

#: tags of one story
MOST_TAGS = 20
#: characters of a tag, a name, a note
LONGEST_TAG, LONGEST_ASSIGNEE, LONGEST_NOTE = 40, 80, 4_000
#: stories of one change
MOST_STORIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What somebody wants of one story or of many; only what belongs to the field is looked at."""

    field: TriageField
    #: of :attr:`TriageField.STANDING`
    state: TriageState = TriageState.NEW
    reason: VerdictReason | None = None
    #: whether it is to be important, or to have the tag
    yes: bool = True
    #: a tag as it is to be written
    tag: str = ""
    #: None for nobody
    assignee: Assignee | None = None

    @property
    def subject(self) -> str:
        """Which of several values of the field is set."""
        return key_of(self.tag) if self.field is TriageField.TAG else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an action comes to for one story."""

    reason: JudgeReason
    #: the value to write, as :mod:`storage.triage_values` writes it
    after: str

    @property
    def changes(self) -> bool:
        """Whether the story changes."""
        return self.reason is JudgeReason.DECIDED

    @property
    def refused(self) -> bool:
        """Whether the rules do not allow it."""
        return self.reason not in {JudgeReason.DECIDED, JudgeReason.SAME}


def propose(held: Triage, action: Action, *, by: str, now: datetime) -> Proposal:
    """Decide what an action makes of a story as it stands."""
    if action.field is TriageField.STANDING:
        judgement = judge(held.standing, action.state, action.reason, by=by, now=now)
        return Proposal(reason=judgement.reason, after=standing_text(judgement.after))
    if action.field is TriageField.TAG:
        return _tag(held, action)
    if action.field is TriageField.ASSIGNEE:
        before, after = assignee_text(held.assignee), assignee_text(action.assignee)
    else:
        before, after = (YES if yes else NO for yes in (held.important, action.yes))
    return Proposal(reason=JudgeReason.SAME if before == after else JudgeReason.DECIDED, after=after)


def _tag(held: Triage, action: Action) -> Proposal:
    has = action.subject in {key_of(name) for name in held.tags}
    if has == action.yes:
        return Proposal(reason=JudgeReason.SAME, after=NO)
    if action.yes and len(held.tags) >= MOST_TAGS:
        return Proposal(reason=JudgeReason.TOO_MANY_TAGS, after=NO)
    return Proposal(reason=JudgeReason.DECIDED, after=action.tag if action.yes else NO)
