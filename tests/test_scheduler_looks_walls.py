"""Walls before a page that a real crawler reads, on the first look and on a second one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.client import CrawlerProcess
from scheduler.archive import Archive
from storage import articles, looks
from storage.types import FailureReason
from tests.looked_at import (
    BODY,
    CRAWLER,
    HOUR,
    TITLE,
    Press,
    html,
    newsroom,
    serving,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINKS = "".join(f"<h3><a href='/{n}'>{TITLE}, {n} heures après</a></h3><p>{BODY[0][:90]}.</p>" for n in range(12))
WALLS = {
    FailureReason.CHALLENGE: f"<title>Just a moment...</title><p>{BODY[0]}</p><script>window._cf_chl_opt={{}}</script>",
    FailureReason.CONSENT: "<title>Le Fleuve</title><h1>Vos choix</h1><p>Nous et nos 842 partenaires utilisons des "
    "cookies pour des publicités et contenus personnalisés, selon votre consentement.</p><p>Vous pouvez tout accepter, "
    "continuer sans accepter ou gérer vos choix, et lire notre politique de confidentialité.</p>",
    FailureReason.SOFT_404: f"<title>Page introuvable</title><h1>Page introuvable</h1><p>{BODY[0]}</p>{LINKS}",
    FailureReason.NOT_ARTICLE: f"<title>Mali - Le Fleuve</title><h1>Mali</h1>{LINKS}",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler() -> AsyncIterator[CrawlerProcess]:
    process = CrawlerProcess(CRAWLER)
    await process.start()
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def press() -> AsyncIterator[Press]:
    async with serving() as outlet:
        yield outlet


@pytest_asyncio.fixture(loop_scope="module")
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    opened = Archive(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


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
