"""Subscriptions at hubs that announce a feed's updates (W3C WebSub)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriptionState(StrEnum):
    """How far a subscription has come."""

    #: the hub is to be asked for it
    WANTED = "wanted"
    #: the hub was asked and has not asked back yet
    ASKED = "asked"
    #: the hub announces updates until the lease ends
    ACTIVE = "active"
    #: the hub does not want it
    DENIED = "denied"
    #: no longer wanted, and the hub is to be told
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed's subscription at one hub."""

    #: unguessable last part of the callback address, and the subscription's identity
    token: str
    source_id: str
    #: the feed's address as configured
    url: str
    hub: str
    #: the address the hub knows the feed by
    topic: str
    #: the callback address, token included
    callback: str
    #: key of the hub's signatures
    secret: str
    state: SubscriptionState
    created_at: datetime
    #: when something is to be done next: ask, ask again, renew, give up waiting
    next_step_at: datetime
    #: when the hub was last asked
    asked_at: datetime | None = None
    #: when the hub stops announcing
    lease_until: datetime | None = None
    #: when the hub last announced an update
    announced_at: datetime | None = None
    #: requests in a row that came to nothing
    failures: int = 0
    #: what went wrong last, one line
    detail: str | None = None
