"""Which process gets an order; real processes, no browser needed to carry out orders without scripts."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.browser import BrowserSettings
from crawler.errors import CrawlerClosedError
from crawler.routing import CrawlerRouter, host_of, needs_browser
from crawler.settings import CrawlerSettings
from storage.types import AddressKind, FailureReason, FetchOrder, PollOrder

SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)", allow_cidrs=("127.0.0.0/8",), workers=1
)
PAGE = (
    b"<html lang='fr'><h1>Une page de test</h1>" + b"<p>Un paragraphe assez long pour compter comme du texte.</p>" * 2
)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
            body, status = (b"", 404) if path in {b"/robots.txt", b"/missing"} else (PAGE, 200)
            head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nConnection: close\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        await asyncio.sleep(0.02)


def has_browser(crawler: CrawlerRouter) -> bool:
    return crawler.browser_pid is not None


def test_an_order_follows_its_scripts_and_its_host() -> None:
    plain = FetchOrder(id="1", source_id="s", url="https://Gazette.example./a")
    assert host_of(plain.url) == "gazette.example"
    assert host_of("http://[::1") == ""
    assert not needs_browser(plain, frozenset())
    assert needs_browser(replace(plain, javascript=True), frozenset())
    # One host is read by one process, or two would ask it at the same time.
    assert needs_browser(plain, frozenset({"gazette.example"}))
    assert not needs_browser(plain, frozenset({"other.example"}))


async def test_without_a_browser_orders_fail_by_name_and_others_are_read(site: str) -> None:
    crawler = CrawlerRouter(replace(SETTINGS, browser=BrowserSettings(chromium="/nowhere/chromium")))
    await crawler.start()
    try:
        fetched = await crawler.fetch(FetchOrder(id="1", source_id="s", url=f"{site}/a", javascript=True))
        section = PollOrder(id="2", source_id="s", url=f"{site}/une", kind=AddressKind.SECTION, javascript=True)
        polled = await crawler.poll(section)
        for result in (fetched, polled):
            assert result.failure is not None
            assert result.failure.reason is FailureReason.NO_BROWSER
            assert "vigie[javascript]" in result.failure.detail or "[network] chromium" in result.failure.detail
        assert not has_browser(crawler)
        plain = await crawler.fetch(FetchOrder(id="3", source_id="s", url=f"{site}/a"))
        assert plain.article is not None
        assert not has_browser(crawler)
    finally:
        await crawler.stop()


@pytest.mark.skipif(importlib.util.find_spec("scrapy_playwright") is None, reason="needs the extra 'javascript'")
async def test_the_second_process_comes_with_its_first_order_and_goes_when_idle(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    settings = replace(SETTINGS, browser=BrowserSettings(chromium=str(program)))
    crawler = CrawlerRouter(settings, idle_seconds=0.5)
    await crawler.start()
    try:
        assert not has_browser(crawler)
        # A page that is not there needs no browser to be told so, but the order is the second process's.
        missing = await crawler.fetch(FetchOrder(id="1", source_id="s", url=f"{site}/missing", javascript=True))
        assert missing.failure is not None
        assert missing.failure.reason is FailureReason.NOT_FOUND
        assert has_browser(crawler)
        assert crawler.browser_pid != crawler.pid
        await until(lambda: not has_browser(crawler))
        # The page is there; the program that should run its scripts is no browser.
        broken = await crawler.fetch(FetchOrder(id="2", source_id="s", url=f"{site}/a", javascript=True))
        assert broken.failure is not None
        assert broken.failure.reason is FailureReason.NO_BROWSER
        assert str(program) in broken.failure.detail
    finally:
        await crawler.stop()
    with pytest.raises(CrawlerClosedError):
        await crawler.fetch(FetchOrder(id="4", source_id="s", url=f"{site}/a"))
