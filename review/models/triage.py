"""What people make of stories, as it is shown and as it is ordered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from alerts.triage_actions import LONGEST_ASSIGNEE, LONGEST_NOTE, LONGEST_TAG, MOST_STORIES
from review.models.base import NUMBER, Model
from review.models.orders import Order, Signed
from storage.follows import FollowNews
from storage.notes import TagCount
from storage.types.triage import LinkKind, Note, StoryLink, Triage, TriageEvent, TriageState, Verdict, VerdictReason
from storage.verdicts import LabelCounts

#: exact in every JSON reader (RFC 8259 section 6)
LARGEST_ID = 2**53 - 1
StoryId = Annotated[int, Field(ge=1, le=LARGEST_ID), NUMBER]
Version = Annotated[
    int | None,
    Field(ge=0, le=LARGEST_ID, description="of the story as it was read; what others changed since is refused (409)"),
    NUMBER,
]


class TriageModel(Model):
    """All that people share about one story."""

    version: int = Field(description="goes up with each change")
    state: TriageState
    verdict: Verdict | None
    reason: VerdictReason | None = Field(description="why the story is not relevant")
    judged_by: str | None
    judged_at: datetime | None
    important: bool
    assignee: str | None
    tags: tuple[str, ...]
    notes: int

    @classmethod
    def of(cls, triage: Triage) -> TriageModel:
        """Build it from what the archive says."""
        standing = triage.standing
        return cls(
            version=triage.version,
            state=standing.state,
            verdict=standing.verdict,
            reason=standing.reason,
            judged_by=standing.by,
            judged_at=standing.at,
            important=triage.important,
            assignee=None if triage.assignee is None else triage.assignee.name,
            tags=triage.tags,
            notes=triage.notes,
        )


class FollowModel(Model):
    """What is new in a story to somebody who follows it, since they last opened it."""

    articles: int = Field(description="stored since")
    alerts: int = Field(description="raised since")
    edited: bool = Field(description="whether an edit of an older article brought an act in")

    @classmethod
    def of(cls, news: FollowNews) -> FollowModel:
        """Build it from what the archive says."""
        return cls.model_validate(news)


class NoteModel(Model):
    """What somebody wrote about a story."""

    id: int
    author: str
    text: str = Field(description="empty once it is withdrawn")
    at: datetime
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, note: Note) -> NoteModel:
        """Build it from a note; what was withdrawn is not told."""
        return cls(
            id=note.id,
            author=note.author,
            text=note.text if note.withdrawn_at is None else "",
            at=note.at,
            withdrawn_at=note.withdrawn_at,
        )


class LinkModel(Model):
    """Two stories that somebody linked: the first is in reply to, follows from, or is related to the other."""

    story_id: int
    other_id: int
    kind: LinkKind

    @classmethod
    def of(cls, link: StoryLink) -> LinkModel:
        """Build it from a link."""
        return cls.model_validate(link)


class TriageEventModel(Model):
    """One change, as the history keeps it."""

    id: int = Field(description="what `undo` asks for")
    at: datetime
    name: str = Field(description="who made it")
    field: str
    subject: str = Field(description="which tag, note or link")
    before: str
    after: str
    version: int
    undoes: int | None

    @classmethod
    def of(cls, event: TriageEvent) -> TriageEventModel:
        """Build it from an event."""
        return cls.model_validate(event)


class TriageDetail(Model):
    """What people made of one story, with notes, links and history."""

    triage: TriageModel
    follow: FollowModel | None = Field(description="null where whoever asks does not follow the story")
    notes: tuple[NoteModel, ...]
    links: tuple[LinkModel, ...]
    history: tuple[TriageEventModel, ...] = Field(description="newest first")


class TagModel(Model):
    """A tag in use."""

    name: str
    stories: int

    @classmethod
    def of(cls, tag: TagCount) -> TagModel:
        """Build it from a count."""
        return cls.model_validate(tag)


class TagList(Model):
    """The tags in use, the most used first."""

    tags: tuple[TagModel, ...]


class ReasonCount(Model):
    """How many stories were not relevant for one reason."""

    reason: VerdictReason | None
    stories: int


class PrecisionModel(Model):
    """Verdicts on the stories that a watch or a rule brought."""

    name: str = Field(description="id of the watch or of the rule")
    relevant: int
    not_relevant: int
    precision: float | None = Field(description="relevant of all that were judged, 0 to 1; null before the first")
    reasons: tuple[ReasonCount, ...]

    @classmethod
    def of(cls, counts: LabelCounts) -> PrecisionModel:
        """Build it from counts."""
        judged = counts.relevant + counts.not_relevant
        return cls(
            name=counts.name,
            relevant=counts.relevant,
            not_relevant=counts.not_relevant,
            precision=counts.relevant / judged if judged else None,
            reasons=tuple(ReasonCount(reason=reason, stories=stories) for reason, stories in counts.reasons),
        )


class PrecisionList(Model):
    """Precision of each watch and each rule, those with most verdicts first."""

    watches: tuple[PrecisionModel, ...]
    rules: tuple[PrecisionModel, ...]


class VersionedOrder(Signed):
    """An order on a story that others may have changed meanwhile."""

    version: Version = None


class VerdictOrder(VersionedOrder):
    """Where a story stands from now on."""

    state: TriageState
    reason: VerdictReason | None = Field(default=None, description="with `not_relevant` alone")


class ImportantOrder(VersionedOrder):
    """Whether a story is important."""

    important: StrictBool


class FollowOrder(Signed):
    """Whether whoever asks follows a story from now on."""

    follow: StrictBool


class AssignOrder(VersionedOrder):
    """Who works on a story; null: nobody."""

    assignee: Annotated[str, StringConstraints(pattern=r"\w", max_length=LONGEST_ASSIGNEE)] | None


class TagOrder(VersionedOrder):
    """A tag to put on or take off a story."""

    tag: Annotated[str, StringConstraints(pattern=r"\w", max_length=LONGEST_TAG)]
    do: Literal["tag", "untag"] = "tag"


class NoteOrder(Signed):
    """A note to write under a story."""

    text: Annotated[str, StringConstraints(pattern=r"\w", max_length=LONGEST_NOTE)]


class UndoOrder(Signed):
    """A change to take back, with all that was made as one with it."""

    event: Annotated[int, Field(ge=1, le=LARGEST_ID), NUMBER]


class StoryVersion(Order):
    """A story with the version that was read."""

    story_id: StoryId
    version: Version = None


class BulkVerdictOrder(Signed):
    """Where many stories stand from now on, all or none."""

    stories: tuple[StoryVersion, ...] = Field(min_length=1, max_length=MOST_STORIES)
    state: TriageState
    reason: VerdictReason | None = None
