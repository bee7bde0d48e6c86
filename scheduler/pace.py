"""When to come back: pure plans for polling sources and retrying pages.

A source's ``poll`` is a budget: over a week it is polled once in that time on average, more often when
news is likely and less often when it is not. How much more is decided by the square root of the rate at
which it publishes: with a given number of requests that makes the mean delay to discovery the least
(the delay at an hour is proportional to rate over polls; Lagrange does the rest).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.guard import is_allowed_literal
from scheduler.rhythm import heat_of, hours_between, rates_of
from storage.egress import EgressPolicy
from storage.sources import LONGEST_BACKOFF
from storage.types import CrawlFailure, FailureReason, PaceHints, Plan, PlanReason, Rhythm, Source

#: no public site is polled more often, whatever is configured or learnt
PUBLIC_FLOOR = timedelta(minutes=1)
#: the budget is spent between a third and four times the configured interval
SOONEST, LATEST = 1 / 3, 4.0
#: intervals up to this are kept as they are: somebody wants exactly that
STEADY = timedelta(minutes=1)
#: the power of the rate that polls follow
POWER = 0.5
#: no hour is taken to have less than this share of the average rate: a coup keeps no office hours
LEAST = 0.05
#: share of a list that may be new by the next poll, so that nothing falls out of it unseen
WINDOW_SHARE = 0.5
_ROUNDS, _NEAR = 20, 0.005
#: how far chance spreads a plan, so that sources do not march in step
SPREAD = 0.1

#: waits before a page is tried again; after the last it is given up
PAGE_RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
#: a page whose host keeps asking for patience is given up after this
PAGE_PATIENCE = timedelta(days=7)
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
        # Quarantine: a page that hung or killed its process may do so again.
        FailureReason.EXTRACTION_TIMEOUT,
        FailureReason.EXTRACTION_CRASH,
        FailureReason.CHALLENGE,
        FailureReason.CONSENT,
        FailureReason.PAYWALL,
        FailureReason.SOFT_404,
        FailureReason.NOT_ARTICLE,
    }
)
SETTLED_RETRIES = (timedelta(minutes=30), timedelta(hours=6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How soon and how late a source may be polled again after a poll that worked."""

    #: the configured interval, or the floor when that is longer
    base: timedelta
    soonest: timedelta
    latest: timedelta

    @property
    def steady(self) -> bool:
        """Whether the interval is kept whatever was learnt."""
        return self.base <= STEADY


def floor_of(source: Source, policy: EgressPolicy) -> timedelta:
    """Return the shortest interval for a source; machines inside ``allow_cidrs`` have none."""
    own = all(is_allowed_literal(url, policy) for _, url in source.addresses)
    return timedelta(0) if own else PUBLIC_FLOOR


def bounds_of(poll: timedelta, floor: timedelta) -> Bounds:
    """Return the bounds that an interval and a floor set."""
    base = min(max(poll, floor), LONGEST_BACKOFF)
    if base <= STEADY:
        # The feed of a public host may still ask for less; an own one is read as configured.
        latest = base * LATEST if floor >= PUBLIC_FLOOR else base * (1 + SPREAD)
        return Bounds(base=base, soonest=max(base * (1 - SPREAD), floor), latest=latest)
    return Bounds(base=base, soonest=max(base * SOONEST, floor), latest=min(base * LATEST, LONGEST_BACKOFF))


