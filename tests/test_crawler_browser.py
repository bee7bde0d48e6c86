"""Pages that need their scripts run, in the real second process with the system's Chromium.

The page's server is on 127.0.0.2, which alone is allowed; the trap is on 127.0.0.1. Needs the extra
``javascript`` and Debian's ``chromium`` (``make browser-test``); skipped elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio

from crawler.browser import BrowserSettings
from crawler.routing import CrawlerRouter
from crawler.settings import CrawlerSettings
from storage.types import AddressKind, FailureReason, FetchOrder, FetchResult, PollOrder

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
    pytest.mark.skipif(importlib.util.find_spec("scrapy_playwright") is None, reason="the extra is not installed"),
]

MEBIBYTE = 1024 * 1024
PAGE_SECONDS = 12.0
SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.2/32",),
    workers=1,
    browser=BrowserSettings(
        page_seconds=PAGE_SECONDS, settle_seconds=3.0, page_memory=300 * MEBIBYTE, page_elements=20_000
    ),
)
TEXT = (
    "Le gouvernement a annoncé jeudi la fermeture de deux postes frontières avec son voisin du nord.",
    "La décision prend effet à minuit, a précisé le porte-parole devant la presse réunie à Bamako.",
)
ARTICLE = "<article><h1>Deux postes fermés</h1>" + "".join(f"<p>{text}</p>" for text in TEXT) + "</article>"
ROOT = str(Path(__file__).resolve().parent.parent)
_ids = itertools.count(1)


class Site:
    """A server of fixed answers that counts what it is asked for."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.pages: dict[str, tuple[str, str]] = {}
        self.hits: Counter[str] = Counter()
        self.heads: list[str] = []
        self._asked = asyncio.Event()

    async def asked(self, url: str) -> None:
        """Wait until somebody asks for the address."""
        while not self.hits[url.removeprefix(self.base)]:
            self._asked.clear()
            await self._asked.wait()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base = f"http://{self.host}:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def page(self, script: str, *, body: str = "<div id=a></div>", headers: str = "") -> str:
        """Serve a page whose text is ``script``'s doing; return its address."""
        path = f"/page-{next(_ids)}"
        html = f"<!doctype html><html lang=fr><head><title>Deux postes fermés</title></head><body>{body}"
        self.pages[path] = (f"Content-Type: text/html; charset=utf-8\r\n{headers}", f"{html}<script>{script}</script>")
        return self.base + path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            self.hits[path] += 1
            self.heads.append(head)
            self._asked.set()
            headers, body = self.pages.get(path, ("", ""))
            status = "200 OK" if path in self.pages else "404 Not Found"
            if "Location" in headers:
                status = "302 Found"
            if "Status: 429" in headers:
                status = "429 Too Many Requests"
            data = body.encode()
            text = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
            writer.write(text.encode() + data)
            await writer.drain()
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """A trap for what is sent without a connection."""

    received = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received += 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with Site("127.0.0.2") as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trap() -> AsyncIterator[Site]:
    async with Site("127.0.0.1") as trap:
        yield trap


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crawler() -> AsyncIterator[CrawlerRouter]:
    crawler = CrawlerRouter(SETTINGS)
    await crawler.start()
    yield crawler
    await crawler.stop()


async def read(crawler: CrawlerRouter, url: str) -> FetchResult:
    order = FetchOrder(id=str(next(_ids)), source_id="gazette", url=url, language="fr", javascript=True)
    return await crawler.fetch(order)


def write(html: str) -> str:
    """Return a script that puts markup into the page."""
    return f"document.getElementById('a').innerHTML = `{html}`;"


def read_well(result: FetchResult) -> bool:
    return result.failure is None and result.article is not None and result.article.paragraphs == TEXT


async def test_text_that_only_a_script_writes_is_read(crawler: CrawlerRouter, site: Site) -> None:
    site.pages["/data.json"] = ("Content-Type: application/json\r\n", f'{{"html": "{ARTICLE}"}}')
    url = site.page(
        "fetch('/data.json').then(a => a.json()).then(a => document.getElementById('a').innerHTML = a.html)"
    )
    result = await read(crawler, url)
    assert read_well(result), result.failure or result.article
    assert result.evidence is not None
    names = dict(result.evidence.headers)
    assert "x-vigie-rendered" in names
    # The document is asked for once: the browser runs the one that the crawler fetched.
    assert site.hits[url.removeprefix(site.base)] == 1
    assert site.hits["/robots.txt"] == 1
    browser = [head for head in site.heads if head.startswith("GET /data.json")]
    assert len(browser) == 1
    assert "Vigie/0.1 (+https://vigie.invalid/contact)" in browser[0]


