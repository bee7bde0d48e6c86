"""Feeds as they are in the wild: four dialects, broken ones, hostile ones."""

from __future__ import annotations

import json
import time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.clean import plain
from crawler.feeds import feed_hints, parse_feed
from crawler.listings import MAX_ENTRIES, Listing
from storage.types import CrawlFailure, FailureReason, FeedEntry

URL = "https://journal.example/rss/une.xml"
RSS_ITEM = (
    "<item><title>Bamako ferme un poste</title><link>https://journal.example/a1</link>"
    "<description>&lt;p&gt;Le &lt;b&gt;résumé&lt;/b&gt;.&lt;/p&gt;</description>"
    "<pubDate>Fri, 19 Sep 2025 10:00:00 +0200</pubDate><dc:creator>Awa Diarra</dc:creator></item>"
)
DIALECTS = {
    "rss 2.0": "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>{0}</channel></rss>",
    "rss 0.91": "<rss version='0.91' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>{0}</channel></rss>",
    "rss 1.0": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    " xmlns:dc='http://purl.org/dc/elements/1.1/'><channel/>{0}</rdf:RDF>",
}
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>Journal</title><entry>"
    "<title type='html'>Bamako &lt;i&gt;ferme&lt;/i&gt; un poste</title>"
    "<link rel='enclosure' href='https://journal.example/son.mp3'/><link href='/a1'/>"
    "<summary>Le résumé.</summary><published>2025-09-19T10:00:00+02:00</published>"
    "<updated>2025-09-20T10:00:00Z</updated><author><name>Awa Diarra</name></author></entry></feed>"
)
EXPECTED = FeedEntry(
    url="https://journal.example/a1", title="Bamako ferme un poste", summary="Le résumé.", authors=("Awa Diarra",)
)


def rss(items: str, head: str = "<?xml version='1.0' encoding='utf-8'?>") -> bytes:
    return (head + DIALECTS["rss 2.0"].format(items)).encode()


def entries(body: bytes, content_type: str | None = None) -> tuple[FeedEntry, ...]:
    found = parse_feed(body, URL, content_type)
    assert not isinstance(found, CrawlFailure), found
    return found.entries


def reason(body: bytes) -> FailureReason:
    found = parse_feed(body, URL)
    assert isinstance(found, CrawlFailure)
    assert found.detail
    return found.reason


@pytest.mark.parametrize(
    "body", [*(form.format(RSS_ITEM) for form in DIALECTS.values()), ATOM], ids=[*DIALECTS, "atom"]
)
def test_every_dialect_gives_the_same_entry(body: str) -> None:
    (entry,) = entries(body.encode())
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2025-09-19T08:00:00+00:00"
    assert (entry.url, entry.title, entry.summary, entry.authors) == (
        EXPECTED.url,
        EXPECTED.title,
        EXPECTED.summary,
        EXPECTED.authors,
    )


def test_missing_zone_is_utc_and_nonsense_is_no_date() -> None:
    items = "".join(
        f"<item><title>T{n}</title><link>/{n}</link><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(
            ["Fri, 19 Sep 2025 10:00:00", "31 Feb 2025", "demain", "", "Thu, 01 Jan 1970 00:00:00"]
        )
    )
    dates = [entry.published_at for entry in entries(rss(items))]
    assert dates[0] is not None
    assert dates[0].isoformat() == "2025-09-19T10:00:00+00:00"
    assert dates[1:] == [None] * 4


def test_update_time_stands_in_for_a_missing_publication_time() -> None:
    (entry,) = entries(ATOM.replace("<published>2025-09-19T10:00:00+02:00</published>", "").encode())
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2025-09-20T10:00:00+00:00"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("<link>/a</link>", "https://journal.example/a"),
        ("<link> https://b.example/x y </link>", "https://b.example/x%20y"),
        ("<guid>https://journal.example/g</guid>", "https://journal.example/g"),
        ("<guid isPermaLink='true'>https://journal.example/g</guid>", "https://journal.example/g"),
        ("<link><![CDATA[https://journal.example/c?a=1&b=2]]></link>", "https://journal.example/c?a=1&b=2"),
    ],
)
def test_links_become_absolute(link: str, url: str) -> None:
    (entry,) = entries(rss(f"<item><title>T</title>{link}</item>"))
    assert entry.url == url


@pytest.mark.parametrize(
    "link",
    [
        "<link>javascript:alert(1)</link>",
        "<link>file:///etc/passwd</link>",
        "<link>mailto:a@b.example</link>",
        "<link>http://user:pass@journal.example/</link>",
        "<link>http://[::1</link>",
        "<guid isPermaLink='false'>12345</guid>",
        "",
    ],
)
def test_item_without_a_web_address_is_left_out(link: str) -> None:
    body = rss(f"<item><title>T</title>{link}</item>")
    assert reason(body) is FailureReason.EMPTY_FEED
    assert len(entries(body.replace(b"</channel>", b"<item><title>U</title><link>/u</link></item></channel>"))) == 1


