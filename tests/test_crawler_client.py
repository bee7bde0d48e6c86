"""The owner's side: a crawler that is killed, stopped, stuck or swollen costs time, never an order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from crawler.client import ClientLimits, CrawlerProcess, fetch_once
from crawler.errors import CrawlerClosedError, DuplicateOrderError
from crawler.settings import CrawlerSettings
from storage.types import FailureReason, FetchOrder, FetchResult, PollOrder

SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=20.0,
    workers=1,
    heartbeat_seconds=0.2,
)
ROOT = str(Path(__file__).resolve().parent.parent)
LIMITS = ClientLimits(order_seconds=20.0, watch_seconds=0.1, backoff_seconds=0.05, max_backoff_seconds=0.2)
PAGE = (
    b"<html lang='fr'><h1>Une page de test</h1>" + b"<p>Un paragraphe assez long pour compter comme du texte.</p>" * 2
)


class Gate:
    """A server whose pages come out only while the gate is open."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.waiting: asyncio.Queue[str] = asyncio.Queue()
        self.base = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            if path == "/robots.txt":
                writer.write(b"HTTP/1.1 404 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            else:
                self.waiting.put_nowait(path)
                gone = asyncio.create_task(reader.read())
                opened = asyncio.create_task(self.opened.wait())
                _, pending = await asyncio.wait((gone, opened), return_when=asyncio.FIRST_COMPLETED)
                for task in pending:
                    task.cancel()
                head = f"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: {len(PAGE)}\r\n\r\n"
                writer.write(head.encode() + PAGE)
            await writer.drain()
        writer.close()


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    gate = Gate()
    server = await asyncio.start_server(gate.serve, "127.0.0.1", 0)
    gate.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield gate


@contextlib.asynccontextmanager
async def running(limits: ClientLimits = LIMITS) -> AsyncIterator[CrawlerProcess]:
    crawler = CrawlerProcess(SETTINGS, limits=limits)
    await crawler.start()
    try:
        yield crawler
    finally:
        await crawler.stop()


def order(gate: Gate, name: str = "a") -> FetchOrder:
    return FetchOrder(id=name, source_id="s", url=f"{gate.base}/{name}")


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def descendants(pid: int) -> set[int]:
    found = {pid}
    for _ in range(4):
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
                if int(fields[1]) in found:
                    found.add(int(path.parent.name))
    return found


async def test_killed_crawler_is_replaced_and_its_orders_repeated(gate: Gate) -> None:
    async with running() as crawler:
        asking = [asyncio.create_task(crawler.fetch(order(gate, name))) for name in "abc"]
        for _ in asking:
            await gate.waiting.get()
        first = crawler.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        for _ in asking:
            await gate.waiting.get()
        gate.opened.set()
        results = await asyncio.gather(*asking)
        assert [result.failure for result in results] == [None, None, None]
        assert [result.order_id for result in results] == ["a", "b", "c"]
        assert crawler.starts == 2
        assert crawler.pid != first


async def test_order_lost_twice_is_given_up_by_name(gate: Gate) -> None:
    async with running() as crawler:
        asking = asyncio.create_task(crawler.fetch(order(gate)))
        for _ in range(2):
            await gate.waiting.get()
            assert crawler.pid is not None
            os.kill(crawler.pid, signal.SIGKILL)
        result = await asking
        assert result.failure is not None
        assert result.failure.reason is FailureReason.CRAWLER_LOST
        assert "twice" in result.failure.detail
        gate.opened.set()
        assert (await crawler.fetch(order(gate, "b"))).failure is None


async def test_stuck_crawler_is_found_by_its_silence(gate: Gate) -> None:
    limits = ClientLimits(order_seconds=20.0, silence_seconds=4.0, watch_seconds=0.1, backoff_seconds=0.05)
    async with running(limits) as crawler:
        asking = asyncio.create_task(crawler.fetch(order(gate)))
        await gate.waiting.get()
        first = crawler.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        gate.opened.set()
        assert (await asking).failure is None
        assert crawler.starts == 2
        assert not is_running(first)


async def test_swollen_crawler_is_replaced() -> None:
    limits = ClientLimits(memory=1024 * 1024, watch_seconds=0.05, backoff_seconds=0.05, max_backoff_seconds=0.05)
    async with running(limits) as crawler:
        await until(lambda: crawler.starts >= 3)


async def test_call_ends_at_its_deadline(gate: Gate) -> None:
    async with running(ClientLimits(order_seconds=1.5)) as crawler:
        start = time.monotonic()
        result = await crawler.fetch(order(gate))
        assert result.failure is not None
        assert result.failure.reason is FailureReason.CRAWLER_LOST
        assert "1.5 s" in result.failure.detail
        assert time.monotonic() - start < 3


async def test_stop_is_quick_fails_open_orders_and_leaves_no_process(gate: Gate) -> None:
    crawler = CrawlerProcess(SETTINGS, limits=LIMITS)
    await crawler.start()
    gate.opened.set()
    assert (await crawler.fetch(order(gate))).failure is None
    gate.opened.clear()
    await gate.waiting.get()
    asking = asyncio.create_task(crawler.fetch(order(gate, "b")))
    await gate.waiting.get()
    assert crawler.pid is not None
    family = descendants(crawler.pid)
    assert len(family) >= 3, "crawler, fork server and worker"
    start = time.monotonic()
    await crawler.stop()
    assert time.monotonic() - start < 5
    failure = (await asking).failure
    assert failure is not None
    assert failure.reason is FailureReason.CRAWLER_LOST
    await until(lambda: not any(map(is_running, family)))
    with pytest.raises(CrawlerClosedError):
        await crawler.fetch(order(gate, "c"))


async def test_workers_die_with_a_killed_crawler(gate: Gate) -> None:
    async with running() as crawler:
        gate.opened.set()
        await crawler.fetch(order(gate))
        assert crawler.pid is not None
        family = descendants(crawler.pid)
        assert len(family) >= 3
        os.kill(crawler.pid, signal.SIGKILL)
        await until(lambda: not any(map(is_running, family)))


async def test_crawler_dies_with_its_owner(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(
        "import asyncio\n"
        "from crawler.client import CrawlerProcess\n"
        "from crawler.settings import CrawlerSettings\n"
        "async def main():\n"
        "    crawler = CrawlerProcess(CrawlerSettings(user_agent='Vigie/0'))\n"
        "    await crawler.start()\n"
        "    while crawler.pid is None:\n"
        "        await asyncio.sleep(0.01)\n"
        "    print(crawler.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())
    assert is_running(pid)
    owner.kill()
    await owner.wait()
    await until(lambda: not is_running(pid))


async def test_interrupt_of_the_terminal_leaves_the_crawler_alone(gate: Gate) -> None:
    async with running() as crawler:
        asking = asyncio.create_task(crawler.fetch(order(gate)))
        await gate.waiting.get()
        assert crawler.pid is not None
        os.kill(crawler.pid, signal.SIGINT)
        gate.opened.set()
        assert (await asking).failure is None
        assert crawler.starts == 1


async def test_open_orders_are_bounded_and_ids_unique(gate: Gate) -> None:
    async with running(ClientLimits(open_orders=2, order_seconds=20.0)) as crawler:
        asking = [asyncio.create_task(crawler.fetch(order(gate, name))) for name in ("a", "a", "b", "c")]
        await gate.waiting.get()
        gate.opened.set()
        results = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(results[1], DuplicateOrderError)
    assert [r.failure for r in results if isinstance(r, FetchResult)] == [None, None, None]


async def test_crawler_that_was_never_started_takes_no_orders() -> None:
    with pytest.raises(CrawlerClosedError):
        await CrawlerProcess(SETTINGS).poll(PollOrder(id="a", source_id="s", url="http://127.0.0.1/"))


async def test_one_page_is_fetched_without_a_service(gate: Gate) -> None:
    gate.opened.set()
    result = await fetch_once(f"{gate.base}/a", SETTINGS)
    assert result.article is not None
    assert result.article.title == "Une page de test"
