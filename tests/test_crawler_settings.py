"""What Scrapy leaves open by default is closed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from crawler.settings import CrawlerSettings, scrapy_settings

SETTINGS = CrawlerSettings(user_agent="Vigie/1.2 (+https://vigie.invalid)", source_ports=(8080,), max_body=1000)


@pytest.fixture
def scrapy() -> Settings:
    return Settings(scrapy_settings(SETTINGS))


@pytest.mark.parametrize(
    "name",
    [
        "TWISTED_REACTOR_ENABLED",
        "TELNETCONSOLE_ENABLED",
        "REMOTE_CONTROL_ENABLED",
        "COOKIES_ENABLED",
        "METAREFRESH_ENABLED",
        "RETRY_ENABLED",
        "HTTPCACHE_ENABLED",
        "HTTPPROXY_ENABLED",
        "MEMUSAGE_ENABLED",
    ],
)
def test_unsafe_default_is_off(scrapy: Settings, name: str) -> None:
    assert scrapy.getbool(name) is False


@pytest.mark.parametrize("name", ["ROBOTSTXT_OBEY", "DOWNLOAD_VERIFY_CERTIFICATES", "DOWNLOAD_FAIL_ON_DATALOSS"])
def test_safe_choice_is_on(scrapy: Settings, name: str) -> None:
    assert scrapy.getbool(name) is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCURRENT_ITEMS", 1),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 1),
        ("REDIRECT_MAX_TIMES", 5),
        ("DOWNLOAD_MAXSIZE", 1000),
        ("DOWNLOAD_TIMEOUT", 30.0),
        ("DOWNLOAD_DELAY", 2.0),
        ("REFERRER_POLICY", "no-referrer"),
        ("USER_AGENT", "Vigie/1.2 (+https://vigie.invalid)"),
        ("ROBOTSTXT_USER_AGENT", "Vigie"),
    ],
)
def test_limit_is_set(scrapy: Settings, name: str, value: Any) -> None:
    assert scrapy[name] == value


def test_only_web_schemes_have_a_handler_and_it_is_ours(scrapy: Settings) -> None:
    from crawler.handler import GuardedDownloadHandler

    handlers = {scheme: path for scheme, path in scrapy.getwithbase("DOWNLOAD_HANDLERS").items() if path}
    assert set(handlers) == {"http", "https"}
    assert {load_object(path) for path in handlers.values()} == {GuardedDownloadHandler}


def test_no_stock_component_slips_in(scrapy: Settings) -> None:
    assert scrapy.getwithbase("EXTENSIONS") == {}
    names = [str(name) for name in scrapy.getwithbase("DOWNLOADER_MIDDLEWARES")]
    assert sum(name.startswith("crawler.") for name in names) == 4
    for name in names:
        load_object(name)


def test_policy_allows_the_ports_of_sources() -> None:
    assert SETTINGS.policy.ports == {80, 443, 8080}
    with pytest.raises(ValueError, match="allow_cidrs"):
        _ = CrawlerSettings(user_agent="x", allow_cidrs=("no",)).policy


@pytest.mark.parametrize(
    ("agent", "token"), [("Vigie/1.2 (+x)", "Vigie"), ("Vigie (+x)", "Vigie"), ("Vigie", "Vigie"), ("", "vigie")]
)
def test_product_token_is_the_agents_name(agent: str, token: str) -> None:
    assert CrawlerSettings(user_agent=agent).product_token == token


def test_owner_loads_neither_scrapy_nor_trafilatura() -> None:
    code = "import sys, crawler.client; sys.exit(any(m in sys.modules for m in ('scrapy', 'twisted', 'trafilatura')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_reject_a_policy_that_cannot_be_read_before_a_process_starts() -> None:
    from crawler.client import CrawlerProcess

    with pytest.raises(ValueError, match="allow_cidrs"):
        CrawlerProcess(CrawlerSettings(user_agent="x", allow_cidrs=("300.0.0.0/8",)))
