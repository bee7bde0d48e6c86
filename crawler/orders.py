"""The order book: every order that comes in goes out again exactly once, answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crawler.pace import Pace, excess_wait
from crawler.wire import Order, Result
from storage.types import CrawlFailure, FailureReason, FetchResult, PollOrder, PollResult


def failed(order: Order, failure: CrawlFailure) -> Result:
    """Return the answer of the order's own kind that carries ``failure``."""
    kind = PollResult if isinstance(order, PollOrder) else FetchResult
    return kind(order_id=order.id, source_id=order.source_id, url=order.url, failure=failure)


@dataclass(slots=True, kw_only=True)
class _Open:
    order: Order
    slot: str | None
    deadline: asyncio.TimerHandle


class OrderBook:
    """Open orders with their deadlines; bounded, so that a flood waits outside.

    Args:
        answer: called with each result, once an order.
        limit: orders open at once.
        seconds: an order not answered by then is answered with a timeout.
    """

    def __init__(self, answer: Callable[[Result], None], *, limit: int, seconds: float) -> None:
        self._answer = answer
        self._seconds = seconds
        self._room = asyncio.Semaphore(limit)
        self._open: dict[str, _Open] = {}
        self._waiting: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    async def open(self, order: Order) -> bool:
        """Enter an order as soon as there is room; False when its id is open already."""
        if order.id in self._open:
            return False
        await self._room.acquire()
        deadline = asyncio.get_running_loop().call_later(self._seconds, self._expire, order)
        self._open[order.id] = _Open(order=order, slot=None, deadline=deadline)
        return True

    def enter_slot(self, order: Order, pace: Pace) -> CrawlFailure | None:
        """Count the order against its host, or return why the host's queue is too long for it."""
        entry = self._open.get(order.id)
        wait = excess_wait(self._waiting[pace.slot], pace.delay)
        if wait is not None:
            return CrawlFailure(
                reason=FailureReason.RATE_LIMITED,
                detail=f"{self._waiting[pace.slot]} orders for {pace.slot} wait at one request in {pace.delay:g} s",
                retry_after=wait,
                sent=False,
            )
        if entry is not None and entry.slot is None:
            entry.slot = pace.slot
            self._waiting[pace.slot] += 1
        return None

    def close(self, result: Result) -> None:
        """Answer an order; an order that is not open any more was answered before and stays so."""
        entry = self._open.pop(result.order_id, None)
        if entry is None:
            return
        entry.deadline.cancel()
        if entry.slot is not None:
            self._waiting[entry.slot] -= 1
            if not self._waiting[entry.slot]:
                del self._waiting[entry.slot]
        self._room.release()
        self._answer(result)

    def fail(self, order: Order, failure: CrawlFailure) -> None:
        """Answer an order with a failure."""
        self.close(failed(order, failure))

    def _expire(self, order: Order) -> None:
        detail = f"the order was not done within {self._seconds:g} s, waiting for its turn and redirects included"
        self.fail(order, CrawlFailure(reason=FailureReason.TIMEOUT, detail=detail))
