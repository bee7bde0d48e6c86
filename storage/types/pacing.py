"""What polling has taught of a source: when it publishes, how long its lists last, what it wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: hours of a week
WEEK_HOURS = 168
_NOTHING = (0.0,) * WEEK_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How many new entries a source listed in each hour of the week, fading over the weeks.

    Hours are those of UTC, the first from Monday 00:00: they exist once a week each, whatever daylight
    saving does to the newsroom's own clock.
    """

    #: new entries by hour of the week
    entries: tuple[float, ...] = _NOTHING
    #: hours in which the source was watched, by hour of the week
    watched: tuple[float, ...] = _NOTHING
    #: new entries of late, fading within hours, and how many the rhythm let expect in the same time
    recent: float = 0.0
    expected: float = 0.0
    #: new entries of the whole source after which its shortest list has been replaced once
    window: float | None = None
    #: polls in a row that brought nothing new
    quiet_polls: int = 0
    #: until when the source has been watched; None before the first poll
    learnt_until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a rhythm that is not a week long.

        Raises:
            ValueError: ``entries`` or ``watched`` has another length.
        """
        if len(self.entries) != WEEK_HOURS or len(self.watched) != WEEK_HOURS:
            raise ValueError(f"a rhythm has {WEEK_HOURS} hours, not {len(self.entries)} and {len(self.watched)}")


class PlanReason(StrEnum):
    """Why a source is polled next when it is."""

    #: the interval that is configured
    STEADY = "steady"
    #: news is more, or less, likely now than at other hours of its week
    RHYTHM = "rhythm"
    #: more, or less, came of late than the rhythm let expect
    HEAT = "heat"
    #: its list is short and could overflow
    WINDOW = "window"
    #: its feed or its server asks to be read less often
    WISH = "wish"
    #: the last poll failed
    FAILED = "failed"
    #: its host asked for patience
    ASKED = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When a source is polled next, and why then."""

    at: datetime
    reason: PlanReason
    #: one sentence for people, in English
    detail: str


class Lane(StrEnum):
    """What is asked of a host: the lists of its articles, robots.txt among them, or the articles."""

    LISTING = "listing"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHold:
    """A host that asked not to be called for a while."""

    #: the host as pace counts it: its name, with the port for machines inside ``allow_cidrs``
    host: str
    lane: Lane
    until: datetime
    #: answers in a row that asked for patience
    strikes: int
    #: HTTP status of the last of them
    status: int