async def test_a_section_page_is_run_too(crawler: CrawlerRouter, site: Site) -> None:
    titles = [f"Le conseil des ministres du {day} novembre examine la loi de finances" for day in range(1, 13)]
    links = "".join(
        f"<div class=teaser><h2><a href='/politique/2026/11/{day:02}/conseil-{day:02}.html'>{title}</a></h2></div>"
        for day, title in enumerate(titles, start=1)
    )
    url = site.page(write(links))
    order = PollOrder(id=str(next(_ids)), source_id="gazette", url=url, kind=AddressKind.SECTION, javascript=True)
    unrun = await crawler.poll(replace(order, id=str(next(_ids)), javascript=False))
    assert unrun.entries == ()
    run = await crawler.poll(order)
    assert [entry.title for entry in run.entries] == titles, run.failure


async def test_nothing_reaches_a_forbidden_address(crawler: CrawlerRouter, site: Site, trap: Site) -> None:
    datagrams = Datagrams()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: datagrams, local_addr=("127.0.0.1", 0)
    )
    udp = transport.get_extra_info("sockname")[1]
    site.pages["/leap"] = (f"Location: {trap.base}/leap\r\n", "")
    names = [f"127.0.0.1:{trap.port}", f"localhost:{trap.port}", f"127.1:{trap.port}", f"0x7f.1:{trap.port}",
             f"2130706433:{trap.port}", f"[::ffff:127.0.0.1]:{trap.port}", f"0.0.0.0:{trap.port}"]  # fmt: skip
    attempts = "".join(
        f"fetch('http://{name}/fetch', {{mode: 'no-cors'}}).catch(() => 0);"
        f"fetch('https://{name}/tls', {{mode: 'no-cors'}}).catch(() => 0);"
        f"new Image().src = 'http://{name}/image';"
        f"navigator.sendBeacon('http://{name}/beacon');"
        f"document.head.append(Object.assign(document.createElement('script'), {{src: 'http://{name}/script'}}));"
        f"document.head.append(Object.assign(document.createElement('link'), {{rel: 'stylesheet', href: 'http://{name}/css'}}));"
        f"document.head.append(Object.assign(document.createElement('link'), {{rel: 'preconnect', href: 'http://{name}/'}}));"
        f"document.body.append(Object.assign(document.createElement('iframe'), {{src: 'http://{name}/frame'}}));"
        f"try {{ new WebSocket('ws://{name}/socket') }} catch (_) {{ }}"
        f"try {{ window.open('http://{name}/window') }} catch (_) {{ }}"
        for name in names
    )
    attempts += "fetch('/leap', {mode: 'no-cors'}).catch(() => 0);"
    attempts += (
        "const w = new Worker(URL.createObjectURL(new Blob([`"
        f"try {{ new WebSocket('ws://127.0.0.1:{trap.port}/worker') }} catch (_) {{ }}"
        f"fetch('http://127.0.0.1:{trap.port}/worker').catch(() => 0);"
        f"try {{ new WebTransport('https://127.0.0.1:{udp}/') }} catch (_) {{ }}`])));"
        f"try {{ const f = document.querySelector('iframe').contentWindow;"
        f"const p = new f.RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{udp}'}}]}});"
        "p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o)); } catch (_) { }"
    )
    attempts += f"location.href = '{trap.base}/location';"
    result = await read(crawler, site.page(write(ARTICLE) + attempts))
    transport.close()
    assert read_well(result), result.failure or result.article
    assert trap.hits == Counter()
    assert datagrams.received == 0
    # The trap is alive: it counts what does reach it.
    reader, writer = await asyncio.open_connection("127.0.0.1", trap.port)
    writer.write(b"GET /alive HTTP/1.1\r\n\r\n")
    await reader.read()
    writer.close()
    assert trap.hits["/alive"] == 1


