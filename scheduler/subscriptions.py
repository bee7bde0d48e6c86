"""What becomes of a subscription at a hub: pure decisions after W3C WebSub.

A subscription only ever makes a feed be polled sooner. Nothing is read from what a hub sends, and polling
goes on beside it, so a hub that fails, lies or falls silent costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from crawler.guard import is_allowed_literal, url_refusal
from storage.egress import EgressPolicy
from storage.types import Subscription, SubscriptionState

#: the lease that is asked for, and taken for granted where the hub names none
LEASE = timedelta(days=10)
SHORTEST_LEASE = timedelta(seconds=30)
LONGEST_LEASE = timedelta(days=30)
#: a lease is renewed when this share of it has passed
RENEW_AT = 0.8
#: how long a hub may take to ask back, before the request counts as failed
VERIFY_WITHIN = timedelta(hours=1)
#: how long a hub may take to ask back at all
ANSWERABLE = timedelta(hours=24)
#: first and longest wait after a request that came to nothing; doubled in between
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=24)
#: a hub that does not want a subscription is asked again after this long
AFTER_DENIAL = timedelta(days=7)
#: times a hub is asked to let a subscription go, before its lease is left to run out
FAREWELLS = 3
#: a feed that names another hub is believed after this long, so that it cannot have hubs called at will
STEADFAST = timedelta(hours=24)
#: shortest time between two polls of an own machine (inside ``allow_cidrs``) that a hub can bring about
SHORTEST_OWN_POLL = timedelta(seconds=2)
#: how long an announcement counts as a sign that the hub works
PROVEN = timedelta(days=3)
#: longest interval between polls that a working hub brings about
LONGEST_PACE = timedelta(hours=1)
#: longest challenge that is given back, in characters
MAX_CHALLENGE = 2048
#: algorithms of X-Hub-Signature (WebSub section 7.1). SHA-1 is taken too: the largest hub signs with nothing
#: else, HMAC does not rest on the collisions that broke it, and a forger would win an early poll.
_ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


class Step(StrEnum):
    """What is to be done about a subscription now."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a hub's question gets: the subscription as it is then, and the text of the answer."""

    subscription: Subscription | None
    answer: str


def next_step(subscription: Subscription, now: datetime) -> tuple[Subscription, Step | None, str]:
    """Return the subscription as it stands now, what to do about it, and why.

    Args:
        subscription: as it was stored.
        now: the present.
    """
    current = subscription
    # A plan beyond every plan was made by a clock that ran ahead.
    if now < current.next_step_at <= now + LONGEST_LEASE:
        return current, None, "not due"
    if current.state is SubscriptionState.LEAVING:
        over = current.lease_until is not None and current.lease_until <= now
        if over or current.failures >= FAREWELLS:
            return current, Step.FORGET, "no longer wanted, and told or run out"
        return current, Step.UNSUBSCRIBE, "no longer wanted"
    if current.state is SubscriptionState.ASKED:
        failed = after_failure(current, f"the hub did not ask back within {VERIFY_WITHIN}", now)
        return replace(failed, state=SubscriptionState.WANTED), None, "the hub did not ask back"
    if current.state is SubscriptionState.ACTIVE:
        if current.lease_until is not None and current.lease_until <= now:
            return replace(current, state=SubscriptionState.WANTED), Step.SUBSCRIBE, "the lease has run out"
        return current, Step.SUBSCRIBE, "the lease is to be renewed"
    if current.state is SubscriptionState.DENIED:
        return replace(current, state=SubscriptionState.WANTED), Step.SUBSCRIBE, "the denial is a while ago"
    return current, Step.SUBSCRIBE, "the feed names a hub"


def asking(subscription: Subscription, now: datetime) -> Subscription:
    """Return the subscription as stored before the hub is asked: it may ask back before it answers."""
    state = SubscriptionState.ASKED if subscription.state is SubscriptionState.WANTED else subscription.state
    # A renewal, or a farewell, that brings nothing is repeated sooner than the lease ends.
    wait = VERIFY_WITHIN
    if subscription.lease_until is not None and state is SubscriptionState.ACTIVE:
        wait = max(min(wait, (subscription.lease_until - now) / 2), timedelta(seconds=5))
    return replace(subscription, state=state, asked_at=now, next_step_at=now + wait)


def after_failure(subscription: Subscription, detail: str, now: datetime) -> Subscription:
    """Return the subscription after a request that came to nothing: it is asked for again, ever later."""
    wait = min(FIRST_RETRY * float(2 ** min(subscription.failures, 12)), LONGEST_RETRY)
    state = SubscriptionState.WANTED if subscription.state is SubscriptionState.ASKED else subscription.state
    return replace(
        subscription, state=state, failures=subscription.failures + 1, detail=detail[:300], next_step_at=now + wait
    )


