"""The owner's book of hosts that asked for patience: it outlives crawler processes and, stored, the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from crawler.backoff import HostBackoff
from crawler.pace import pace_of
from crawler.settings import CrawlerSettings
from crawler.wire import Order
from storage.types import CrawlFailure, HostHold, Lane, PollOrder


class HoldBook:
    """Holds in force, told by crawler processes, handed to the next one and known to all of them.

    Args:
        holds: those stored earlier.
        record: stores a new one.
        present: the wall clock, aware.
    """

    def __init__(
        self,
        holds: Iterable[HostHold] = (),
        record: Callable[[HostHold], None] = lambda _: None,
        *,
        present: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._record = record
        self._backoff = HostBackoff(holds, present=present)

    def take(self, hold: HostHold) -> None:
        """Note a hold that a crawler process told of."""
        self._backoff.adopt(hold)
        self._record(hold)

    def active(self) -> tuple[HostHold, ...]:
        """Return the holds still in force."""
        return self._backoff.active()

    def refusal(self, order: Order, settings: CrawlerSettings) -> CrawlFailure | None:
        """Return why an order's host must not be asked now, or None when it may."""
        lane = lane_of(order)
        try:
            return self._backoff.refusal(pace_of(order.url, settings).slot, lane)
        except ValueError:
            # No address at all; the crawler says so in its own words.
            return None


def lane_of(order: Order) -> Lane:
    """Return what an order asks of its host."""
    return Lane.LISTING if isinstance(order, PollOrder) else Lane.PAGE
