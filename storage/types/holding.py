"""When alerts wait, and what they wait in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Literal

#: days of the week as the configuration names them, Monday first
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Hours in which only what is critical goes out, in the watch's own time; they may cross midnight."""

    start: time
    #: the first moment that is quiet no more; not after ``start``: it lies on the next day
    end: time
    #: days on which they begin, 0 for Monday
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is not urgent is gathered and told once an hour, or once a day."""

    every: Literal["hourly", "daily"]
    #: when a daily one goes out, in the watch's own time
    at: time = time(8)


class BatchKind(StrEnum):
    """Why alerts are gathered instead of sent one by one."""

    QUIET_HOURS = "quiet_hours"
    COOLDOWN = "cooldown"
    HOURLY = "hourly"
    DAILY = "daily"
    STORM = "storm"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """A batch as it is to be: equal keys are the same batch."""

    kind: BatchKind
    key: str
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Alerts of one watch and channel that are told together."""

    id: int
    kind: BatchKind
    key: str
    watch_id: str
    channel_id: str
    opened_at: datetime
    closes_at: datetime
    #: None: it still takes members
    closed_at: datetime | None = None
    #: the list that was sent, or the one member that went by itself; None: nothing was sent
    alert_id: str | None = None
