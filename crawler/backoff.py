"""Hosts that asked for patience: who may be asked again when, for every request of the crawler.

A host that answers 429 or 503, with or without Retry-After, is left alone, all of it: pages, feeds and
robots.txt, whoever ordered them (RFC 9110 section 10.2.3, RFC 6585 section 4). A 403 is the wall of a kind of
address. Many outlets refuse their pages to robots and offer them their feed, so a refused page holds back the host's
pages and a refused listing both; otherwise a walled page would silence the feed that works. For the same
reason what only pages did wrong keeps listings waiting no longer than the first step.

Times run on the monotonic clock: setting the system's clock frees nobody.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.types import CrawlFailure, FailureReason, HostHold, Lane

#: longest wait taken over from a Retry-After header, in seconds (31 days)
MAX_RETRY_AFTER = 31 * 86400.0

#: seconds of the first hold when the host names none, and the longest that doubling comes to
FIRST, LONGEST = 60.0, 86400.0
#: a hold is made up to this share longer, so that not everybody is back in the same second
JITTER = 0.1
#: hosts remembered; the one held first goes first
MAX_HOSTS = 5000
#: statuses that ask for patience, and the one that is a wall
_PATIENCE, _WALL = frozenset({429, 503}), 403


def hold_seconds(strikes: int, retry_after: float | None, chance: float) -> float:
    """Return for how long a host is left alone.

    Args:
        strikes: answers in a row that asked for patience, this one included.
        retry_after: seconds the host asks for; never undercut.
        chance: a random number in 0–1.
    """
    # What the host states is believed once; one that states too little again and again is doubled away.
    steps = strikes - 1 if retry_after is None else strikes - 2
    doubled = min(FIRST * 2.0 ** min(steps, 20), LONGEST) if steps >= 0 else 0.0
    stated = 0.0 if retry_after is None else min(max(retry_after, 0.0), MAX_RETRY_AFTER)
    return max(doubled, stated) * (1 + JITTER * chance)


@dataclass(slots=True, kw_only=True)
class _Held:
    """What is known of one lane of one host."""

    until: float = 0.0
    strikes: int = 0
    status: int = 0


class HostBackoff:
    """Remembers which hosts asked for patience.

    Args:
        holds: what was in force before this process started.
        report: hears of every new hold, so that it outlives the process.
        clock: the monotonic clock, in seconds.
        present: the wall clock, aware; only to exchange holds with other processes.
        chance: a source of random numbers in 0–1.
    """

    def __init__(
        self,
        holds: Iterable[HostHold] = (),
        report: Callable[[HostHold], None] = lambda _: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        present: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._report = report
        self._clock = clock
        self._present = present
        self._chance = chance
        self._held: dict[tuple[str, Lane], _Held] = {}
        for hold in holds:
            self.adopt(hold)

    def adopt(self, hold: HostHold) -> None:
        """Take over a hold that another process made."""
        left = min((hold.until - self._present()).total_seconds(), MAX_RETRY_AFTER * (1 + JITTER))
        held = _Held(until=self._clock() + left, strikes=hold.strikes, status=hold.status)
        self._keep(hold.host, hold.lane, held)

    def active(self) -> tuple[HostHold, ...]:
        """Return the holds in force."""
        now = self._clock()
        return tuple(self._told(host, lane, held) for (host, lane), held in self._held.items() if held.until > now)

    def refusal(self, host: str, lane: Lane) -> CrawlFailure | None:
        """Return why ``host`` must not be asked now, or None when it may."""
        held = self._held.get((host, lane))
        left = 0.0 if held is None else held.until - self._clock()
        if held is None or left <= 0:
            return None
        walled = held.status == _WALL
        return CrawlFailure(
            reason=FailureReason.BLOCKED if walled else FailureReason.RATE_LIMITED,
            detail=f"{host} {'refused the crawler' if walled else 'asked for patience'} (HTTP {held.status}) "
            f"and is left alone for another {left:.0f} s",
            status=held.status,
            retry_after=left,
            sent=False,
        )

    def answered(self, host: str, lane: Lane, status: int, retry_after: float | None, *, robots: bool = False) -> None:
        """Take in what a host answered.

        Args:
            host: the download slot of the address.
            lane: what was asked for.
            status: HTTP status of the answer.
            retry_after: seconds its Retry-After header asks to wait.
            robots: the answer was to robots.txt, whose 403 allows everything (RFC 9309) and whose 200 proves nothing.
        """
        patience = status in _PATIENCE
        if patience or (status == _WALL and not robots):
            self._strike(host, lane, status, retry_after)
        elif status < 500 and not robots and (held := self._held.get((host, lane))) is not None:
            held.strikes = 0

    def _strike(self, host: str, lane: Lane, status: int, retry_after: float | None) -> None:
        chance = self._chance()
        strikes = self._strikes(host, lane) + 1
        own = hold_seconds(strikes, retry_after, chance)
        self._hold(host, lane, own, strikes, status)
        if lane is Lane.LISTING:
            self._hold(host, Lane.PAGE, own, self._strikes(host, Lane.PAGE), status)
        elif status in _PATIENCE or retry_after is not None:
            other = hold_seconds(1, retry_after, chance)
            self._hold(host, Lane.LISTING, other, self._strikes(host, Lane.LISTING), status)

    def _strikes(self, host: str, lane: Lane) -> int:
        held = self._held.get((host, lane))
        return 0 if held is None else held.strikes

    def _hold(self, host: str, lane: Lane, seconds: float, strikes: int, status: int) -> None:
        """Lengthen a hold; one in force is never cut short."""
        known = self._held.get((host, lane), _Held())
        until = max(self._clock() + seconds, known.until)
        held = _Held(until=until, strikes=strikes, status=status if until > known.until else known.status)
        self._keep(host, lane, held)
        self._report(self._told(host, lane, held))

    def _told(self, host: str, lane: Lane, held: _Held) -> HostHold:
        until = self._present() + timedelta(seconds=held.until - self._clock())
        return HostHold(host=host, lane=lane, until=until, strikes=held.strikes, status=held.status)

    def _keep(self, host: str, lane: Lane, held: _Held) -> None:
        self._held.pop((host, lane), None)
        while len(self._held) >= 2 * MAX_HOSTS:
            self._held.pop(next(iter(self._held)))
        self._held[host, lane] = held
