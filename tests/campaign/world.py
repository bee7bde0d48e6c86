"""The campaign's press: outlets on loopback addresses of their own, and what they served in whole."""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.campaign.words import Story

T = TypeVar("T")


class Background:
    """An event loop in a thread of its own: servers go on while the campaign starts and kills."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @staticmethod
    async def _cancel() -> None:
        """End what still runs, such as the handlers of receivers that hang."""
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=5) if running else None

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine over there and return its answer."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


@dataclass(slots=True, kw_only=True)
class Listed:
    """An article as its outlet lists it."""

    story: Story
    #: None for an outlet that dates nothing
    published: datetime | None
    #: monotonic second at which its page was first served to the last byte
    served: float | None = None


@dataclass(slots=True, kw_only=True)
class Outlet:
    """One outlet: a feed that lists everything it ever published, and the pages."""

    id: str
    address: str
    port: int = 0
    listed: dict[str, Listed] = field(default_factory=dict)
    runner: web.AppRunner | None = None
    #: seconds it thinks before it answers for its feed
    slowness: float = 0.0
    #: publishes nothing
    mute: bool = False
    #: monotonic seconds of the requests for its feed
    polls: list[float] = field(default_factory=list)
    #: most requests for its feed that were open at once
    widest: int = 0
    open: int = 0

    @property
    def base(self) -> str:
        """The address without a path."""
        return f"http://{self.address}:{self.port}"

    def feed(self) -> str:
        """Return the feed, newest first."""
        items = "".join(
            f"<item><title>{_xml(each.story.title)}</title><link>{self.base}/{slug}.html</link>"
            f"<guid>{self.base}/{slug}.html</guid>{_dated(each.published)}</item>"
            for slug, each in reversed(self.listed.items())
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{self.id}</title>{items}</channel></rss>'


_OUTLET = web.AppKey("outlet", Outlet)

#: what XML 1.0 does not allow, and the line break that it would turn into another
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def _xml(text: str) -> str:
    """Return text for a feed; what XML cannot carry is written as a reference, as careless publishers do."""
    return _NOT_XML.sub(lambda found: f"&#{ord(found[0])};", escape(text))


def _dated(published: datetime | None) -> str:
    return "" if published is None else f"<pubDate>{format_datetime(published)}</pubDate>"


class Press:
    """All outlets, and how often they were asked.

    Args:
        outlets: how many.
        seed: which outlet publishes what.
        dated: False serves articles without any date.
    """

    def __init__(self, outlets: int, seed: int, *, dated: bool = True) -> None:
        self.outlets = [Outlet(id=f"outlet-{number}", address=f"127.0.20.{number}") for number in range(1, outlets + 1)]
        self.requests = 0
        #: monotonic seconds of every request for a feed
        self.polls: list[float] = []
        self._chance = random.Random(seed)
        self._dated = dated

    async def start(self) -> None:
        """Serve every outlet."""
        for outlet in self.outlets:
            app = web.Application()
            app.router.add_get("/robots.txt", self._robots)
            app.router.add_get("/feed.xml", self._feed)
            app.router.add_get("/{slug}.html", self._page)
            app[_OUTLET] = outlet
            outlet.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await outlet.runner.setup()
            await web.TCPSite(outlet.runner, outlet.address, 0).start()
            outlet.port = outlet.runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every port."""
        for outlet in self.outlets:
            if outlet.runner is not None:
                await outlet.runner.cleanup()

    def publish(self, *stories: Story) -> None:
        """List articles, each at an outlet of its own choosing; they stay listed until the end."""
        for story in stories:
            moment = datetime.now(UTC) - timedelta(seconds=1) if self._dated else None
            self._chance.choice([each for each in self.outlets if not each.mute]).listed[story.token] = Listed(
                story=story, published=moment
            )

    def all(self) -> dict[str, Listed]:
        """Return everything published, by token."""
        return {token: each for outlet in self.outlets for token, each in outlet.listed.items()}

    @property
    def expected(self) -> set[str]:
        """Tokens of all articles that must ring."""
        return {token for token, each in self.all().items() if each.story.matters}

    async def _robots(self, _request: web.Request) -> web.Response:
        self.requests += 1
        return web.Response(text="User-agent: *\nAllow: /\n")

    async def _feed(self, request: web.Request) -> web.Response:
        self.requests += 1
        start = time.monotonic()
        self.polls.append(start)
        outlet = request.app[_OUTLET]
        outlet.polls.append(start)
        outlet.open += 1
        outlet.widest = max(outlet.widest, outlet.open)
        try:
            # A fault may end while somebody waits.
            while time.monotonic() - start < outlet.slowness:  # noqa: ASYNC110 (whoever sets it is in another thread)
                await asyncio.sleep(0.1)
        finally:
            outlet.open -= 1
        etag = f'"{len(outlet.listed)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=outlet.feed(), content_type="application/rss+xml", headers={"ETag": etag})

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        each = request.app[_OUTLET].listed.get(request.match_info["slug"])
        if each is None:
            raise web.HTTPNotFound
        content = page(each).encode("utf-8", "surrogatepass")
        response = web.Response(body=content, content_type="text/html", charset="utf-8")
        await response.prepare(request)
        await response.write_eof()
        if each.served is None:
            each.served = time.monotonic()
        return response


def page(listed: Listed) -> str:
    """Return the page of an article."""
    story, moment = listed.story, listed.published
    stamp = "" if moment is None else f'<time datetime="{moment.isoformat()}">{moment:%d/%m/%Y}</time>'
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in story.paragraphs)
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(story.title)}</title></head>'
        f"<body><article><h1>{escape(story.title)}</h1>{stamp}{body}</article></body></html>"
    )
