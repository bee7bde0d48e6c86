"""The demo's press on 127.0.0.1: one HTTP server an outlet, publishing as the script plays."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from aiohttp import web

from storage.types import Source
from vigie.demo.errors import NotRunningError
from vigie.demo.rendering import Press
from vigie.demo.script import DemoArticle, DemoOutlet, Script, load_script, timeline

HOST = "127.0.0.1"
POLL = timedelta(seconds=1)
#: seconds that open answers get when a server stops
SHUTDOWN = 1.0


def not_modified(request: web.Request, etag: str, last_modified: datetime, now: datetime) -> bool:
    """Say whether a conditional GET may be answered 304 (RFC 9110 section 13.2.2).

    ``If-None-Match`` decides alone where it is present. A date that is less than a second old is a weak
    validator, because a second publication may follow within the same second (section 8.8.2.2).
    """
    if "If-None-Match" in request.headers:
        tags = {tag.strip().removeprefix("W/") for tag in request.headers["If-None-Match"].split(",")}
        return "*" in tags or etag in tags
    since = request.headers.get("If-Modified-Since")
    if since is None or now - last_modified < timedelta(seconds=1):
        return False
    try:
        known = parsedate_to_datetime(since)
    except ValueError:
        return False
    if known.tzinfo is None:
        return False
    return last_modified.replace(microsecond=0) <= known


class OutletServer:
    """The web site of one outlet: front page, feed, robots.txt and the articles published so far.

    Args:
        outlet: the outlet.
        port: TCP port on 127.0.0.1; 0 takes a free one.
    """

    def __init__(self, outlet: DemoOutlet, *, port: int = 0) -> None:
        self.outlet = outlet
        self._port = port
        self._articles: list[DemoArticle] = []
        self._changed_at = datetime.now(UTC)
        self._press: Press | None = None
        self._runner: web.AppRunner | None = None

    @property
    def press(self) -> Press:
        """What prints the pages.

        Raises:
            NotRunningError: the server was not started.
        """
        if self._press is None:
            raise NotRunningError(f"outlet “{self.outlet.id}”")
        return self._press

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_get("/", self._front)
        app.router.add_get("/feed.xml", self._feed)
        app.router.add_get("/robots.txt", self._robots)
        app.router.add_get(r"/articles/{slug:[a-z0-9-]+}.html", self._article)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        self._press = Press(self.outlet, f"http://{HOST}:{self._runner.addresses[0][1]}")

    async def stop(self) -> None:
        """Close the port; calling it twice is harmless."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._press = None

    def publish(self, article: DemoArticle) -> None:
        """Put an article on the site and at the head of the feed; a known one stays as it is."""
        if any(known.slug == article.slug for known in self._articles):
            return
        self._articles.append(article)
        self._articles.sort(key=lambda known: known.published, reverse=True)
        self._changed_at = datetime.now(UTC)

    async def _front(self, request: web.Request) -> web.Response:
        return self._html(self.press.front(self._articles))

    async def _article(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        for article in self._articles:
            if article.slug == slug:
                return self._html(self.press.article(article, self._articles))
        raise web.HTTPNotFound(text="404")

    async def _feed(self, request: web.Request) -> web.Response:
        body = self.press.feed(self._articles)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Last-Modified": format_datetime(self._changed_at, usegmt=True)}
        if not_modified(request, etag, self._changed_at, datetime.now(UTC)):
            return web.Response(status=304, headers=headers)
        kind = "application/atom+xml" if self.outlet.feed == "atom" else "application/rss+xml"
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    async def _robots(self, request: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nDisallow: /admin/\n")

    def _html(self, body: bytes) -> web.Response:
        return web.Response(body=body, content_type="text/html", charset=self.outlet.encoding)


class Newsroom:
    """All outlets of the demo and the script they play.

    Args:
        script: outlets and articles; None loads the script that ships with Vigie.
        base_port: outlets listen on this plus their ``port_offset``; None takes free ports.

    Raises:
        ScriptError: the script that ships with Vigie is not valid.
    """

    def __init__(self, script: Script | None = None, *, base_port: int | None = None) -> None:
        self._script = script or load_script()
        self._published: list[DemoArticle] = []
        self._servers = {
            outlet.id: OutletServer(outlet, port=base_port + outlet.port_offset if base_port else 0)
            for outlet in self._script.outlets
        }

    @property
    def outlets(self) -> tuple[DemoOutlet, ...]:
        """The outlets, in the script's order."""
        return self._script.outlets

    @property
    def published(self) -> int:
        """How many articles are out."""
        return len(self._published)

    @property
    def total(self) -> int:
        """How many articles the script holds."""
        return len(self._script.articles)

    async def start(self) -> None:
        """Open every outlet's server.

        Raises:
            OSError: a port is taken; none stays open then.
        """
        try:
            for server in self._servers.values():
                await server.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every server; what is published stays published for another start."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

    def sources(self) -> tuple[Source, ...]:
        """Return the outlets as sources that a crawler can poll.

        Raises:
            NotRunningError: the newsroom was not started.
        """
        return tuple(_source(server) for server in self._servers.values())

    def url(self, article: DemoArticle) -> str:
        """Return the address of an article, published or not.

        Raises:
            NotRunningError: the newsroom was not started.
        """
        return self._servers[article.outlet].press.origin + article.path

    async def play(self, duration: float, on_publish: Callable[[DemoArticle], None] | None = None) -> None:
        """Publish what is not out yet over ``duration`` seconds.

        ``on_publish`` is called after each article is on its site. A cancelled play may be resumed by
        another call.
        """
        loop = asyncio.get_running_loop()
        start = loop.time()
        for publication in timeline(self._pending(), duration):
            await asyncio.sleep(max(0.0, start + publication.offset - loop.time()))
            self._publish(publication.article)
            if on_publish is not None:
                on_publish(publication.article)

    def publish_all(self) -> None:
        """Publish everything that is not out yet, at once."""
        for article in self._pending():
            self._publish(article)

    def _pending(self) -> tuple[DemoArticle, ...]:
        out = {article.slug for article in self._published}
        return tuple(article for article in self._script.articles if article.slug not in out)

    def _publish(self, article: DemoArticle) -> None:
        self._servers[article.outlet].publish(article)
        self._published.append(article)


def _source(server: OutletServer) -> Source:
    outlet, origin = server.outlet, server.press.origin
    return Source(
        id=outlet.id,
        name=outlet.name,
        url=f"{origin}/",
        feeds=(f"{origin}/feed.xml",),
        language=outlet.language,
        country=outlet.country,
        state_affiliation=outlet.state_affiliation,
        poll=POLL,
    )
