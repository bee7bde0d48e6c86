"""What of a channel's health people must hear, through the other channels, and when.

Pure. A channel cannot tell of its own failure, so the rest do: at once when only a person can mend it, after a day
of failures of any kind, and when it is switched off.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from alerts.breaker import Breaker, is_open
from alerts.settings import DeliverySettings
from storage.types import OutcomeClass

#: a channel that fails for so long is told of, whatever the failure
TOLD_AFTER = timedelta(hours=24)


class Trouble(StrEnum):
    """What is told of a channel, the gravest last."""

    RECOVERED = "recovered"
    #: a password, a certificate, an address: a person must mend it
    SETUP = "setup"
    #: the relay refuses everybody
    REFUSED = "refused"
    #: it has failed for a day
    LONG = "long"
    #: the receiver wants no more
    GONE = "gone"
    #: it failed for so long that it was switched off
    DISABLED = "disabled"


_GRAVITY = {kind: place for place, kind in enumerate(Trouble)}


def standing(breaker: Breaker, last: OutcomeClass, settings: DeliverySettings, now: datetime) -> Trouble | None:
    """Return what a channel suffers from, None while it is well or may yet recover by itself.

    Args:
        breaker: after the last attempt.
        last: how that attempt ended.
        settings: how long a channel is tried.
        now: aware.
    """
    if breaker.disabled:
        return Trouble.DISABLED
    if breaker.gone:
        return Trouble.GONE
    if not is_open(breaker, settings):
        return None
    if breaker.failed_for(settings, now) >= TOLD_AFTER:
        return Trouble.LONG
    if breaker.refusing:
        return Trouble.REFUSED
    return Trouble.SETUP if last is OutcomeClass.CHANNEL_CONFIG else None


def news(
    before: Breaker, after: Breaker, last: OutcomeClass, settings: DeliverySettings, now: datetime
) -> Trouble | None:
    """Return what people must be told after an attempt; nothing twice, and what is graver again."""
    found = standing(after, last, settings, now)
    if found is None:
        return Trouble.RECOVERED if before.told and after.failures == 0 and not after.gone else None
    told = Trouble(before.told) if before.told in set(Trouble) else None
    return found if told is None or _GRAVITY[found] > _GRAVITY[told] else None
