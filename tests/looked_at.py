"""An outlet whose one article changes, goes, moves and comes back, and a newsroom that looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from aiohttp import web
from sqlite_utils import Database

from alerts.settings import DeliverySettings
from crawler.client import CrawlerProcess
from crawler.settings import CrawlerSettings
from scheduler.archive import Archive
from scheduler.building import build_pipeline
from scheduler.crawl import CrawlDesk
from scheduler.looks import LookDesk
from scheduler.pipeline import Processed
from scheduler.settings import ServiceSettings
from storage import alerts, looks, revisions, sources
from storage.database import instance_id
from storage.revisions import EventKind
from storage.types import Article, Source, Watch

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CRAWLER = CrawlerSettings(
    user_agent="Vigie/test (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=5.0,
    workers=1,
)
WATCH = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
TITLE = "Le Mali expulse deux diplomates français"
BODY = (
    "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako dans "
    "un communiqué lu à la télévision nationale.",
    "Les deux agents disposent de quarante-huit heures pour faire leurs bagages. Leur nom n’a pas été rendu public "
    "et l’ambassade n’a pas souhaité répondre aux questions de la presse.",
    "Trois notes verbales étaient restées sans réponse depuis le début de l’année, selon le texte, qui invoque la "
    "convention de Vienne sans citer d’article précis.",
)
RECALL = "En réponse, la France a rappelé mardi son ambassadeur au Mali pour consultations, a annoncé le Quai d’Orsay."
SECTION = tuple(
    f"La rubrique numéro {n} présente les pêcheurs, les marchés, les récoltes et les routes de la région du fleuve, "
    "avec les reportages de nos correspondants sur place depuis le début de la saison."
    for n in range(4)
)


@dataclass(slots=True)
class Press:
    """An outlet with one article, whose page can change, go, move and come back."""

    title: str = TITLE
    paragraphs: tuple[str, ...] = BODY
    status: int = 200
    #: what answers in place of the article
    wall: str = ""
    location: str | None = None
    etag: str | None = None
    modified: datetime | None = None
    summary: str = ""
    published: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: further articles, and the paths that are gone whatever ``status`` says
    more: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    base: str = ""
    answered: list[int] = field(default_factory=list)
    #: pages are answered once this is set
    opened: asyncio.Event | None = None

    async def feed(self, _request: web.Request) -> web.Response:
        item = "".join(
            f"<item><title>{escape(self._headline(name))}</title><link>{self.base}/{name}.html</link>"
            f"<description>{escape(self.summary)}</description>"
            f"<pubDate>{format_datetime(self.published)}</pubDate></item>"
            for name in ("a", *self.more)
        )
        return web.Response(
            text=f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{item}</channel></rss>',
            content_type="application/rss+xml",
        )

    def _headline(self, name: str) -> str:
        return self.title if name == "a" else f"{self.title}, épisode {name}"

    async def page(self, request: web.Request) -> web.Response:
        if self.opened is not None:
            await self.opened.wait()
        response = self._page(request)
        self.answered.append(response.status)
        return response

    def _page(self, request: web.Request) -> web.Response:
        if self.location not in {None, request.path}:
            return web.Response(status=302, headers={"Location": self.location or ""})
        if request.path in self.gone:
            return web.Response(status=404)
        title = self._headline(request.path.strip("/").removesuffix(".html") if self.more else "a")
        if self.etag is not None and request.headers.get("If-None-Match") == self.etag and self.status == 200:
            return web.Response(status=304, headers={"ETag": self.etag})
        headers = {"ETag": self.etag} if self.etag else {}
        return web.Response(
            status=self.status, text=self.wall or html(title, self.paragraphs, self.modified),
            content_type="text/html", headers=headers,
        )  # fmt: skip

    async def section(self, _request: web.Request) -> web.Response:
        return web.Response(text=html("Toute l’actualité du fleuve", SECTION, None), content_type="text/html")


def article_at(database: Database, url: str) -> int:
    return int(database.execute("SELECT id FROM article WHERE url = ?", (url,)).fetchone()[0])


def html(title: str, paragraphs: tuple[str, ...], modified: datetime | None) -> str:
    stamp = f'<meta property="article:modified_time" content="{modified.isoformat()}">' if modified else ""
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>{stamp}</head>'
        f"<body><article><h1>{escape(title)}</h1>{body}</article></body></html>"
    )


class Newsroom:
    """Archive, pipeline and both desks over one outlet, with a clock that the test moves."""

    def __init__(
        self, archive: Archive, crawler: CrawlerProcess, press: Press, *, full_text: bool, instance: str
    ) -> None:
        self.archive = archive
        self.press = press
        self.now = datetime.now(UTC)
        self.source = source(press, full_text=full_text)
        settings = ServiceSettings(
            data_dir=Path("unused"), sources=(self.source,), watches=(WATCH,), channels=(), crawler=CRAWLER,
            delivery=DeliverySettings(), public_url="http://vigie.example", language="fr", timezone="Europe/Paris",
        )  # fmt: skip
        pipeline = build_pipeline(settings, instance)
        self.told: list[tuple[Article, Processed]] = []
        configured = {self.source.id: self.source}
        self.desk = CrawlDesk(
            archive, crawler, pipeline, configured, clock=lambda: self.now, alerted=lambda: None,
            progress=lambda article, processed: self.told.append((article, processed)),
        )  # fmt: skip
        self.looks = LookDesk(archive, crawler, pipeline, configured, clock=lambda: self.now, stored=self.desk.stored)

    async def read(self) -> None:
        """Poll and read what is new."""
        await self.desk.poll_source("fleuve")
        await self.desk.read_due_pages()

    async def look(self) -> bool:
        """Move the clock to the next look and make it; False when there is none."""
        found = await self.archive.read(looks.next_at, 1)
        assert found is not None
        if found[0] is None:
            return False
        self.now = max(self.now, found[0])
        await self.looks.read_due()
        return True

    async def reason(self) -> str:
        found = await self.archive.read(looks.next_at, 1)
        return found[1] if found else ""

    async def events(self) -> list[EventKind]:
        return [event.kind for event in await self.archive.read(revisions.events, 1)]

    async def alerts(self) -> list[str]:
        return [alert.type for alert in reversed(await self.archive.read(alerts.recent))]


def source(press: Press, *, full_text: bool = True) -> Source:
    return Source(
        id="fleuve", name="Le Fleuve", url=press.base, feeds=(f"{press.base}/feed.xml",), language="fr",
        full_text=full_text,
    )  # fmt: skip


@asynccontextmanager
async def serving() -> AsyncIterator[Press]:
    """Serve an outlet."""
    outlet = Press()
    app = web.Application()
    app.router.add_get("/feed.xml", outlet.feed)
    app.router.add_get("/a.html", outlet.page)
    for name in "bcd":
        app.router.add_get(f"/{name}.html", outlet.page)
    app.router.add_get("/rubrique", outlet.section)
    app.router.add_get("/moved.html", outlet.page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    outlet.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield outlet
    await runner.cleanup()


async def newsroom(archive: Archive, crawler: CrawlerProcess, press: Press, *, full_text: bool = True) -> Newsroom:
    room = Newsroom(archive, crawler, press, full_text=full_text, instance=await archive.read(instance_id))
    await archive.write(sources.sync, [room.source], room.now)
    await room.read()
    return room
