"""What people make of a story: its standing, their notes and tags, and the history of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: number of the service itself where a person's stands: what it changes nobody takes back
SERVICE = -1


class TriageState(StrEnum):
    """Where a story stands for everybody; whether somebody has seen it is each person's own (:class:`Look`)."""

    NEW = "new"
    RELEVANT = "relevant"
    NOT_RELEVANT = "not_relevant"
    ESCALATED = "escalated"
    CLOSED = "closed"


class Verdict(StrEnum):
    """Whether a story was what its watch is after: the label that counts for the precision of rules and watches."""

    RELEVANT = "relevant"
    NOT_RELEVANT = "not_relevant"


class VerdictReason(StrEnum):
    """Why a story is not relevant."""

    WRONG_ACTOR = "wrong_actor"
    BACKGROUND = "background"
    DUPLICATE = "duplicate"
    OLD = "old"
    RULE_TOO_WIDE = "rule_too_wide"
    OTHER = "other"


class LinkKind(StrEnum):
    """How one event stands to another one."""

    IN_REPLY_TO = "in_reply_to"
    FOLLOWS_FROM = "follows_from"
    RELATED_TO = "related_to"


class TriageField(StrEnum):
    """What of a story people change; each is undone, and guarded against lost updates, by itself."""

    STANDING = "standing"
    IMPORTANT = "important"
    ASSIGNEE = "assignee"
    TAG = "tag"
    NOTE = "note"
    LINK = "link"
    #: each person's own
    FOLLOW = "follow"


class Following(StrEnum):
    """How a story stands to somebody as one that they follow."""

    YES = "yes"
    NO = "no"
    #: they follow it, and something in it is new to them
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was last decided of a story, by whom and when."""

    state: TriageState = TriageState.NEW
    #: stays when the story is closed
    verdict: Verdict | None = None
    reason: VerdictReason | None = None
    #: name of who decided last, None while nobody has
    by: str | None = None
    at: datetime | None = None


#: a story that nobody judged
UNJUDGED = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """Who works on a story: an account, or a name where there are no accounts."""

    name: str
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote about a story; nobody edits it, its author may withdraw it."""

    id: int
    story_id: int
    person_id: int | None
    author: str
    text: str
    at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLink:
    """Two events that somebody linked, read from the first: ``story_id`` is in reply to ``other_id``."""

    story_id: int
    other_id: int
    kind: LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When a person last opened a story."""

    story_id: int
    person_id: int | None
    name: str
    at: datetime
    #: the newest article (by number) that the story held then; later ones are new to the person
    up_to: int
    #: whether the story holds a later one
    behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageEvent:
    """One change of one field of one story, as the history keeps it for good."""

    id: int
    story_id: int
    at: datetime
    person_id: int | None
    name: str
    field: TriageField
    #: which of several: the key of a tag, the number of a note, ``other:kind`` of a link, the number of who follows;
    #: empty for the others
    subject: str
    #: values as :mod:`storage.triage_values` writes them; empty for nothing
    before: str
    after: str
    #: the story's version after the change
    version: int
    #: number of the first event of a change of many stories, None for a change of one
    batch: int | None = None
    #: the event that this one takes back
    undoes: int | None = None

    @property
    def key(self) -> tuple[int, TriageField, str]:
        """What was changed: events of one key follow each other."""
        return self.story_id, self.field, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """All that people share about one story."""

    story_id: int
    version: int = 0
    standing: Standing = UNJUDGED
    important: bool = False
    assignee: Assignee | None = None
    #: as they were first written, in the order of the alphabet
    tags: tuple[str, ...] = ()
    #: notes that were not withdrawn
    notes: int = 0


#: of two decisions made at one time
_GRAVITY = (
    TriageState.NEW,
    TriageState.CLOSED,
    TriageState.NOT_RELEVANT,
    TriageState.RELEVANT,
    TriageState.ESCALATED,
)


def unite(first: Standing, second: Standing) -> Standing:
    """Return where a story stands that two stories went into.

    What was escalated stays so. Else the later decision holds, and of two at one time the graver one; a story that
    nobody judged takes over what was decided of the other one.
    """

    def weight(standing: Standing) -> tuple[bool, str, int, str]:
        decided = "" if standing.at is None else standing.at.isoformat()
        return (
            standing.state is TriageState.ESCALATED,
            decided,
            _GRAVITY.index(standing.state),
            f"{standing.verdict}{standing.reason}{standing.by}",
        )

    return max(first, second, key=weight)
