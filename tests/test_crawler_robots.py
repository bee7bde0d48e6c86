"""Which robots.txt counts: the last good one for a day, and how a failure is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.robots import (
    GOOD_SECONDS,
    KEEP_SECONDS,
    LONGEST_RETRY_SECONDS,
    RETRY_SECONDS,
    RobotsRecord,
    succeeding,
)
from storage.types import CrawlFailure, FailureReason

HOUR = 3600.0
REFUSED = CrawlFailure(reason=FailureReason.ROBOTS, detail="robots.txt answered 503", status=503)
DOWN = CrawlFailure(reason=FailureReason.DNS, detail="no address")


def good(now: float = 0.0) -> RobotsRecord:
    return RobotsRecord(expires=now + KEEP_SECONDS, good_until=now + GOOD_SECONDS)


def failing(now: float, failure: CrawlFailure = REFUSED) -> RobotsRecord:
    return RobotsRecord(failure=failure, expires=now + RETRY_SECONDS)


def test_rules_are_renewed_twice_a_day_and_hold_for_one() -> None:
    assert KEEP_SECONDS < GOOD_SECONDS == 24 * HOUR


@pytest.mark.parametrize("failure", [REFUSED, DOWN, replace(DOWN, sent=False)])
def test_failure_leaves_the_last_answer_in_force_for_a_day(failure: CrawlFailure) -> None:
    known = good()
    now = KEEP_SECONDS
    while now < GOOD_SECONDS:
        known = succeeding(failing(now, failure), known, now)
        assert known.failure is None
        assert known.expires > now
        now = known.expires
    known = succeeding(failing(now, failure), known, now)
    assert known.failure is not None


def test_failure_that_lasts_says_for_how_long() -> None:
    known = succeeding(failing(0.0), None, 0.0)
    assert known.failure == REFUSED
    now, waits = 0.0, []
    while now < 30 * HOUR:
        waits.append(known.expires - now)
        now = known.expires
        known = succeeding(failing(now), known, now)
    assert known.failure is not None
    assert "hours" in known.failure.detail
    assert (waits[0], waits[-1]) == (RETRY_SECONDS, LONGEST_RETRY_SECONDS)
    assert waits == sorted(waits)


def test_new_answer_replaces_whatever_was_known() -> None:
    for known in (None, good(), failing(0.0)):
        assert succeeding(good(HOUR), known, HOUR) == good(HOUR)
