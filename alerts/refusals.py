"""Tells one refused recipient from a relay that refuses everybody.

Pure. A relay that has black-listed us answers every recipient with a 5xx reply, as if none of them existed.
Taken at its word it would turn every alert of an hour into a dead letter.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.breaker import Breaker, is_open
from alerts.settings import DeliverySettings
from storage.types import Delivery, Outcome, OutcomeClass

#: different recipients refused in a row, without anybody accepted in between
DIFFERENT = 3
#: refusals in a row, of whomever
IN_A_ROW = 5
#: begins the detail of what was held for this reason
MARK = "everybody is refused"


def judged(outcome: Outcome, delivery: Delivery, breaker: Breaker, settings: DeliverySettings) -> Outcome:
    """Return the outcome of an attempt, as the channel's fault when it refuses everybody.

    Args:
        outcome: as the sender tells it.
        delivery: as it was leased.
        breaker: before the attempt; knows who was refused since anybody was accepted.
        settings: tell whether the breaker is open.
    """
    if outcome.outcome is not OutcomeClass.PERMANENT_RECIPIENT or outcome.code is None:
        return outcome
    if MARK in (delivery.last_error or "") and not is_open(breaker, settings):
        # It was held before, others have been accepted since: this one is really refused.
        return outcome
    row = (*breaker.refused, delivery.recipient)
    if not breaker.refusing and len(set(row)) < DIFFERENT and len(row) < IN_A_ROW:
        return outcome
    return replace(outcome, outcome=OutcomeClass.CHANNEL_CONFIG, detail=f"{MARK}: {outcome.detail}")


def is_mark(outcome: Outcome) -> bool:
    """Whether :func:`judged` found that everybody is refused."""
    return outcome.outcome is OutcomeClass.CHANNEL_CONFIG and outcome.detail.startswith(MARK)
