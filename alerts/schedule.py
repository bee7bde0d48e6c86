"""Where a delivery goes after an attempt: sent, again at a stated time, or dead.

Pure: the plan is data in :class:`alerts.settings.DeliverySettings`, time and chance are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.settings import Channel, DeliverySettings, EmailChannel
from storage.types import Delivery, DeliveryState, Outcome, OutcomeClass, utc

#: what a person must mend is tried so many steps later in the plan
_CONFIG_SKIPS = 2
_FINAL = {
    OutcomeClass.OK: (DeliveryState.SENT, "sent"),
    OutcomeClass.PERMANENT_RECIPIENT: (DeliveryState.DEAD, "refused_for_good"),
    OutcomeClass.GONE: (DeliveryState.DEAD, "gone"),
    OutcomeClass.BUG: (DeliveryState.DEAD, "unreadable"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What becomes of a delivery."""

    state: DeliveryState
    #: for ``pending`` alone
    next_attempt_at: datetime | None
    #: whether the attempt uses up a step of the plan
    counts: bool
    #: the far end may have the message although no answer came
    maybe_delivered: bool
    #: a stable machine word
    reason: str


def after(
    outcome: Outcome,
    delivery: Delivery,
    channel: Channel,
    settings: DeliverySettings,
    now: datetime,
    random: float,
    *,
    probe_at: datetime | None = None,
) -> Next:
    """Return where ``delivery`` goes after an attempt.

    Args:
        outcome: how the attempt ended.
        delivery: as it was leased: ``attempts`` does not hold this one.
        channel: e-mail and webhooks have plans of their own.
        settings: the plans.
        now: when the attempt ended, aware.
        random: from 0 to 1, moves the pause inside the jitter.
        probe_at: when the channel's open breaker lets the next attempt through; the attempt then does
            not count, and the next one comes with a probe.
    """
    now = utc(now)
    # A fault in our layout is for a person to mend, but the message went out in plain words.
    maybe = outcome.outcome in {OutcomeClass.UNKNOWN, OutcomeClass.BUG}
    if outcome.outcome in _FINAL:
        state, reason = _FINAL[outcome.outcome]
        return Next(state=state, next_attempt_at=None, counts=True, maybe_delivered=maybe, reason=reason)
    if now - utc(delivery.created_at) >= settings.horizon(channel):
        return Next(
            state=DeliveryState.DEAD, next_attempt_at=None, counts=True, maybe_delivered=maybe, reason="horizon"
        )
    if probe_at is not None:
        at = max(utc(probe_at), now + _at_least(outcome, channel, settings))
        return Next(
            state=DeliveryState.PENDING, next_attempt_at=at, counts=False, maybe_delivered=maybe, reason="breaker_open"
        )
    return Next(
        state=DeliveryState.PENDING,
        next_attempt_at=now + _pause(outcome, delivery, channel, settings, random),
        counts=True,
        maybe_delivered=maybe,
        reason=str(outcome.outcome),
    )


def planned(attempts: int, channel: Channel, settings: DeliverySettings) -> timedelta:
    """Return the pause after ``attempts`` counted attempts, before jitter."""
    plan = settings.retries(channel)
    return plan[min(max(attempts, 1), len(plan)) - 1]


def _pause(
    outcome: Outcome, delivery: Delivery, channel: Channel, settings: DeliverySettings, random: float
) -> timedelta:
    done = delivery.attempts + 1
    if outcome.outcome is OutcomeClass.CHANNEL_CONFIG:
        done += _CONFIG_SKIPS
    swing = settings.jitter * (2 * min(1.0, max(0.0, random)) - 1)
    return max(planned(done, channel, settings) * (1 + swing), _at_least(outcome, channel, settings))


def _at_least(outcome: Outcome, channel: Channel, settings: DeliverySettings) -> timedelta:
    """What the far end, or the risk of a second copy, asks for."""
    wait = timedelta(0)
    if outcome.retry_after is not None:
        limit = settings.retry_after_limit.total_seconds()
        wait = timedelta(seconds=min(max(outcome.retry_after, 0.0), limit))
    if outcome.outcome is OutcomeClass.UNKNOWN and isinstance(channel, EmailChannel):
        wait = max(wait, settings.email_unknown_wait)
    return wait
