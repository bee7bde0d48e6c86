"""What articles say happened: signals, and the stories they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What the text says of an act's reality (PLOVER's auxiliary modes)."""

    ASSERTED = "asserted"
    THREATENED = "threatened"
    HYPOTHETICAL = "hypothetical"
    DENIED = "denied"
    PAST = "past"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One act found in one article: who did what to whom, how real it is, and the proof."""

    #: type of the ladder, such as ``expel_diplomats``
    type: str
    #: 1 (words) to 5 (rupture, arms)
    severity: int
    #: ISO 3166-1 alpha-3, or UN, EU, ECOWAS, AES, AU; None where the text does not say
    actor: str | None
    target: str | None
    status: Status
    #: the sentence that proves it, as printed
    sentence: str
    #: character offsets of the trigger in ``title + "\n" + text``
    start: int
    end: int
    #: id of the rule that matched
    rule: str
    #: words that decided the status
    cues: tuple[str, ...] = ()
    #: how sure the reading is, 0–1
    confidence: float = 1.0
    #: what raised the severity above that of the type: ``many``, ``ambassador``, ``reciprocal``
    modifiers: tuple[str, ...] = ()

    @property
    def act(self) -> tuple[str, str | None, str | None]:
        """(type, actor, target): what makes two signals the same act."""
        return (self.type, self.actor, self.target)


class StoryState(StrEnum):
    """What became of a story."""

    TOLD = "told"
    #: an outlet or an agency corrected it
    CORRECTED = "corrected"
    #: an article of the same affair denies it
    DENIED = "denied"
    #: an edit took its act out
    EDITED = "edited"
    #: an agency took its dispatch back, or every page of it is gone
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All articles on one event."""

    id: int
    headline: str
    first_seen_at: datetime
    last_seen_at: datetime
    articles: int
    #: distinct sources
    outlets: int
    #: independent first-hand reporters: agencies and own reporting
    origins: tuple[str, ...]
    severity: int
    #: the first story of the affair that it belongs to
    thread_id: int = 0
    state: StoryState = StoryState.TOLD
    #: countries whose outlets report, as ISO 3166-1 alpha-3, and how many of the outlets belong to a state
    sides: tuple[str, ...] = ()
    state_outlets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryArticle:
    """A story's article, as lists and alerts show it."""

    id: int
    title: str
    url: str
    source_id: str
    source_name: str
    origin: str
    published_at: datetime | None
    first_seen_at: datetime
    copy_of: int | None
    #: its page could not be read whole; the feed's words stand in
    partial: bool = False
