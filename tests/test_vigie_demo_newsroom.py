"""The demo's press over real HTTP: pages, feeds, conditional requests, publication in time."""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import feedparser
import pytest
import trafilatura
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request

from vigie.demo.errors import NotRunningError
from vigie.demo.newsroom import Newsroom, not_modified
from vigie.demo.rendering import Press, long_date, typeset
from vigie.demo.script import DemoArticle, DemoOutlet, load_script

SCRIPT = load_script()


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(SCRIPT)
    await newsroom.start()
    yield newsroom
    await newsroom.stop()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def get(client: ClientSession, url: str, **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.get(url, headers=named) as response:
        return response.status, await response.read()


def by_outlet(outlet: str) -> list[DemoArticle]:
    return [article for article in SCRIPT.articles if article.outlet == outlet]


async def test_every_source_can_be_polled_and_starts_empty(newsroom: Newsroom, client: ClientSession) -> None:
    sources = newsroom.sources()
    assert [source.id for source in sources] == [outlet.id for outlet in SCRIPT.outlets]
    assert all(source.poll == timedelta(seconds=1) for source in sources)
    for source in sources:
        status, body = await get(client, source.feeds[0])
        feed = feedparser.parse(body)
        assert (status, feed.bozo, feed.entries) == (200, False, [])
        assert feed.feed.title == source.name


async def test_feeds_list_what_is_out_newest_first(newsroom: Newsroom, client: ClientSession) -> None:
    newsroom.publish_all()
    assert newsroom.published == newsroom.total == len(SCRIPT.articles)
    for source in newsroom.sources():
        _, body = await get(client, source.feeds[0])
        feed = feedparser.parse(body)
        assert not feed.bozo
        expected = list(reversed(by_outlet(source.id)))
        assert [entry.link for entry in feed.entries] == [newsroom.url(article) for article in expected]
        for entry, article in zip(feed.entries, expected, strict=True):
            assert calendar.timegm(entry.published_parsed) == article.published.timestamp()
            assert len(entry.title) > 10
            assert entry.summary


async def test_an_article_is_absent_until_it_is_published(newsroom: Newsroom, client: ClientSession) -> None:
    url = newsroom.url(SCRIPT.articles[0])
    assert (await get(client, url))[0] == 404
    await newsroom.play(0)
    assert (await get(client, url))[0] == 200


async def test_front_page_robots_and_unknown_addresses(newsroom: Newsroom, client: ClientSession) -> None:
    source = newsroom.sources()[0]
    assert "sous presse" in (await get(client, source.url))[1].decode()
    newsroom.publish_all()
    front = (await get(client, source.url))[1].decode()
    assert all(newsroom.url(article) in front for article in by_outlet(source.id))
    status, robots = await get(client, f"{source.url}robots.txt")
    assert (status, robots.splitlines()[0]) == (200, b"User-agent: *")
    assert (await get(client, f"{source.url}nowhere"))[0] == 404
    assert (await get(client, f"{source.url}articles/nothing.html"))[0] == 404


async def test_a_feed_answers_304_until_something_comes_out(newsroom: Newsroom, client: ClientSession) -> None:
    url = newsroom.sources()[0].feeds[0]
    async with client.get(url) as response:
        etag, modified = response.headers["ETag"], response.headers["Last-Modified"]
    assert await get(client, url, If_None_Match=etag) == (304, b"")
    assert await get(client, url, If_None_Match=f'"other", W/{etag}', If_Modified_Since=modified) == (304, b"")
    newsroom.publish_all()
    status, body = await get(client, url, If_None_Match=etag)
    assert status == 200
    assert feedparser.parse(body).entries


@pytest.mark.parametrize(
    ("header", "value", "age", "expected"),
    [
        ("If-Modified-Since", 0, 5, True),
        ("If-Modified-Since", 60, 5, True),
        ("If-Modified-Since", -60, 5, False),
        # Another publication may follow in the same second.
        ("If-Modified-Since", 0, 0.5, False),
    ],
)
def test_dates_decide_where_no_tag_is_given(header: str, value: int, age: float, *, expected: bool) -> None:
    changed = datetime(2025, 9, 19, 7, 0, 0, 400_000, tzinfo=UTC)
    since = format_datetime(changed + timedelta(seconds=value), usegmt=True)
    request = make_mocked_request("GET", "/feed.xml", headers={header: since})
    assert not_modified(request, '"tag"', changed, changed + timedelta(seconds=age)) is expected


@pytest.mark.parametrize("since", ["yesterday", "Fri, 19 Sep 2025 07:00:00 -0000", ""])
def test_a_date_that_is_none_is_ignored(since: str) -> None:
    request = make_mocked_request("GET", "/feed.xml", headers={"If-Modified-Since": since})
    old = datetime(2020, 1, 1, tzinfo=UTC)
    assert not not_modified(request, '"tag"', old, old + timedelta(days=1))


async def test_play_publishes_in_order_and_tells_after_the_page_is_up(newsroom: Newsroom) -> None:
    seen: list[tuple[str, int]] = []
    await newsroom.play(0.3, lambda article: seen.append((article.slug, newsroom.published)))
    assert [slug for slug, _ in seen] == [article.slug for article in SCRIPT.articles]
    assert [count for _, count in seen] == list(range(1, newsroom.total + 1))


async def test_a_cancelled_play_is_resumed_where_it_stopped(newsroom: Newsroom) -> None:
    first_is_out = asyncio.Event()
    told: list[str] = []

    def tell(article: DemoArticle) -> None:
        told.append(article.slug)
        first_is_out.set()

    # The first comes at once, the second only in minutes.
    play = asyncio.create_task(newsroom.play(3600, tell))
    async with asyncio.timeout(5):
        await first_is_out.wait()
    play.cancel()
    with pytest.raises(asyncio.CancelledError):
        await play
    assert newsroom.published == 1
    await newsroom.play(0, tell)
    assert told == [article.slug for article in SCRIPT.articles]


async def test_a_newsroom_that_is_not_running_has_no_address() -> None:
    newsroom = Newsroom(SCRIPT)
    with pytest.raises(NotRunningError, match="await its start"):
        newsroom.sources()
    await newsroom.stop()


async def test_a_taken_port_closes_everything_again() -> None:
    first = Newsroom(SCRIPT)
    await first.start()
    try:
        taken = int(first.sources()[0].url.rsplit(":", 1)[1].rstrip("/"))
        second = Newsroom(SCRIPT, base_port=taken - SCRIPT.outlets[0].port_offset)
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        with pytest.raises(NotRunningError):
            second.sources()
    finally:
        await first.stop()


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outlet", SCRIPT.outlets, ids=lambda outlet: outlet.id)
def test_trafilatura_reads_the_body_of_every_page(outlet: DemoOutlet) -> None:
    press = Press(outlet, "http://127.0.0.1:1")
    articles = by_outlet(outlet.id)
    for article in articles:
        page = press.article(article, list(reversed(articles)))
        text = trafilatura.extract(page, include_comments=False, include_tables=True) or ""
        found = " ".join(text.split())
        for paragraph in article.paragraphs:
            wanted = " ".join(typeset(paragraph, outlet.typography).split())
            assert wanted in found, (article.slug, wanted)


@pytest.mark.parametrize("outlet", SCRIPT.outlets, ids=lambda outlet: outlet.id)
def test_pages_print_title_standfirst_and_related_links(outlet: DemoOutlet) -> None:
    press = Press(outlet, "http://127.0.0.1:1")
    articles = by_outlet(outlet.id)
    html = press.article(articles[0], list(reversed(articles))).decode(outlet.encoding)
    assert html.count("<h1") == 1
    assert f"{articles[-1].slug}.html" in html or len(articles) == 1
    assert f"charset={outlet.encoding}" in html.split("</head>")[0].replace('"', "").lower()


def test_mark_up_in_a_text_is_shown_not_run() -> None:
    nasty = "<script>alert(1)</script>"
    article = DemoArticle(
        outlet="afl", slug="nasty", published=SCRIPT.articles[0].published, title=nasty, lede=nasty,
        paragraphs=(nasty,), kind=SCRIPT.articles[0].kind, authors=(nasty,),
    )  # fmt: skip
    for outlet in SCRIPT.outlets:
        press = Press(outlet, "http://127.0.0.1:1")
        assert nasty.encode() not in press.article(article, [article])
        assert nasty.encode() not in press.front([article])
        assert not feedparser.parse(press.feed([article])).bozo


def test_copies_differ_by_their_marks_only() -> None:
    text = "«\u202fL’heure est grave\u202f», dit-on\u202f!"
    assert typeset(text, "house") == text
    assert typeset(text, "swiss") == "«L’heure est grave», dit-on\u202f!"
    assert typeset(text, "plain") == "«\u00a0L'heure est grave\u00a0», dit-on\u00a0!"


def test_dates_are_printed_in_the_language_of_the_outlet() -> None:
    moment = datetime(2025, 10, 1, 9, 5, tzinfo=UTC)
    assert long_date(moment, "fr") == "mercredi 1er octobre 2025 à 9\u00a0h\u00a005"
    assert long_date(moment, "en") == "Wednesday 1 October 2025, 09:05"