def verify(subscription: Subscription, query: Mapping[str, str], now: datetime) -> Verdict | None:
    """Answer a hub's question about one subscription (WebSub section 5.3), or None when it gets no answer.

    Only what was asked for is confirmed: the exact topic, the mode, and while an answer may still come.
    """
    if query.get("hub.topic") != subscription.topic:
        return None
    leaving = subscription.state is SubscriptionState.LEAVING
    mode = query.get("hub.mode")
    if mode == "denied":
        return None if leaving else Verdict(subscription=_denied(subscription, query, now), answer="")
    challenge = query.get("hub.challenge", "")
    if not 0 < len(challenge) <= MAX_CHALLENGE:
        return None
    if mode == "unsubscribe" and leaving:
        return Verdict(subscription=None, answer=challenge)
    expected = subscription.asked_at is not None and now - subscription.asked_at <= ANSWERABLE
    if mode != "subscribe" or leaving or not expected:
        return None
    lease = lease_of(query.get("hub.lease_seconds"))
    active = replace(
        subscription,
        state=SubscriptionState.ACTIVE,
        lease_until=now + lease,
        next_step_at=now + lease * RENEW_AT,
        failures=0,
        detail=None,
    )
    return Verdict(subscription=active, answer=challenge)


def _denied(subscription: Subscription, query: Mapping[str, str], now: datetime) -> Subscription:
    said = "".join(character for character in query.get("hub.reason", "") if character.isprintable())[:200]
    return replace(
        subscription,
        state=SubscriptionState.DENIED,
        lease_until=None,
        next_step_at=now + AFTER_DENIAL,
        detail=f"the hub denied it: {said or 'no reason given'}",
    )


def lease_of(seconds: str | None) -> timedelta:
    """Return the lease a hub grants, within :data:`SHORTEST_LEASE` and :data:`LONGEST_LEASE`."""
    if seconds is None or not (seconds.isascii() and seconds.isdecimal()):
        return LEASE
    return min(max(timedelta(seconds=int(seconds[:9])), SHORTEST_LEASE), LONGEST_LEASE)


def earliest_poll(last: datetime | None, floor: timedelta, now: datetime) -> datetime:
    """Return when a source that a hub announced may be polled.

    Args:
        last: its last poll; one in the future, by a clock that ran ahead, counts as now.
        floor: the shortest interval for it; see :func:`scheduler.pace.floor_of`.
        now: the present.
    """
    return now if last is None else max(now, min(last, now) + max(floor, SHORTEST_OWN_POLL))


def pace(poll: timedelta, feeds: int, held: Iterable[Subscription], now: datetime) -> timedelta:
    """Return the interval a source is polled at beside its hubs: doubled while all its addresses are announced.

    Args:
        poll: the configured interval.
        feeds: addresses of the source.
        held: its subscriptions.
        now: the present.

    A hub counts once it has announced something, and for :data:`PROVEN` after; it is never relied on alone.
    """
    proven = {
        subscription.url
        for subscription in held
        if subscription.state is SubscriptionState.ACTIVE
        and subscription.announced_at is not None
        and abs(now - subscription.announced_at) <= PROVEN
    }
    return max(poll, min(poll * 2, LONGEST_PACE)) if 0 < feeds == len(proven) else poll


def signed(secret: str, header: str | None, body: bytes) -> bool:
    """Whether X-Hub-Signature proves that ``body`` comes from who knows the secret (WebSub section 7.1)."""
    name, separator, given = (header or "").strip().partition("=")
    algorithm = _ALGORITHMS.get(name.strip().lower())
    if algorithm is None or not separator or not given.isascii():
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), body, algorithm).hexdigest(), given.strip().lower())


def hub_address(hub: str, policy: EgressPolicy) -> str | None:
    """Return the address a hub is called at, or None when it is not called.

    The secret travels to the hub, so it is called over TLS whatever the feed says; an address inside
    ``allow_cidrs`` is called as it is.
    """
    if url_refusal(hub) is not None:
        return None
    parts = urlsplit(hub)
    if parts.scheme == "http" and not is_allowed_literal(hub, policy):
        if parts.port not in (None, 80):
            return None
        host = parts.netloc.removesuffix(":80")
        return urlunsplit(("https", host, parts.path, parts.query, ""))
    return hub


def can_be_called(public_url: str, policy: EgressPolicy) -> bool:
    """Whether hubs can call back: over TLS, or inside a network that ``allow_cidrs`` names."""
    return urlsplit(public_url).scheme == "https" or is_allowed_literal(public_url, policy)
