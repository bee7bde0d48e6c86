"""One channel's worker state: what the dispatcher keeps in memory of a channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from alerts.breaker import Breaker
from alerts.pace import Pace
from alerts.sender import Sender
from alerts.settings import Channel
from storage.types import Delivery, Outcome


@dataclass(slots=True, kw_only=True)
class Lane:
    """One channel's worker state."""

    channel: Channel
    sender: Sender
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    breaker: Breaker = field(default_factory=Breaker)
    loaded: bool = False
    swept_at: datetime | None = None
    attempts: set[asyncio.Task[bool]] = field(default_factory=set)
    sending: set[asyncio.Task[Outcome]] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)
    #: refused since anybody was accepted; they come back if it turns out that everybody is
    refused: list[Delivery] = field(default_factory=list)