def test_hostile_text_is_cleaned() -> None:
    title = escape("Titre <b>gras</b>\u202e &lt;script&gt;x&lt;/script&gt;\u2028fin")
    (entry,) = entries(rss(f"<item><title>{title}</title><link>/a</link></item>"))
    assert entry.title.startswith("Titre gras")
    assert "<" not in entry.title
    assert "\u202e" not in entry.title


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", FailureReason.NOT_A_FEED),
        (b" \n", FailureReason.NOT_A_FEED),
        (b"<!doctype html><html><body><h1>Bonjour</h1></body></html>", FailureReason.NOT_A_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', FailureReason.EMPTY_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', FailureReason.NOT_A_FEED),
        (b'{"error": "not allowed", "status": 403}', FailureReason.NOT_A_FEED),
        (b'{"version": {"a": 1}, "items": [1]}', FailureReason.NOT_A_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}, 3, null]}', FailureReason.EMPTY_FEED),
        (b'{"a":' * 100_000, FailureReason.NOT_A_FEED),
        (b"/etc/passwd", FailureReason.NOT_A_FEED),
        (b"https://journal.example/", FailureReason.NOT_A_FEED),
        (b"\x00\x01\x02", FailureReason.NOT_A_FEED),
        (b"<?xml version='1.0'?><urlset/>", FailureReason.NOT_A_FEED),
        (b"<rss version='2.0'><channel><title>x", FailureReason.BROKEN_FEED),
        (b"<rss version='2.0'><channel></item></channel></rss>", FailureReason.BROKEN_FEED),
        (b"<rss version='2.0'><channel><title>x</title></channel></rss>", FailureReason.EMPTY_FEED),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title></feed>", FailureReason.EMPTY_FEED),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, expected: FailureReason) -> None:
    assert reason(body) is expected


def test_feed_cut_off_in_the_middle_gives_what_came() -> None:
    whole = rss(RSS_ITEM + RSS_ITEM.replace("a1", "a2"))
    found = entries(whole[: whole.index(b"a2") - 60])
    assert found[0].url == EXPECTED.url


@pytest.mark.parametrize("body", [
    rss("<item><title>Prix &nbsp; &eacute;lev\u00e9 & cher</title><link>/a</link></item>"),
    rss("<item><title>\u00e9t\u00e9</title><media:x/><link>/a</link></item>"),
    b"\xef\xbb\xbf" + rss("<item><title>\u00e9t\u00e9</title><link>/a</link></item>"),
    b"\n\n" + rss("<item><title>\u00e9t\u00e9</title><link>/a</link></item>"),
    rss("<item><title>\u00e9t\u00e9\x0b</title><link>/a</link></item>"),
], ids=["entities", "namespace", "mark", "blank lines", "control"])  # fmt: skip
def test_small_faults_are_forgiven(body: bytes) -> None:
    (entry,) = entries(body)
    assert "\u00e9" in entry.title


def test_encoding_is_taken_from_declaration_or_header() -> None:
    latin = rss("<item><title>été</title><link>/a</link></item>", "<?xml version='1.0' encoding='iso-8859-1'?>")
    assert entries(latin.decode().encode("latin-1"))[0].title == "été"
    bare = rss("<item><title>été</title><link>/a</link></item>", "").decode().encode("cp1252")
    assert entries(bare, "application/rss+xml; charset=windows-1252")[0].title == "été"


