"""When to come back: pure plans for polling sources and retrying pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.sources import LONGEST_BACKOFF
from storage.types import CrawlFailure, FailureReason

#: waits before a page is tried again; after the last it is given up
PAGE_RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
#: the crawler process died with the order: nothing is known of the page, so ask again soon
LOST_RETRY = timedelta(seconds=10)
#: asking again soon would not change these; a page may still appear, a wall may still open
SETTLED = frozenset(
    {
        FailureReason.ROBOTS,
        FailureReason.BLOCKED,
        FailureReason.NOT_FOUND,
        FailureReason.GONE,
        FailureReason.NOT_HTML,
        FailureReason.FORBIDDEN_ADDRESS,
        FailureReason.TOO_LARGE,
    }
)
SETTLED_RETRIES = (timedelta(minutes=30), timedelta(hours=6))


def next_poll(
    *, poll: timedelta, failures: int, failure: CrawlFailure | None, now: datetime, chance: float
) -> datetime:
    """Return when a source is due again.

    Args:
        poll: the source's interval.
        failures: failed polls in a row before this one.
        failure: what went wrong now, if anything.
        now: the present.
        chance: a random number in 0–1 that spreads sources over time by ±10 %.
    """
    spread = 0.9 + 0.2 * chance
    if failure is None:
        return now + poll * spread
    doubled: timedelta = poll * float(2 ** min(failures + 1, 12))
    wait = min(doubled * spread, LONGEST_BACKOFF)
    asked = timedelta(seconds=min(failure.retry_after or 0.0, LONGEST_BACKOFF.total_seconds()))
    return now + max(wait, asked)


def next_page_attempt(*, failure: CrawlFailure, attempts: int, now: datetime) -> datetime | None:
    """Return when to try a page again, or None to give it up.

    Args:
        failure: why it failed now.
        attempts: failed fetches before this one.
        now: the present.
    """
    if failure.reason is FailureReason.CRAWLER_LOST and attempts < len(PAGE_RETRIES):
        return now + LOST_RETRY
    plan = SETTLED_RETRIES if failure.reason in SETTLED else PAGE_RETRIES
    if attempts >= len(plan):
        return None
    asked = timedelta(seconds=min(failure.retry_after or 0.0, LONGEST_BACKOFF.total_seconds()))
    return now + max(plan[attempts], asked)
