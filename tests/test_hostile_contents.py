"""Poisoned feeds read no file and call nobody; pages that lie about their encoding are read, stored and found."""

from __future__ import annotations

import asyncio
import itertools
import random
import unicodedata
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.client import ClientLimits, CrawlerProcess
from crawler.extract import extract_page
from crawler.feeds import parse_feed
from crawler.listings import Listing
from crawler.settings import CrawlerSettings
from crawler.sitemaps import read_sitemap
from scheduler.building import build_pipeline
from storage import search, sources
from storage.database import instance_id, open_writer, transaction
from storage.search import ArticleFilter
from storage.types import AddressKind, Article, CrawlFailure, FailureReason, FetchOrder, PollOrder, PollResult
from tests import hostile_bodies as bodies
from tests.hostile import FEEDS, HostilePress
from tests.processes import MEBIBYTE, descendants, forget_peak, peak, resident
from vigie.running import service_settings
from vigie.settings import parse_settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "canary-6f1d2c"
SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=5.0,
    workers=1,
    quick_seconds=2.0,
    extraction_seconds=4.0,
)
#: what a poisoned feed may be called; one that can be read without its poison is read
NAMES = {None, FailureReason.BROKEN_FEED, FailureReason.NOT_A_FEED, FailureReason.EMPTY_FEED}
_ids = itertools.count(1)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostilePress]:
    folder = tmp_path_factory.mktemp("press")
    (folder / "canary").write_text(CANARY, encoding="utf-8")
    with HostilePress(folder) as press:
        yield press


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler() -> AsyncIterator[CrawlerProcess]:
    process = CrawlerProcess(SETTINGS, limits=ClientLimits(order_seconds=60.0))
    await process.start()
    yield process
    await process.stop()
    assert process.starts == 1


async def poll(crawler: CrawlerProcess, url: str, kind: AddressKind) -> PollResult:
    number = next(_ids)
    # A source each, so that none waits for another's poison.
    return await crawler.poll(PollOrder(id=f"p{number}", source_id=f"s{number}", url=url, kind=kind))


async def test_poison_reads_no_file_and_calls_nobody(crawler: CrawlerProcess, press: HostilePress) -> None:
    sound = await crawler.fetch(FetchOrder(id="sound", source_id="s", url=f"{press.sound}/article"))
    assert sound.failure is None
    assert crawler.pid is not None
    listings = (("feed", AddressKind.FEED), ("sitemap", AddressKind.SITEMAP), ("feed", AddressKind.SECTION))
    for name, way, (prefix, kind) in itertools.product(FEEDS, ("http", "file"), listings):
        before = {pid: resident(pid) for pid in descendants(crawler.pid)}
        for pid in before:
            forget_peak(pid)
        result = await poll(crawler, press.url(f"/{prefix}-{name}-{way}"), kind)
        assert (result.failure and result.failure.reason) in NAMES, (name, way, kind, result.failure)
        assert CANARY not in repr(result)
        assert len(repr(result)) < MEBIBYTE
        grown = {pid: peak(pid) - was for pid, was in before.items()}
        assert max(grown.values()) <= 100 * MEBIBYTE
    for name, way in itertools.product(FEEDS, ("http", "file")):
        page = await crawler.fetch(FetchOrder(id=f"{name}-{way}", source_id="s", url=press.url(f"/feed-{name}-{way}")))
        assert CANARY not in repr(page)
    assert "/canary" not in press.ledger()["hits"]


async def test_sitemaps_are_poisoned_like_feeds() -> None:
    """The poison is in what is served: without it the same files are read."""
    plain = bodies.feed(bodies.item("Titre"))
    listing = parse_feed(plain, "http://x/")
    assert isinstance(listing, Listing)
    assert [entry.title for entry in listing.entries] == ["Titre"]
    found = read_sitemap(bodies.sitemap(plain), "http://x/", now=datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert isinstance(found, Listing)
    assert [entry.title for entry in found.entries] == ["Titre"]
    for make in FEEDS.values():
        assert b"<urlset" in bodies.sitemap(make("http://x/canary"))


# --- encodings ----------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def read(crawler: CrawlerProcess, press: HostilePress) -> dict[str, Article]:
    """Return the article of every page that lies."""

    async def one(name: str) -> tuple[str, Article | None]:
        url = press.url(f"/lie-{name}")
        result = await crawler.fetch(FetchOrder(id=f"lie-{name}", source_id="journal", url=url, language="fr"))
        return name, result.article

    found = await asyncio.gather(*map(one, bodies.LIES))
    return {name: article for name, article in found if article is not None}


@pytest.mark.parametrize("name", bodies.LIES)
async def test_page_that_lies_is_read_as_it_is_meant(read: dict[str, Article], name: str) -> None:
    article = read[name]
    assert article.title == bodies.TITLE
    assert bodies.TOKEN in article.text
    for text in (article.title, article.text, *article.authors):
        assert unicodedata.is_normalized("NFC", text)
        assert not [
            character for character in text if unicodedata.category(character) in {"Cc", "Cs"} and character != "\n"
        ]
        text.encode("utf-8")


async def test_page_that_lies_is_stored_and_found(read: dict[str, Article], tmp_path: Path) -> None:
    settings = service_settings(parse_settings('[[watch]]\nid = "w"\npairs = [["FRA", "MLI"]]', None, Path()))
    database = open_writer(tmp_path)
    pipeline = build_pipeline(settings, instance_id(database))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    sources.ensure(database, "journal", "Journal", "", now)
    for name, article in read.items():
        with transaction(database):
            pipeline.process(database, article, key=name, now=now)
    found = search.articles(database, ArticleFilter(limit=100))
    assert len(found) == len(bodies.LIES)
    assert {stored.title for stored in found} == {bodies.TITLE}
    database.conn.close()


SEEDS = (*(body for _, body in bodies.LIES.values()), bodies.ARTICLE)
_JUNK = (
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"<",
    b"<![CDATA[",
    b"<!--",
    b"&#xD800;",
    b"&#0;",
    b"]]>",
    b"<svg><style>",
)


def damaged(seed: bytes, chance: random.Random) -> bytes:
    """Return bytes with a few of them turned, cut, doubled or replaced."""
    body = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(body) or 1)
        match chance.randrange(5):
            case 0:
                body[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del body[place : place + chance.randint(1, 200)]
            case 2:
                body[place:place] = chance.choice(_JUNK)
            case 3:
                body[place:place] = body[place : place + chance.randint(1, 100)]
            case _:
                body = body[: max(place, 1)]
    return bytes(body)


async def test_damaged_pages_and_feeds_end_without_an_exception() -> None:
    chance = random.Random(20260101)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    feeds = [make("http://127.0.0.1:1/") for name, make in FEEDS.items() if name not in {"laughs", "quadratic"}]
    outcomes = set()
    for _ in range(300):
        page = extract_page(damaged(chance.choice(SEEDS), chance), url="http://x/a", source_id="s", fetched_at=now)
        assert isinstance(page, Article | CrawlFailure)
        repr(page).encode("utf-8")
        outcomes.add(type(page))
        for _ in range(10):
            poisoned = damaged(chance.choice(feeds), chance)
            assert isinstance(parse_feed(poisoned, "http://x/"), Listing | CrawlFailure)
            assert isinstance(
                read_sitemap(bodies.sitemap(feeds[0]) + poisoned, "http://x/", now=now), Listing | CrawlFailure
            )
    assert outcomes == {Article, CrawlFailure}
