"""What pages show of triage: the marks of a list's rows, everything of one story, and the reader's last change.

A page gets one of these values and hands it to the macros of ``triage_parts.html``:

* a list: ``marks=desk_marks(database, person, ids, now, words)``, then ``row_marks``, ``row_form`` and ``row_box`` for
  each row, ``bulk_bar`` and ``undo_bar`` once;
* a story: ``triage=story_triage(database, person, story_id, now, words)``, then ``story_bar`` and ``story_panels``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from alerts.triaging import UndoReason, choices, may_set, undo
from review.triage_wording import describe
from review.wording import Words
from storage import follows, notes, seen, triage, triage_history
from storage.follows import Followed, FollowNews
from storage.notes import LinkedStory, TagCount
from storage.seen import Attention
from storage.triage import Marks
from storage.types import Person
from storage.types.triage import (
    LinkKind,
    Look,
    Note,
    Triage,
    TriageEvent,
    TriageState,
    VerdictReason,
)

#: how long the page offers to take back one's last change
UNDO_OFFERED = timedelta(minutes=10)
#: somebody who opened a story so lately is looking at it
LOOKING = timedelta(minutes=5)
#: what others changed so lately is pointed out
CHANGED_LATELY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOwn:
    """The reader's last change, which one button takes back."""

    event: TriageEvent
    #: in words
    what: str
    headline: str
    #: of a change of many
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMarks:
    """What a list shows of triage."""

    of: Mapping[int, Marks]
    last_own: LastOwn | None
    #: how many stories the reader follows
    followed: Followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a story's history."""

    event: TriageEvent
    what: str
    #: whether the reader can take it back
    undoable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTriage:
    """Everything of one story."""

    held: Triage
    attention: Attention
    #: what is new in it to the reader, None for one that they do not follow
    follow: FollowNews | None
    own_look: Look | None
    #: where it can go
    choices: tuple[TriageState, ...]
    notes: tuple[Note, ...]
    links: tuple[LinkedStory, ...]
    history: tuple[Line, ...]
    #: others who are looking at it now
    looking: tuple[Look, ...]
    #: what somebody else changed lately
    changed: TriageEvent | None
    last_own: LastOwn | None
    #: tags and names that are offered
    tags: tuple[TagCount, ...]
    people: tuple[str, ...]
    #: headlines of stories that it is likely to be linked with, by number
    near: Mapping[int, str]

    #: what the forms offer
    reasons: tuple[VerdictReason, ...] = tuple(VerdictReason)
    kinds: tuple[LinkKind, ...] = tuple(LinkKind)


def desk_marks(database: Database, person: Person, story_ids: Sequence[int], now: datetime, say: Words) -> DeskMarks:
    """Return what a list of stories shows a person of triage."""
    return DeskMarks(
        of=triage.marks(database, story_ids, person.id),
        last_own=last_own(database, person, now, say),
        followed=follows.count(database, person.id),
    )


def story_triage(database: Database, person: Person, story_id: int, now: datetime, say: Words) -> StoryTriage:
    """Return everything of one story, as a person sees it.

    Raises:
        NotFoundError: no story has this id.
    """
    held = triage.get(database, story_id)
    history = triage_history.of_story(database, story_id, person.id)
    marks = triage.marks(database, [story_id], person.id)[story_id]
    looks = seen.looks(database, story_id)
    others = [look for look in looks if look.person_id != person.id]
    lately = next((one for one in history if one.person_id != person.id and one.at >= now - CHANGED_LATELY), None)
    return StoryTriage(
        held=held,
        attention=marks.attention,
        follow=marks.follow,
        own_look=next((look for look in looks if look.person_id == person.id), None),
        choices=choices(held.standing),
        notes=tuple(notes.of_story(database, story_id)),
        links=tuple(notes.links(database, story_id)),
        history=tuple(
            Line(
                event=one,
                what=describe(one, say),
                undoable=may_set(one.field, person)
                and one.story_id == story_id
                and undo(one, history, person.id).reason is UndoReason.UNDONE,
            )
            for one in history
        ),
        looking=tuple(look for look in others if look.at >= now - LOOKING),
        changed=lately,
        last_own=last_own(database, person, now, say),
        tags=tuple(notes.tags(database)),
        people=tuple(notes.assignees(database)),
        near=notes.nearby(database, story_id),
    )


def last_own(database: Database, person: Person, now: datetime, say: Words) -> LastOwn | None:
    """Return a person's last change of the last minutes, None when there is none to take back."""
    event = triage_history.last_own(database, person.id, now - UNDO_OFFERED)
    if event is None or not may_set(event.field, person):
        return None
    history = triage_history.of_field(database, event.story_id, event.field, event.subject)
    if undo(event, history, person.id).reason is not UndoReason.UNDONE:
        return None
    stories = 1 if event.batch is None else len(triage_history.of_batch(database, event.batch))
    what = describe(event, say)
    return LastOwn(
        event=event,
        what=what if stories == 1 else say.count("triage.history.many", stories, what=what),
        headline=notes.headlines(database, [event.story_id]).get(event.story_id, ""),
        stories=stories,
    )
