"""Whether the press can be reached at all: one judgement instead of one for every source.

When most hosts that were fine begin to fail within minutes, or all answer with one page (a captive portal),
the fault is on this side. Hosts that have failed for long prove nothing, nor does one source alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.types import CrawlFailure, FailureReason, Network, NetworkState

#: how far back a host's failure may have begun to count as news
WINDOW = timedelta(minutes=10)
#: hosts that must fail, and their share among those asked since then
FEWEST_HOSTS = 3
SHARE = 0.6
#: hosts that must answer before the network is taken for mended
MENDED_BY = 2
#: failures that may lie on this side of the line
REASONS = frozenset(
    {
        FailureReason.DNS,
        FailureReason.CONNECTION,
        FailureReason.TIMEOUT,
        FailureReason.TLS,
        # A portal's name server gives an address of its own network for every name.
        FailureReason.FORBIDDEN_ADDRESS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How the last poll of one host went."""

    host: str
    at: datetime
    failure: FailureReason | None = None
    #: see :attr:`storage.types.PollResult.page_mark`
    mark: str | None = None
    #: when the failures in a row began
    failing_since: datetime | None = None

    @property
    def well(self) -> bool:
        """Whether the host answered as one does that can be reached."""
        return self.mark is None and self.failure not in REASONS


def underlying(failure: CrawlFailure | None) -> FailureReason | None:
    """Return what really failed: a robots.txt that could not be had is no rule of anybody's."""
    return None if failure is None else failure.beneath or failure.reason


def see(known: Sight | None, new: Sight) -> Sight:
    """Return what is known of a host after another poll."""
    if new.well:
        return replace(new, failing_since=None)
    since = known.failing_since if known is not None and not known.well else None
    return replace(new, failing_since=since or new.at)


def judge(sights: Collection[Sight], known: Network, now: datetime, *, confirm: timedelta) -> Network:
    """Return the state of the network.

    Args:
        sights: the last poll of each host.
        known: the state so far.
        now: the present.
        confirm: how long the suspicion must last before it is called a fact.
    """
    if known.state is NetworkState.DOWN:
        since = known.since or now
        answering = sum(sight.well and sight.at > since for sight in sights)
        if answering >= min(MENDED_BY, max(1, len(sights))):
            return Network(state=NetworkState.UP, since=now)
        return known
    seen = _suspicion(sights, now)
    if seen is None:
        return known if known.state is NetworkState.UP else Network(state=NetworkState.UP, since=known.since)
    if known.state is NetworkState.UP:
        known = replace(seen, since=now)
    if known.since is not None and now - known.since >= confirm:
        return replace(seen, state=NetworkState.DOWN, since=known.since)
    return replace(seen, since=known.since)


def _suspicion(sights: Collection[Sight], now: datetime) -> Network | None:
    """Return what speaks for a fault on this side, if enough does."""
    marks = Counter(sight.mark for sight in sights if sight.mark is not None)
    fresh = [
        sight
        for sight in sights
        if sight.failing_since is not None
        and now - sight.failing_since <= WINDOW
        and (sight.failure in REASONS or (sight.mark is not None and marks[sight.mark] >= FEWEST_HOSTS))
    ]
    if len(fresh) < FEWEST_HOSTS:
        return None
    begun = min(sight.failing_since or now for sight in fresh)
    answering = sum(sight.well and sight.at >= begun for sight in sights)
    asked = len(fresh) + answering
    if len(fresh) / asked < SHARE:
        return None
    reason = Counter(sight.failure for sight in fresh).most_common(1)[0][0]
    return Network(
        state=NetworkState.SUSPECT,
        since=now,
        failed=len(fresh),
        asked=asked,
        failure=reason if reason in REASONS else None,
    )