async def test_a_page_that_redirects_to_a_forbidden_address_is_refused(
    crawler: CrawlerRouter, site: Site, trap: Site
) -> None:
    before = trap.hits.total()
    site.pages["/moved"] = (f"Location: {trap.base}/moved\r\n", "")
    result = await read(crawler, f"{site.base}/moved")
    assert result.failure is not None
    assert result.failure.reason is FailureReason.FORBIDDEN_ADDRESS
    assert trap.hits.total() == before


async def test_robots_rules_hold_for_what_a_page_asks_for(site: Site) -> None:
    async with Site("127.0.0.2") as strict, running() as crawler:
        strict.pages["/robots.txt"] = ("Content-Type: text/plain\r\n", "User-agent: *\nDisallow: /private/\n")
        strict.pages["/private/data.js"] = ("Content-Type: text/javascript\r\n", "document.title = 'read'")
        strict.pages["/public/data.js"] = ("Content-Type: text/javascript\r\n", write(ARTICLE))
        load = "".join(
            f"document.head.append(Object.assign(document.createElement('script'), {{src: '{strict.base}/{path}'}}));"
            for path in ("private/data.js", "public/data.js")
        )
        result = await read(crawler, site.page(load))
        assert read_well(result), result.failure or result.article
        assert strict.hits == Counter({"/robots.txt": 1, "/public/data.js": 1})


async def test_a_host_that_asks_for_patience_has_it(site: Site) -> None:
    async with Site("127.0.0.2") as busy, running() as crawler:
        busy.pages["/a.js"] = ("Retry-After: 300\r\nStatus: 429\r\n", "")
        load = f"document.head.append(Object.assign(document.createElement('script'), {{src: '{busy.base}/a.js'}}));"
        for _ in range(2):
            assert read_well(await read(crawler, site.page(write(ARTICLE) + load)))
        assert busy.hits["/a.js"] == 1


@contextlib.asynccontextmanager
async def running(settings: CrawlerSettings = SETTINGS) -> AsyncIterator[CrawlerRouter]:
    crawler = CrawlerRouter(settings)
    await crawler.start()
    try:
        yield crawler
    finally:
        await crawler.stop()


