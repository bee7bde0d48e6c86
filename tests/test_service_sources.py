"""Source kinds, moved sites and dead addresses, through the whole service."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from tests.test_service_once import ACTS, TITLE, WEATHER
from tests.world import World, exported, free_port, vigie

NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as press:
        press.outlets[0].publish("le-fleuve-est-haut-a-mopti", "Le fleuve est haut à Mopti", WEATHER)
        yield press


def once(config: Path) -> None:
    result = vigie("-c", config, "run", "--once")
    assert result.returncode in {0, 1}, result.stderr


def without_feed(config: Path, addresses: str) -> None:
    lines = config.read_text("utf-8").splitlines()
    text = "\n".join(addresses if line.startswith("feeds = ") else line for line in lines)
    config.write_text(text, encoding="utf-8")


def test_sitemap_index_and_section_page_bring_their_articles(world: World, tmp_path: Path) -> None:
    outlet = world.outlets[0]
    outlet.publish("paris-gele-sa-cooperation-avec-bamako", TITLE, ACTS, datetime.now(UTC))
    now = datetime.now(UTC).isoformat()
    child = (
        f'<urlset xmlns="{MAP}" xmlns:news="{NEWS}"><url><loc>{outlet.base}/le-fleuve-est-haut-a-mopti.html</loc>'
        f"<news:news><news:publication_date>{now}</news:publication_date>"
        "<news:title>Le fleuve est haut à Mopti</news:title>"
        "</news:news></url></urlset>"
    )
    outlet.files["/news.xml.gz"] = gzip.compress(child.encode())
    outlet.files["/index.xml"] = (
        f'<sitemapindex xmlns="{MAP}"><sitemap><loc>{outlet.base}/news.xml.gz</loc></sitemap></sitemapindex>'.encode()
    )
    outlet.files["/afrique/"] = (
        "<html><body><nav><a href='/qui-sommes-nous-et-que-voulons-nous.html'>Qui sommes-nous ?</a></nav>"
        f"<h2><a href='/paris-gele-sa-cooperation-avec-bamako.html'>{TITLE}</a></h2></body></html>"
    )
    config = world.configuration(tmp_path, port=free_port())
    without_feed(config, f'sitemaps = ["{outlet.base}/index.xml"]\nsections = ["{outlet.base}/afrique/"]')
    once(config)
    assert {article["title"] for article in exported(config, "articles")} == {TITLE, "Le fleuve est haut à Mopti"}
    assert len(world.events) == 1
    assert "/qui-sommes-nous-et-que-voulons-nous.html" not in outlet.requests


def test_site_that_moves_all_its_pages_alerts_nobody_again(world: World, tmp_path: Path) -> None:
    outlet = world.outlets[0]
    for number in range(6):
        outlet.publish(
            f"jour-{number}", f"La session de l’Assemblée, au jour numéro {number}", [*WEATHER, f"Le {number}."]
        )
    outlet.publish("suspension", TITLE, ACTS, datetime.now(UTC))
    config = world.configuration(tmp_path, port=free_port())
    once(config)
    assert len(world.events) == 1
    before = len(exported(config, "articles"))
    outlet.published = {f"cms-{slug}": moment for slug, moment in outlet.published.items()}
    outlet.pages = {f"cms-{slug}": page for slug, page in outlet.pages.items()}
    outlet.requests.clear()
    once(config)
    assert len(world.events) == 1
    assert len(exported(config, "articles")) == before
    assert not [path for path in outlet.requests if path.startswith("/cms-")]


def test_feed_that_moved_for_good_is_asked_at_its_new_place(world: World, tmp_path: Path) -> None:
    outlet = world.outlets[0]
    config = world.configuration(tmp_path, port=free_port())
    text = config.read_text("utf-8")

    async def moved(_request: web.Request) -> web.StreamResponse:
        outlet.files["/rss.xml"] = outlet.feed().encode()
        raise web.HTTPMovedPermanently("/rss.xml")

    outlet.fault = moved
    for _ in range(2):
        once(config)
    assert outlet.requests.count("/feed.xml") == 2
    once(config)
    assert outlet.requests.count("/feed.xml") == 2
    assert outlet.requests.count("/rss.xml") == 3
    assert config.read_text("utf-8") == text, "the configuration is never rewritten"


@pytest.mark.parametrize(("status", "asked"), [(302, 3), (410, 1)])
def test_temporary_redirect_is_followed_each_time_and_a_gone_feed_is_left_alone(
    world: World, tmp_path: Path, status: int, asked: int
) -> None:
    outlet = world.outlets[0]

    async def answer(_request: web.Request) -> web.StreamResponse:
        outlet.files["/rss.xml"] = outlet.feed().encode()
        return web.Response(status=status, headers={"Location": "/rss.xml"} if status == 302 else {})

    outlet.fault = answer
    config = world.configuration(tmp_path, port=free_port())
    for _ in range(3):
        once(config)
    assert outlet.requests.count("/feed.xml") == asked
