"""Runs a fetched page's scripts in Chromium, through scrapy-playwright, and returns the page as it then stands.

The document itself is not asked for again: the browser is given the one that the crawler fetched, under
robots rules, pace and redirect checks like any other. What the page asks for beside it goes through
:class:`crawler.browser_proxy.EgressProxy`. Every page has a browser context of its own, which is closed with
it: no cookie, cache or permission outlives a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy.http import HtmlResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler import browser_memory, browser_rules
from crawler.browser import find_chromium, no_browser
from crawler.browser_proxy import EgressProxy, Pass
from crawler.clean import clean_line, cut
from crawler.errors import RefusedError
from crawler.failures import retry_after
from crawler.pace import pace_of
from crawler.robots import Rfc9309RobotsMiddleware
from storage.types import CrawlFailure, FailureReason, Lane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, Route
    from playwright.async_api import Request as BrowserRequest
    from playwright.async_api import Response as BrowserResponse
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.backoff import HostBackoff
    from crawler.browser import BrowserSettings
    from crawler.settings import CrawlerSettings

_log = logging.getLogger(__name__)

#: seconds a page's end may take before the whole browser is ended instead
CLOSE_SECONDS = 5.0
#: seconds between two looks at the browser's memory
WATCH_SECONDS = 0.25
#: seconds the rules of a further host may take to be had
ROBOTS_SECONDS = 8.0
_PATIENCE = frozenset({429, 503})
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Names are resolved by the proxy alone, and nothing but the proxy is spoken to, calls included.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
# Runs in every document before the page's own scripts. The proxy guards these as well; a page has no use for them.
_INIT = """
for (const name of ['WebSocket', 'WebSocketStream', 'EventSource', 'WebTransport', 'RTCPeerConnection',
                    'webkitRTCPeerConnection', 'SharedWorker']) {
  try { delete globalThis[name]; } catch (_) { }
}
globalThis.open = () => null;
globalThis.print = () => undefined;
"""
# Runs in a world of its own, where the page cannot have replaced what it calls.
_READ = """(() => {
  const count = document.getElementsByTagName('*').length;
  if (count > %d) return {count};
  const html = document.documentElement ? document.documentElement.outerHTML : '';
  return html.length > %d ? {size: html.length} : {html};
})()"""
_numbers = itertools.count(1)


class PageRunner(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # the package ships no types
    """The browser of one crawler; started with the first page that needs it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings: CrawlerSettings = crawler.settings["VIGIE"]
        self._crawl = settings
        self._settings: BrowserSettings = settings.browser
        self._max_body = settings.max_body
        self._user_agent = settings.user_agent
        self._owner = crawler
        self._proxy = EgressProxy(settings.policy, upstream=settings.proxy)
        self._room = asyncio.Semaphore(self._settings.pages)
        self._starting = asyncio.Lock()
        self._started = False
        self._broken = False
        self._active = 0
        self._served = 0
        self._passes: dict[str, Pass] = {}
        self._documents: dict[str, Response] = {}
        # A page that brought the browser down once would do so again.
        self.config.target_closed_max_retries = 0
        logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)

    async def _maybe_launch_in_thread(self) -> None:
        """Do nothing when the crawl starts: the browser comes with its first page."""

    async def run(self, request: Request, document: Response) -> str:
        """Return the page's markup once its scripts have come to rest.

        Args:
            request: what was asked for.
            document: the page as fetched, content codings undone.

        Raises:
            RefusedError: its scripts do not end, take too much, or there is no browser.
        """
        host = urlsplit(document.url).hostname
        async with self._room:
            await self._start()
            self._active += 1
            name = f"page-{next(_numbers)}"
            watching = asyncio.create_task(self._watch())
            try:
                async with asyncio.timeout(self._settings.page_seconds):
                    return await self._open_and_read(name, request, document)
            except TimeoutError as error:
                seconds = self._settings.page_seconds
                raise _refused(
                    FailureReason.TIMEOUT, f"the scripts of {host} do not end within {seconds:g} s"
                ) from error
            except PlaywrightError as error:
                # The driver may be gone, and does not come back by itself.
                self._broken = True
                raise _failed(error, host or "", self._settings) from error
            finally:
                watching.cancel()
                self._active -= 1
                self._served += 1
                await self._finish(name)

    async def _start(self) -> None:
        """Start the proxy and the browser's driver, once; after a fault anew, when no page is open."""
        async with self._starting:
            if self._broken and not self._active:
                await self._end()
            if self._started:
                return
            failure = no_browser(self._settings)
            if failure is not None:
                raise RefusedError(failure)
            await self._proxy.start()
            self.config.launch_options = self._launch_options()
            await self._launch()
            self._started, self._broken = True, False

    def _launch_options(self) -> dict[str, Any]:
        arguments = list(_FLAGS)
        if os.geteuid() == 0:
            _log.warning("Chromium runs without its sandbox, because Vigie runs as root; run Vigie as another user")
            arguments.append("--no-sandbox")
        return {
            "executable_path": find_chromium(self._settings.chromium),
            "args": arguments,
            "headless": True,
            "chromium_sandbox": os.geteuid() != 0,
            # Without a pass, which only pages have, the browser's own traffic ends at the proxy.
            "proxy": {"server": self._proxy.address, "bypass": "<-loopback>"},
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
        }

    async def _open_and_read(self, name: str, request: Request, document: Response) -> str:
        """Run the page in a context of its own; scrapy-playwright makes both."""
        given = self._proxy.admit(connections=self._settings.page_requests, received=self._settings.page_bytes)
        self._passes[name], self._documents[name] = given, document
        proxy = {
            "server": self._proxy.address,
            "bypass": "<-loopback>",
            "username": given.user,
            "password": given.password,
        }
        asked = request.replace(
            url=document.url,
            meta={
                "playwright": True,
                "playwright_context": name,
                "playwright_context_kwargs": {
                    "user_agent": self._user_agent,
                    "proxy": proxy,
                    "service_workers": "block",
                    "accept_downloads": False,
                },
            },
        )
        response = await self.download_request(asked)
        return str(response.text)

    async def _download_request_with_page(self, request: Request, page: Page, spider: Spider) -> HtmlResponse:
        """Load the document, wait for its requests to end, read it in a world of its own."""
        crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        page.on("crash", lambda _: None if crashed.done() else crashed.set_result(None))
        page.context.on("page", _close_at_once)
        page.on("response", self._answered)
        reading = asyncio.ensure_future(self._load_and_read(request.url, page))
        try:
            await asyncio.wait((reading, crashed), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                host = urlsplit(request.url).hostname
                raise _refused(FailureReason.EXTRACTION_CRASH, f"the page of {host} brought its browser process down")
            markup = reading.result()
        finally:
            reading.cancel()
            crashed.cancel()
        return HtmlResponse(request.url, body=markup.encode("utf-8", "replace"), encoding="utf-8", request=request)

    async def _load_and_read(self, url: str, page: Page) -> str:
        await page.add_init_script(_INIT)
        # The one deadline is the caller's. A page kept from leaving may never count as loaded: it is read as it is.
        await page.goto(url, wait_until="commit", timeout=0)
        with contextlib.suppress(PlaywrightTimeoutError):
            await page.wait_for_load_state("domcontentloaded", timeout=self._settings.page_seconds * 1000 / 2)
            await page.wait_for_load_state("networkidle", timeout=self._settings.settle_seconds * 1000)
        session = await page.context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        frame = tree["frameTree"]["frame"]["id"]
        world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "vigie"})
        answer = await session.send(
            "Runtime.evaluate",
            {
                "expression": _READ % (self._settings.page_elements, self._max_body),
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        found = answer["result"].get("value") or {}
        if "html" not in found:
            what = f"{found['count']} elements" if "count" in found else f"{found.get('size')} characters"
            host = urlsplit(url).hostname
            raise _refused(FailureReason.TOO_LARGE, f"the scripts of {host} made a page of {what}")
        return str(found["html"])

    def _make_request_handler(self, **given: Any) -> Callable[[Route, BrowserRequest], Awaitable[None]]:
        """Return what decides each request of a page; scrapy-playwright routes them all through it."""
        name = given["context_name"]
        document: Response | None = self._documents.get(name)
        asked = 0

        async def handle(route: Route, request: BrowserRequest) -> None:
            nonlocal asked, document
            with contextlib.suppress(PlaywrightError):  # the page may be gone by now
                if document is not None and request.is_navigation_request():
                    # The first thing a page asks for is itself.
                    first, document = document, None
                    await route.fulfill(status=200, headers=_kept(first), body=first.body)
                    return
                asked += 1
                if asked > self._settings.page_requests or await self._refusal(request) is not None:
                    # Any other error would put the browser's own error page where a page's text was.
                    await route.abort("aborted")
                    return
                await route.continue_()

        return handle

    async def _refusal(self, request: BrowserRequest) -> str | None:
        """Return why one request of a page is not made: by its kind, or by the rules of its host."""
        navigation = request.is_navigation_request()
        reason = browser_rules.refusal(request.url, request.resource_type, navigation=navigation)
        if reason is not None:
            return reason
        slot = pace_of(request.url, self._crawl).slot
        if self._backoff.refusal(slot, Lane.PAGE) is not None:
            return "the host asked for patience"
        robots = self._robots()
        if robots is None:
            return None
        try:
            async with asyncio.timeout(ROBOTS_SECONDS):
                failure = await robots.refusal(request.url)
        except TimeoutError:
            return "the host's robots.txt could not be had in time"
        return None if failure is None else failure.detail

    def _answered(self, response: BrowserResponse) -> None:
        """Take in that a host asked for patience while a page was run."""
        if response.status in _PATIENCE:
            seconds = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            self._backoff.answered(pace_of(response.url, self._crawl).slot, Lane.PAGE, response.status, seconds)

    @property
    def _backoff(self) -> HostBackoff:
        backoff: HostBackoff = self._owner.spider.backoff  # type: ignore[union-attr]  # the one spider there is
        return backoff

    def _robots(self) -> Rfc9309RobotsMiddleware | None:
        engine = self._owner.engine
        assert engine is not None
        middlewares = engine.downloader.middleware.middlewares
        return next((part for part in middlewares if isinstance(part, Rfc9309RobotsMiddleware)), None)

    async def _watch(self) -> None:
        """End what takes too much memory; whose page it was fails by itself."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            greedy = browser_memory.to_kill(
                browser_memory.browser_processes(os.getpid()),
                page_memory=self._settings.page_memory,
                memory=self._settings.memory,
            )
            if greedy:
                sizes = ", ".join(f"{process.memory >> 20} MiB" for process in greedy)
                _log.warning("the browser took too much memory and is cut back: %s", sizes)
                browser_memory.kill(greedy)

    async def _finish(self, name: str) -> None:
        """Close a page's context, or the whole browser when that does not end or has served long enough."""
        given = self._passes.pop(name, None)
        self._documents.pop(name, None)
        if given is not None:
            self._proxy.revoke(given)
            for refused in given.refusals[:3]:
                _log.info("a page's script was refused a connection: %s", clean_line(refused))
        wrapper = self.context_wrappers.get(name)
        if wrapper is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await wrapper.context.close()
            except (PlaywrightError, TimeoutError):
                self.context_wrappers.pop(name, None)
                _log.warning("a page could not be closed; the browser is ended")
                browser_memory.kill(browser_memory.browser_processes(os.getpid()))
        if self._served >= self._settings.lifetime_pages and not self._active and hasattr(self, "browser"):
            self._served = 0
            with contextlib.suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.browser.close()

    async def close(self) -> None:
        """End the browser and its proxy."""
        await self._end()

    async def _end(self) -> None:
        """End browser, driver and proxy, by force where they do not end by themselves."""
        if not self._started:
            return
        self._started = False
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()
        except Exception as error:  # noqa: BLE001 - a driver that is gone raises anything; it is ended below
            _log.warning("the browser did not end by itself and is killed: %r", error)
        self.context_wrappers.clear()
        self.__dict__.pop("browser", None)
        browser_memory.kill(browser_memory.browser_processes(os.getpid()))
        await self._proxy.stop()


def _kept(document: Response) -> dict[str, str]:
    """Return the document's headers as the browser is told them; the body is plain and whole by now."""
    dropped = {"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie", "alt-svc",
               "content-disposition", "refresh"}  # fmt: skip
    headers = ((name.decode("latin-1"), values[-1].decode("latin-1")) for name, values in document.headers.items())
    return {name: value for name, value in headers if name.lower() not in dropped}


async def _close_at_once(page: Page) -> None:
    """Close a window that a page opened."""
    with contextlib.suppress(PlaywrightError):
        await page.close()


def _failed(error: PlaywrightError, host: str, settings: BrowserSettings) -> RefusedError:
    text = cut(clean_line(str(error).splitlines()[0] if str(error) else type(error).__name__), 200)
    if "launch" in text or "executable" in text.lower():
        return _refused(FailureReason.NO_BROWSER, f"{find_chromium(settings.chromium)} does not start: {text}")
    return _refused(FailureReason.EXTRACTION_CRASH, f"the page of {host} could not be run: {text}")


def _refused(reason: FailureReason, detail: str) -> RefusedError:
    return RefusedError(CrawlFailure(reason=reason, detail=detail))
