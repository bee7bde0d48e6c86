"""Every order goes out exactly once."""

from __future__ import annotations

import asyncio

from crawler.orders import OrderBook, failed
from crawler.pace import Pace
from crawler.wire import Result
from storage.types import CrawlFailure, FailureReason, FetchOrder, FetchResult, PollOrder, PollResult

FAILURE = CrawlFailure(reason=FailureReason.DNS, detail="x")
SLOW = Pace(slot="journal.example", delay=50.0, concurrency=1)


def poll(name: str) -> PollOrder:
    return PollOrder(id=name, source_id="s", url="http://journal.example/")


def test_failure_has_the_kind_of_its_order() -> None:
    assert isinstance(failed(poll("a"), FAILURE), PollResult)
    assert isinstance(failed(FetchOrder(id="a", source_id="s", url="u"), FAILURE), FetchResult)


async def test_order_is_answered_once_however_often_it_is_closed() -> None:
    answers: list[Result] = []
    book = OrderBook(answers.append, limit=2, seconds=60)
    assert await book.open(poll("a"))
    assert not await book.open(poll("a"))
    book.fail(poll("a"), FAILURE)
    book.fail(poll("a"), FAILURE)
    book.fail(poll("never opened"), FAILURE)
    assert [answer.order_id for answer in answers] == ["a"]
    assert len(book) == 0


async def test_order_that_nobody_answers_times_out() -> None:
    answers: asyncio.Queue[Result] = asyncio.Queue()
    book = OrderBook(answers.put_nowait, limit=2, seconds=0.05)
    await book.open(poll("a"))
    answer = await answers.get()
    assert answer.failure is not None
    assert answer.failure.reason is FailureReason.TIMEOUT
    book.fail(poll("a"), FAILURE)
    assert answers.empty()


async def test_full_book_lets_nobody_in_until_an_order_is_answered() -> None:
    book = OrderBook(lambda _: None, limit=1, seconds=60)
    await book.open(poll("a"))
    waiting = asyncio.create_task(book.open(poll("b")))
    done, _ = await asyncio.wait((waiting,), timeout=0.05)
    assert not done
    book.fail(poll("a"), FAILURE)
    assert await waiting
    book.fail(poll("b"), FAILURE)


async def test_slow_host_sends_orders_back_until_its_queue_is_short_again() -> None:
    book = OrderBook(lambda _: None, limit=10, seconds=60)
    verdicts = []
    for name in "abc":
        await book.open(poll(name))
        verdicts.append(book.enter_slot(poll(name), SLOW))
    assert verdicts[:2] == [None, None]
    assert verdicts[2] is not None
    assert (verdicts[2].reason, verdicts[2].retry_after) == (FailureReason.RATE_LIMITED, 100.0)
    book.fail(poll("c"), verdicts[2])
    book.fail(poll("a"), FAILURE)
    await book.open(poll("d"))
    assert book.enter_slot(poll("d"), SLOW) is None
    for name in "bd":
        book.fail(poll(name), FAILURE)