def next_check(
    *,
    poll: timedelta,
    now: datetime,
    chance: float,
    rhythm: Rhythm | None = None,
    hints: PaceHints | None = None,
    failures: int = 0,
    failure: CrawlFailure | None = None,
    floor: timedelta = timedelta(0),
) -> Plan:
    """Return when a source is due again, and why then.

    Args:
        poll: the configured interval.
        now: the present.
        chance: a random number in 0–1 that spreads sources over time.
        rhythm: what was learnt of the source, this poll included.
        hints: what its lists and their servers say of how soon to ask again.
        failures: failed polls in a row before this one.
        failure: what went wrong now, if anything.
        floor: the shortest interval; see :func:`floor_of`.
    """
    bounds = bounds_of(poll, floor)
    if failure is not None:
        return _after_failure(bounds.base, failures, failure, now, chance)
    wait, reason, detail = _wanted(bounds, rhythm or Rhythm(), now)
    wait *= 1 - SPREAD + 2 * SPREAD * chance
    wait = min(max(wait, bounds.soonest), bounds.latest)
    wish, said = _wish(hints or PaceHints(), rhythm or Rhythm(), now, wait)
    if min(wish, bounds.latest) > wait:
        wait, reason, detail = min(wish, bounds.latest), PlanReason.WISH, said
    return Plan(at=now + wait, reason=reason, detail=detail)


def _after_failure(base: timedelta, failures: int, failure: CrawlFailure, now: datetime, chance: float) -> Plan:
    """Double the wait with each failure in a row, up to a day; never sooner than the far end asks."""
    asked = timedelta(seconds=min(max(failure.retry_after or 0.0, 0.0), LONGEST_BACKOFF.total_seconds()))
    if not failure.sent:
        # Nothing was sent, so nothing failed: the source's turn comes when the host is free again.
        wait = max(asked, base * 0.1) * (1 + SPREAD * chance)
        return Plan(at=now + min(wait, LONGEST_BACKOFF), reason=PlanReason.ASKED, detail=failure.detail)
    doubled: timedelta = base * float(2 ** min(failures + 1, 12))
    wait = min(doubled * (1 - SPREAD + 2 * SPREAD * chance), LONGEST_BACKOFF)
    if asked > wait:
        detail = f"the host asked for {_minutes(asked)} of patience"
        return Plan(at=now + asked, reason=PlanReason.ASKED, detail=detail)
    detail = f"failed {failures + 1} times in a row, the last time with {failure.reason}"
    return Plan(at=now + wait, reason=PlanReason.FAILED, detail=detail)


def _wanted(bounds: Bounds, rhythm: Rhythm, now: datetime) -> tuple[timedelta, PlanReason, str]:
    """Return the wait that the budget, the rhythm, the heat and the length of the lists come to."""
    if bounds.steady or rhythm.learnt_until is None:
        return bounds.base, PlanReason.STEADY, "the interval that is configured"
    rates = rates_of(rhythm)
    heat = heat_of(rhythm)
    shares = shares_of(rates, bounds)
    wait = _spend(shares, bounds, now, heat**POWER)
    rate = rates[next(hour for hour, _, _ in hours_between(now, now + timedelta(hours=1)))] * heat
    detail = f"{rate:.1f} new entries an hour expected, {heat:.1f} times the usual for this hour of the week"
    reason = PlanReason.HEAT if abs(math.log(heat)) > math.log(1.5) else PlanReason.RHYTHM
    if rhythm.window is not None and rate > 0:
        full = timedelta(hours=min(WINDOW_SHARE * rhythm.window / rate, 1000.0))
        if full < wait:
            return full, PlanReason.WINDOW, f"its list is replaced after some {rhythm.window:.0f} new entries; {detail}"
    return wait, reason, detail


def shares_of(rates: tuple[float, ...], bounds: Bounds) -> tuple[float, ...]:
    """Return how many times the average each hour of the week is polled; the mean over the week is 1.

    Proportional to the square root of the rate, cut to the bounds, the rest shared out again.
    """
    lowest, highest = bounds.base / bounds.latest, bounds.base / bounds.soonest
    least = LEAST * sum(rates) / len(rates)
    weights = [max(rate, least) ** POWER for rate in rates]
    scale = len(weights) / sum(weights)
    shares: list[float] = []
    for _ in range(_ROUNDS):
        shares = [min(max(scale * weight, lowest), highest) for weight in weights]
        mean = sum(shares) / len(shares)
        if abs(mean - 1) < _NEAR:
            break
        scale /= mean
    return tuple(shares)


