"""What the crawler process is told of the configuration."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.browser import BrowserSettings
from crawler.settings import CrawlerSettings
from vigie.settings import Settings


def crawler_settings(settings: Settings) -> CrawlerSettings:
    """Return what the crawler process needs of the settings."""
    addresses = [source.url for source in settings.sources]
    addresses += [url for source in settings.sources for _, url in source.addresses]
    ports = {port for url in addresses if (port := urlsplit(url).port) is not None}
    return CrawlerSettings(
        user_agent=settings.user_agent,
        allow_cidrs=settings.allow_cidrs,
        proxy=settings.proxy,
        delay_seconds=None if settings.delay is None else settings.delay.total_seconds(),
        source_ports=tuple(sorted(ports)),
        browser=BrowserSettings(chromium=settings.chromium),
    )
