"""The server inside an event loop: gentle stop, bounds, and addresses that cannot be had."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.types import Receive, Scope, Send

from review import server
from review.errors import ListenError, ReviewSettingsError
from review.health import Check, Readiness, judge
from review.server import open_listener, serve
from review.settings import ReviewSettings

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def running(app: Application) -> AsyncIterator[tuple[int, asyncio.Event, asyncio.Task[None]]]:
    stop = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, await open_listener("127.0.0.1", 0), stop, on_listening=port.set_result))
    try:
        yield await asyncio.wait_for(port, 5), stop, task
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ask(port: int, request: bytes) -> bytes:
    async with connected(port) as (reader, writer):
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 5)


async def test_serves_and_stops_without_touching_signals() -> None:
    handler = signal.getsignal(signal.SIGTERM)
    async with running(hello) as (port, stop, task):
        assert (await ask(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert signal.getsignal(signal.SIGTERM) is handler
        stop.set()
        await asyncio.wait_for(task, 3)
    with pytest.raises(OSError, match=str(port)):
        await asyncio.open_connection("127.0.0.1", port)


async def test_threads_give_way_to_pages_soon_while_it_serves() -> None:
    before = sys.getswitchinterval()
    async with running(hello):
        assert sys.getswitchinterval() == pytest.approx(server.SWITCH_AFTER)
    assert sys.getswitchinterval() == before


async def test_an_answer_that_never_ends_does_not_hold_the_stop() -> None:
    entered = asyncio.Event()

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await hello(scope, receive, send)
            return
        entered.set()
        await asyncio.Event().wait()

    async with running(stuck) as (port, stop, task), connected(port) as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(entered.wait(), 5)
        started = time.monotonic()
        stop.set()
        await asyncio.wait_for(task, 5)
        assert time.monotonic() - started < 3


async def test_slow_headers_are_cut_off_and_whole_requests_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_DEADLINE", 0.2)
    async with running(hello) as (port, _, _):
        for start in (b"", b"GET / HTTP/1.1\r\nHost:"):
            assert await ask(port, start) == b""
        async with connected(port) as (reader, writer):
            for _ in range(2):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"ok" in await asyncio.wait_for(reader.readuntil(b"ok"), 5)
            writer.write(b"GET / HTTP/1.1\r\nHo")
            assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_oversized_headers_are_refused() -> None:
    async with running(hello) as (port, _, _):
        endless = b"".join(b"X-%d: y\r\n" % number for number in range(5_000))
        assert (await ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + endless)).startswith(b"HTTP/1.1 4")


async def test_an_address_in_use_names_the_cure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"port {port} .*listen"):
            await open_listener("127.0.0.1", port)


async def test_checks_that_hang_or_break_make_the_service_unfit(caplog: pytest.LogCaptureFixture) -> None:
    async def hang() -> Readiness:
        await asyncio.Event().wait()
        raise AssertionError

    async def broken() -> Readiness:
        raise RuntimeError("secret detail")

    verdict = await judge(hang, deadline=0.01)
    assert not verdict.fit
    assert "0.01 s" in verdict.checks[0].detail
    verdict = await judge(broken)
    assert verdict == Readiness(
        fit=False, checks=(Check(name="readiness", ok=False, detail="the checks broke; the log says where"),)
    )
    assert "secret detail" in caplog.text


def test_settings_name_what_is_wrong(tmp_path: object) -> None:
    def settings(
        language: str = "fr", timezone: str = "UTC", url: str = "http://[2001:db8::1]:8470/"
    ) -> ReviewSettings:
        from pathlib import Path

        return ReviewSettings(
            public_url=url, language=language, timezone=timezone, data_folder=Path(str(tmp_path)), version="0",
            allowed_hosts=("Watch.Example",),
        )  # fmt: skip

    with pytest.raises(ReviewSettingsError, match="language is 'de'"):
        settings(language="de")
    for zone in ("Mars/Base", "", "../etc/passwd", "Europe"):
        with pytest.raises(ReviewSettingsError, match="timezone"):
            settings(timezone=zone)
    assert settings().hosts() == {"localhost", "127.0.0.1", "[::1]", "[2001:db8::1]", "watch.example"}