def _spend(shares: tuple[float, ...], bounds: Bounds, now: datetime, factor: float) -> timedelta:
    """Return the time until one poll's worth of the budget has accrued."""
    lowest, highest = bounds.base / bounds.latest, bounds.base / bounds.soonest
    accrued = 0.0
    for hour, start, length in hours_between(now, now + bounds.latest):
        pace = min(max(shares[hour] * factor, lowest), highest) * (timedelta(hours=1) / bounds.base)
        if accrued + pace * length >= 1:
            return start + timedelta(hours=(1 - accrued) / pace) - now
        accrued += pace * length
    return bounds.latest


def _wish(hints: PaceHints, rhythm: Rhythm, now: datetime, wait: timedelta) -> tuple[timedelta, str]:
    """Return how long the far end wishes not to be asked when it would be after ``wait``, and in which words.

    A list that states a longer interval (``ttl``, ``sy:updatePeriod``) than it keeps is not held to it:
    content management systems send one that nobody chose.
    """
    wishes = [(timedelta(0), "")]
    cache = _bounded(hints.max_age)
    if cache:
        wishes.append((cache, f"the server lets caches keep the list for {_minutes(cache)} (Cache-Control)"))
    stated = _bounded(hints.interval)
    if stated and _expected(rhythm, now, stated) < 1:
        wishes.append((stated, f"the list states an interval of {_minutes(stated)} (ttl, sy:updatePeriod)"))
    planned = max(wait, cache)
    skipped = _skipped(hints.skip_hours, now + planned)
    if skipped:
        wishes.append((planned + skipped, "the list asks not to be read at that hour (skipHours)"))
    return max(wishes)


def _expected(rhythm: Rhythm, now: datetime, wait: timedelta) -> float:
    """Return how many new entries a known rhythm lets expect; 0 when nothing is known yet."""
    if rhythm.learnt_until is None:
        return 0.0
    rates = rates_of(rhythm)
    return sum(rates[hour] * length for hour, _, length in hours_between(now, now + wait))


def _skipped(hours: tuple[int, ...], now: datetime) -> timedelta:
    """Return the time until an hour begins that is not to be skipped."""
    if not hours or len(set(hours)) >= 24:
        return timedelta(0)
    for hour, start, _ in hours_between(now, now + timedelta(days=1)):
        if hour % 24 not in hours:
            return start - now if start > now else timedelta(0)
    return timedelta(0)


def _bounded(seconds: float | None) -> timedelta:
    if seconds is None or not seconds > 0:
        return timedelta(0)
    return timedelta(seconds=min(seconds, LONGEST_BACKOFF.total_seconds()))


def _minutes(wait: timedelta) -> str:
    seconds = wait.total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def asks_patience(failure: CrawlFailure) -> bool:
    """Whether a page was not had because its host wants to be asked later: that is no attempt that failed."""
    return not failure.sent or failure.reason is FailureReason.RATE_LIMITED or failure.retry_after is not None


def next_page_attempt(
    *, failure: CrawlFailure, attempts: int, now: datetime, seen_at: datetime | None = None, chance: float = 0.0
) -> datetime | None:
    """Return when to try a page again, or None to give it up.

    Args:
        failure: why it failed now.
        attempts: failed fetches before this one; those in which the host asked for patience do not count.
        now: the present.
        seen_at: when the page was first listed; patience ends :data:`PAGE_PATIENCE` after that.
        chance: a random number in 0–1 that spreads the pages a host put off.
    """
    asked = timedelta(seconds=min(max(failure.retry_after or 0.0, 0.0), LONGEST_BACKOFF.total_seconds()))
    if asks_patience(failure):
        if seen_at is not None and now - seen_at > PAGE_PATIENCE:
            return None
        return now + min(max(asked, PAGE_RETRIES[0]) * (1 + SPREAD * chance), LONGEST_BACKOFF)
    if failure.reason is FailureReason.CRAWLER_LOST and attempts < len(PAGE_RETRIES):
        return now + LOST_RETRY
    plan = SETTLED_RETRIES if failure.reason in SETTLED else PAGE_RETRIES
    return now + plan[attempts] if attempts < len(plan) else None
