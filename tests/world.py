"""A small press on loopback for tests of the whole service: outlets, a mail server, a webhook receiver.

Everything is real: HTTP, SMTP, signatures. It runs in a thread of its own, so that a test can start, kill
and start Vigie again around it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import web

from tests import warm
from vigie.demo.inbox import Inbox, ReceivedMail
from vigie.demo.receiver import ReceivedEvent, WebhookReceiver

T = TypeVar("T")
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


@dataclass(slots=True)
class Outlet:
    """One outlet: what its feed lists and what its pages say."""

    id: str
    base: str = ""
    #: slug → (title, html)
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    published: dict[str, datetime] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    #: answers instead of the feed
    fault: Handler | None = None
    #: path → what else is served there
    files: dict[str, bytes | str] = field(default_factory=dict)

    def publish(self, slug: str, title: str, paragraphs: list[str], published: datetime | None = None) -> None:
        """List an article in the feed and serve its page."""
        moment = published or datetime.now(UTC)
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        stamp = f'<time datetime="{moment.isoformat()}">{moment:%d/%m/%Y}</time>' if published else ""
        html = (
            f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
            f"<body><article><h1>{escape(title)}</h1>{stamp}{body}</article></body></html>"
        )
        self.pages[slug] = (title, html)
        self.published[slug] = moment

    def feed(self) -> str:
        """Return the feed as it stands."""
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{self.base}/{slug}.html</link>"
            f"<guid>{self.base}/{slug}.html</guid><pubDate>{format_datetime(self.published[slug])}</pubDate></item>"
            for slug, (title, _) in reversed(self.pages.items())
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{self.id}</title>{items}</channel></rss>'


class World:
    """Outlets, inbox and receiver; use as a context manager."""

    def __init__(self, outlets: int = 1) -> None:
        self.outlets = [Outlet(id=f"outlet-{number}") for number in range(1, outlets + 1)]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self._runners: list[web.AppRunner] = []
        self.inbox = Inbox()
        self.receiver = WebhookReceiver()

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """What the mail server took, repeats included."""
        return self.inbox.mails

    @property
    def events(self) -> tuple[ReceivedEvent, ...]:
        """What the receiver verified, each id once."""
        return self.receiver.events

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> None:
        for outlet in self.outlets:
            app = web.Application()
            app.router.add_get("/robots.txt", self._robots)
            app.router.add_get("/feed.xml", self._feed(outlet))
            app.router.add_get("/{slug}.html", self._page(outlet))
            app.router.add_get("/{path:.*}", self._file(outlet))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            outlet.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._runners.append(runner)
        await self.inbox.start()
        await self.receiver.start()

    async def _stop(self) -> None:
        await self.inbox.stop()
        await self.receiver.stop()
        for runner in self._runners:
            await runner.cleanup()

    @staticmethod
    async def _robots(_request: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nAllow: /\n")

    @staticmethod
    def _feed(outlet: Outlet) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            outlet.requests.append(request.path)
            if outlet.fault is not None:
                return await outlet.fault(request)
            return web.Response(text=outlet.feed(), content_type="application/rss+xml")

        return answer

    @staticmethod
    def _page(outlet: Outlet) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            outlet.requests.append(request.path)
            page = outlet.pages.get(request.match_info["slug"])
            if page is None:
                raise web.HTTPNotFound
            return web.Response(text=page[1], content_type="text/html")

        return answer

    @staticmethod
    def _file(outlet: Outlet) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            outlet.requests.append(request.path)
            found = outlet.files.get(request.path)
            if found is None:
                raise web.HTTPNotFound
            if isinstance(found, str):
                return web.Response(text=found, content_type="text/html")
            return web.Response(body=found)

        return answer

    def configuration(self, folder: Path, *, port: int, extra: str = "", pairs: str = '[["FRA", "MLI"]]') -> Path:
        """Write a configuration that reads every outlet and alerts the inbox and the receiver."""
        (folder / "webhook.key").write_text(self.receiver.secret, encoding="utf-8")
        sources = "".join(
            f'[[source]]\nid = "{outlet.id}"\nname = "{outlet.id.title()}"\nfeeds = ["{outlet.base}/feed.xml"]\n'
            f'language = "fr"\npoll = "1s"\n'
            for outlet in self.outlets
        )
        text = f"""
[service]
data_dir = "data"
listen = "127.0.0.1:{port}"
[network]
allow_cidrs = ["127.0.0.0/8"]
{sources}
[[watch]]
id = "watch"
pairs = {pairs}
channels = ["mail", "hook"]
[[channel]]
id = "mail"
type = "email"
host = "{self.inbox.host}"
port = {self.inbox.port}
sender = "vigie@example.org"
recipients = ["duty@example.org"]
[[channel]]
id = "hook"
type = "webhook"
url = "{self.receiver.url}"
secret_file = "webhook.key"
{extra}
"""
        path = folder / "vigie.toml"
        path.write_text(text, encoding="utf-8")
        return path


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def vigie(*arguments: str | Path, cwd: Path | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return warm.run([str(argument) for argument in arguments], cwd, timeout)


def start_vigie(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start the command line in a process group of its own, so that a kill takes its children along."""
    command = [sys.executable, "-m", "vigie", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def kill(process: subprocess.Popen[str]) -> None:
    """Kill the owner process alone, as the system does when memory runs out; its children must follow."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def wait_until(holds: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait for a condition; fail with its name when it does not come."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:.0f} s in vain for: {what}")
        threading.Event().wait(0.05)


def exported(config: Path, what: str) -> list[dict[str, Any]]:
    """Return the archive's records."""
    result = vigie("-c", config, "export", what)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


DAY = timedelta(days=1)
