"""What the whole service makes of a hostile press: what is whole is kept, what is broken is asked for again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from scheduler.service import Service
from tests import hostile_bodies as bodies
from tests.hostile import HostilePress
from tests.world import World
from vigie.running import service_settings
from vigie.settings import parse_settings

#: page of the hostile press → what the archive is to say of it
PAGES = {"article": None, "cut-chunk": "truncated", "gzip-bomb": "too_large", "attributes": "extraction_timeout"}


@pytest.fixture
def press(tmp_path: Path) -> Iterator[HostilePress]:
    folder = tmp_path / "press"
    folder.mkdir()
    with HostilePress(folder) as press:
        yield press


async def test_only_what_came_whole_is_kept(
    press: HostilePress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {name: press.url(f"/{name}") for name in PAGES}

    async def feed(_request: web.Request) -> web.Response:
        items = "".join(
            f"<item><title>Titre de {name}</title><link>{url}</link></item>" for name, url in addresses.items()
        )
        return web.Response(body=bodies.feed(items), content_type="application/rss+xml")

    with World() as world:
        world.outlets[0].fault = feed
        text = world.configuration(tmp_path, port=1).read_text("utf-8")
        settings = service_settings(parse_settings(text, tmp_path / "vigie.toml", tmp_path))
        hurried = replace(settings.crawler, quick_seconds=1.0, extraction_seconds=2.0)
        async with Service(replace(settings, crawler=hurried)) as service:
            done = await service.run_once()
    assert (done.crawl.pages, done.crawl.page_failures) == (len(PAGES), len(PAGES) - 1)
    rows = _rows(settings.data_dir)
    now = datetime.now(UTC)
    for name, reason in PAGES.items():
        row = rows[addresses[name]]
        assert row["failure"] == reason
        assert (bodies.TOKEN in (row["text"] or "")) is (name == "article")
        assert bool(row["partial"]) is (name != "article")
    waits = {
        name: datetime.fromisoformat(rows[addresses[name]]["next_attempt_at"]) - now
        for name in PAGES
        if name != "article"
    }
    # What broke off is asked for again soon; what hurt is left alone for half an hour.
    assert waits["cut-chunk"] < timedelta(minutes=2)
    assert timedelta(minutes=25) < waits["attributes"] < timedelta(minutes=35)
    assert timedelta(minutes=25) < waits["gzip-bomb"] < timedelta(minutes=35)


def _rows(folder: Path) -> dict[str, dict[str, Any]]:
    database = sqlite3.connect(folder / "vigie.db")
    database.row_factory = sqlite3.Row
    found = database.execute(
        "SELECT entry.url, entry.failure, next_attempt_at, partial, body AS text FROM entry"
        " LEFT JOIN article ON article.id = entry.article_id LEFT JOIN revision ON revision.article_id = article.id"
    ).fetchall()
    database.close()
    return {row["url"]: dict(row) for row in found}
