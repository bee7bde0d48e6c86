"""Second looks through a real crawler at a real server: edits, silent ones too, pages that go and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.client import CrawlerProcess
from scheduler import crawl
from scheduler.archive import Archive
from scheduler.looks import LookDesk
from storage import articles, looks, pauses, revisions
from storage.articles import SaveKind
from storage.revisions import EventKind
from storage.types import AddressKind, FeedEntry, PollResult
from tests.looked_at import (
    BODY,
    CRAWLER,
    HOUR,
    MINUTE,
    RECALL,
    TITLE,
    Press,
    article_at,
    newsroom,
    serving,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    assert await room.alerts() == ["alert.new", "alert.edited"]
    for paragraphs in (BODY, (*BODY, RECALL), BODY):
        press.paragraphs = paragraphs
        assert await room.look()
    assert await room.alerts() == ["alert.new", "alert.edited", "alert.edited"]
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
    assert await archive.write(crawl._record_address, AddressKind.FEED, polled, room.now, room.now) == ()
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


async def test_a_paused_source_is_not_looked_at_again(archive: Archive, crawler: CrawlerProcess, press: Press) -> None:
    room = await newsroom(archive, crawler, press)
    room.now += HOUR
    await archive.write(pauses.pause, "fleuve", room.now, ends_at=None, author="Awa", reason="travaux")
    await room.looks.read_due()
    assert await room.reason() == "paused"
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
