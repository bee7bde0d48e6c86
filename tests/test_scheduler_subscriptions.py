"""What becomes of a subscription: pure decisions, no clock, no hub."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import subscriptions
from scheduler.subscriptions import (
    AFTER_DENIAL,
    ANSWERABLE,
    FAREWELLS,
    FIRST_RETRY,
    LEASE,
    LONGEST_LEASE,
    LONGEST_RETRY,
    RENEW_AT,
    SHORTEST_LEASE,
    SHORTEST_OWN_POLL,
    VERIFY_WITHIN,
    Step,
)
from storage.egress import EgressPolicy
from storage.types import Subscription, SubscriptionState

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WANTED = Subscription(
    token="token", source_id="gazette", url="https://gazette.example/feed.xml", hub="https://hub.example/",
    topic="https://gazette.example/feed.xml", callback="https://vigie.example/websub/token", secret="secret",
    state=SubscriptionState.WANTED, created_at=NOW, next_step_at=NOW,
)  # fmt: skip
ASKED = subscriptions.asking(WANTED, NOW)
QUESTION = {"hub.mode": "subscribe", "hub.topic": WANTED.topic, "hub.challenge": "abc", "hub.lease_seconds": "86400"}


def active(**changes: object) -> Subscription:
    verdict = subscriptions.verify(ASKED, QUESTION, NOW)
    assert verdict is not None
    assert verdict.subscription is not None
    return replace(verdict.subscription, **changes)  # type: ignore[arg-type]


def test_the_life_of_a_subscription() -> None:
    current, step, _ = subscriptions.next_step(WANTED, NOW)
    assert step is Step.SUBSCRIBE
    asked = subscriptions.asking(current, NOW)
    assert asked.state is SubscriptionState.ASKED
    verdict = subscriptions.verify(asked, QUESTION, NOW + SECOND)
    assert verdict is not None
    assert verdict.answer == "abc"
    held = verdict.subscription
    assert held is not None
    assert held.state is SubscriptionState.ACTIVE
    assert held.lease_until == NOW + SECOND + timedelta(days=1)
    due = NOW + SECOND + timedelta(days=1) * RENEW_AT
    assert subscriptions.next_step(held, due - SECOND)[1] is None
    renewing, step, _ = subscriptions.next_step(held, due)
    assert step is Step.SUBSCRIBE
    # While a renewal is under way the subscription holds, and the renewal is repeated before the lease ends.
    repeated = subscriptions.asking(renewing, due)
    assert repeated.state is SubscriptionState.ACTIVE
    assert held.lease_until is not None
    assert due < repeated.next_step_at < held.lease_until
    lost, step, _ = subscriptions.next_step(replace(repeated, next_step_at=held.lease_until), held.lease_until)
    assert step is Step.SUBSCRIBE
    assert lost.state is SubscriptionState.WANTED


def test_a_clock_that_ran_ahead_parks_no_subscription() -> None:
    parked = active(next_step_at=NOW + timedelta(days=400))
    assert subscriptions.next_step(parked, NOW)[1] is Step.SUBSCRIBE


@pytest.mark.parametrize(
    "change",
    [
        {"hub.topic": WANTED.topic + "/"},
        {"hub.topic": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "publish"},
        {"hub.challenge": ""},
        {"hub.challenge": "x" * 5000},
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(change: dict[str, str]) -> None:
    assert subscriptions.verify(ASKED, QUESTION | change, NOW) is None


def test_a_question_out_of_the_blue_is_not_answered() -> None:
    assert subscriptions.verify(WANTED, QUESTION, NOW) is None
    assert subscriptions.verify(ASKED, QUESTION, NOW + ANSWERABLE + SECOND) is None
    late = replace(subscriptions.next_step(ASKED, NOW + VERIFY_WITHIN)[0], next_step_at=NOW + ANSWERABLE)
    assert late.state is SubscriptionState.WANTED
    assert subscriptions.verify(late, QUESTION, NOW + VERIFY_WITHIN + SECOND) is not None


def test_leaving_is_confirmed_once_it_is_meant() -> None:
    question = QUESTION | {"hub.mode": "unsubscribe"}
    assert subscriptions.verify(active(), question, NOW) is None
    leaving = active(state=SubscriptionState.LEAVING, next_step_at=NOW)
    assert subscriptions.next_step(leaving, NOW)[1] is Step.UNSUBSCRIBE
    verdict = subscriptions.verify(leaving, question, NOW)
    assert verdict is not None
    assert verdict.subscription is None
    assert subscriptions.verify(leaving, QUESTION, NOW) is None
    tired = replace(leaving, failures=FAREWELLS)
    assert subscriptions.next_step(tired, NOW)[1] is Step.FORGET
    over = replace(leaving, lease_until=NOW)
    assert subscriptions.next_step(over, NOW)[1] is Step.FORGET


def test_a_denial_is_respected_for_a_week() -> None:
    question = {"hub.mode": "denied", "hub.topic": WANTED.topic, "hub.reason": "no\n<b>thanks</b>"}
    verdict = subscriptions.verify(ASKED, question, NOW)
    assert verdict is not None
    denied = verdict.subscription
    assert denied is not None
    assert verdict.answer == ""
    assert denied.state is SubscriptionState.DENIED
    assert denied.detail is not None
    assert "\n" not in denied.detail
    assert subscriptions.next_step(denied, NOW + AFTER_DENIAL - SECOND)[1] is None
    assert subscriptions.next_step(denied, NOW + AFTER_DENIAL)[1] is Step.SUBSCRIBE
    assert subscriptions.verify(ASKED, question | {"hub.topic": "https://other.example/"}, NOW) is None


@given(st.integers(min_value=0, max_value=200))
def test_failures_wait_ever_longer_up_to_a_day(failures: int) -> None:
    failed = subscriptions.after_failure(replace(ASKED, failures=failures), "HTTP 500", NOW)
    assert failed.state is SubscriptionState.WANTED
    assert FIRST_RETRY <= failed.next_step_at - NOW <= LONGEST_RETRY
    again = subscriptions.after_failure(failed, "HTTP 500", NOW)
    assert again.next_step_at >= failed.next_step_at


@given(st.one_of(st.none(), st.text(max_size=40), st.integers().map(str)))
def test_a_lease_is_always_within_bounds(seconds: str | None) -> None:
    assert SHORTEST_LEASE <= subscriptions.lease_of(seconds) <= LONGEST_LEASE


def test_a_hub_that_names_no_lease_gives_what_was_asked() -> None:
    assert subscriptions.lease_of(None) == LEASE


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha384", "sha512", "SHA256"])
@given(body=st.binary(max_size=200))
def test_a_signature_with_the_secret_is_believed(name: str, body: bytes) -> None:
    digest = hmac.new(b"secret", body, getattr(hashlib, name.lower())).hexdigest()
    assert subscriptions.signed("secret", f"{name}={digest}", body)
    assert subscriptions.signed("secret", f"{name}={digest.upper()}", body)
    assert not subscriptions.signed("other", f"{name}={digest}", body)
    assert not subscriptions.signed("secret", f"{name}={digest}", body + b" ")
    assert not subscriptions.signed("secret", f"{name}={digest[:-1]}", body)


@pytest.mark.parametrize("header", [None, "", "sha256", "sha256=", "md5=" + "0" * 32, "=abc", "sha256=é"])
def test_anything_else_is_no_signature(header: str | None) -> None:
    assert not subscriptions.signed("secret", header, b"body")


@pytest.mark.parametrize(
    ("hub", "called"),
    [
        ("https://hub.example/a?b", "https://hub.example/a?b"),
        ("http://hub.example/", "https://hub.example/"),
        ("http://hub.example:80/x", "https://hub.example/x"),
        ("http://hub.example:8080/", None),
        ("http://127.0.0.1:9/hub", "http://127.0.0.1:9/hub"),
        ("ftp://hub.example/", None),
        ("https://user@hub.example/", None),
    ],
)
def test_hubs_are_called_over_tls(hub: str, called: str | None) -> None:
    assert subscriptions.hub_address(hub, EgressPolicy(allow_cidrs=("127.0.0.0/8",))) == called


def test_hubs_call_back_over_tls() -> None:
    own, none = EgressPolicy(allow_cidrs=("10.1.0.0/16",)), EgressPolicy()
    assert subscriptions.can_be_called("https://vigie.example", none)
    assert not subscriptions.can_be_called("http://vigie.example", own)
    assert subscriptions.can_be_called("http://10.1.2.3:8470", own)
    assert not subscriptions.can_be_called("http://10.1.2.3:8470", none)


def test_a_hub_brings_no_poll_below_the_floor() -> None:
    floor = timedelta(minutes=1)
    assert subscriptions.earliest_poll(None, floor, NOW) == NOW
    assert subscriptions.earliest_poll(NOW - floor * 2, floor, NOW) == NOW
    assert subscriptions.earliest_poll(NOW - SECOND, floor, NOW) == NOW - SECOND + floor
    assert subscriptions.earliest_poll(NOW + timedelta(days=9), floor, NOW) == NOW + floor
    assert subscriptions.earliest_poll(NOW, timedelta(0), NOW) == NOW + SHORTEST_OWN_POLL


def test_polling_slows_down_only_beside_hubs_that_have_proved_themselves() -> None:
    quarter = timedelta(minutes=15)
    fresh = active(announced_at=NOW - timedelta(hours=1))
    assert subscriptions.pace(quarter, 1, [fresh], NOW) == quarter * 2
    assert subscriptions.pace(quarter, 2, [fresh], NOW) == quarter
    assert subscriptions.pace(quarter, 1, [active()], NOW) == quarter
    assert subscriptions.pace(quarter, 1, [replace(fresh, state=SubscriptionState.WANTED)], NOW) == quarter
    assert subscriptions.pace(quarter, 1, [fresh], NOW + timedelta(days=4)) == quarter
    assert subscriptions.pace(timedelta(hours=6), 1, [fresh], NOW) == timedelta(hours=6)
    assert subscriptions.pace(quarter, 0, [], NOW) == quarter
