"""What ``sources add`` tries and keeps, against a crawler of canned answers: orders in, results out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.types import (
    AddressKind,
    CrawlFailure,
    FailureReason,
    FeedEntry,
    FetchOrder,
    FetchResult,
    HomePage,
    NamedAddress,
    PollOrder,
    PollResult,
)
from vigie.adding import MAX_KEPT, PREVIEW, _propose, section_of
from vigie.errors import VigieError
from vigie.settings import parse_settings

HOME = "https://journal.example/"
SETTINGS = parse_settings("", None, Path())


@dataclass
class Canned:
    """Answers polls from a table; what is not in it is not found."""

    homes: Mapping[str, HomePage]
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def poll(self, order: PollOrder) -> PollResult:
        self.asked.append(order.url)
        answer = PollResult(order_id=order.id, source_id="", url=order.url)
        if order.kind is AddressKind.HOME and order.url in self.homes:
            return PollResult(order_id=order.id, source_id="", url=order.url, home=self.homes[order.url])
        if order.kind is not AddressKind.HOME and order.url in self.lists:
            entries = tuple(FeedEntry(url=f"{HOME}{name}", title=name) for name in self.lists[order.url])
            return PollResult(order_id=order.id, source_id="", url=order.url, entries=entries)
        failure = CrawlFailure(reason=FailureReason.NOT_FOUND, detail="has no such page")
        return PollResult(order_id=answer.order_id, source_id="", url=answer.url, failure=failure)

    async def fetch(self, order: FetchOrder) -> FetchResult:
        failure = CrawlFailure(reason=FailureReason.PAYWALL, detail="only a teaser")
        return FetchResult(order_id=order.id, source_id="", url=order.url, failure=failure)


def feed(name: str) -> NamedAddress:
    return NamedAddress(kind=AddressKind.FEED, url=f"{HOME}{name}.xml")


async def test_no_more_feeds_are_tried_than_are_kept_and_twins_are_left_out() -> None:
    names = ["a", "twin", "b", "c", "d", "e"]
    lists = {f"{HOME}{name}.xml": (f"{name}1", f"{name}2") for name in names} | {f"{HOME}twin.xml": ("a1",)}
    crawler = Canned({HOME: HomePage(title="Journal", language="fr", addresses=tuple(map(feed, names)))}, lists)
    found = await _propose(crawler, SETTINGS, HOME, None, None, None)
    assert found.source.feeds == tuple(f"{HOME}{name}.xml" for name in ("a", "b", "c"))
    assert len(found.source.feeds) == MAX_KEPT
    assert f"{HOME}d.xml" not in crawler.asked
    assert [preview.url for preview in found.preview] == [f"{HOME}{name}" for name in ("a1", "b1", "c1", "a2", "b2")]
    assert len(found.preview) == PREVIEW
    assert found.preview[0].failure == "paywall: only a teaser"
    assert (found.source.id, found.source.name, found.source.language) == ("journal", "Journal", "fr")


async def test_sitemaps_of_robots_stand_beside_feeds() -> None:
    robots = HomePage(addresses=(NamedAddress(kind=AddressKind.SITEMAP, url=f"{HOME}news"),))
    lists = {f"{HOME}a.xml": ("a1",), f"{HOME}news": ("a1", "n1")}
    crawler = Canned({HOME: HomePage(addresses=(feed("a"),)), f"{HOME}robots.txt": robots}, lists)
    found = await _propose(crawler, SETTINGS, HOME, None, "mine", "Le mien")
    assert (found.source.feeds, found.source.sitemaps) == ((f"{HOME}a.xml",), (f"{HOME}news",))
    assert (found.source.id, found.source.name, found.guessed) == ("mine", "Le mien", False)


async def test_conventions_come_last_and_one_is_enough() -> None:
    crawler = Canned({HOME: HomePage()}, {f"{HOME}rss": ("a1",), f"{HOME}rss.xml": ("a1",)})
    found = await _propose(crawler, SETTINGS, HOME, None, None, None)
    assert (found.source.feeds, found.guessed) == ((f"{HOME}rss",), True)
    assert crawler.asked == [HOME, f"{HOME}robots.txt", HOME, f"{HOME}feed/", f"{HOME}rss"]


async def test_what_was_said_to_be_a_section_is_asked_as_one() -> None:
    crawler = Canned({}, {f"{HOME}afrique/": ("a1",)})
    found = await _propose(crawler, SETTINGS, f"{HOME}afrique/", AddressKind.SECTION, None, None)
    assert (found.source.sections, found.source.url) == ((f"{HOME}afrique/",), HOME)
    assert crawler.asked == [f"{HOME}afrique/"]


SECTION = f"{HOME}afrique/"
ROBOTS = HomePage(addresses=(NamedAddress(kind=AddressKind.SITEMAP, url=f"{HOME}news"),))


@pytest.mark.parametrize("own", [f"{HOME}rss/afrique.xml", f"{HOME}afrique/feed/", f"{HOME}?format=feed&id=afrique"])
async def test_a_section_is_offered_by_its_own_feed_before_those_of_the_site(own: str) -> None:
    named = (feed("all"), NamedAddress(kind=AddressKind.FEED, url=own))
    lists = {f"{HOME}all.xml": ("a1", "z1"), own: ("a1",), f"{HOME}news": ("n1",), SECTION: ("a1",)}
    crawler = Canned({SECTION: HomePage(addresses=named), f"{HOME}robots.txt": ROBOTS}, lists)
    found = await _propose(crawler, SETTINGS, SECTION, None, None, None)
    assert (found.source.feeds, found.source.sitemaps, found.source.sections) == ((own,), (), ())


async def test_a_section_without_a_feed_is_offered_itself_and_the_site_only_when_it_lists_nothing() -> None:
    homes = {SECTION: HomePage(addresses=(feed("all"), feed("africa-afriques"))), f"{HOME}robots.txt": ROBOTS}
    lists = {f"{HOME}all.xml": ("z1",), f"{HOME}news": ("n1",)}
    found = await _propose(Canned(homes, {**lists, SECTION: ("a1",)}), SETTINGS, SECTION, None, None, None)
    assert (found.source.feeds, found.source.sitemaps, found.source.sections) == ((), (), (SECTION,))
    crawler = Canned(homes, lists)
    found = await _propose(crawler, SETTINGS, SECTION, None, None, None)
    assert (found.source.feeds, found.source.sitemaps) == ((f"{HOME}all.xml",), (f"{HOME}news",))
    assert crawler.asked.count(SECTION) == 2, "as a home page, and as a section, once each"


@pytest.mark.parametrize(
    ("path", "section"),
    [("", None), ("fr/", None), ("index.html", None), ("fr/accueil", None), ("afrique", "afrique"),
     ("fr/Monde.html", "monde"), ("a/politique-africaine/", "politique-africaine")],
)  # fmt: skip
def test_a_home_page_is_no_section(path: str, section: str | None) -> None:
    assert section_of(f"{HOME}{path}") == section


async def test_outlet_that_lists_nothing_is_refused_with_what_was_tried() -> None:
    with pytest.raises(VigieError, match=r"names no feed.*feed/: has no such page"):
        await _propose(Canned({HOME: HomePage()}), SETTINGS, HOME, None, None, None)
    with pytest.raises(VigieError, match="cannot be read: has no such page"):
        await _propose(Canned({}), SETTINGS, HOME, None, None, None)
