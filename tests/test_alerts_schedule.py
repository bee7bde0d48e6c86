"""The retry plan and the breaker: pure functions, so their promises are checked over all inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import breaker as breakers
from alerts.breaker import Breaker, Permit, after_attempt, from_json, is_open, permit, to_json
from alerts.schedule import after, planned
from alerts.settings import Channel, DeliverySettings, EmailChannel, WebhookChannel
from storage.types import Delivery, DeliveryState, Outcome, OutcomeClass

NOW = datetime(2026, 9, 19, 12, tzinfo=UTC)
SETTINGS = DeliverySettings()
HOOK = WebhookChannel(id="hook", url="https://x.example/h", secrets=("whsec_c2VjcmV0c2VjcmV0c2VjcmV0",))
MAIL = EmailChannel(id="mail", host="mail.example", port=587, sender="v@example.org", recipients=("a@example.org",))
CHANNELS = st.sampled_from((HOOK, MAIL))
RETRIED = (
    OutcomeClass.TRANSIENT_RECIPIENT, OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.CHANNEL_CONFIG, OutcomeClass.UNKNOWN,
)  # fmt: skip
CHANCE = st.floats(0, 1)


def delivery(attempts: int = 0, created_at: datetime = NOW) -> Delivery:
    return Delivery(
        id=1, key="msg_a", alert_id="alr_a", channel_id="c", recipient="", state=DeliveryState.LEASED,
        attempts=attempts, created_at=created_at, next_attempt_at=created_at,
    )  # fmt: skip


def outcome(kind: OutcomeClass, retry_after: float | None = None) -> Outcome:
    return Outcome(outcome=kind, detail="said", retry_after=retry_after)


def pauses(channel: Channel, chance: float, kind: OutcomeClass = OutcomeClass.CHANNEL_TRANSIENT) -> list[timedelta]:
    """The pauses a delivery sees whose every attempt fails, until it is dead."""
    now, item = NOW, delivery()
    seen: list[timedelta] = []
    while True:
        step = after(outcome(kind), item, channel, SETTINGS, now, chance)
        if step.state is DeliveryState.DEAD:
            assert step.reason == "horizon"
            return seen
        assert step.next_attempt_at is not None
        assert step.counts
        seen.append(step.next_attempt_at - now)
        now, item = step.next_attempt_at, replace(item, attempts=item.attempts + 1)


@pytest.mark.parametrize(
    ("channel", "first", "hours"),
    [
        (HOOK, [5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 21600], 72),
        (MAIL, [60, 300, 900, 1800, 3600, 3600], 120),
    ],
)
def test_the_plan_of_each_channel(channel: Channel, first: list[int], hours: int) -> None:
    seen = pauses(channel, 0.5)
    assert [pause.total_seconds() for pause in seen[: len(first)]] == first
    assert sum(seen, timedelta()) >= timedelta(hours=hours)
    assert sum(seen[:-1], timedelta()) < timedelta(hours=hours)


@given(CHANNELS, CHANCE)
def test_an_outage_as_long_as_the_horizon_is_survived_at_any_jitter(channel: Channel, chance: float) -> None:
    seen = pauses(channel, chance)
    assert sum(seen, timedelta()) >= SETTINGS.horizon(channel)
    for number, pause in enumerate(seen, start=1):
        assert 0.75 <= pause / planned(number, channel, SETTINGS) <= 1.25
    assert all(later >= earlier for earlier, later in pairwise(seen))


@given(CHANNELS, st.sampled_from(RETRIED), st.integers(0, 500), CHANCE, st.none() | st.floats(-1e9, 1e9))
def test_the_next_attempt_never_lies_in_the_past_nor_beyond_the_longest_pause(
    channel: Channel, kind: OutcomeClass, attempts: int, chance: float, asked: float | None
) -> None:
    step = after(outcome(kind, asked), delivery(attempts), channel, SETTINGS, NOW, chance)
    assert step.state is DeliveryState.PENDING
    assert step.next_attempt_at is not None
    longest = max(*SETTINGS.retries(channel), SETTINGS.retry_after_limit)
    assert NOW < step.next_attempt_at <= NOW + longest * 1.25
    assert step.maybe_delivered == (kind is OutcomeClass.UNKNOWN)


@given(CHANNELS, CHANCE, st.integers(0, 20))
def test_the_plan_is_monotone_in_attempts(channel: Channel, chance: float, attempts: int) -> None:
    def next_at(done: int) -> datetime:
        step = after(outcome(OutcomeClass.CHANNEL_TRANSIENT), delivery(done), channel, SETTINGS, NOW, chance)
        assert step.next_attempt_at is not None
        return step.next_attempt_at

    assert next_at(attempts) <= next_at(attempts + 1)


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        (OutcomeClass.OK, DeliveryState.SENT, "sent"),
        (OutcomeClass.PERMANENT_RECIPIENT, DeliveryState.DEAD, "refused_for_good"),
        (OutcomeClass.GONE, DeliveryState.DEAD, "gone"),
        (OutcomeClass.BUG, DeliveryState.DEAD, "unreadable"),
    ],
)
def test_final_outcomes(kind: OutcomeClass, state: DeliveryState, reason: str) -> None:
    step = after(outcome(kind), delivery(), HOOK, SETTINGS, NOW, 0.5)
    assert (step.state, step.reason, step.next_attempt_at, step.counts) == (state, reason, None, True)


@given(st.sampled_from(RETRIED), CHANNELS, CHANCE)
def test_past_the_horizon_a_failure_is_final(kind: OutcomeClass, channel: Channel, chance: float) -> None:
    old = delivery(9, NOW - SETTINGS.horizon(channel))
    assert after(outcome(kind), old, channel, SETTINGS, NOW, chance).state is DeliveryState.DEAD
    young = delivery(9, NOW - SETTINGS.horizon(channel) + timedelta(seconds=1))
    assert after(outcome(kind), young, channel, SETTINGS, NOW, chance).state is DeliveryState.PENDING
    assert after(outcome(OutcomeClass.OK), old, channel, SETTINGS, NOW, chance).state is DeliveryState.SENT


@given(CHANCE)
def test_a_mail_that_may_have_arrived_waits_ten_minutes(chance: float) -> None:
    step = after(outcome(OutcomeClass.UNKNOWN), delivery(), MAIL, SETTINGS, NOW, chance)
    assert step.next_attempt_at is not None
    assert step.next_attempt_at >= NOW + timedelta(minutes=10)
    hook = after(outcome(OutcomeClass.UNKNOWN), delivery(), HOOK, SETTINGS, NOW, chance)
    assert hook.next_attempt_at is not None
    assert hook.next_attempt_at < NOW + timedelta(minutes=1), "a receiver of webhooks drops a repeated id"


@pytest.mark.parametrize(("asked", "least", "most"), [(0, 4, 6), (120, 120, 120), (10**9, 21600, 21600)])
def test_retry_after_is_obeyed_between_the_plan_and_six_hours(asked: float, least: float, most: float) -> None:
    for chance in (0.0, 0.5, 1.0):
        step = after(outcome(OutcomeClass.CHANNEL_TRANSIENT, asked), delivery(), HOOK, SETTINGS, NOW, chance)
        assert step.next_attempt_at is not None
        assert least <= (step.next_attempt_at - NOW).total_seconds() <= most


def test_what_a_person_must_mend_is_tried_more_slowly() -> None:
    slow, quick = (
        after(outcome(kind), delivery(), HOOK, SETTINGS, NOW, 0.5).next_attempt_at
        for kind in (OutcomeClass.CHANNEL_CONFIG, OutcomeClass.CHANNEL_TRANSIENT)
    )
    assert slow == NOW + timedelta(minutes=2)
    assert quick == NOW + timedelta(seconds=5)


def test_behind_an_open_breaker_no_attempt_counts() -> None:
    probe = NOW + timedelta(seconds=30)
    step = after(outcome(OutcomeClass.CHANNEL_TRANSIENT), delivery(4), HOOK, SETTINGS, NOW, 0.5, probe_at=probe)
    assert (step.counts, step.next_attempt_at, step.reason) == (False, probe, "breaker_open")
    old = delivery(4, NOW - timedelta(hours=73))
    dead = after(outcome(OutcomeClass.CHANNEL_TRANSIENT), old, HOOK, SETTINGS, NOW, 0.5, probe_at=probe)
    assert dead.state is DeliveryState.DEAD, "the horizon runs on"


# --- the breaker ---------------------------------------------------------------------------------

FAILED = outcome(OutcomeClass.CHANNEL_TRANSIENT)


def broken(times: int, kind: OutcomeClass = OutcomeClass.CHANNEL_TRANSIENT) -> Breaker:
    state = Breaker()
    for _ in range(times):
        state = after_attempt(state, outcome(kind), SETTINGS, NOW)
    return state


def test_five_failures_in_a_row_open_it() -> None:
    assert permit(broken(4), SETTINGS, NOW) is Permit.FREE
    opened = broken(5)
    assert is_open(opened, SETTINGS)
    assert (permit(opened, SETTINGS, NOW), opened.wait_until) == (Permit.WAIT, NOW + timedelta(seconds=30))
    assert permit(opened, SETTINGS, NOW + timedelta(seconds=30)) is Permit.PROBE
    assert (opened.failing_since, opened.detail) == (NOW, "said")


def test_probes_come_less_and_less_often() -> None:
    state, waits, now = broken(5), [], NOW
    for _ in range(8):
        assert state.wait_until is not None
        waits.append((state.wait_until - now).total_seconds())
        now = state.wait_until
        state = after_attempt(state, FAILED, SETTINGS, now)
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


@pytest.mark.parametrize("kind", [OutcomeClass.OK, OutcomeClass.TRANSIENT_RECIPIENT, OutcomeClass.PERMANENT_RECIPIENT])
def test_any_sign_of_life_closes_it(kind: OutcomeClass) -> None:
    assert after_attempt(broken(9), outcome(kind), SETTINGS, NOW) == Breaker()


def test_our_own_fault_says_nothing_about_the_channel() -> None:
    assert after_attempt(broken(3), outcome(OutcomeClass.BUG), SETTINGS, NOW) == broken(3)


def test_a_wrong_password_is_not_tried_every_minute() -> None:
    assert broken(5, OutcomeClass.CHANNEL_CONFIG).wait_until == NOW + timedelta(minutes=15)


def test_gone_is_gone_until_a_person_says_otherwise() -> None:
    state = after_attempt(Breaker(), outcome(OutcomeClass.GONE), SETTINGS, NOW)
    assert permit(state, SETTINGS, NOW + timedelta(days=999)) is Permit.GONE


def test_retry_after_rests_the_whole_channel() -> None:
    state = after_attempt(Breaker(), outcome(OutcomeClass.CHANNEL_TRANSIENT, 120), SETTINGS, NOW)
    assert permit(state, SETTINGS, NOW + timedelta(seconds=119)) is Permit.WAIT
    assert permit(state, SETTINGS, NOW + timedelta(seconds=120)) is Permit.FREE
    endless = after_attempt(Breaker(), outcome(OutcomeClass.CHANNEL_TRANSIENT, 1e12), SETTINGS, NOW)
    assert endless.wait_until == NOW + timedelta(hours=6)


def test_a_failure_that_was_under_way_takes_no_patience_back() -> None:
    asked = after_attempt(Breaker(), outcome(OutcomeClass.CHANNEL_TRANSIENT, 120), SETTINGS, NOW)
    second = timedelta(seconds=1)
    for late in (outcome(OutcomeClass.CHANNEL_TRANSIENT), outcome(OutcomeClass.CHANNEL_TRANSIENT, 10)):
        state = after_attempt(asked, late, SETTINGS, NOW + second)
        assert (state.failures, state.wait_until) == (2, NOW + 120 * second)


def test_an_answer_to_what_was_under_way_does_not_end_the_rest() -> None:
    state = after_attempt(Breaker(), outcome(OutcomeClass.CHANNEL_TRANSIENT, 120), SETTINGS, NOW)
    state = after_attempt(state, outcome(OutcomeClass.OK), SETTINGS, NOW + timedelta(seconds=1))
    assert state.failures == 0
    assert permit(state, SETTINGS, NOW + timedelta(seconds=119)) is Permit.WAIT
    assert permit(state, SETTINGS, NOW + timedelta(seconds=120)) is Permit.FREE
    assert after_attempt(state, outcome(OutcomeClass.OK), SETTINGS, NOW + timedelta(seconds=120)) == Breaker()


def test_a_clock_that_ran_ahead_does_not_park_the_channel() -> None:
    ahead = replace(broken(5), wait_until=NOW + timedelta(days=3650))
    assert permit(ahead, SETTINGS, NOW) is Permit.PROBE


@given(
    st.lists(st.tuples(st.sampled_from(OutcomeClass), st.none() | st.floats(0, 1e7), st.floats(0, 1e5)), max_size=30)
)
def test_it_survives_a_restart_and_always_lets_something_through_in_time(
    history: list[tuple[OutcomeClass, float | None, float]],
) -> None:
    state, now = Breaker(), NOW
    for kind, asked, pause in history:
        now += timedelta(seconds=pause)
        state = after_attempt(state, outcome(kind, asked), SETTINGS, now)
        assert from_json(to_json(state)) == state
    later = permit(state, SETTINGS, now + timedelta(hours=6))
    assert later is (Permit.GONE if state.gone else Permit.PROBE if is_open(state, SETTINGS) else Permit.FREE)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", '{"failures": "many"}', '{"failures": 9}'])
def test_an_unreadable_state_is_a_closed_breaker(text: str | None) -> None:
    assert from_json(text) == Breaker()


def test_every_outcome_has_a_place() -> None:
    final = {OutcomeClass.GONE, OutcomeClass.BUG}
    alive = {OutcomeClass.OK, OutcomeClass.TRANSIENT_RECIPIENT, OutcomeClass.PERMANENT_RECIPIENT}
    assert final | alive | breakers.CHANNEL_FAILURES == set(OutcomeClass)
