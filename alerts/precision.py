"""How sure a share of right answers is: few verdicts say little, and the interval says how little."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

#: two-sided 95 % of the normal distribution
Z_95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Share of relevant among those judged, with the interval that holds the true share with 95 % certainty."""

    relevant: int
    judged: int
    #: between 0 and 1; None while nothing was judged
    share: float | None
    low: float
    high: float


def precision(relevant: int, not_relevant: int) -> Precision:
    """Return the precision of some verdicts with its Wilson score interval (Wilson 1927).

    Raises:
        ValueError: a count is negative.
    """
    if relevant < 0 or not_relevant < 0:
        raise ValueError(f"verdicts are counted from zero, not {min(relevant, not_relevant)}")
    judged = relevant + not_relevant
    if not judged:
        return Precision(relevant=0, judged=0, share=None, low=0.0, high=1.0)
    share, square = relevant / judged, Z_95**2
    middle = (share + square / (2 * judged)) / (1 + square / judged)
    half = Z_95 * sqrt(share * (1 - share) / judged + square / (4 * judged**2)) / (1 + square / judged)
    # Rounding must not push an end past the share itself or out of the unit interval.
    low, high = min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))
    return Precision(relevant=relevant, judged=judged, share=share, low=low, high=high)
