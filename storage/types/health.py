"""How a source is doing, in a word with the figures behind it; and how the whole watch is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.types.press import FailureReason


class HealthState(StrEnum):
    """How a source is doing: one word that says who must act."""

    #: never read
    NEW = "new"
    #: read, with news at its usual pace
    FRESH = "fresh"
    #: read, nothing new for longer than usual, not long enough to worry
    QUIET = "quiet"
    #: read, nothing new for far longer than its rhythm explains
    SILENT = "silent"
    #: its pages, or its feed, stand behind a bot check, a consent dialog, a paywall or a refusal
    WALLED = "walled"
    #: what should list its articles is no feed, is broken or is empty
    BROKEN_FEED = "broken_feed"
    #: it redirects for good to another address
    MOVED = "moved"
    #: robots.txt keeps the crawler away
    ROBOTS = "robots"
    #: nothing can be reached, which says nothing of this source
    NETWORK = "network"
    #: the server, the name, the encryption or the pace fails
    FAILING = "failing"
    #: the address does not exist any more
    GONE = "gone"
    #: it is read, but what is extracted does not look as it used to
    DRIFTING = "drifting"


#: states in which a source does what is hoped of it
WELL = frozenset({HealthState.NEW, HealthState.FRESH, HealthState.QUIET})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePause:
    """A source of which somebody wants nothing asked for a while."""

    source_id: str
    #: of the source, for people
    name: str
    at: datetime
    #: None: until somebody resumes it
    ends_at: datetime | None
    author: str
    reason: str

    def __str__(self) -> str:
        """Tell it in English."""
        until = "until somebody resumes it" if self.ends_at is None else f"until {self.ends_at:%Y-%m-%d %H:%M} UTC"
        return f"paused by {self.author} {until}: {self.reason}"


class Drift(StrEnum):
    """What of the extracted articles changed."""

    LENGTH = "length"
    TITLES = "titles"
    TEXT = "text"
    LANGUAGE = "language"
    OVERRIDES = "overrides"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The facts behind a state, as values, so that each reader gets a sentence in their language."""

    failure: FailureReason | None = None
    #: the crawler's own sentence
    detail: str | None = None
    #: the address it is about
    address: str | None = None
    #: addresses that fail, of so many the source has
    failing: int = 0
    addresses: int = 0
    #: failed polls in a row
    polls: int = 0
    last_new_at: datetime | None = None
    #: 95 of 100 pauses between two news are shorter
    usual: timedelta | None = None
    #: longest pause that the rhythm explains
    limit: timedelta | None = None
    #: pages looked at, and how many of them are concerned
    pages: int = 0
    hit: int = 0
    drift: Drift | None = None
    #: the drifting figure as it used to be and as it is
    before: str | None = None
    after: str | None = None
    #: where a source moved to
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one source is doing, since when and why."""

    state: HealthState
    since: datetime
    cause: Cause = Cause()

    @property
    def well(self) -> bool:
        """Whether nobody need do anything."""
        return self.state in WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent:
    """A source went from one state to another."""

    source_id: str
    at: datetime
    was: HealthState
    health: Health


class NetworkState(StrEnum):
    """Whether the press can be reached at all."""

    UP = "up"
    #: too many hosts fail at once; it is watched a little before anybody is told
    SUSPECT = "suspect"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The way to the press, since when it is so, and what was seen."""

    state: NetworkState = NetworkState.UP
    since: datetime | None = None
    #: hosts that failed when it was judged, of so many that were asked
    failed: int = 0
    asked: int = 0
    #: what most of them failed with; None: all answered one and the same page
    failure: FailureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRun:
    """What became of one synthetic article."""

    started_at: datetime
    ended_at: datetime
    #: the step that failed, None when all went well
    stage: str | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether it came through."""
        return self.stage is None
