"""What attempts to send come to: in numbers, and in words for the row that is kept and for the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from alerts.schedule import Next
from storage.types import Delivery, DeliveryState, Outcome

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one pass over the outbox gave."""

    sent: int
    failed: int
    #: still pending afterwards: not due, in a retry, or behind an open breaker
    remaining: int


def for_a_person(outcome: Outcome, *, lasting: bool) -> Outcome:
    """Return the outcome, marked when it lasts and needs a person."""
    return replace(outcome, detail=f"needs attention: {outcome.detail}") if lasting else outcome


def report(channel_id: str, delivery: Delivery, outcome: Outcome, following: Next) -> None:
    """Log an attempt: an error when it was the last, a warning when another one follows."""
    level = {DeliveryState.SENT: logging.INFO, DeliveryState.DEAD: logging.ERROR}.get(following.state, logging.WARNING)
    when = following.next_attempt_at.isoformat(timespec="seconds") if following.next_attempt_at else "-"
    log.log(
        level,
        "channel %s: delivery %s: %s (%s), now %s, next attempt %s",
        channel_id, delivery.key, outcome.outcome, outcome.detail, following.state, when,
    )  # fmt: skip
