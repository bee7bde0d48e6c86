"""The breaker of one channel: after failures in a row it stops trying and probes now and then.

Pure. While it is open no attempt counts against a delivery's schedule, so an outage of the channel does
not use a message up. What concerns the whole channel and only a person can mend, such as a wrong password or
certificate, opens it at once. A far end that wants no more alerts (HTTP 410), or none that could be reached for
days, closes the channel until a person resets it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from alerts.settings import DeliverySettings
from storage.ordering import OF_A_MESSAGE
from storage.types import Outcome, OutcomeClass, utc

#: outcomes that say something about the channel, not about one recipient
CHANNEL_FAILURES = frozenset({OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.CHANNEL_CONFIG, OutcomeClass.UNKNOWN})
#: statuses that judge one message, not the channel
_OF_A_MESSAGE = frozenset(OF_A_MESSAGE)
#: statuses that refuse a login, in HTTP and SMTP: the next message would be refused alike
_OF_A_LOGIN = frozenset({401, 407, 530, 534, 535, 538})
#: failures in a row that a person must mend, after which trying more is of no use
ATTENTION = 3
#: refused recipients that are remembered
_MOST_REFUSED = 20
_MOMENTS = ("wait_until", "asked_until", "failing_since")
_ALIVE = frozenset({OutcomeClass.OK, OutcomeClass.TRANSIENT_RECIPIENT, OutcomeClass.PERMANENT_RECIPIENT})


class Permit(Enum):
    """What a channel may do now."""

    #: anything that is due
    FREE = "free"
    #: one attempt, to see whether the channel is back
    PROBE = "probe"
    #: nothing until the next probe
    WAIT = "wait"
    #: nothing any more, until a person resets the channel
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A channel's health, kept over restarts."""

    #: channel-level failures in a row
    failures: int = 0
    #: probes that failed since it opened
    probes: int = 0
    #: when the next attempt may be made; None while closed
    wait_until: datetime | None = None
    #: until when the far end asked everybody to wait; an answer to what was under way already does not end it
    asked_until: datetime | None = None
    #: the first failure of the row
    failing_since: datetime | None = None
    #: what the far end said last
    detail: str = ""
    #: the far end wants no more alerts
    gone: bool = False
    #: it failed for so long that it is not tried any more
    disabled: bool = False
    #: recipients refused in a row since anybody was accepted
    refused: tuple[str, ...] = ()
    #: it refuses everybody, see :mod:`alerts.refusals`
    refusing: bool = False
    #: what people were told of it last, see :mod:`alerts.trouble`
    told: str = ""

    def failed_for(self, settings: DeliverySettings, now: datetime) -> timedelta:
        """Return how long it has failed, as far as probes bear it out: a clock that jumps ahead proves nothing."""
        if self.failing_since is None:
            return timedelta(0)
        return min(now - self.failing_since, 2 * self.probes * settings.breaker_probes[-1])


def is_open(breaker: Breaker, settings: DeliverySettings) -> bool:
    """Whether the row of failures is long enough to stop."""
    return breaker.failures >= settings.breaker_failures


def permit(breaker: Breaker, settings: DeliverySettings, now: datetime) -> Permit:
    """Say what the channel may do at ``now``.

    A wait longer than any pause there is comes from a clock that ran ahead, and is over.
    """
    if breaker.gone or breaker.disabled:
        return Permit.GONE
    waits = breaker.wait_until is not None and now < breaker.wait_until <= now + _longest(settings)
    if waits:
        return Permit.WAIT
    return Permit.PROBE if is_open(breaker, settings) else Permit.FREE


