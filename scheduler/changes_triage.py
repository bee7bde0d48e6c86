"""The changes that people make of stories: verdicts, tags, notes, who works on what, and taking any of it back.

Each names the version of the story that its author saw. Where somebody changed the same field since, the change is
refused and says who; other fields, further tags and notes stand in nobody's way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from alerts.triage_actions import (
    LONGEST_ASSIGNEE,
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_STORIES,
    Action,
    Proposal,
    propose,
)
from alerts.triaging import JudgeReason, UndoReason, changed_since, may_set, undo
from scheduler.errors import ChangedSinceError, TriageRefusedError
from storage import accounts, follows, notes, seen, threads, triage, triage_history
from storage.errors import NotFoundError
from storage.triage_history import person_number
from storage.triage_values import NO, YES, key_of, link_subject
from storage.types import Person, Role
from storage.types.triage import (
    Assignee,
    LinkKind,
    TriageEvent,
    TriageField,
    TriageState,
    VerdictReason,
)

if TYPE_CHECKING:
    from scheduler.changes import Change

_REFUSALS = {
    JudgeReason.NEEDS_VERDICT: "only what was judged can be closed; say first whether it is relevant",
    JudgeReason.NEEDS_RELEVANT: "only what is relevant can be escalated; say first that it is",
    JudgeReason.REASON_WITHOUT_USE: "a reason goes with 'not relevant' alone",
    JudgeReason.TOO_MANY_TAGS: "the story has as many tags as one can have; take one away first",
}


def _verdict(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _one(database, given, _judging(given), now, by)


def _judging(given: dict[str, Any]) -> Action:
    reason = given.get("reason") or None
    return Action(
        field=TriageField.STANDING,
        state=TriageState(given["state"]),
        reason=None if reason is None else VerdictReason(reason),
    )


def _important(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _one(database, given, Action(field=TriageField.IMPORTANT, yes=_flag(given, "important")), now, by)


def _assign(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _one(database, given, _assigning(database, given), now, by)


def _assigning(database: Database, given: dict[str, Any]) -> Action:
    """Read who is to work on a story: whoever has an account of that name, else the name."""
    name = _line(given.get("assignee") or "", LONGEST_ASSIGNEE, "a name")
    if not name:
        return Action(field=TriageField.ASSIGNEE)
    try:
        account = accounts.named(database, name)
    except NotFoundError:
        return Action(field=TriageField.ASSIGNEE, assignee=Assignee(name=name))
    return Action(field=TriageField.ASSIGNEE, assignee=Assignee(name=account.name, id=account.id))


def _tag(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _one(database, given, _tagging(database, given, yes=True), now, by)


def _untag(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _one(database, given, _tagging(database, given, yes=False), now, by)


def _tagging(database: Database, given: dict[str, Any], *, yes: bool) -> Action:
    name = _line(str(given["tag"]), LONGEST_TAG, "a tag")
    if not name:
        raise TriageRefusedError("a tag needs a name")
    return Action(field=TriageField.TAG, yes=yes, tag=notes.tag_named(database, key_of(name)) or name)


def _note(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    text = _lines(str(given["text"]))
    if not text:
        raise TriageRefusedError("a note needs a text")
    if len(text) > LONGEST_NOTE:
        raise TriageRefusedError(f"a note has {LONGEST_NOTE} characters at most, not {len(text)}")
    story = int(given["story"])
    event = notes.add(database, _told_here(database, story), text, by=_named(by, given), now=now)
    return f"note {event.subject} stands under story {story}"


def _withdraw_note(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    story, number = int(given["story"]), int(given["note"])
    found = notes.note(database, story, number)
    if found is not None and found.person_id != by.id and not by.role.covers(Role.ADMIN):
        raise TriageRefusedError(f"note {number} is {found.author}'s; only who wrote a note withdraws it")
    event = triage.write(database, story, TriageField.NOTE, NO, subject=str(number), by=_named(by, given), now=now)
    return f"note {number} is withdrawn" if event else f"note {number} was withdrawn before"


def _link_stories(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _set_link(database, given, now, by, YES)


def _unlink_stories(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    return _set_link(database, given, now, by, NO)


def _set_link(database: Database, given: dict[str, Any], now: datetime, by: Person, after: str) -> str:
    story, other, kind = int(given["story"]), int(given["other"]), LinkKind(given["kind"])
    triage.get(database, other)
    if story == other:
        raise TriageRefusedError("a story is not linked with itself; name another one")
    subject = link_subject(other, kind)
    event = triage.write(database, story, TriageField.LINK, after, subject=subject, by=_named(by, given), now=now)
    if event is None:
        return f"stories {story} and {other} stand so already"
    return f"stories {story} and {other} are {'linked' if after else 'linked no longer'}"


def _seen(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    story = int(given["story"])
    if _flag(given, "seen"):
        seen.see(database, story, by, now)
        return f"story {story} is seen"
    seen.unsee(database, story, by)
    return f"story {story} is new again"


def _follow(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    story, after = int(given["story"]), YES if _flag(given, "follow") else NO
    event = _set_follows(database, [story], after, now, _named(by, given))
    return f"story {story} is followed{'' if after else ' no longer'}" if event else f"story {story} stood so already"


def _set_follows(database: Database, stories: list[int], after: str, now: datetime, by: Person) -> list[TriageEvent]:
    """Let somebody follow stories, or no longer, and return what changed; many are taken back as one."""
    events: list[TriageEvent] = []
    for story in dict.fromkeys(stories):
        event = triage.write(
            database, _told_here(database, story), TriageField.FOLLOW, after, by=by, now=now,
            subject=str(person_number(by.id)), batch=events[0].id if events else None,
        )  # fmt: skip
        if event is not None:
            events.append(event)
            if len(events) == 1 and len(stories) > 1:
                triage_history.begin_batch(database, event)
    if after and follows.number_of(database, by.id) > follows.MOST_FOLLOWED:
        raise TriageRefusedError(
            f"you would follow more than {follows.MOST_FOLLOWED} stories; let some of them go first"
        )
    return events


def _one(database: Database, given: dict[str, Any], action: Action, now: datetime, by: Person) -> str:
    """Carry out one action on one story."""
    story, version, by = int(given["story"]), given.get("version"), _named(by, given)
    proposal = _checked(database, story, None if version is None else int(version), action, now, by)
    if proposal.refused:
        raise TriageRefusedError(f"story {story}: {_REFUSALS[proposal.reason]}")
    if not proposal.changes:
        return f"story {story} stood so already"
    triage.write(database, story, action.field, proposal.after, subject=action.subject, by=by, now=now)
    return f"story {story} is changed"


def _checked(
    database: Database, story: int, version: int | None, action: Action, now: datetime, by: Person
) -> Proposal:
    """Return what an action comes to, for a story that is still as its author saw it.

    Raises:
        ChangedSinceError: somebody changed the same since.
        NotFoundError: no story has this id.
    """
    proposal = propose(triage.get(database, _told_here(database, story)), action, by=by.name, now=now)
    if proposal.reason is JudgeReason.SAME:
        return proposal
    later = changed_since(triage_history.of_field(database, story, action.field, action.subject), version, by)
    if later is not None:
        raise ChangedSinceError(
            f"{later.name} changed story {story} at {later.at:%Y-%m-%d %H:%M} UTC, after this page was made; "
            "look at how it stands now and choose again"
        )
    return proposal


def _bulk(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    """One action on many stories, all in one transaction; what the rules do not allow for some leaves those alone."""
    wanted = [(int(story), None if version is None else int(version)) for story, version in given["stories"]]
    if not wanted or len(wanted) > MOST_STORIES:
        raise TriageRefusedError(f"a change of many stories takes 1 to {MOST_STORIES} of them, not {len(wanted)}")
    do = str(given["do"])
    if do in {"seen", "unseen"}:
        for story, _ in wanted:
            _seen(database, {"story": story, "seen": do == "seen"}, now, by)
        return f"{len(wanted)} stories are {do}"
    if do in {"follow", "unfollow"}:
        events = _set_follows(database, [story for story, _ in wanted], YES if do == "follow" else NO, now, by)
        return f"{len(events)} of {len(wanted)} stories are changed"
    action = _ACTIONS[do](database, given)
    by = _named(by, given)
    events = []
    for story, version in dict(wanted).items():
        proposal = _checked(database, story, version, action, now, by)
        if not proposal.changes:
            continue
        event = triage.write(
            database, story, action.field, proposal.after, subject=action.subject, by=by, now=now,
            batch=events[0].id if events else None,
        )  # fmt: skip
        if event is not None:
            events.append(event)
            if len(events) == 1:
                triage_history.begin_batch(database, event)
    return f"{len(events)} of {len(wanted)} stories are changed"


_ACTIONS: dict[str, Callable[[Database, dict[str, Any]], Action]] = {
    "verdict": lambda _, given: _judging(given),
    "important": lambda _, given: Action(field=TriageField.IMPORTANT, yes=_flag(given, "important")),
    "assign": _assigning,
    "tag": lambda database, given: _tagging(database, given, yes=True),
    "untag": lambda database, given: _tagging(database, given, yes=False),
}


def _undo(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    """Take back one change, or all that were made as one with it."""
    event = triage_history.get(database, int(given["event"]))
    whole = [event] if event.batch is None else triage_history.of_batch(database, event.batch)
    by = _named(by, given)
    undone: list[TriageEvent] = []
    refusals: list[str] = []
    for one in whole:
        refusal = _why_not(database, one, by)
        if refusal is not None:
            refusals.append(refusal)
            continue
        written = triage.write(
            database, one.story_id, one.field, one.before, subject=one.subject, by=by, now=now,
            batch=undone[0].id if undone else None, undoes=one.id,
        )  # fmt: skip
        if written is not None:
            undone.append(written)
            if len(undone) == 1 and len(whole) > 1:
                triage_history.begin_batch(database, written)
    if not undone:
        raise TriageRefusedError(refusals[0])
    kept = f"; {len(refusals)} stay: {refusals[0]}" if refusals else ""
    return f"{len(undone)} {'change is' if len(undone) == 1 else 'changes are'} taken back{kept}"


def _why_not(database: Database, event: TriageEvent, by: Person) -> str | None:
    """Return why a change cannot be taken back, None when it can."""
    if not may_set(event.field, by):
        return "what everybody shares is changed by analysts"
    into = threads.joined(database, event.story_id)
    if into is not None:
        return f"story {event.story_id} went into story {into} since"
    history = triage_history.of_field(database, event.story_id, event.field, event.subject)
    found = undo(event, history, by.id)
    if found.reason is UndoReason.CHANGED_SINCE and found.later is not None:
        later = found.later
        return f"{later.name} changed story {event.story_id} at {later.at:%Y-%m-%d %H:%M} UTC since"
    return _WHY_NOT.get(found.reason)


_WHY_NOT = {
    UndoReason.NOT_OWN: "only who made a change takes it back",
    UndoReason.ALREADY: "it was taken back before",
    UndoReason.IS_UNDO: "what took something back is not taken back; make the change again",
}


def _told_here(database: Database, story: int) -> int:
    """Return a story that holds articles: a page may be older than the merge that emptied it."""
    into = threads.joined(database, story)
    if into is not None:
        raise ChangedSinceError(f"story {story} went into story {into} since this page was made; open that one")
    return story


def _named(by: Person, given: dict[str, Any]) -> Person:
    """Return the author, by the name given on a form where nobody logs in."""
    author = str(given.get("author") or "").strip()
    return replace(by, name=author) if by.id is None and author else by


def _flag(given: dict[str, Any], name: str) -> bool:
    found = given[name]
    if not isinstance(found, bool):
        raise TypeError(f"{name} is true or false, not {found!r}")
    return found


def _lines(text: str) -> str:
    """Return a text without what no keyboard types: control characters and halves of characters."""
    text = text.replace("\r\n", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def _line(text: str, longest: int, what: str) -> str:
    """Return a text as one line of printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) > longest:
        raise TriageRefusedError(f"{what} has {longest} characters at most, not {len(line)}")
    return line


CHANGES: dict[str, Change] = {
    "verdict": _verdict,
    "important": _important,
    "assign": _assign,
    "tag": _tag,
    "untag": _untag,
    "note": _note,
    "withdraw_note": _withdraw_note,
    "link_stories": _link_stories,
    "unlink_stories": _unlink_stories,
    "seen": _seen,
    "follow": _follow,
    "bulk": _bulk,
    "undo": _undo,
}
