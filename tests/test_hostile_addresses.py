"""No way of writing an address leads the crawler to this machine or its neighbours.

Every form goes down every path on which an address from outside is called: a feed, an article, a redirect of
either, a redirect of robots.txt, a sitemap that an index names. A trap listens on loopback, on a port that
the settings allow, so that the address alone decides. A last test opens the gate and counts which forms then
lead into the trap: the corpus can fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

import pytest
import pytest_asyncio

from crawler.client import ClientLimits, CrawlerProcess
from crawler.settings import CrawlerSettings
from storage.types import AddressKind, CrawlFailure, FailureReason, FetchOrder, PollOrder

pytestmark = pytest.mark.asyncio(loop_scope="module")

_HOSTS = (
    # IPv4 loopback in every base and length that inet_aton(3) reads
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0177.0.0.1",
    "0177.1",
    "0x7f.0.0.1",
    "0x7f.1",
    "0X7F.0x0.0x0.0x1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.000.000.001",
    "127.0.0.1%20",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    # digits and dots that become ASCII by compatibility (UTS #46)
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    # names
    "localhost",
    "LocalHost",
    "localhost.",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "loc%61lhost",
    "ip6-localhost",
    # IPv6: loopback, unspecified, and every wrapping of an IPv4 address
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fec0::1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[5f00::1]",
    # private, shared, link-local, cloud metadata, multicast, reserved
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
)
_URLS = (
    "HTTP://127.0.0.1:{port}/",
    "hTtP://0x7f.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://example.com%40127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}?@example.com/",
    "http://127.0.0.1:{port};@example.com/",
    "http:127.0.0.1:{port}",
    "http:/127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "http://127.0.0.\t1:{port}/",
    "ht\ttp://127.0.0.1:{port}/",
    "\thttp://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/%0d%0aHost:%20example.com",
    "http://[::1]:{port}@example.com/",
    "http://[127.0.0.1]:{port}/",
    "http://127.0.0.1:0{port}/",
    "file://127.0.0.1:{port}/etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "dict://127.0.0.1:{port}/d",
    "ws://127.0.0.1:{port}/",
    "feed://127.0.0.1:{port}/",
    "view-source:http://127.0.0.1:{port}/",
)
FORMS = (*(f"http://{host}:{{port}}/" for host in _HOSTS), *_URLS)
#: what a refusal may be called; a name that nobody knows was not called either
REFUSALS = {FailureReason.FORBIDDEN_ADDRESS, FailureReason.DNS}
_ids = itertools.count(1)


class Trap:
    """Listens on loopback and counts who comes; beside it a server that leads there in every way."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        first = await asyncio.start_server(self._caught, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        self._servers = [first]
        with contextlib.suppress(OSError):
            self._servers.append(await asyncio.start_server(self._caught, "::1", self.port, family=socket.AF_INET6))
        for number in range(len(FORMS)):
            serve = self._guide(number)
            self._servers.append(await asyncio.start_server(serve, self.host(number), self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()

    def form(self, number: int) -> str:
        return FORMS[number].format(port=self.port)

    @staticmethod
    def host(number: int) -> str:
        """Return an allowed address for one form, so that each has rules and a queue of its own."""
        return f"127.0.9.{number + 1}"

    def way(self, number: int, path: str) -> str:
        return f"http://{self.host(number)}:{self.port}/{path}"

    async def _caught(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    def _guide(self, number: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
                form = self.form(number)
                body, head = b"", "HTTP/1.1 404 X\r\n"
                if path == "/redirect" or (path == "/robots.txt" and number in self.robots):
                    head = f"HTTP/1.1 302 X\r\nLocation: {form}\r\n"
                elif path == "/index":
                    child = form.replace("&", "&amp;").replace("\t", "&#9;")
                    body = (
                        "<?xml version='1.0'?><sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
                        f"<sitemap><loc>{child}</loc></sitemap></sitemapindex>"
                    ).encode()
                    head = "HTTP/1.1 200 X\r\nContent-Type: application/xml\r\n"
                head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
            writer.close()

        return serve

    #: forms whose guide leads astray by its robots.txt
    robots: frozenset[int] = frozenset()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def trap() -> AsyncIterator[Trap]:
    async with Trap() as trap:
        yield trap


@contextlib.asynccontextmanager
async def crawling(trap: Trap, *cidrs: str) -> AsyncIterator[CrawlerProcess]:
    settings = CrawlerSettings(
        user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
        allow_cidrs=cidrs,
        source_ports=(trap.port,),
        delay_seconds=0.0,
        timeout_seconds=5.0,
        workers=1,
    )
    process = CrawlerProcess(settings, limits=ClientLimits(order_seconds=60.0))
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler(trap: Trap) -> AsyncIterator[CrawlerProcess]:
    async with crawling(trap, "127.0.9.0/24") as process:
        yield process


async def fetched(crawler: CrawlerProcess, url: str) -> CrawlFailure | None:
    return (await crawler.fetch(FetchOrder(id=f"f{next(_ids)}", source_id="s", url=url))).failure


async def polled(crawler: CrawlerProcess, url: str, kind: AddressKind = AddressKind.FEED) -> CrawlFailure | None:
    return (await crawler.poll(PollOrder(id=f"p{next(_ids)}", source_id="s", url=url, kind=kind))).failure


async def refused(trap: Trap, asking: list[Awaitable[CrawlFailure | None]], also: set[FailureReason]) -> None:
    """Wait for one answer a form; none may be anything but a refusal, and nobody may have been called."""
    before = trap.connections
    failures = await asyncio.gather(*asking)
    passed = {
        trap.form(number): failure
        for number, failure in enumerate(failures)
        if failure is None or failure.reason not in REFUSALS | also
    }
    assert not passed
    assert trap.connections == before == 0


async def test_corpus_is_large() -> None:
    assert len(set(FORMS)) >= 100


async def test_article_at_a_disguised_address(crawler: CrawlerProcess, trap: Trap) -> None:
    await refused(trap, [fetched(crawler, trap.form(number)) for number in range(len(FORMS))], set())


@pytest.mark.parametrize("kind", AddressKind)
async def test_listing_at_a_disguised_address(crawler: CrawlerProcess, trap: Trap, kind: AddressKind) -> None:
    await refused(trap, [polled(crawler, trap.form(number), kind) for number in range(len(FORMS))], set())


async def test_redirect_to_a_disguised_address(crawler: CrawlerProcess, trap: Trap) -> None:
    # A few of the forms are relative addresses to a redirect: they lead nowhere on the same server.
    ways = [trap.way(number, "redirect") for number in range(len(FORMS))]
    await refused(trap, [fetched(crawler, way) for way in ways], {FailureReason.NOT_FOUND})
    await refused(trap, [polled(crawler, way) for way in ways], {FailureReason.NOT_FOUND})


async def test_sitemap_index_that_names_a_disguised_address(crawler: CrawlerProcess, trap: Trap) -> None:
    before = trap.connections
    await asyncio.gather(
        *(polled(crawler, trap.way(number, "index"), AddressKind.SITEMAP) for number in range(len(FORMS)))
    )
    assert trap.connections == before == 0


async def test_robots_redirected_to_a_disguised_address(trap: Trap) -> None:
    # A crawler of its own: rules are remembered.
    async with crawling(trap, "127.0.9.0/24") as crawler:
        trap.robots = frozenset(range(len(FORMS)))
        await asyncio.gather(*(fetched(crawler, trap.way(number, "article")) for number in range(len(FORMS))))
        trap.robots = frozenset()
    assert trap.connections == 0


async def test_without_the_guard_the_corpus_leads_into_the_trap(trap: Trap) -> None:
    """Runs last: it is meant to spring the trap."""
    led = 0
    async with crawling(trap, "0.0.0.0/0", "::/0") as crawler:
        for number, host in enumerate(_HOSTS[: _HOSTS.index("[::127.0.0.1]")]):
            before = trap.connections
            await fetched(crawler, trap.form(number))
            led += trap.connections > before
            assert host
    assert led >= 15
