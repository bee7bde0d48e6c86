"""Which decisions people can make of a story, and which of their changes can be taken back: values in, reason out.

::

    new ──► relevant ◄──► not_relevant
             │   ▲              │
             ▼   │              │
           escalated            │
             │                  │
             └────► closed ◄────┘      (and back: closed ──► relevant, not_relevant, escalated)

Every state but ``new`` can be taken back to ``new``. What is closed keeps its verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from storage.types.people import Person, Role
from storage.types.triage import UNJUDGED, Standing, TriageEvent, TriageField, TriageState, Verdict, VerdictReason


class JudgeReason(StrEnum):
    """Why a decision is made or refused."""

    DECIDED = "decided"
    #: nothing to do: it stands so already
    SAME = "same"
    #: only what was judged can be closed
    NEEDS_VERDICT = "needs_verdict"
    #: only what is relevant can be escalated
    NEEDS_RELEVANT = "needs_relevant"
    #: a reason goes with ``not_relevant`` alone
    REASON_WITHOUT_USE = "reason_without_use"
    #: a story has only so many tags
    TOO_MANY_TAGS = "too_many_tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a decision holds, why, and where the story stands then."""

    reason: JudgeReason
    after: Standing

    @property
    def refused(self) -> bool:
        """Whether the rules do not allow it."""
        return self.reason not in {JudgeReason.DECIDED, JudgeReason.SAME}


def judge(held: Standing, wanted: TriageState, reason: VerdictReason | None, *, by: str, now: datetime) -> Judgement:
    """Decide whether a story can go from where it stands to ``wanted``."""
    if reason is not None and wanted is not TriageState.NOT_RELEVANT:
        return Judgement(reason=JudgeReason.REASON_WITHOUT_USE, after=held)
    if wanted is held.state and reason in {None, held.reason}:
        return Judgement(reason=JudgeReason.SAME, after=held)
    if wanted is TriageState.NEW:
        return Judgement(reason=JudgeReason.DECIDED, after=UNJUDGED)
    if wanted is TriageState.CLOSED and held.verdict is None:
        return Judgement(reason=JudgeReason.NEEDS_VERDICT, after=held)
    if wanted is TriageState.ESCALATED and held.verdict is Verdict.NOT_RELEVANT:
        return Judgement(reason=JudgeReason.NEEDS_RELEVANT, after=held)
    verdict, why = _label(held, wanted, reason)
    after = Standing(state=wanted, verdict=verdict, reason=why, by=by, at=now)
    return Judgement(reason=JudgeReason.DECIDED, after=after)


def _label(
    held: Standing, wanted: TriageState, reason: VerdictReason | None
) -> tuple[Verdict | None, VerdictReason | None]:
    if wanted is TriageState.CLOSED:
        return held.verdict, held.reason
    if wanted is TriageState.NOT_RELEVANT:
        return Verdict.NOT_RELEVANT, reason
    return Verdict.RELEVANT, None


_IN_ORDER = (
    TriageState.RELEVANT,
    TriageState.NOT_RELEVANT,
    TriageState.ESCALATED,
    TriageState.CLOSED,
    TriageState.NEW,
)


def choices(held: Standing) -> tuple[TriageState, ...]:
    """Return the states a story can go to, where it stands left out; ``new`` last."""
    now = datetime.max.replace(tzinfo=UTC)
    return tuple(
        state for state in _IN_ORDER if state is not held.state and not judge(held, state, None, by="", now=now).refused
    )


def may_set(field: TriageField, by: Person) -> bool:
    """Whether somebody may set a field at all: readers what is each person's own, analysts what everybody shares."""
    return field is TriageField.FOLLOW or by.role.covers(Role.ANALYST)


class UndoReason(StrEnum):
    """Why a change is taken back or not."""

    UNDONE = "undone"
    #: it is somebody else's
    NOT_OWN = "not_own"
    #: it was taken back before
    ALREADY = "already"
    #: it took something back itself; make the change again instead
    IS_UNDO = "is_undo"
    #: the same was changed since
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """Whether a change can be taken back, and which later one stands in the way."""

    reason: UndoReason
    later: TriageEvent | None = None


def undo(event: TriageEvent, history: Iterable[TriageEvent], person_id: int | None) -> Undoing:
    """Decide whether a person can take back a change.

    Args:
        event: the change.
        history: all changes of the same field of the same story, in any order.
        person_id: who asks.
    """
    if event.person_id != person_id:
        return Undoing(reason=UndoReason.NOT_OWN)
    if event.undoes is not None:
        return Undoing(reason=UndoReason.IS_UNDO)
    of_key = sorted((one for one in history if one.key == event.key), key=lambda one: one.id)
    taken_back = {one.undoes for one in of_key}
    if event.id in taken_back:
        return Undoing(reason=UndoReason.ALREADY)
    later = [one for one in standing_changes(of_key) if one.id > event.id]
    if later:
        return Undoing(reason=UndoReason.CHANGED_SINCE, later=later[-1])
    return Undoing(reason=UndoReason.UNDONE)


def standing_changes(history: Sequence[TriageEvent]) -> list[TriageEvent]:
    """Return the changes that hold: neither taken back nor taking back."""
    taken_back = {one.undoes for one in history}
    return [one for one in history if one.undoes is None and one.id not in taken_back]


def changed_since(history: Iterable[TriageEvent], seen: int | None, by: Person) -> TriageEvent | None:
    """Return the last change of one field that somebody who saw version ``seen`` cannot know of.

    What was changed and taken back since is as it was seen, so it stands in nobody's way; nor does what they changed
    themselves, from another list or window.

    Args:
        history: all changes of the field.
        seen: the version of the story that the person saw; None asks nothing.
        by: the person; where nobody logs in, whoever gave the same name.
    """
    if seen is None:
        return None
    unknown = sorted((one for one in history if one.version > seen), key=lambda one: one.id)
    if not unknown or unknown[0].before == unknown[-1].after:
        return None
    return next((one for one in reversed(unknown) if (one.person_id, one.name) != (by.id, by.name)), None)
