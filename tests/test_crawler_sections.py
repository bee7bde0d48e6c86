"""Section pages: which links are articles, what is learnt, what hostile pages may do."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.listings import Listing
from crawler.sections import MAX_LINKS, MAX_SHAPES, looks_like_article, read_section, shape
from storage.types import CrawlFailure, FailureReason

URL = "https://journal.example/afrique/"
ARTICLES = [
    ("/afrique/bamako-ferme-deux-postes-frontieres", "Bamako ferme deux postes frontières"),
    ("/afrique/la-france-rappelle-son-ambassadeur", "La France rappelle son ambassadeur"),
    ("/afrique/le-premier-ministre-en-visite-a-kayes", "Le Premier ministre en visite à Kayes"),
]


def card(href: str, title: str, kind: str = "card") -> str:
    return f'<article class="{kind}"><h2><a href="{href}">{title}</a></h2><a href="{href}">Lire la suite</a></article>'


def page(content: str, head: str = "") -> bytes:
    return (
        f"<!doctype html><html lang='fr'><head><title>Afrique</title>{head}</head><body>"
        "<nav><a href='/une-rubrique-avec-quatre-mots'>Une rubrique avec quatre mots</a></nav>"
        f"<main>{content}</main>"
        "<div class='box related'><a href='/afrique/un-ancien-article-en-rapport'>Un ancien article</a></div>"
        "<footer><a href='/mentions-legales-et-conditions-generales'>Mentions légales et conditions</a></footer>"
        "</body></html>"
    ).encode()


def read(body: bytes, learnt: str | None = None, url: str = URL) -> Listing:
    found = read_section(body, url, learnt=learnt)
    assert not isinstance(found, CrawlFailure), found
    return found


def paths(listing: Listing) -> list[str]:
    return [urlsplit(entry.url).path for entry in listing.entries]


def reason(body: bytes, **more: str) -> FailureReason:
    found = read_section(body, URL, **more)
    assert isinstance(found, CrawlFailure)
    return found.reason


def test_articles_are_found_and_the_furniture_is_not() -> None:
    found = read(page("".join(card(*article) for article in ARTICLES)))
    assert paths(found) == [path for path, _ in ARTICLES]
    assert [entry.title for entry in found.entries] == [title for _, title in ARTICLES]


@pytest.mark.parametrize(
    "href",
    [
        "/afrique/20261127-mali-un-titre",
        "/2026/11/27/crise-diplomatique/",
        "/afrique/mali-la-rupture-123456.html",
        "/afrique/article/2026/11/27/mali-paris-la-rupture-est-consommee_6123456_3212.html",
        "/actualites/le-mali-expulse-l-ambassadeur.php",
        "/la-france-et-le-mali-au-bord-de-la-rupture",
    ],
)
def test_addresses_of_articles(href: str) -> None:
    assert looks_like_article(f"https://journal.example{href}")


@pytest.mark.parametrize(
    "href",
    ["/", "/afrique/", "/2031/05/12/", "/agenda/2031/05", "/tag/mali", "/auteur/awa-diarra", "/page/2",
     "/qui-sommes-nous", "/category/la-vie-des-gens-d-ici", "/?s=mali", "/compte/login", "/video/12345",
     "/tf1-info/redaction/awa-diarra-10105/", "/tf1-info/redaction/la-redaction-de-tf1-info-10034/",
     "/actualite/moussa-traore-10150/", "/emission/le-grand-debat-du-soir-13060"],
)  # fmt: skip
def test_addresses_of_other_pages(href: str) -> None:
    assert not looks_like_article(f"https://journal.example{href}")


def test_headline_beside_articles_is_one_though_its_address_is_short() -> None:
    short = ("/afrique/edito", "Ce que la rupture change pour le Mali")
    found = read(page("".join(card(*article) for article in [*ARTICLES, short])))
    assert short[0] in paths(found)
    elsewhere = read(page("".join(card(*article) for article in ARTICLES) + f"<p><a href='/edito'>{short[1]}</a></p>"))
    assert "/edito" not in paths(elsewhere)


def test_learnt_shape_finds_articles_where_the_page_shows_too_few() -> None:
    form = [(f"/afrique/mali-visite-{number}", f"Une visite de plus à Bamako, la {number}e") for number in range(3)]
    first = read(page("".join(card(*article) for article in ARTICLES)))
    assert json.loads(first.learnt or "")["shapes"] == {"/*/slug": 3}
    weak = page(card("/afrique/mali-paris", "Entre Bamako et Paris, la rupture", "lone"))
    assert reason(weak) is FailureReason.EMPTY_FEED
    taught = json.dumps({"shapes": {"/*/name": 3}})
    assert paths(read(weak, taught)) == ["/afrique/mali-paris"]
    assert len(read(page("".join(card(*article) for article in [*ARTICLES, *form]))).entries) == 6


@pytest.mark.parametrize("learnt", ["", "[]", "{}", "null", '{"shapes": 3}', '{"shapes": {"a": "x"}}', "{", "x" * 99])
def test_what_was_learnt_may_be_anything(learnt: str) -> None:
    assert read(page("".join(card(*article) for article in ARTICLES)), learnt).entries


def test_other_sites_files_and_pages_of_the_list_are_left_out() -> None:
    others = [
        "https://ailleurs.org/afrique/bamako-ferme-deux-postes", "/afrique/rapport-annuel-de-la-mission.pdf",
        "/afrique/?page=2", "/afrique/#suite-de-la-page-ici", "mailto:une-adresse-a-quatre-mots@journal.example",
        "javascript:ouvre('le-titre-a-quatre-mots')", "/photos/bamako-la-grande-mosquee-hier.jpg",
    ]  # fmt: skip
    found = read(
        page(
            "".join(card(*article) for article in [*ARTICLES, *((href, "Un titre assez long ici") for href in others)])
        )
    )
    assert paths(found) == [path for path, _ in ARTICLES]


def test_robots_are_obeyed() -> None:
    cards = "".join(card(*article) for article in ARTICLES)
    assert reason(page(cards, "<meta name='robots' content='noindex, NOFOLLOW'>")) is FailureReason.ROBOTS
    assert reason(page(cards, "<meta name='robots' content='none'>")) is FailureReason.ROBOTS
    assert reason(page(cards), robots_tag="googlebot: nofollow") is FailureReason.ROBOTS
    assert read(page(cards, "<meta name='robots' content='max-image-preview:large, follow'>")).entries
    marked = f"<h2><a rel='sponsored nofollow' href='{ARTICLES[0][0]}'>{ARTICLES[0][1]}</a></h2>"
    assert reason(page(marked)) is FailureReason.EMPTY_FEED


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", FailureReason.NOT_A_FEED),
        (b'{"error": 1}', FailureReason.NOT_A_FEED),
        (b"%PDF-1.7", FailureReason.NOT_A_FEED),
        (b"<html><body><p>Bonjour</p></body></html>", FailureReason.EMPTY_FEED),
    ],
)
def test_what_is_no_section_is_named(body: bytes, expected: FailureReason) -> None:
    assert reason(body) is expected


def test_endless_calendar_and_session_ids_stay_few() -> None:
    days = "".join(f"<a href='/agenda/2031/{m:02}/{d:02}/'>Le {d}</a>" for m in range(1, 13) for d in range(1, 29))
    assert reason(page(days)) is FailureReason.EMPTY_FEED
    links = "".join(card(f"{ARTICLES[0][0]}?PHPSESSID={n:032}", ARTICLES[0][1]) for n in range(500))
    links += "".join(card(f"{ARTICLES[1][0]};jsessionid={n:032}", ARTICLES[1][1]) for n in range(500))
    assert len(read(page(links)).entries) == 2


def test_hundred_thousand_links_are_bounded_in_number_and_time() -> None:
    body = page(
        "".join(f"<a href='/afrique/un-titre-assez-long-{n}'>Un titre assez long, {n}</a>" for n in range(100_000))
    )
    start = time.monotonic()
    assert len(read(body).entries) == MAX_LINKS
    assert time.monotonic() - start < 10


def test_deep_nesting_is_survived() -> None:
    read_section(b"<html><body>" + b"<div>" * 50_000 + b"<a href='/a/un-titre-de-quatre-mots'>x</a>", URL)


def test_base_address_counts() -> None:
    cards = "".join(card(path.lstrip("/"), title) for path, title in ARTICLES)
    found = read(page(cards, "<base href='https://www.journal.example/fr/'>"))
    assert {urlsplit(entry.url).netloc for entry in found.entries} == {"www.journal.example"}
    assert paths(found)[0].startswith("/fr/afrique/")


SEGMENTS = st.text("abé0129-_.%", min_size=1, max_size=20)


@given(st.lists(SEGMENTS, max_size=6))
def test_shape_of_any_address_is_short_and_shows_no_words(segments: list[str]) -> None:
    form = shape("https://journal.example/" + "/".join(segments))
    assert form is None or not any(character in form for character in "é%_")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.lists(SEGMENTS, min_size=1, max_size=4), st.text(max_size=40)), max_size=25),
    st.text(max_size=30),
)
def test_choice_is_bounded_stable_and_within_the_site(links: list[tuple[list[str], str]], junk: str) -> None:
    content = "".join(f'<a href="/{"/".join(path)}">{words.replace("<", "")}</a>' for path, words in links)
    found = read_section(page(content + junk), URL)
    if isinstance(found, CrawlFailure):
        return
    assert len(found.entries) <= MAX_LINKS
    assert all(urlsplit(entry.url).hostname == "journal.example" for entry in found.entries)
    assert len(json.loads(found.learnt or "")["shapes"]) <= MAX_SHAPES
    again = read_section(page(content + junk), URL, learnt=found.learnt)
    assert isinstance(again, Listing)
    assert {entry.url for entry in found.entries} <= {entry.url for entry in again.entries}


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_answered(junk: bytes) -> None:
    read_section(b"<html>" + junk, URL)


CARDS = "".join(card(*article) for article in ARTICLES)


@pytest.mark.parametrize(
    "content",
    [
        "".join(card(*article, kind="post-1 type-post category-afrique tag-mali hentry") for article in ARTICLES),
        f"<div class='elementor-widget-container'><div class='posts tag-page'>{CARDS}</div></div>",
        f"<div id='content' class='has-sidebar'>{CARDS}</div>",
        f"<div class='page-with-sidebar'>{CARDS}</div>",
        f"<nav class='menu'><a href='/a-propos-de-nous-et-vous'>À propos de nous<main>{CARDS}</main>",
    ],
    ids=["wordpress", "elementor", "sidebar", "whole page named", "menu never closed"],
)
def test_themes_that_name_things_badly_hide_no_article(content: str) -> None:
    assert paths(read(page(content))) == [path for path, _ in ARTICLES]
