"""The built-in catalogue keeps its form."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from urllib.parse import urlsplit

from crawler.catalogue import catalogue

KEYS = {
    "id", "name", "tier", "url", "country", "language", "state_affiliation", "feeds", "sitemaps", "sections", "poll",
    "full_text",
}  # fmt: skip


def test_every_source_is_named_once() -> None:
    sources = catalogue()
    assert len(sources) == 85
    assert len({source.id for source in sources}) == len(sources)
    assert all(source.name and source.enabled for source in sources)


def test_addresses_are_web_addresses_and_no_feed_is_read_twice() -> None:
    sources = catalogue()
    feeds = [feed for source in sources for feed in source.feeds]
    assert len(feeds) == len(set(feeds))
    for source in sources:
        for url in (source.url, *source.feeds, *source.sitemaps, *source.sections):
            parts = urlsplit(url)
            assert parts.scheme in {"http", "https"}, url
            assert parts.hostname, url
            assert parts.username is None, url
        assert source.feeds or source.sitemaps or source.sections, source.id


def test_facts_use_the_codes_that_signals_use() -> None:
    for source in catalogue():
        assert source.language in {"fr", "en"}, source.id
        assert source.country is not None
        assert source.country == "UN" or (len(source.country) == 3 and source.country.isupper()), source.id
        assert timedelta(minutes=5) <= source.poll <= timedelta(hours=6), source.id


def test_publishers_that_reserve_text_mining_are_kept_to_an_extract() -> None:
    kept = {source.id for source in catalogue() if not source.full_text}
    assert {"rfi", "france24", "lefigaro", "ouest-france", "franceinfo"} <= kept


def test_the_file_has_no_unknown_key_and_runs_by_importance() -> None:
    tables = tomllib.loads(files("crawler").joinpath("catalogue.toml").read_text(encoding="utf-8"))["source"]
    for table in tables:
        assert set(table) <= KEYS, table["id"]
    tiers = [table["tier"] for table in tables]
    assert set(tiers) == {1, 2, 3}
