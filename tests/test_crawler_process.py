"""A real crawler process against real, mostly hostile, servers on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ipaddress
import itertools
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler.client import ClientLimits, CrawlerProcess
from crawler.settings import MEBIBYTE, CrawlerSettings
from storage.types import AddressKind, FailureReason, FeedEntry, FetchOrder, FetchResult, PollOrder, PollResult

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=1.5,
    max_body=MEBIBYTE,
    max_page=256 * 1024,
    workers=1,
    extraction_seconds=5.0,
)
PARAGRAPHS = (
    "Le gouvernement a annoncé jeudi la fermeture de deux postes frontières avec son voisin du nord.",
    "« La décision prend effet à minuit », a précisé le porte-parole devant la presse réunie à Bamako.",
    "Les transporteurs disposent de trois jours pour faire rentrer leurs véhicules.",
)
PAGE = (
    "<!doctype html><html lang='fr'><head><title>Deux postes frontières fermés</title></head><body><article>"
    "<h1>Deux postes frontières fermés</h1>"
    + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    + "<p>(afp)</p></article></body></html>"
).encode()
RSS = (
    b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Journal</title>"
    b"<item><title>Deux postes ferm\xc3\xa9s</title><link>/article</link>"
    b"<pubDate>Thu, 04 Sep 2025 10:00:00 +0200</pubDate></item></channel></rss>"
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_ids = itertools.count(1)


class Site:
    """A server that answers each path with bytes, or with a coroutine that misbehaves."""

    def __init__(self, routes: dict[str, bytes | Handler]) -> None:
        self.routes = routes
        self.hits: Counter[str] = Counter()
        self.requests: list[str] = []
        self.times: list[float] = []
        self.base = ""
        self._serving: set[asyncio.Task[None]] = set()
        self._asked = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def asked(self, path: str) -> None:
        """Wait until somebody asks for the path."""
        while not self.hits[path]:
            self._asked.clear()
            await self._asked.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            self._serving.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = request.split(" ", 2)[1]
        self.hits[path] += 1
        self.requests.append(request)
        self.times.append(time.monotonic())
        self._asked.set()
        route = self.routes.get(path, response(404))
        if isinstance(route, bytes):
            writer.write(route)
            await writer.drain()
        else:
            await route(reader, writer)


def response(status: int, body: bytes = b"", **headers: str) -> bytes:
    headers = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items() if value)
    return f"HTTP/1.1 {status} X\r\nConnection: close\r\n{lines}\r\n".encode("latin-1") + body


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Ends when the crawler gives up and closes.
    await reader.read()


async def slow_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(response(200, Content_Length="100000"))
    while True:
        writer.write(b"A")
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(response(200, Content_Length=""))
    while True:
        writer.write(b"A" * 65536)
        await writer.drain()


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        writer.write(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        await writer.drain()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


BOMB = gzip.compress(b"\0" * (64 * MEBIBYTE))
HOSTILE: dict[str, tuple[bytes | Handler, FailureReason]] = {
    "/missing": (response(404), FailureReason.NOT_FOUND),
    "/gone": (response(410), FailureReason.GONE),
    "/login": (response(401), FailureReason.BLOCKED),
    "/pay": (response(402), FailureReason.PAYWALL),
    "/forbidden": (response(403, PAGE), FailureReason.BLOCKED),
    "/legal": (response(451), FailureReason.BLOCKED),
    "/limited": (response(429, Retry_After="120"), FailureReason.RATE_LIMITED),
    "/teapot": (response(418), FailureReason.HTTP_ERROR),
    "/fault": (response(500, PAGE), FailureReason.SERVER_ERROR),
    "/lost-redirect": (response(302), FailureReason.HTTP_ERROR),
    "/silence": (silence, FailureReason.TIMEOUT),
    "/slow": (slow_body, FailureReason.TIMEOUT),
    "/endless": (endless_body, FailureReason.TOO_LARGE),
    "/announced": (response(200, Content_Length="99999999"), FailureReason.TOO_LARGE),
    "/endless-headers": (endless_headers, FailureReason.HTTP_ERROR),
    "/garbage": (b"SSH-2.0-OpenSSH_9.6\r\n", FailureReason.HTTP_ERROR),
    "/bomb": (response(200, BOMB, Content_Encoding="gzip"), FailureReason.TOO_LARGE),
    "/bombs": (response(200, gzip.compress(BOMB), Content_Encoding="gzip, gzip"), FailureReason.TOO_LARGE),
    "/cut-gzip": (response(200, gzip.compress(PAGE)[:-20], Content_Encoding="gzip"), FailureReason.TRUNCATED),
    "/no-gzip": (response(200, PAGE, Content_Encoding="gzip"), FailureReason.TRUNCATED),
    "/brotli": (response(200, b"\x0b\x02\x80", Content_Encoding="br"), FailureReason.HTTP_ERROR),
    "/short": (response(200, PAGE, Content_Length="9999"), FailureReason.TRUNCATED),
    "/bad-chunk": (
        response(200, b"5\r\nabcdeXX", Content_Length="", Transfer_Encoding="chunked"),
        FailureReason.HTTP_ERROR,
    ),
    "/reset": (reset, FailureReason.CONNECTION),
    "/to-file": (response(302, Location="file:///etc/passwd"), FailureReason.FORBIDDEN_ADDRESS),
    "/to-script": (response(302, Location="javascript:alert(1)"), FailureReason.FORBIDDEN_ADDRESS),
    "/to-private": (response(302, Location="http://10.255.255.1/"), FailureReason.FORBIDDEN_ADDRESS),
    "/to-metadata": (response(301, Location="http://169.254.169.254/latest"), FailureReason.FORBIDDEN_ADDRESS),
    "/to-user": (response(302, Location="http://a:b@127.0.0.1/"), FailureReason.FORBIDDEN_ADDRESS),
    "/to-v6": (response(307, Location="http://[::1]/"), FailureReason.FORBIDDEN_ADDRESS),
    "/circle": (response(302, Location="/circle"), FailureReason.TOO_MANY_REDIRECTS),
    "/pdf": (response(200, b"%PDF-1.7 ...", Content_Type="application/pdf"), FailureReason.NOT_HTML),
    "/json": (response(200, b"{}", Content_Type="application/json"), FailureReason.NOT_HTML),
    "/lying-pdf": (response(200, b"%PDF-1.7 ..."), FailureReason.NOT_HTML),
    "/empty": (response(200), FailureReason.NO_TEXT),
    "/large": (response(200, b"<html><body>" + b"<p>a</p>" * 50_000), FailureReason.TOO_LARGE),
    "/wordless": (response(200, b"<html><head><title>Une</title></head><body><h1>Une</h1>"), FailureReason.NO_TEXT),
    "/nameless": (response(200, b"<html><body><p>" + b"mot " * 50), FailureReason.NO_TITLE),
}
FEEDS: dict[str, tuple[bytes, FailureReason]] = {
    "/feed-html": (response(200, PAGE), FailureReason.NOT_A_FEED),
    "/feed-json": (response(200, b'{"error": 1}', Content_Type="application/json"), FailureReason.NOT_A_FEED),
    "/feed-empty": (response(200, b"  "), FailureReason.NOT_A_FEED),
    "/feed-broken": (response(200, RSS[:80]), FailureReason.BROKEN_FEED),
    "/feed-bare": (
        response(200, b"<rss version='2.0'><channel><title>x</title></channel></rss>"),
        FailureReason.EMPTY_FEED,
    ),
    "/feed-missing": (response(404), FailureReason.NOT_FOUND),
    "/feed-fault": (response(503, Retry_After="90"), FailureReason.SERVER_ERROR),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler() -> AsyncIterator[CrawlerProcess]:
    process = CrawlerProcess(SETTINGS, limits=ClientLimits(order_seconds=20.0))
    await process.start()
    yield process
    await process.stop()
    assert process.starts == 1, "nothing a server sends may end the crawler process"


async def fetch(crawler: CrawlerProcess, url: str, **more: object) -> FetchResult:
    order = FetchOrder(id=f"f{next(_ids)}", source_id="journal", url=url, **more)  # type: ignore[arg-type]
    return await crawler.fetch(order)


async def poll(crawler: CrawlerProcess, url: str, **more: object) -> PollResult:
    order = PollOrder(id=f"p{next(_ids)}", source_id="journal", url=url, **more)  # type: ignore[arg-type]
    return await crawler.poll(order)


async def test_page_becomes_an_article_with_its_evidence(crawler: CrawlerProcess) -> None:
    async with Site({"/article": response(200, PAGE, Set_Cookie="id=1")}) as site:
        result = await fetch(crawler, f"{site.base}/article", language="fr")
    assert result.failure is None
    assert result.article is not None
    assert result.article.title == "Deux postes frontières fermés"
    assert result.article.paragraphs == PARAGRAPHS
    assert result.article.agency == "AFP"
    assert result.evidence is not None
    assert gzip.decompress(result.evidence.body_gzip) == PAGE
    assert result.evidence.status == 200
    names = [name for name, _ in result.evidence.headers]
    assert "content-type" in names
    assert "set-cookie" not in names


async def test_reserved_text_leaves_neither_text_nor_evidence(crawler: CrawlerProcess) -> None:
    async with Site({"/article": response(200, PAGE.replace(b"</article>", b"<p>" + b"mot " * 200))}) as site:
        result = await fetch(crawler, f"{site.base}/article", full_text=False)
    assert result.article is not None
    assert len(result.article.text) <= 300
    assert result.evidence is None


async def test_request_says_who_asks_and_carries_no_trace_of_a_reader(crawler: CrawlerProcess) -> None:
    async with Site({"/article": response(302, Location="/b"), "/b": response(200, PAGE)}) as site:
        await fetch(crawler, f"{site.base}/article")
    assert len(site.requests) == 3
    for request in site.requests:
        assert f"User-Agent: {SETTINGS.user_agent}" in request
        assert "Referer" not in request
        assert "Cookie" not in request


@pytest.mark.parametrize("path", HOSTILE)
async def test_hostile_answer_fails_by_name(crawler: CrawlerProcess, path: str) -> None:
    route, reason = HOSTILE[path]
    async with Site({path: route}) as site:
        start = time.monotonic()
        result = await fetch(crawler, site.base + path)
        seconds = time.monotonic() - start
    assert result.failure is not None
    assert (result.failure.reason, result.article) == (reason, None), result.failure
    assert result.failure.detail
    assert seconds < 5


@pytest.mark.parametrize("path", FEEDS)
async def test_poll_of_what_is_no_feed_fails_by_name(crawler: CrawlerProcess, path: str) -> None:
    route, reason = FEEDS[path]
    async with Site({path: route}) as site:
        result = await poll(crawler, site.base + path)
    assert result.failure is not None
    assert (result.failure.reason, result.entries) == (reason, ()), result.failure
    assert result.failure.retry_after == (90.0 if path == "/feed-fault" else None)


async def test_redirects_stop_after_five(crawler: CrawlerProcess) -> None:
    routes: dict[str, bytes | Handler] = {f"/{n}": response(302, Location=f"/{n - 1}") for n in range(1, 7)}
    async with Site(routes | {"/0": response(200, PAGE)}) as site:
        five = await fetch(crawler, f"{site.base}/5")
        six = await fetch(crawler, f"{site.base}/6")
    assert five.article is not None
    assert six.failure is not None
    assert six.failure.reason is FailureReason.TOO_MANY_REDIRECTS
    assert site.hits["/0"] == 1


async def test_wait_asked_for_by_the_far_end_is_passed_on(crawler: CrawlerProcess) -> None:
    async with Site({"/limited": response(429, Retry_After="120")}) as site:
        result = await fetch(crawler, f"{site.base}/limited")
    assert result.failure is not None
    assert (result.failure.status, result.failure.retry_after) == (429, 120.0)


async def test_feed_gives_entries_and_validators(crawler: CrawlerProcess) -> None:
    headers = {"ETag": '"7"', "Last_Modified": "Thu, 04 Sep 2025 08:00:00 GMT", "Content_Type": "application/rss+xml"}
    async with Site({"/feed": response(200, RSS, **headers)}) as site:
        first = await poll(crawler, f"{site.base}/feed")
        again = await poll(
            crawler, f"{site.base}/feed", etag=first.etag, last_modified=first.last_modified, body_hash=first.body_hash
        )
    assert [entry.url for entry in first.entries] == [f"{site.base}/article"]
    assert first.entries[0].published_at is not None
    assert first.entries[0].published_at.isoformat() == "2025-09-04T08:00:00+00:00"
    assert (first.etag, first.last_modified) == ('"7"', "Thu, 04 Sep 2025 08:00:00 GMT")
    assert (again.unchanged, again.entries, again.body_hash) == (True, (), first.body_hash)
    assert 'If-None-Match: "7"' in site.requests[-1]
    assert "If-Modified-Since: Thu, 04 Sep 2025 08:00:00 GMT" in site.requests[-1]


async def test_304_means_unchanged_and_keeps_the_validators(crawler: CrawlerProcess) -> None:
    async with Site({"/feed": response(304)}) as site:
        result = await poll(crawler, f"{site.base}/feed", etag='"7"', body_hash="ab")
    assert (result.unchanged, result.failure, result.etag, result.body_hash) == (True, None, '"7"', "ab")


async def test_a_second_look_at_a_page_asks_whether_it_changed(crawler: CrawlerProcess) -> None:
    page = response(200, PAGE, ETag='"3"', Last_Modified="Thu, 04 Sep 2025 08:00:00 GMT")
    async with Site({"/page": page, "/same": response(304)}) as site:
        first = await fetch(crawler, f"{site.base}/page")
        again = await fetch(crawler, f"{site.base}/same", etag=first.etag, last_modified=first.last_modified)
        asked = site.requests[-1]
        unasked = await fetch(crawler, f"{site.base}/same")
    assert (first.etag, first.last_modified) == ('"3"', "Thu, 04 Sep 2025 08:00:00 GMT")
    assert (again.unchanged, again.article, again.failure) == (True, None, None)
    assert (again.etag, again.last_modified) == (first.etag, first.last_modified)
    assert 'If-None-Match: "3"' in asked
    assert "If-Modified-Since: Thu, 04 Sep 2025 08:00:00 GMT" in asked
    assert unasked.failure is not None, "304 to a request without conditions is no answer"


async def test_only_permanent_moves_are_reported(crawler: CrawlerProcess) -> None:
    routes: dict[str, bytes | Handler] = {
        "/old": response(301, Location="/newer"),
        "/newer": response(308, Location="/newest"),
        "/newest": response(200, RSS),
        "/mixed": response(301, Location="/passing"),
        "/passing": response(302, Location="/newest"),
    }
    async with Site(routes) as site:
        moved = await poll(crawler, f"{site.base}/old")
        passing = await poll(crawler, f"{site.base}/passing")
        mixed = await poll(crawler, f"{site.base}/mixed")
    assert moved.moved_to == f"{site.base}/newest"
    assert passing.moved_to is None
    assert mixed.moved_to == f"{site.base}/passing"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:text/html,<h1>x",
        "http://",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:8080\\@example.com/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:1/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433:1/x y",
        "not an address",
        "",
    ],
)
async def test_forbidden_address_is_never_called(crawler: CrawlerProcess, url: str) -> None:
    result = await fetch(crawler, url)
    assert result.failure is not None
    assert result.failure.reason is FailureReason.FORBIDDEN_ADDRESS, result.failure
    assert "secret" not in result.failure.detail


async def test_unreachable_hosts_fail_by_their_own_names(crawler: CrawlerProcess) -> None:
    async with Site({}) as site:
        pass
    closed = await fetch(crawler, f"{site.base}/")
    nameless = await fetch(crawler, "http://nirgends.invalid/")
    reasons = [result.failure.reason for result in (closed, nameless) if result.failure]
    assert reasons == [FailureReason.CONNECTION, FailureReason.DNS]


async def test_certificate_nobody_vouches_for_is_refused(crawler: CrawlerProcess, tmp_path: Path) -> None:
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    async with server:
        result = await fetch(crawler, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert result.failure is not None
    assert result.failure.reason is FailureReason.TLS
    assert served == 0


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_slow_host_does_not_delay_others(crawler: CrawlerProcess) -> None:
    async with Site({"/silence": silence}) as slow, Site({"/article": response(200, PAGE)}) as quick:
        waiting = [asyncio.create_task(fetch(crawler, f"{slow.base}/silence")) for _ in range(12)]
        await slow.asked("/silence")
        start = time.monotonic()
        result = await fetch(crawler, f"{quick.base}/article")
        seconds = time.monotonic() - start
        for task in waiting:
            assert (await task).failure is not None
    assert result.article is not None
    assert seconds < 1.2


async def test_page_without_text_is_named(crawler: CrawlerProcess) -> None:
    entry = FeedEntry(url="http://x/", title="Titre du fil", summary="Le résumé du fil tient lieu d'article.")
    async with Site({"/app": response(200, b"<html><body><div id='root'></div></body></html>")}) as site:
        result = await fetch(crawler, f"{site.base}/app", entry=entry)
    assert result.article is None
    assert result.failure is not None
    assert result.failure.reason is FailureReason.NO_TEXT


async def test_teaser_before_a_paywall_comes_with_its_failure(crawler: CrawlerProcess) -> None:
    prompt = "<p>Il vous reste 80% de cet article à lire. La suite est réservée aux abonnés.</p></article>"
    async with Site({"/teaser": response(200, PAGE.replace(b"</article>", prompt.encode()))}) as site:
        result = await fetch(crawler, f"{site.base}/teaser")
    assert result.article is not None
    assert result.failure is not None
    assert result.failure.reason is result.article.failure is FailureReason.PAYWALL
    assert result.article.partial
    assert result.evidence is not None


async def test_bot_check_under_a_refusal_is_named(crawler: CrawlerProcess) -> None:
    body = b"<html><head><title>Just a moment...</title></head><body></body></html>"
    async with Site({"/check": response(403, body)}) as site:
        result = await fetch(crawler, f"{site.base}/check")
    assert result.failure is not None
    assert (result.failure.reason, result.failure.status) == (FailureReason.CHALLENGE, 403)
    async with Site({"/feed": response(403, body)}) as site:
        polled = await poll(crawler, f"{site.base}/feed")
    assert polled.failure is not None
    assert polled.failure.reason is FailureReason.CHALLENGE


# --- robots.txt --------------------------------------------------------------------------------------


async def robots_case(crawler: CrawlerProcess, robots: bytes | Handler) -> tuple[FetchResult, Site]:
    async with Site({"/robots.txt": robots, "/article": response(200, PAGE)}) as site:
        return await fetch(crawler, f"{site.base}/article"), site


@pytest.mark.parametrize(
    "robots",
    [
        response(404),
        response(403, b"User-agent: *\nDisallow: /"),
        response(200, b""),
        response(200, PAGE),
        response(200, b"\xff\xfe\x00garbage\nDisallow"),
        response(200, b"User-agent: *\nDisallow: /private"),
        response(200, b"User-agent: other\nDisallow: /\n"),
        response(200, b"User-agent: *\nDisallow: /\n\nUser-agent: Vigie\nDisallow:\n"),
        response(302, Location="/robots.txt"),
    ],
)
async def test_robots_that_allow(crawler: CrawlerProcess, robots: bytes) -> None:
    result, site = await robots_case(crawler, robots)
    assert result.article is not None, result.failure
    assert site.hits["/article"] == 1


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        (response(503, b"User-agent: *\nAllow: /"), "503"),
        (response(500), "500"),
        (response(200, b"User-agent: *\nDisallow: /"), "Vigie"),
        (response(200, b"User-agent: vigie\nDisallow: /article\n"), "Vigie"),
        (response(200, b"# padding\n" * 40_000 + b"User-agent: *\nDisallow: /"), "Vigie"),
        (silence, "1.5 s"),
        (response(200, b"User-agent: *", Content_Length="5000"), "broke off"),
    ],
)
async def test_robots_that_forbid(crawler: CrawlerProcess, robots: bytes | Handler, said: str) -> None:
    result, site = await robots_case(crawler, robots)
    assert result.failure is not None
    assert result.failure.reason is FailureReason.ROBOTS
    assert said in result.failure.detail
    assert site.hits["/article"] == 0


async def test_robots_are_asked_once_for_many_orders(crawler: CrawlerProcess) -> None:
    async with Site({"/robots.txt": response(200, b""), "/article": response(200, PAGE)}) as site:
        await asyncio.gather(*(fetch(crawler, f"{site.base}/article") for _ in range(6)))
    assert (site.hits["/robots.txt"], site.hits["/article"]) == (1, 6)


async def test_redirect_to_another_host_asks_its_robots(crawler: CrawlerProcess) -> None:
    strict: dict[str, bytes | Handler] = {
        "/robots.txt": response(200, b"User-agent: *\nDisallow: /"),
        "/article": response(200, PAGE),
    }
    async with Site(strict) as target, Site({"/go": response(302, Location=f"{target.base}/article")}) as site:
        result = await fetch(crawler, f"{site.base}/go")
    assert result.failure is not None
    assert result.failure.reason is FailureReason.ROBOTS
    assert target.hits["/article"] == 0


async def test_crawl_delay_sets_the_pace(crawler: CrawlerProcess) -> None:
    robots = response(200, b"User-agent: *\nCrawl-delay: 0.6")
    async with Site({"/robots.txt": robots, "/article": response(200, PAGE)}) as site:
        await asyncio.gather(*(fetch(crawler, f"{site.base}/article") for _ in range(3)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(site.times)]
    assert min(gaps) > 0.5


async def test_order_whose_turn_comes_too_late_is_sent_back(crawler: CrawlerProcess) -> None:
    robots = response(200, b"User-agent: *\nCrawl-delay: 50")
    async with Site({"/robots.txt": robots, "/article": silence}) as site:
        first = asyncio.create_task(fetch(crawler, f"{site.base}/article"))
        await site.asked("/robots.txt")
        # The pace is known to the crawler some time after the rules were sent.
        for _ in range(500):
            waiting = [asyncio.create_task(fetch(crawler, f"{site.base}/article")) for _ in range(3)]
            done, rest = await asyncio.wait(waiting, timeout=0.3)
            for task in rest:
                task.cancel()
            if done:
                break
        else:
            pytest.fail("no order was sent back")
        first.cancel()
    failure = done.pop().result().failure
    assert failure is not None
    assert failure.reason is FailureReason.RATE_LIMITED
    assert failure.retry_after is not None
    assert failure.retry_after >= 90


# --- sitemaps and section pages --------------------------------------------------------------------


def _sitemap(*urls: str, root: str = "urlset", item: str = "url") -> bytes:
    now = datetime.now(UTC).isoformat()
    items = "".join(f"<{item}><loc>{url}</loc><lastmod>{now}</lastmod></{item}>" for url in urls)
    return f"<{root} xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{items}</{root}>".encode()


async def test_sitemap_index_is_followed_within_bounds(crawler: CrawlerProcess) -> None:
    children = [f"/child-{number}.xml" for number in range(20)]
    routes: dict[str, bytes | Handler] = {path: response(200, _sitemap(f"/a{path}")) for path in children}
    routes["/inner.xml"] = response(200, _sitemap("/child-0.xml", "/deepest.xml", root="sitemapindex", item="sitemap"))
    routes["/deepest.xml"] = response(200, _sitemap("/deepest.xml", "/x", root="sitemapindex", item="sitemap"))
    routes["/packed.xml.gz"] = response(200, gzip.compress(_sitemap("/packed")), Content_Type="application/gzip")
    async with Site(routes) as site:
        site.routes["/index.xml"] = response(200, _sitemap(*children, root="sitemapindex", item="sitemap"))
        first = await poll(crawler, f"{site.base}/index.xml", kind=AddressKind.SITEMAP)
        assert first.failure is None
        assert len(first.entries) == 4
        assert (first.etag, first.body_hash) == (None, None)
        again = await poll(crawler, f"{site.base}/index.xml", kind=AddressKind.SITEMAP, learnt=first.learnt)
        assert not {entry.url for entry in again.entries} & {entry.url for entry in first.entries}
        site.routes["/index.xml"] = response(
            200, _sitemap("/inner.xml", "/packed.xml.gz", "/lost.xml", root="sitemapindex", item="sitemap")
        )
        nested = await poll(crawler, f"{site.base}/index.xml", kind=AddressKind.SITEMAP)
        assert {entry.url.removeprefix(site.base) for entry in nested.entries} == {"/a/child-0.xml", "/packed"}
        assert site.hits["/deepest.xml"] == 1, "an index within an index within an index is not followed"
        site.routes["/index.xml"] = response(200, _sitemap("/lost.xml", root="sitemapindex", item="sitemap"))
        lost = await poll(crawler, f"{site.base}/index.xml", kind=AddressKind.SITEMAP)
        assert lost.failure is not None
        assert lost.failure.reason is FailureReason.NOT_FOUND
        assert "/lost.xml" in lost.failure.detail


async def test_index_leads_nowhere_it_may_not_go(crawler: CrawlerProcess) -> None:
    index = _sitemap("/private/a.xml", root="sitemapindex", item="sitemap")
    routes: dict[str, bytes | Handler] = {
        "/robots.txt": response(200, b"User-agent: *\nDisallow: /private/\n", Content_Type="text/plain"),
        "/index.xml": response(200, index),
    }
    async with Site(routes) as site:
        result = await poll(crawler, f"{site.base}/index.xml", kind=AddressKind.SITEMAP)
        assert result.failure is not None
        assert result.failure.reason is FailureReason.ROBOTS
        assert not site.hits["/private/a.xml"]


async def test_section_page_is_read_and_learnt_from(crawler: CrawlerProcess) -> None:
    links = "".join(f"<h2><a href='/le-titre-de-l-article-{n}'>Le titre de l'article {n}</a></h2>" for n in range(4))
    body = f"<html><body><main>{links}</main></body></html>".encode()
    async with Site({"/afrique/": response(200, body, ETag='"1"')}) as site:
        result = await poll(crawler, f"{site.base}/afrique/", kind=AddressKind.SECTION)
        assert result.failure is None
        assert [entry.title for entry in result.entries][:1] == ["Le titre de l'article 0"]
        assert result.learnt is not None
        again = await poll(crawler, f"{site.base}/afrique/", kind=AddressKind.SECTION, body_hash=result.body_hash)
        assert again.unchanged
        site.routes["/afrique/"] = response(200, body, X_Robots_Tag="nofollow")
        refused = await poll(crawler, f"{site.base}/afrique/", kind=AddressKind.SECTION)
        assert refused.failure is not None
        assert refused.failure.reason is FailureReason.ROBOTS


async def test_hints_on_pace_come_with_the_entries(crawler: CrawlerProcess) -> None:
    feed = RSS.replace(b"<title>Journal</title>", b"<title>Journal</title><ttl>30</ttl>")
    link = '<https://hub.example/>; rel="hub", </feed>; rel=self'
    async with Site({"/feed": response(200, feed, Cache_Control="public, max-age=120", Link=link)}) as site:
        hints = (await poll(crawler, f"{site.base}/feed")).hints
        assert (hints.max_age, hints.interval) == (120.0, 1800.0)
        assert (hints.hub, hints.topic) == ("https://hub.example/", f"{site.base}/feed")
