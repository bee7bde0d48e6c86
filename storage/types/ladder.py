"""What states do to each other, as the ladder of escalation reads it: one row a story and act, and changes of rung."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.types.events import Signal, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An article of a story that is nobody's copy, with its acts."""

    article_id: int
    story_id: int
    #: the affair of the story
    thread_id: int
    #: its date, or when it was first seen where that was earlier
    at: datetime
    title: str
    #: its standfirst, else its first paragraph
    lead: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAct:
    """How the articles of one story that give the same number of people tell one act; copies count once."""

    story_id: int
    type: str
    actor: str
    target: str
    #: asserted, ended (taken back) or denied
    status: Status
    #: people the act hits, 0 where the text gives no number
    persons: int
    #: of the earliest article that tells it
    at: datetime
    #: 1 to 5, before what :attr:`raised` and the number add
    severity: int
    #: something besides the number raises it by one
    raised: bool
    #: some article tells it in its headline
    headline: bool
    #: some article says that it answers an act of the other side
    reaction: bool
    #: of the surest reading, 0–1
    confidence: float
    #: articles that tell it so
    tellings: int
    #: the earliest article, and its sentence
    article_id: int
    sentence: str
    #: the affair of the story; 0 where it is not known yet
    thread_id: int = 0

    @property
    def key(self) -> tuple[int, str, str, str, Status, int]:
        """What two rows must share to be one."""
        return (self.story_id, self.type, self.actor, self.target, self.status, self.persons)


@dataclass(frozen=True, slots=True, kw_only=True)
class RungChange:
    """A step of one state towards or away from another."""

    #: ``rung:FRA-MLI:5:23``: direction, new rung, story that led to it
    key: str
    actor: str
    target: str
    at: datetime
    #: the highest act of the window before and after; 0 is none
    before: int
    after: int
    #: ``act``, ``taken_back``, ``denied`` or ``window`` (the act is older than the window)
    reason: str
    #: the act that led up, or that stopped counting
    type: str
    story_id: int

    @property
    def up(self) -> bool:
        """Whether it is an escalation."""
        return self.after > self.before