NODES = "const add = () => { for (let i = 0; i < 1000; i++) document.body.append(document.createElement('p')) };"
HOSTILE = {
    "endless loop": ("while (true) { }", FailureReason.TIMEOUT),
    "endless dialogs": ("while (true) { alert(1) }", FailureReason.TIMEOUT),
    "many elements": (NODES + "for (let i = 0; i < 30; i++) add()", FailureReason.TOO_LARGE),
    "memory": (
        # Fast enough for a leak, slow enough to be seen before the machine is full.
        "const kept = []; for (;;) { const a = new Uint8Array(4 << 20); a.fill(7); kept.push(a);"
        "const until = performance.now() + 20; while (performance.now() < until) { } }",
        FailureReason.EXTRACTION_CRASH,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_script_ends_in_a_named_failure_and_harms_no_other(
    crawler: CrawlerRouter, site: Site, name: str
) -> None:
    script, reason = HOSTILE[name]
    started = time.monotonic()
    result = await read(crawler, site.page(script))
    assert result.failure is not None
    assert result.failure.reason is reason, result.failure
    # Starting the browser and closing the page come on top of the page's own time.
    assert time.monotonic() - started < PAGE_SECONDS + 15
    assert read_well(await read(crawler, site.page(write(ARTICLE))))


@pytest.mark.parametrize(
    "script",
    [
        "alert('a'); confirm('b'); prompt('c');",
        "setInterval(() => fetch('/never').catch(() => 0), 50);",
        "location.reload();",
        "history.pushState({}, '', '/elsewhere');",
        "Object.defineProperty(Element.prototype, 'outerHTML', {get: () => 'x'.repeat(1e8)});",
        "document.getElementsByTagName = () => ({length: 1e9});",
        "const a = document.createElement('a'); a.href = 'data:a/b,x'; a.download = 'x'; a.click();",
        "navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => 0);",
        "window.onbeforeunload = () => 'stay';",
        "setTimeout(() => location.assign('/elsewhere'), 100);",
    ],
)
async def test_a_wilful_page_is_read_all_the_same(crawler: CrawlerRouter, site: Site, script: str) -> None:
    assert read_well(await read(crawler, site.page(write(ARTICLE) + script)))


async def test_headers_that_would_take_the_page_away_are_not_obeyed(crawler: CrawlerRouter, site: Site) -> None:
    headers = "Content-Disposition: attachment; filename=x.html\r\nRefresh: 0; url=/elsewhere\r\n"
    assert read_well(await read(crawler, site.page(write(ARTICLE), headers=headers)))


async def test_the_browser_is_started_anew_after_so_many_pages(site: Site) -> None:
    settings = replace(SETTINGS, browser=replace(SETTINGS.browser, lifetime_pages=1))
    async with running(settings) as crawler:
        first = await read(crawler, site.page(write(ARTICLE)))
        assert crawler.browser_pid is not None
        second = await read(crawler, site.page(write(ARTICLE)))
        assert read_well(first)
        assert read_well(second)


def browsers() -> set[int]:
    """Return the ids of the running processes of any Chromium."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")
            if "chrom" in text.partition(")")[0] and text.rsplit(")", 1)[1].split()[0] != "Z":
                found.add(int(path.parent.name))
    return found


async def gone(pids: set[int]) -> None:
    end = time.monotonic() + 10
    while pids & browsers():
        assert time.monotonic() < end, f"still running: {pids & browsers()}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["chromium", "node"])
async def test_what_is_killed_below_the_crawler_is_started_again(site: Site, name: str) -> None:
    """Whether the browser goes or the driver that steers it: a page fails by name at most, the next is read."""
    async with running() as crawler:
        assert read_well(await read(crawler, site.page(write(ARTICLE))))
        crawler_pid = crawler.browser_pid
        assert crawler_pid is not None
        killed = [pid for pid in descendants(crawler_pid) if name in command(pid)]
        assert killed
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        results = [await read(crawler, site.page(write(ARTICLE))) for _ in range(3)]
        assert all(
            result.failure is None or result.failure.reason is FailureReason.EXTRACTION_CRASH for result in results
        )
        assert read_well(results[-1]), results[-1].failure


def descendants(pid: int) -> set[int]:
    found = {pid}
    for _ in range(6):
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
                if int(fields[1]) in found:
                    found.add(int(path.parent.name))
    return found - {pid}


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")[0]
    except OSError:
        return ""


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_no_browser_outlives_its_crawler(site: Site, end: str) -> None:
    before = browsers()
    async with running() as crawler:
        assert read_well(await read(crawler, site.page(write(ARTICLE))))
        started = browsers() - before
        assert started
        if end == "kill":
            assert crawler.browser_pid is not None
            # In the middle of a page that never ends, when the processes are at their most stubborn.
            url = site.page("while (true) { }")
            reading = asyncio.create_task(read(crawler, url))
            await site.asked(url)
            started = browsers() - before
            os.kill(crawler.browser_pid, signal.SIGKILL)
            await gone(started)
            reading.cancel()
    await gone(started)


async def test_no_browser_outlives_a_killed_owner(site: Site, tmp_path: Path) -> None:
    before = browsers()
    url = site.page(write(ARTICLE))
    script = tmp_path / "owner.py"
    script.write_text(
        "import asyncio\n"
        "from crawler.routing import CrawlerRouter\n"
        "from crawler.settings import CrawlerSettings\n"
        "from storage.types import FetchOrder\n"
        "async def main():\n"
        "    settings = CrawlerSettings(user_agent='Vigie/0.1', allow_cidrs=('127.0.0.2/32',), workers=1)\n"
        "    crawler = CrawlerRouter(settings)\n"
        "    await crawler.start()\n"
        f"    result = await crawler.fetch(FetchOrder(id='1', source_id='s', url='{url}', javascript=True))\n"
        "    print(result.failure, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )
    owner = await asyncio.create_subprocess_exec(
        sys.executable, script, env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert owner.stdout is not None
    async with asyncio.timeout(40):
        assert await owner.stdout.readline() == b"None\n"
    started = browsers() - before
    assert started
    owner.kill()
    await owner.wait()
    await gone(started)
