"""Sitemaps: what counts as news in them, and what hostile ones may do."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.listings import ChildSitemap, Listing
from crawler.sitemaps import MAX_ENTRIES, MAX_REMEMBERED, children_to_read, is_sitemap, read_sitemap
from storage.types import CrawlFailure, FailureReason

URL = "https://journal.example/sitemaps/news.xml"
NOW = datetime(2025, 9, 19, 12, tzinfo=UTC)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)
PLAIN = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'


def news(slug: str, title: str, published: datetime | str, more: str = "") -> str:
    stamp = published if isinstance(published, str) else published.isoformat()
    return (
        f"<url><loc>https://journal.example/{slug}</loc><news:news><news:publication><news:name>J</news:name>"
        f"<news:language>fr</news:language></news:publication><news:publication_date>{stamp}</news:publication_date>"
        f"<news:title>{title}</news:title></news:news>{more}</url>"
    )


def located(slug: str, lastmod: str = "") -> str:
    stamp = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>https://journal.example/{slug}</loc>{stamp}</url>"


def read(text: str | bytes, learnt: str | None = None, now: datetime = NOW) -> Listing:
    body = text if isinstance(text, bytes) else text.encode()
    found = read_sitemap(body, URL, now=now, learnt=learnt)
    assert not isinstance(found, CrawlFailure), found
    return found


def reason(body: bytes) -> FailureReason:
    found = read_sitemap(body, URL, now=NOW)
    assert isinstance(found, CrawlFailure)
    assert found.detail
    return found.reason


def slugs(listing: Listing) -> list[str]:
    return [entry.url.removeprefix("https://journal.example/") for entry in listing.entries]


def test_news_sitemap_gives_title_and_date_of_the_last_two_days() -> None:
    image = "<image:image><image:loc>https://journal.example/i.jpg</image:loc><image:title>Photo</image:title></image:image>"
    text = (
        HEAD
        + news("vieux", "Ancien", NOW - timedelta(hours=49))
        + news("hier", "Bamako &amp; Paris &lt;b&gt;rompent&lt;/b&gt;", NOW - timedelta(hours=20), image)
        + f"<url>{image}<loc>https://journal.example/midi</loc><news:news><news:title>À midi</news:title>"
        f"<news:publication_date>{NOW.isoformat()}</news:publication_date></news:news></url>" + "</urlset>"
    )
    found = read(text)
    assert slugs(found) == ["midi", "hier"], "newest first"
    assert [entry.title for entry in found.entries] == ["À midi", "Bamako & Paris rompent"]
    assert found.entries[1].published_at == NOW - timedelta(hours=20)
    assert found.entries[1].updated_at is None


def test_plain_sitemap_does_not_flood() -> None:
    old = "".join(located(f"archive/{n}", f"2019-01-{n % 28 + 1:02}") for n in range(5000))
    text = PLAIN + old + located("neuf", "2025-09-19T08:00:00+02:00") + located("du-jour", "2025-09-18") + "</urlset>"
    found = read(text)
    assert slugs(found) == ["neuf", "du-jour"]
    assert found.entries[0].published_at is None, "lastmod is no date of publication"
    assert found.entries[0].updated_at == datetime(2025, 9, 19, 6, tzinfo=UTC)


def test_lastmod_that_is_the_time_of_writing_counts_for_nothing() -> None:
    urls = [located(f"page-{n}", "2025-09-19T11:59:00Z") for n in range(100)]
    first = read(PLAIN + "".join(urls) + "</urlset>")
    assert first.entries == ()
    later = [line.replace("11:59", "12:29") for line in [located("toute-neuve", "2025-09-19T11:59:00Z"), *urls]]
    second = read(PLAIN + "".join(later) + "</urlset>", first.learnt)
    assert slugs(second) == ["toute-neuve"]
    assert second.entries[0].updated_at is None


def test_undated_addresses_count_once_they_are_new() -> None:
    first = read(PLAIN + located("a") + located("b") + "</urlset>")
    assert first.entries == ()
    second = read(PLAIN + located("c") + located("a") + located("b") + "</urlset>", first.learnt)
    assert slugs(second) == ["c"]
    assert read(PLAIN + located("c") + located("b") + "</urlset>", second.learnt).entries == ()


@pytest.mark.parametrize("at_end", [True, False])
def test_long_undated_list_is_remembered_at_both_ends(at_end: bool) -> None:
    urls = [located(f"p{n}") for n in range(MAX_REMEMBERED * 3)]
    first = read(PLAIN + "".join(urls) + "</urlset>")
    assert first.learnt is not None
    assert len(first.learnt) < MAX_REMEMBERED * 6
    longer = [*urls, located("neuf")] if at_end else [located("neuf"), *urls]
    assert slugs(read(PLAIN + "".join(longer) + "</urlset>", first.learnt)) == ["neuf"]


@pytest.mark.parametrize(
    "learnt", ["", "{}", "[]", "null", '{"listed": "é"}', '{"listed": 3}', "x" * 50, '{"listed": "AAA="}']
)
def test_what_was_learnt_may_be_anything(learnt: str) -> None:
    read(PLAIN + located("a") + "</urlset>", learnt)


def test_at_most_so_many_entries_are_taken_over() -> None:
    text = HEAD + "".join(news(f"n{n}", f"Titre {n}", NOW - timedelta(minutes=n)) for n in range(MAX_ENTRIES + 50))
    found = read(text + "</urlset>")
    assert len(found.entries) == MAX_ENTRIES
    assert slugs(found)[0] == "n0"


def test_only_web_addresses_of_the_same_site_are_taken_over() -> None:
    urls = "".join(
        f"<url><loc>{escape(url)}</loc><lastmod>2025-09-19</lastmod></url>"
        for url in [
            "https://autre.example.org/a", "javascript:alert(1)", "file:///etc/passwd", "http://u:p@journal.example/",
            "", "http://[::1", "https://www.journal.example/b?x=1&y=2", " /relatif ",
        ]
    )  # fmt: skip
    assert {entry.url for entry in read(PLAIN + urls + "</urlset>").entries} == {
        "https://www.journal.example/b?x=1&y=2",
        "https://journal.example/relatif",
    }


def test_packed_sitemap_is_unpacked_and_a_bomb_is_cut() -> None:
    text = (PLAIN + located("a", "2025-09-19") + "</urlset>").encode()
    assert slugs(read(gzip.compress(text))) == ["a"]
    assert is_sitemap(gzip.compress(text))
    assert reason(gzip.compress(text)[:-12]) is FailureReason.TRUNCATED
    assert reason(gzip.compress(PLAIN.encode() + b" " * (51 * 1024 * 1024))) is FailureReason.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", FailureReason.NOT_A_FEED),
        (b"<!doctype html><html><body>Bonjour</body></html>", FailureReason.NOT_A_FEED),
        (b'{"error": 403}', FailureReason.NOT_A_FEED),
        (b"<rss version='2.0'><channel/></rss>", FailureReason.NOT_A_FEED),
        (b"<urlset/>", FailureReason.EMPTY_FEED),
        (b"<sitemapindex/>", FailureReason.EMPTY_FEED),
        ((PLAIN + "</urlset>").encode(), FailureReason.EMPTY_FEED),
    ],
)
def test_what_is_no_sitemap_is_named(body: bytes, expected: FailureReason) -> None:
    assert reason(body) is expected


def test_news_sitemap_of_a_quiet_outlet_is_empty_and_well() -> None:
    assert read(HEAD + "</urlset>").entries == ()


def test_damaged_sitemap_gives_what_came() -> None:
    whole = HEAD + news("a", "Un", NOW) + news("b", "Deux", NOW)
    assert "a" in slugs(read(whole[:-30]))
    assert "a" in slugs(read("\n\n" + whole.replace("Un", "Un &nbsp; & deux")))


def test_undeclared_prefix_is_understood() -> None:
    assert [entry.title for entry in read(PLAIN + news("a", "Un titre", NOW) + "</urlset>").entries] == ["Un titre"]


def test_entities_read_no_file_and_stay_small() -> None:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    bombs = [
        f"<!DOCTYPE urlset [<!ENTITY l0 'ha'>{laughs}]>" + HEAD[38:] + news("a", "T &l9;", NOW),
        f"<!DOCTYPE urlset [<!ENTITY l9 '{'a' * 50_000}'>]>" + HEAD[38:] + news("a", "T " + "&l9;" * 2000, NOW),
        "<!DOCTYPE urlset [<!ENTITY l9 SYSTEM 'file:///etc/passwd'>]>" + HEAD[38:] + news("a", "T &l9;", NOW),
    ]
    start = time.monotonic()
    for text in bombs:
        found = read_sitemap((text + "</urlset>").encode(), URL, now=NOW)
        if isinstance(found, Listing):
            assert all(len(entry.title) < 100 and "root:" not in entry.title for entry in found.entries)
    assert time.monotonic() - start < 5


def child(name: str, lastmod: datetime | None = None, *, minute: bool = True) -> ChildSitemap:
    return ChildSitemap(url=f"https://journal.example/{name}.xml", lastmod=lastmod, to_the_minute=minute)


def test_index_names_its_sitemaps() -> None:
    text = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        "<sitemap><loc>https://journal.example/a.xml</loc><lastmod>2025-09-19T10:00:00Z</lastmod></sitemap>"
        "<sitemap><loc>https://ailleurs.org/b.xml</loc></sitemap>"
        "<sitemap><loc>/c.xml.gz</loc><lastmod>2025-09-18</lastmod></sitemap></sitemapindex>"
    )
    assert read(text).children == (
        child("a", datetime(2025, 9, 19, 10, tzinfo=UTC)),
        ChildSitemap(
            url="https://journal.example/c.xml.gz", lastmod=datetime(2025, 9, 18, tzinfo=UTC), to_the_minute=False
        ),
    )


def order(*children: ChildSitemap, known: dict[str, dict[str, object]] | None = None) -> list[str]:
    chosen = children_to_read(children, known or {}, NOW)
    return [found.url.rpartition("/")[2].removesuffix(".xml") for found in chosen]


def test_newest_sitemap_of_an_index_is_read_first() -> None:
    hours = [timedelta(hours=n) for n in (30, 2, 200)]
    children = (child("a", NOW - hours[0]), child("b", NOW - hours[1]), child("old", NOW - hours[2]))
    assert order(*children) == ["b", "a"]
    assert order(child("older", NOW - 2 * hours[2]), child("old", NOW - hours[2])) == ["old"]
    known: dict[str, dict[str, object]] = {children[1].url: {"lastmod": (NOW - hours[1]).isoformat()}}
    assert order(*children, known=known) == ["a"]


def test_sitemap_dated_to_the_day_is_read_again() -> None:
    today = child("a", NOW.replace(hour=0), minute=False)
    assert order(today, known={today.url: {"lastmod": NOW.replace(hour=0).isoformat()}}) == ["a"]


def test_undated_sitemaps_come_by_their_names() -> None:
    names = ["page-sitemap", "post-sitemap1", "category-sitemap", "post-sitemap12", "post-sitemap2", "author"]
    assert order(*map(child, names))[:3] == ["post-sitemap12", "post-sitemap2", "post-sitemap1"]


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 900))
def test_damaged_sitemap_never_raises(junk: bytes, position: int) -> None:
    whole = (HEAD + news("a", "Un", NOW) + located("b", "2025-09-19") + "</urlset>").encode()
    found = read_sitemap(whole[:position] + junk + whole[position:], URL, now=NOW)
    if isinstance(found, Listing) and found.learnt:
        json.loads(found.learnt)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "2025-09-19", "2019-05-05"])), max_size=30), st.data()
)
def test_reading_the_same_undated_list_again_gives_nothing_new(
    urls: list[tuple[int, str]], data: st.DataObject
) -> None:
    text = PLAIN + "".join(located(f"p{n}", stamp) for n, stamp in urls) + located("dernier") + "</urlset>"
    first = read(text)
    again = read(text, first.learnt)
    assert set(again.entries) == set(first.entries)
    assert all(NOW - timedelta(days=3) <= entry.updated_at for entry in again.entries if entry.updated_at)
