"""The history of triage in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from review.wording import Words
from storage.triage_values import read_assignee, read_link_subject, read_standing
from storage.types.triage import Standing, TriageEvent, TriageField, TriageState


def describe(event: TriageEvent, say: Words) -> str:
    """Return what a change did, such as ``New → Relevant``."""
    what = _DESCRIBED[event.field](event, say)
    return what if event.undoes is None else say("triage.history.undone", what=what)


def state_word(state: TriageState, say: Words, *, seen: bool = False) -> str:
    """Return the word for a state; what is new to all but was seen by the reader is seen."""
    return say(f"triage.state.{'seen' if seen and state is TriageState.NEW else state}")


def _standing(event: TriageEvent, say: Words) -> str:
    before, after = read_standing(event.before), read_standing(event.after)
    words = {"before": _stands(before, say), "after": _stands(after, say)}
    if after.reason is None or after.state is TriageState.CLOSED:
        return say("triage.history.standing", **words)
    return say("triage.history.standing_reason", reason=say(f"triage.reason.{after.reason}"), **words)


def _stands(standing: Standing, say: Words) -> str:
    return state_word(standing.state, say)


def _important(event: TriageEvent, say: Words) -> str:
    return say(f"triage.history.{'important' if event.after else 'unimportant'}")


def _assignee(event: TriageEvent, say: Words) -> str:
    assignee = read_assignee(event.after)
    return say("triage.history.unassigned") if assignee is None else say("triage.history.assigned", who=assignee.name)


def _tag(event: TriageEvent, say: Words) -> str:
    return say(f"triage.history.{'tagged' if event.after else 'untagged'}", tag=event.after or event.before)


def _note(event: TriageEvent, say: Words) -> str:
    return say(f"triage.history.{'noted' if event.after else 'withdrawn'}")


def _link(event: TriageEvent, say: Words) -> str:
    other, kind = read_link_subject(event.subject)
    return say(
        f"triage.history.{'linked' if event.after else 'unlinked'}", kind=say(f"triage.link.{kind}"), other=other
    )


def _follow(event: TriageEvent, say: Words) -> str:
    return say(f"triage.history.{'followed' if event.after else 'unfollowed'}")


_DESCRIBED: Mapping[TriageField, Callable[[TriageEvent, Words], str]] = {
    TriageField.STANDING: _standing,
    TriageField.IMPORTANT: _important,
    TriageField.ASSIGNEE: _assignee,
    TriageField.TAG: _tag,
    TriageField.NOTE: _note,
    TriageField.LINK: _link,
    TriageField.FOLLOW: _follow,
}
