"""Second looks through a real crawler at a real server: edits, silent ones too, pages that go and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from sqlite_utils import Database

from alerts.settings import DeliverySettings
from crawler.client import CrawlerProcess
from crawler.settings import CrawlerSettings
from scheduler import crawl
from scheduler.archive import Archive
from scheduler.building import build_pipeline
from scheduler.crawl import CrawlDesk
from scheduler.looks import LookDesk
from scheduler.pipeline import Processed
from scheduler.settings import ServiceSettings
from storage import alerts, articles, looks, revisions, sources
from storage.articles import SaveKind
from storage.database import instance_id
from storage.revisions import EventKind
from storage.types import AddressKind, Article, FailureReason, FeedEntry, PollResult, Source, Watch

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler() -> AsyncIterator[CrawlerProcess]:
    process = CrawlerProcess(CRAWLER)
    await process.start()
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def press() -> AsyncIterator[Press]:
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


@pytest_asyncio.fixture(loop_scope="module")
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    opened = Archive(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


async def newsroom(archive: Archive, crawler: CrawlerProcess, press: Press, *, full_text: bool = True) -> Newsroom:
    room = Newsroom(archive, crawler, press, full_text=full_text, instance=await archive.read(instance_id))
    await archive.write(sources.sync, [room.source], room.now)
    await room.read()
    return room


async def test_edits_are_revisions_and_each_act_is_told_once(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    assert await room.alerts() == ["alert.new"]
    press.paragraphs = (*(text.replace("’", "'") for text in BODY), "Mis à jour le 10 mars 2026 à 10h15")
    assert await room.look()
    assert await room.events() == [], "typography and dates are no edit"
    press.paragraphs = (*BODY, RECALL)
    assert await room.look()
    assert await room.reason() == "after_change"
    assert await room.events() == [EventKind.EDITED]
    assert await room.alerts() == ["alert.new", "alert.update"]
    for paragraphs in (BODY, (*BODY, RECALL), BODY):
        press.paragraphs = paragraphs
        assert await room.look()
    assert await room.alerts() == ["alert.new", "alert.update"]
    assert await room.events() == [EventKind.EDITED] * 4
    event = (await archive.read(revisions.events, 1))[0]
    assert [act.type for act in event.added] == ["recall_ambassador"]
    assert event.silent
    assert [processed.kind for _, processed in room.told] == [SaveKind.NEW, *[SaveKind.REVISION] * 4]


async def test_looks_end_after_two_days_and_cost_nothing_where_nothing_changed(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    press.etag = '"1"'
    room = await newsroom(archive, crawler, press)
    begun = room.now
    made = 0
    while await room.look():
        made += 1
        assert made < 20
    assert press.answered == [200, *[304] * made]
    assert made == 11
    assert timedelta(hours=47) < room.now - begun < timedelta(hours=49)
    assert len(await archive.read(articles.revisions, 1)) == 1
    assert await room.reason() == "done"


async def test_a_page_that_is_gone_twice_is_withdrawn_once_and_restored_once(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    for status in (500, 451, 404, 500, 200):
        press.status = status
        await room.look()
    assert await room.events() == [], "one 404 may be an accident, and faults and walls say nothing"
    press.status = 404
    await room.look()
    seen = room.now
    assert await room.reason() == "confirm"
    press.status = 410
    await room.look()
    assert 5 * MINUTE <= room.now - seen <= 10 * MINUTE
    assert await room.events() == [], "no other page shows that the site works"
    await room.look()
    assert 30 * MINUTE <= room.now - seen <= 35 * MINUTE
    assert await room.events() == [EventKind.WITHDRAWN]
    stored = await archive.read(articles.get, 1)
    assert stored.withdrawn_at == room.now
    await room.look()
    assert await room.events() == [EventKind.WITHDRAWN]
    press.status = 200
    await room.look()
    await room.look()
    assert await room.events() == [EventKind.WITHDRAWN, EventKind.RESTORED]
    assert (await archive.read(articles.get, 1)).withdrawn_at is None
    assert len(await archive.read(articles.revisions, 1)) == 1


async def test_an_address_that_leads_to_a_section_is_a_page_withdrawn_and_no_edit(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    press.location = "/rubrique"
    for _ in range(3):
        await room.look()
    assert await room.events() == [EventKind.WITHDRAWN]
    assert len(await archive.read(articles.revisions, 1)) == 1


@pytest.mark.parametrize("whole_site", [True, False])
async def test_a_site_that_is_out_of_order_withdraws_nothing(
    archive: Archive, crawler: CrawlerProcess, press: Press, whole_site: bool
) -> None:
    press.more = ("b", "c", "d")
    room = await newsroom(archive, crawler, press)
    broken = room.now
    press.status, press.gone = (404, frozenset()) if whole_site else (200, frozenset({"/a.html"}))
    while room.now - broken < 2 * HOUR:
        room.now += 5 * MINUTE
        await room.looks.read_due()
    told = [event.article_id for event in await archive.read(revisions.events_since, broken)]
    assert told == ([] if whole_site else [await archive.read(article_at, f"{press.base}/a.html")])
    press.status = 200
    while room.now - broken < 5 * HOUR:
        room.now += 5 * MINUTE
        await room.looks.read_due()
    assert [event.article_id for event in await archive.read(revisions.events_since, broken)] == told


async def test_an_article_that_moved_is_the_same_article(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    press.location = "/moved.html"
    await room.look()
    assert press.answered == [200, 302, 200]
    assert await room.events() == []


@pytest.mark.parametrize("dated", [True, False])
async def test_an_edit_is_silent_unless_the_page_dates_it(
    archive: Archive, crawler: CrawlerProcess, press: Press, dated: bool
) -> None:
    press.modified = press.published
    room = await newsroom(archive, crawler, press)
    press.paragraphs = (*BODY, RECALL)
    if dated:
        press.modified = press.published + timedelta(minutes=30)
    await room.look()
    assert [revision.silent for revision in await archive.read(articles.revisions, 1)] == [False, not dated]


async def test_a_wall_on_a_second_look_never_takes_the_text_away(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    press.summary = "Deux agents sont priés de partir."
    room = await newsroom(archive, crawler, press)
    press.paragraphs = (BODY[0][:80],)
    await room.look()
    stored = await archive.read(articles.get, 1)
    assert (stored.partial, stored.body) == (False, "\n".join(BODY))
    assert await room.events() == []


async def test_a_walled_article_is_told_once_and_completed_without_an_edit(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    press.status = 401
    press.summary = "Deux agents français sont priés de quitter le Mali."
    room = await newsroom(archive, crawler, press)
    assert (await archive.read(articles.get, 1)).partial
    assert await room.alerts() == ["alert.new"]
    assert await archive.read(looks.next_at, 1) is None, "the page itself is still to be read"
    press.status = 200
    room.now += HOUR
    await room.desk.read_due_pages()
    stored = await archive.read(articles.get, 1)
    assert (stored.partial, stored.body) == (False, "\n".join(BODY))
    assert await room.alerts() == ["alert.new"]
    assert await room.events() == []
    assert len(await archive.read(articles.revisions, 1)) == 2
    assert await room.look()


async def test_a_host_that_asks_for_patience_is_left_alone(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    press.status = 503
    await room.look()
    assert press.answered == [200, 503]
    assert (await archive.read(looks.next_at, 1)) is not None
    press.status = 200
    await room.look()
    assert press.answered == [200, 503], "the crawler keeps the host's pause, which runs on the real clock"
    assert await room.reason() == "held"
    due = await archive.read(looks.due, room.now + HOUR, 1, host_looks=9, reserved_looks=0)
    assert due[0].looks == 1, "what was not sent is no look"


async def test_sources_that_reserve_their_text_are_looked_at_twice(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press, full_text=False)
    press.title = "Le Mali rappelle deux diplomates français"
    made = 0
    while await room.look():
        made += 1
    assert made == 3, "two, and one after the change"
    assert await room.events() == [EventKind.EDITED]


async def test_what_was_published_days_ago_is_not_followed(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    press.published = datetime.now(UTC) - timedelta(days=5)
    room = await newsroom(archive, crawler, press)
    assert await archive.read(looks.next_at, 1) == (None, "backlog")
    assert not await room.look()


async def test_a_feed_that_dates_a_change_brings_a_look_at_once(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    room.now += 2 * MINUTE
    press.paragraphs = (*BODY, RECALL)
    entry = FeedEntry(url=f"{press.base}/a.html", title=TITLE, updated_at=room.now)
    polled = PollResult(order_id="p", source_id="fleuve", url=f"{press.base}/feed.xml", entries=(entry,))
    assert await archive.write(crawl._record_address, AddressKind.FEED, polled, room.now) == ()
    assert await room.reason() == "feed"
    await room.looks.read_due()
    assert await room.events() == [EventKind.EDITED]


async def test_a_source_that_left_the_configuration_is_left_alone(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    room = await newsroom(archive, crawler, press)
    other = LookDesk(archive, crawler, room.looks._pipeline, {}, clock=lambda: room.now + HOUR, stored=lambda *_: None)
    await other.read_due()
    assert await room.reason() == "source_off"
    assert press.answered == [200]


async def test_stopping_leaves_a_look_due(archive: Archive, crawler: CrawlerProcess, press: Press) -> None:
    room = await newsroom(archive, crawler, press)
    room.now += HOUR
    press.opened = asyncio.Event()
    assert await room.looks.start_due() == 1
    assert await room.looks.start_due() == 0, "one look a host"
    await room.looks.stop()
    press.opened.set()
    await asyncio.sleep(0)
    assert await archive.read(looks.count_due, room.now) == 1


# --- walls ---------------------------------------------------------------------------------------------

LINKS = "".join(f"<h3><a href='/{n}'>{TITLE}, {n} heures après</a></h3><p>{BODY[0][:90]}.</p>" for n in range(12))
WALLS = {
    FailureReason.CHALLENGE: f"<title>Just a moment...</title><p>{BODY[0]}</p><script>window._cf_chl_opt={{}}</script>",
    FailureReason.CONSENT: "<title>Le Fleuve</title><h1>Vos choix</h1><p>Nous et nos 842 partenaires utilisons des "
    "cookies pour des publicités et contenus personnalisés, selon votre consentement.</p><p>Vous pouvez tout accepter, "
    "continuer sans accepter ou gérer vos choix, et lire notre politique de confidentialité.</p>",
    FailureReason.SOFT_404: f"<title>Page introuvable</title><h1>Page introuvable</h1><p>{BODY[0]}</p>{LINKS}",
    FailureReason.NOT_ARTICLE: f"<title>Mali - Le Fleuve</title><h1>Mali</h1>{LINKS}",
}


@pytest.mark.parametrize("reason", WALLS)
async def test_text_of_a_wall_never_alerts_and_the_page_is_asked_for_again(
    archive: Archive, crawler: CrawlerProcess, press: Press, reason: FailureReason
) -> None:
    press.wall = f"<html lang='fr'><head><meta charset='utf-8'></head><body>{WALLS[reason]}</body></html>"
    title, press.title = press.title, "Une saison de pêche au bord du fleuve"
    room = await newsroom(archive, crawler, press)
    stored = await archive.read(articles.get, 1)
    assert (stored.title, stored.partial, stored.body) == (press.title, True, "")
    assert await room.alerts() == []
    press.wall, press.title = "", title
    room.now += HOUR
    await room.desk.read_due_pages()
    stored = await archive.read(articles.get, 1)
    assert (stored.title, stored.partial, stored.body) == (title, False, "\n".join(BODY))
    assert await room.alerts() == ["alert.new"]


@pytest.mark.parametrize("reason", WALLS)
async def test_entry_of_a_walled_page_alerts_by_itself(
    archive: Archive, crawler: CrawlerProcess, press: Press, reason: FailureReason
) -> None:
    press.wall = f"<html lang='fr'><head><meta charset='utf-8'></head><body>{WALLS[reason]}</body></html>"
    room = await newsroom(archive, crawler, press)
    assert (await archive.read(articles.get, 1)).partial
    assert await room.alerts() == ["alert.new"]


async def test_teaser_before_a_paywall_alerts_and_is_completed_when_the_wall_opens(
    archive: Archive, crawler: CrawlerProcess, press: Press
) -> None:
    whole = html(press.title, BODY[:1], None)
    prompt = "<p>Il vous reste 82% de cet article à lire. La suite est réservée aux abonnés.</p></article>"
    press.wall = whole.replace("</article>", prompt)
    room = await newsroom(archive, crawler, press)
    stored = await archive.read(articles.get, 1)
    assert (stored.partial, stored.body) == (True, BODY[0])
    assert await room.alerts() == ["alert.new"]
    press.wall = ""
    room.now += HOUR
    await room.desk.read_due_pages()
    stored = await archive.read(articles.get, 1)
    assert (stored.partial, stored.body) == (False, "\n".join(BODY))
    assert await room.alerts() == ["alert.new"]
