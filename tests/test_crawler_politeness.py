"""A real crawler process towards hosts that ask for patience, each an address of its own on loopback."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio
from aiohttp import web

from crawler.client import CrawlerProcess
from crawler.holds import HoldBook
from crawler.settings import CrawlerSettings
from storage.types import (
    AddressKind,
    CrawlFailure,
    FailureReason,
    FetchOrder,
    FetchResult,
    Lane,
    PollOrder,
    PollResult,
)
from tests.logged_site import LoggedSite
from tests.politeness import Ledger, Rules, violations

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=5.0,
    workers=1,
)
PAGE = (
    "<!doctype html><html lang='fr'><head><title>Deux postes fermés</title></head><body><article><h1>Deux postes fermés"
    "</h1>" + "<p>Le gouvernement a annoncé jeudi la fermeture de deux postes frontières avec son voisin.</p>" * 4
) + "</article></body></html>"
FEED = (
    "<?xml version='1.0'?><rss version='2.0'><channel><title>J</title><item><title>Deux postes</title>"
    "<link>/article</link></item></channel></rss>"
)
_ids = itertools.count(1)
_hosts = itertools.count(2)
Route = Callable[[web.Request], web.Response]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler() -> AsyncIterator[CrawlerProcess]:
    process = CrawlerProcess(SETTINGS)
    await process.start()
    yield process
    await process.stop()


def site(routes: dict[str, Route | web.Response]) -> LoggedSite:
    """Return a server on an address no other test uses; what is not routed is 404."""

    async def answer(request: web.Request) -> web.Response:
        route = routes.get(request.path)
        if route is None:
            return web.Response(status=404)
        if isinstance(route, web.Response):
            # A response can be sent once.
            return web.Response(body=route.body, status=route.status, headers=_plain(route))
        return route(request)

    return LoggedSite(ledger=Ledger(), answer=answer, address=f"127.0.77.{next(_hosts)}")


def _plain(response: web.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "Content-Length"}


def html(text: str = PAGE) -> web.Response:
    return web.Response(text=text, content_type="text/html")


def rss() -> web.Response:
    return web.Response(text=FEED, content_type="application/rss+xml")


async def fetch(crawler: CrawlerProcess, url: str) -> FetchResult:
    return await crawler.fetch(FetchOrder(id=f"f{next(_ids)}", source_id="s", url=url))


async def poll(crawler: CrawlerProcess, url: str, **more: object) -> PollResult:
    return await crawler.poll(PollOrder(id=f"p{next(_ids)}", source_id="s", url=url, **more))  # type: ignore[arg-type]


def named(result: FetchResult | PollResult) -> CrawlFailure:
    assert result.failure is not None, result
    return result.failure


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date", "none"])
async def test_no_request_goes_to_a_host_before_its_wait_is_over(
    crawler: CrawlerProcess, status: int, form: str
) -> None:
    def limited(_: web.Request) -> web.Response:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
        headers = {"seconds": {"Retry-After": "2"}, "date": {"Retry-After": later}, "none": {}}[form]
        return web.Response(status=status, headers=headers)

    routes: dict[str, Route | web.Response] = {"/limited": limited, "/feed": rss(), "/article": html()}
    async with site(routes) as host:
        first = named(await fetch(crawler, f"{host.base}/limited"))
        assert first.sent
        article, feed = await asyncio.gather(fetch(crawler, f"{host.base}/article"), poll(crawler, f"{host.base}/feed"))
        held = (named(article), named(feed))
        for failure in held:
            assert (failure.reason, failure.sent, failure.status) == (FailureReason.RATE_LIMITED, False, status)
            assert failure.retry_after is not None
            assert 0 < failure.retry_after <= (66 if form == "none" else 3.4)
        assert not host.asked("/article")
        if form == "none":
            return
        longest = max(failure.retry_after or 0.0 for failure in held)
        await asyncio.sleep(longest + 0.05)
        assert (await fetch(crawler, f"{host.base}/article")).failure is None


async def test_requests_that_wait_for_their_turn_are_held_back_too(crawler: CrawlerProcess) -> None:
    """They were sent to the slot before the host asked for patience."""
    routes: dict[str, Route | web.Response] = {
        "/robots.txt": web.Response(text="User-agent: *\nCrawl-delay: 1\n"),
        **{f"/{number}": web.Response(status=429, headers={"Retry-After": "30"}) for number in range(4)},
    }
    async with site(routes) as host:
        results = await asyncio.gather(*(fetch(crawler, f"{host.base}/{number}") for number in range(4)))
        assert sorted(named(result).sent for result in results) == [False, False, False, True]
        assert len(host.ledger.asked) == 2


async def test_walled_page_holds_pages_back_and_leaves_the_feed(crawler: CrawlerProcess) -> None:
    routes: dict[str, Route | web.Response] = {"/wall": web.Response(status=403), "/feed": rss(), "/article": html()}
    async with site(routes) as host:
        assert named(await fetch(crawler, f"{host.base}/wall")).sent
        held = named(await fetch(crawler, f"{host.base}/article"))
        assert (held.reason, held.sent) == (FailureReason.BLOCKED, False)
        assert (await poll(crawler, f"{host.base}/feed")).failure is None


async def test_robots_txt_that_asks_for_patience_has_it(crawler: CrawlerProcess) -> None:
    routes: dict[str, Route | web.Response] = {
        "/robots.txt": web.Response(status=429, headers={"Retry-After": "600"}),
        "/article": html(),
    }
    async with site(routes) as host:
        for _ in range(3):
            named(await fetch(crawler, f"{host.base}/article"))
        assert [each.path for each in host.ledger.asked] == ["/robots.txt"]


async def test_replaced_crawler_process_keeps_the_hold() -> None:
    book = HoldBook()
    process = CrawlerProcess(SETTINGS, holds=book)
    await process.start()
    try:
        async with site({"/limited": web.Response(status=429, headers={"Retry-After": "600"})}) as host:
            named(await fetch(process, f"{host.base}/limited"))
            assert {hold.lane for hold in book.active()} == set(Lane)
            await process.stop()
            await process.start()
            failure = named(await fetch(process, f"{host.base}/limited"))
            assert not failure.sent
            assert (failure.retry_after or 0) > 590
            # The owner refuses that by itself; where a redirect leads only the new process can know.
            async with site({"/go": web.Response(status=302, headers={"Location": f"{host.base}/limited"})}) as other:
                assert not named(await fetch(process, f"{other.base}/go")).sent
                assert other.asked("/go")
            assert len(host.asked("/limited")) == 1
    finally:
        await process.stop()


async def test_redirects_wait_for_their_host_too(crawler: CrawlerProcess) -> None:
    async with site({"/limited": web.Response(status=429, headers={"Retry-After": "600"})}) as target:
        named(await fetch(crawler, f"{target.base}/limited"))
        moved = web.Response(status=302, headers={"Location": f"{target.base}/article"})
        async with site({"/go": moved}) as host:
            failure = named(await fetch(crawler, f"{host.base}/go"))
            assert not failure.sent
            assert not target.asked("/article")


async def test_configured_delay_means_one_request_at_a_time_on_own_machines() -> None:
    process = CrawlerProcess(replace(SETTINGS, delay_seconds=0.5))
    await process.start()
    try:
        routes: dict[str, Route | web.Response] = {"/article": html(), "/feed": rss()}
        async with site(routes) as host:
            await asyncio.gather(
                *(fetch(process, f"{host.base}/article") for _ in range(3)), poll(process, f"{host.base}/feed")
            )
            assert len(host.ledger.asked) == 5
            assert violations(host.ledger, {host.address: Rules()}, delay=0.5) == []
    finally:
        await process.stop()


@pytest.mark.parametrize("kind", list(AddressKind))
async def test_every_list_is_asked_for_with_what_is_known_of_it(crawler: CrawlerProcess, kind: AddressKind) -> None:
    """Conditional GET (RFC 9110 section 13.1), for feeds, sitemaps and sections alike."""

    def unchanged(request: web.Request) -> web.Response:
        same = request.headers.get("If-None-Match") == '"v1"' and "If-Modified-Since" in request.headers
        return web.Response(status=304 if same else 500)

    async with site({"/list": unchanged}) as host:
        stamp = "Thu, 04 Sep 2025 08:00:00 GMT"
        result = await poll(crawler, f"{host.base}/list", kind=kind, etag='"v1"', last_modified=stamp)
        assert result.unchanged
        assert host.asked("/list")[0].conditional


async def test_every_request_says_who_asks(crawler: CrawlerProcess) -> None:
    async with site({"/article": html(), "/feed": rss()}) as host:
        await fetch(crawler, f"{host.base}/article")
        await poll(crawler, f"{host.base}/feed")
        assert {each.path for each in host.ledger.asked} == {"/robots.txt", "/article", "/feed"}
        assert {each.agent for each in host.ledger.asked} == {SETTINGS.user_agent}
