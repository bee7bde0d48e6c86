"""What the dispatcher keeps in memory of a channel, or of one service of a channel that has several.

Services share an id and settings, not their fate: each has a worker and a breaker of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from alerts.breaker import Breaker
from alerts.pace import Pace
from alerts.sender import Sender
from alerts.settings import AppriseChannel, Channel
from storage.types import Delivery, Outcome


def parts(channel: Channel) -> dict[str, tuple[str, ...]]:
    """Return a name for each worker of a channel, with the recipients that it leaves to the others.

    Whoever is no recipient any more is served by all of them, so that nothing waits for ever.
    """
    if not isinstance(channel, AppriseChannel) or len(channel.urls) == 1:
        return {channel.id: ()}
    everybody = channel.recipients
    return {f"{channel.id}/{one}": tuple(name for name in everybody if name != one) for one in everybody}


@dataclass(slots=True, kw_only=True)
class Lane:
    """One worker's state."""

    #: the channel's id, or the id, a slash and the recipient
    name: str
    channel: Channel
    #: recipients of the channel that other workers serve
    without: tuple[str, ...] = ()
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
