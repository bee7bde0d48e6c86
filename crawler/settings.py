"""What the crawler process is told once, at its start, and how that becomes Scrapy's settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from crawler.browser import BrowserSettings
from storage.egress import EgressPolicy
from storage.types import HostHold

#: seconds between two requests to one public host
DEFAULT_DELAY = 2.0
#: where the owner shows its canary
CANARY_HOST = "127.0.0.1"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlerSettings:
    """How the crawler behaves towards the press; plain values, so that it crosses a process border."""

    #: name, version and contact address, such as ``Vigie/1.0 (+https://example.org/contact)``
    user_agent: str
    #: networks that may be called besides public addresses
    allow_cidrs: tuple[str, ...] = ()
    #: proxy for every request (``http://host:port``); it must refuse private destinations itself
    proxy: str | None = None
    #: seconds between two requests to a host; None: 2 for public hosts, none and four at once for literals in
    #: allow_cidrs; a number holds for every host
    delay_seconds: float | None = None
    #: ports that configured source addresses name, allowed besides 80 and 443
    source_ports: tuple[int, ...] = ()
    #: port of 127.0.0.1 that the owner holds for its canary: the one address of this machine that may be asked
    canary_port: int | None = None
    #: total seconds for one request, from name resolution to the last byte
    timeout_seconds: float = 30.0
    #: bytes of one answer, before and after decompression
    max_body: int = 16 * MEBIBYTE
    #: bytes of one page handed to extraction
    max_page: int = 5 * MEBIBYTE
    max_redirects: int = 5
    #: extraction processes
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    #: seconds of a processor that one page or feed may take to read before its process is killed
    extraction_seconds: float = 20.0
    #: seconds of a processor after which it makes room for others, to be read again one at a time
    quick_seconds: float = 3.0
    #: address space of one extraction process, in bytes
    worker_memory: int = 640 * MEBIBYTE
    #: orders worked on at once
    max_open_orders: int = 64
    #: seconds after which an order is answered with what went wrong
    order_seconds: float = 140.0
    #: seconds between two signs of life towards the owner
    heartbeat_seconds: float = 5.0
    #: how far pages that need their scripts run may go; see :mod:`crawler.browser`
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    #: hosts that asked for patience before this process was started
    holds: tuple[HostHold, ...] = ()

    @property
    def policy(self) -> EgressPolicy:
        """What the crawler may connect to.

        Raises:
            ValueError: a network or a port cannot be read.
        """
        return EgressPolicy(
            allow_cidrs=self.allow_cidrs,
            ports=frozenset({80, 443, *self.source_ports}),
            exact=frozenset() if self.canary_port is None else frozenset({(CANARY_HOST, self.canary_port)}),
        )

    def is_canary(self, url: str) -> bool:
        """Whether an address is that of the owner's canary, which no proxy could reach."""
        return self.canary_port is not None and url.startswith(f"http://{CANARY_HOST}:{self.canary_port}/")

    @property
    def product_token(self) -> str:
        """The name robots.txt files know the crawler by (RFC 9309 section 2.2.1)."""
        return self.user_agent.split("/", 1)[0].split(" ", 1)[0].strip() or "vigie"


def scrapy_settings(settings: CrawlerSettings) -> dict[str, Any]:
    """Return the complete Scrapy settings; what Scrapy leaves open by default is closed here."""
    return {
        "VIGIE": settings,
        **_process(),
        **_fetching(settings),
        **_middlewares(),
    }


def browser_settings(settings: CrawlerSettings) -> dict[str, Any]:
    """Return the settings of the crawler that runs pages' scripts; scrapy-playwright needs a Twisted reactor."""
    handler = "crawler.browser_handler.BrowserDownloadHandler"
    return {
        **scrapy_settings(settings),
        "TWISTED_REACTOR_ENABLED": True,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        # Not left to CONCURRENT_REQUESTS, whose 0 (no bound) would mean no page at all here.
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
    }


def _process() -> dict[str, Any]:
    """One asyncio crawler without a Twisted reactor, remote doors or background bookkeeping."""
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        "STATS_DUMP": False,
        "DOWNLOADER_STATS": False,
        "EXTENSIONS_BASE": {},
        "EXTENSIONS": {},
        "ITEM_PIPELINES": {},
        "FEEDS": {},
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        # One task a response instead of a hundred: callbacks yield nothing.
        "CONCURRENT_ITEMS": 1,
        # Open orders are bounded by the order book; a bound here would let one slow host starve others.
        "CONCURRENT_REQUESTS": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 64 * MEBIBYTE,
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
    }


def _fetching(settings: CrawlerSettings) -> dict[str, Any]:
    """Polite, bounded and verified requests."""
    delay = DEFAULT_DELAY if settings.delay_seconds is None else settings.delay_seconds
    handler = "crawler.handler.GuardedDownloadHandler"
    return {
        "USER_AGENT": settings.user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,*/*;q=0.5"
        },
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": settings.product_token,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "DOWNLOAD_TIMEOUT": settings.timeout_seconds,
        "DOWNLOAD_MAXSIZE": settings.max_body,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS_BASE": {},
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "COMPRESSION_ENABLED": True,
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": True,
        "REDIRECT_MAX_TIMES": settings.max_redirects,
        "METAREFRESH_ENABLED": False,
        "REFERER_ENABLED": True,
        "REFERRER_POLICY": "no-referrer",
        # The owner repeats what is worth repeating, at its own pace.
        "RETRY_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        # A proxy comes from the settings, never from the environment.
        "HTTPPROXY_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "URLLENGTH_LIMIT": 0,
    }


def _middlewares() -> dict[str, Any]:
    own = "crawler.middlewares"
    stock = "scrapy.downloadermiddlewares"
    return {
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "crawler.robots.Rfc9309RobotsMiddleware": 100,
            f"{stock}.downloadtimeout.DownloadTimeoutMiddleware": 350,
            f"{stock}.defaultheaders.DefaultHeadersMiddleware": 400,
            f"{stock}.useragent.UserAgentMiddleware": 500,
            f"{own}.StrictCompressionMiddleware": 590,
            f"{own}.StrictRedirectMiddleware": 600,
            f"{own}.PaceMiddleware": 800,
        },
        "DOWNLOADER_MIDDLEWARES": {},
        "SPIDER_MIDDLEWARES_BASE": {
            "scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25,
            "scrapy.spidermiddlewares.referer.RefererMiddleware": 700,
        },
        "SPIDER_MIDDLEWARES": {},
    }