@pytest.mark.parametrize("declared", ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='iso-8859-1'?>"])
@pytest.mark.parametrize("content_type", [None, "text/html", "text/xml", "application/xml; charset=iso-8859-1"])
def test_utf8_is_read_as_such_whatever_is_declared(declared: str, content_type: str | None) -> None:
    body = rss("<item><title>Élie N’Diaye à Ségou</title><link>/a</link><x/></item>", declared)
    assert entries(body, content_type)[0].title == "Élie N’Diaye à Ségou"


@pytest.mark.parametrize("fault", ["", "&bogus;"])
def test_long_feed_is_read_from_both_ends(fault: str) -> None:
    body = rss("".join(f"<item><title>T{n}{fault}</title><link>/{n}</link></item>" for n in range(100_000)))
    start = time.monotonic()
    urls = [entry.url.rpartition("/")[2] for entry in entries(body)]
    assert time.monotonic() - start < 10
    assert len(urls) == MAX_ENTRIES
    assert (urls[0], urls[-1]) == ("0", "99999")


def test_items_that_never_end_are_bounded() -> None:
    start = time.monotonic()
    parse_feed(b"<rss version='2.0'><channel>" + b"<item><title>T</title><link>/a</link>" * 200_000, URL)
    assert time.monotonic() - start < 10


def test_item_without_headline_keeps_its_place() -> None:
    told, bare = entries(
        rss("<item><description>Le fait.</description><link>/a</link></item><item><link>/b</link></item>")
    )
    assert (told.title, told.summary) == ("Le fait.", "Le fait.")
    assert (bare.url, bare.title) == ("https://journal.example/b", "")


def test_identity_and_change_are_kept() -> None:
    (entry,) = entries(ATOM.replace("<summary>", "<id>urn:1</id><summary>").encode())
    assert entry.guid == "urn:1"
    assert entry.updated_at is not None
    assert entry.updated_at.isoformat() == "2025-09-20T10:00:00+00:00"
    (plain_entry,) = entries(rss("<item><title>T</title><link>/a</link></item>"))
    assert (plain_entry.guid, plain_entry.updated_at) == (None, None)


def test_same_identity_twice_gives_two_entries() -> None:
    twice = "".join(f"<item><title>T{n}</title><link>/{n}</link><guid>urn:x</guid></item>" for n in range(2))
    assert [entry.guid for entry in entries(rss(twice))] == ["urn:x", "urn:x"]


def test_json_feed_gives_entries_and_hub() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Journal",
        "feed_url": "https://journal.example/feed.json",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {
                "id": "https://journal.example/a", "url": "/a", "title": "Bamako &amp; Paris",
                "content_html": "<p>Le fait.</p>",
                "date_published": "2025-09-19T10:00:00+02:00", "date_modified": "2025-09-20T10:00:00Z",
                "authors": [{"name": "Awa Diarra"}, {"url": "x"}, 3],
            },
            {"id": 12, "external_url": "https://ailleurs.example/b", "content_text": "Sans titre"},
            {"id": "javascript:alert(1)", "title": "Non"},
        ],
    }  # fmt: skip
    found = parse_feed(b"\xef\xbb\xbf" + json.dumps(feed).encode(), URL)
    assert not isinstance(found, CrawlFailure)
    first, second = found.entries
    assert (first.url, first.title, first.summary) == ("https://journal.example/a", "Bamako & Paris", "Le fait.")
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2025-09-19T08:00:00+00:00"
    assert first.updated_at is not None
    assert (first.authors, first.guid) == (("Awa Diarra",), "https://journal.example/a")
    assert (second.title, second.guid) == ("Sans titre", "12")
    assert (found.hints.hub, found.hints.topic) == ("https://hub.example/", "https://journal.example/feed.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "url", "title", "authors", "name", "hubs", "items", "feed_url", "date_published"]),
            inner,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON, JSON, JSON)
def test_any_json_feed_is_answered(items: object, hubs: object, item: object) -> None:
    feed = {"version": "https://jsonfeed.org/version/1", "items": [items, item], "hubs": hubs, "feed_url": item}
    parse_feed(json.dumps(feed).encode(), URL)
    parse_feed(json.dumps({**feed, "items": items}).encode(), URL)


def test_external_entity_reads_no_file() -> None:
    head = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
    (entry,) = entries(rss("<item><title>T &a;</title><link>/a</link></item>", head))
    assert "root:" not in entry.title


def test_entity_bombs_stay_small() -> None:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    nested = f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY l0 'ha'>{laughs}]>"
    square = f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY l9 '{'a' * 50_000}'>]>"
    start = time.monotonic()
    for head, count in ((nested, 1), (square, 2000)):
        found = parse_feed(rss(f"<item><title>T {'&l9;' * count}</title><link>/a</link></item>", head), URL)
        assert isinstance(found, CrawlFailure) or len(found.entries[0].title) <= 1000
    assert time.monotonic() - start < 5


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_feed_never_raises(junk: bytes, position: int) -> None:
    whole = rss(RSS_ITEM)
    parse_feed(whole[:position] + junk + whole[position:], URL)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=60))
def test_plain_title_comes_back_as_written(words: str) -> None:
    # feedparser repairs UTF-8 that was read as Latin-1; a sign outside Latin-1 shows that none was.
    title = f"’{words}"
    (entry,) = entries(rss(f"<item><title>{escape(escape(title))}</title><link>/a</link></item>"))
    assert entry.title == plain(escape(title))


@pytest.mark.parametrize("reference", ["&#55357;", "&#xD83D;", "&#0;", "&#x0000;", "&#x1c;", "&#xFFFE;", "&#1114112;"])
def test_reference_to_no_character_costs_that_character_alone(reference: str) -> None:
    poisoned = RSS_ITEM.replace("/a1", "/a2").replace("ferme un", f"ferme {reference} un")
    found = parse_feed(rss(poisoned + RSS_ITEM.replace("Bamako", "Bamako &#233;&#x1F6A8;")), URL)
    assert not isinstance(found, CrawlFailure)
    first, second = found.entries
    assert "".join(first.title.replace("\ufffd", "").split()) == "Bamakofermeunposte"
    assert second.title == "Bamako é🚨 ferme un poste"


def test_a_head_with_half_a_character_still_tells_its_pace() -> None:
    head = b"<rss version='2.0'><channel><title>&#55357;</title><ttl>30</ttl>"
    body = head + b"<item><title>t</title><link>http://x.example/a</link></item></channel></rss>"
    assert feed_hints(body, "http://x.example/").interval == 1800
    assert isinstance(parse_feed(body, "http://x.example/"), Listing)