def after_attempt(
    breaker: Breaker,
    outcome: Outcome,
    settings: DeliverySettings,
    now: datetime,
    *,
    recipient: str = "",
    refusing: bool = False,
) -> Breaker:
    """Return the breaker after one attempt.

    Args:
        breaker: before it.
        outcome: how it ended.
        settings: how many failures are too many.
        now: when it ended, aware.
        recipient: whom it was for.
        refusing: it shows that the far end refuses everybody.
    """
    now = utc(now)
    if outcome.outcome is OutcomeClass.PERMANENT_RECIPIENT and outcome.code is not None:
        return replace(_rested(breaker, now), refused=(*breaker.refused, recipient)[-_MOST_REFUSED:])
    if outcome.outcome in _ALIVE:
        return _rested(breaker, now)
    if outcome.outcome is OutcomeClass.GONE:
        return replace(breaker, gone=True, failing_since=breaker.failing_since or now, detail=outcome.detail)
    if outcome.outcome not in CHANNEL_FAILURES:
        return breaker
    if outcome.outcome is OutcomeClass.CHANNEL_CONFIG and outcome.code in _OF_A_MESSAGE:
        return breaker
    asked = now + _asked(outcome, settings)
    if asked > now:
        breaker = replace(breaker, asked_until=max(asked, breaker.asked_until or asked))
    if breaker.wait_until is not None and permit(breaker, settings, now) is Permit.WAIT:
        # An attempt that was under way when the far end asked for patience takes none of it back.
        asked = max(asked, breaker.wait_until)
    was_open = is_open(breaker, settings)
    if was_open and breaker.wait_until is not None and now < breaker.wait_until:
        # It began before the breaker opened, so it is no probe.
        return replace(breaker, wait_until=max(breaker.wait_until, asked), detail=outcome.detail)
    failed = replace(
        breaker,
        failures=breaker.failures + (settings.breaker_failures if refusing else _steps(outcome, settings)),
        failing_since=breaker.failing_since or now,
        detail=outcome.detail,
        refusing=breaker.refusing or refusing,
    )
    if not is_open(failed, settings):
        return replace(failed, wait_until=asked if asked > now else None)
    pauses = settings.breaker_probes
    probes = breaker.probes + 1 if was_open else 0
    # What a person must mend is not mended in seconds, and quick logins with a wrong password lock accounts.
    index = len(pauses) - 1 if outcome.outcome is OutcomeClass.CHANNEL_CONFIG else min(probes, len(pauses) - 1)
    opened = replace(failed, probes=probes, wait_until=max(now + pauses[index], asked))
    return replace(opened, disabled=opened.failed_for(settings, now) >= settings.channel_horizon)


def _rested(breaker: Breaker, now: datetime) -> Breaker:
    """Return a breaker without failures, which still waits as long as the far end asked."""
    until = breaker.asked_until
    return Breaker(wait_until=until, asked_until=until) if until is not None and until > now else Breaker()


def _steps(outcome: Outcome, settings: DeliverySettings) -> int:
    """How far one failure takes a closed breaker: what a person must mend takes it further."""
    if outcome.outcome is not OutcomeClass.CHANNEL_CONFIG:
        return 1
    if outcome.code is None or outcome.code in _OF_A_LOGIN:
        return settings.breaker_failures
    return -(-settings.breaker_failures // ATTENTION)


def _asked(outcome: Outcome, settings: DeliverySettings) -> timedelta:
    """How long the far end asked everybody to wait, within the limit."""
    if outcome.retry_after is None:
        return timedelta(0)
    return timedelta(seconds=min(max(outcome.retry_after, 0.0), settings.retry_after_limit.total_seconds()))


def _longest(settings: DeliverySettings) -> timedelta:
    return max(*settings.breaker_probes, settings.retry_after_limit)


def to_json(breaker: Breaker) -> str:
    """Return the breaker as JSON text for the archive."""
    fields = asdict(breaker)
    for key in _MOMENTS:
        fields[key] = fields[key].isoformat() if fields[key] is not None else None
    return json.dumps(fields)


def from_json(text: str | None) -> Breaker:
    """Read what :func:`to_json` wrote; anything else is a closed breaker, because a doubt must not stop alerts."""
    try:
        stored = json.loads(text or "{}")
        if not isinstance(stored, dict):
            return Breaker()
        moments = {
            key: utc(datetime.fromisoformat(stored[key])) if stored.get(key) is not None else None for key in _MOMENTS
        }
        return Breaker(
            failures=int(stored["failures"]),
            probes=int(stored["probes"]),
            wait_until=moments["wait_until"],
            asked_until=moments["asked_until"],
            failing_since=moments["failing_since"],
            detail=str(stored["detail"]),
            gone=stored["gone"] is True,
            disabled=stored.get("disabled") is True,
            refused=tuple(str(name) for name in stored.get("refused", ())),
            refusing=stored.get("refusing") is True,
            told=str(stored.get("told", "")),
        )
    except (ValueError, TypeError, KeyError):
        return Breaker()
