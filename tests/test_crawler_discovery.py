"""Where an outlet lists its articles: declared, linked, in robots.txt, or the address itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery import MAX_ADDRESSES, discover, usual_places
from crawler.listings import Listing
from storage.types import AddressKind, CrawlFailure, FailureReason, HomePage

HOME = "https://journal.example/"
PAGE = """<!doctype html><html lang="fr-ML"><head><title>Le Fleuve - l'actualité du Mali</title>
<link rel="alternate" type="application/rss+xml" title="À la une" href="/rss/une.xml">
<link rel="alternate" type="application/atom+xml; charset=utf-8" href="https://flux.journal.example/atom">
<link rel="alternate" type="application/feed+json" href="/feed.json">
<link rel="alternate" type="application/rss+xml" title="Le Fleuve » Commentaires" href="/comments/feed/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/7">
<link rel="alternate" hreflang="en" href="/en/"><link rel="stylesheet" type="text/css" href="/feed.css">
</head><body><a href="feed:https://journal.example/afrique/feed">Afrique</a><a href="/abonnement">Flux RSS</a>
<a href="javascript:rss()">RSS</a><a href="/nourriture/feeding">Nourrir</a>
<a href="/rss/une.xml">RSS</a></body></html>"""


def home(body: str | bytes, url: str = HOME) -> HomePage:
    found = discover(body if isinstance(body, bytes) else body.encode(), url)
    assert isinstance(found, Listing), found
    assert found.home is not None
    return found.home


def test_page_declares_its_feeds() -> None:
    found = home(PAGE)
    assert [(address.kind, address.url) for address in found.addresses] == [
        (AddressKind.FEED, "https://journal.example/rss/une.xml"),
        (AddressKind.FEED, "https://flux.journal.example/atom"),
        (AddressKind.FEED, "https://journal.example/feed.json"),
        (AddressKind.FEED, "https://journal.example/afrique/feed"),
        (AddressKind.FEED, "https://journal.example/abonnement"),
    ]
    assert (found.title, found.language, found.kind) == ("Le Fleuve", "fr", None)
    assert found.addresses[0].title == "À la une"


def test_name_of_the_site_wins_over_the_title() -> None:
    assert (
        home(PAGE.replace("</head>", "<meta property='og:site_name' content='Le Fleuve (Kayes)'></head>")).title
        == "Le Fleuve (Kayes)"
    )


def test_base_address_counts() -> None:
    found = home(PAGE.replace("<head>", "<head><base href='https://www.journal.example/fr/'>"))
    assert found.addresses[0].url == "https://www.journal.example/rss/une.xml"


def test_robots_names_sitemaps() -> None:
    robots = b"User-agent: *\nDisallow: /x\nSitemap: https://journal.example/a.xml\r\nsitemap:/b.xml # c\nSITEMAP : file:///etc\nSitemap:\n"
    found = home(robots, f"{HOME}robots.txt")
    assert [(address.kind, address.url) for address in found.addresses] == [
        (AddressKind.SITEMAP, "https://journal.example/a.xml"),
        (AddressKind.SITEMAP, "https://journal.example/b.xml"),
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<rss version='2.0'><channel><item><title>T</title><link>/a</link></item></channel></rss>", AddressKind.FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/a"}]}', AddressKind.FEED),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", AddressKind.SITEMAP),
        (b"<sitemapindex/>", AddressKind.SITEMAP),
        (PAGE.encode(), None),
    ],
)
def test_address_may_be_the_list_itself(body: bytes, kind: AddressKind | None) -> None:
    assert home(body).kind is kind


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", FailureReason.NOT_A_FEED),
        (b"%PDF", FailureReason.NOT_A_FEED),
        (b"<rss version='2.0'><channel/></rss>", FailureReason.EMPTY_FEED),
    ],
)
def test_what_leads_nowhere_is_named(body: bytes, reason: FailureReason) -> None:
    found = discover(body, HOME)
    assert isinstance(found, CrawlFailure)
    assert found.reason is reason


def test_many_addresses_are_bounded() -> None:
    links = "".join(f"<a href='/rss/{n}'>RSS</a>" for n in range(10_000))
    assert len(home(f"<html><body>{links}").addresses) == MAX_ADDRESSES


def test_usual_places_stay_on_the_host() -> None:
    places = usual_places("https://journal.example/fr/afrique/")
    assert all(place.url.startswith("https://journal.example/") for place in places)
    assert len({place.url for place in places}) == len(places)


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from([HOME, f"{HOME}robots.txt"]))
def test_any_text_is_answered(text: str, url: str) -> None:
    discover(b"<html><a href=" + text.encode("utf-8", "replace"), url)
    discover(b"Sitemap: " + text.encode("utf-8", "replace"), url)
