"""The fast path for feeds gives what the reference gives, or leaves the feed to it."""

from __future__ import annotations

import time
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from crawler.feeds import read_by_reference
from crawler.plainfeeds import read_plain_feed
from storage.types import CrawlFailure

URL = "https://journal.example/rss/une.xml"
SPACES = (
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    " xmlns:atom='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'"
    " xmlns:wfw='http://wellformedweb.org/CommentAPI/' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'"
)
HEADS = {
    "rss 2.0": f"<rss version='2.0' {SPACES}><channel><title>J</title><link>https://j.example/</link>{{0}}</channel></rss>",
    "rss 0.91": f"<rss version='0.91' {SPACES}><channel><title>J</title>{{0}}</channel></rss>",
    "rss 1.0": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    f" {SPACES}><channel rdf:about='https://journal.example/'><title>J</title></channel>{{0}}</rdf:RDF>",
    "atom": "<feed xmlns='http://www.w3.org/2005/Atom'><title>J</title><id>urn:j</id>{0}</feed>",
}
DATES = st.sampled_from(
    [
        "Fri, 19 Sep 2025 10:00:00 +0200", "Fri, 19 Sep 2025 10:00:00 GMT", "19 Sep 2025 10:00:00 EST", "2025-09-19",
        "Fri, 19 Sep 2025 10:00:00", "2025-09-19T10:00:00Z", "2025-09-19T10:00:00.123+02:00", "2025-09-19 10:00:00",
        "31 Feb 2025", "Fri, 31 Feb 2025 10:00:00 GMT", "demain", "", "Thu, 01 Jan 1970 00:00:00 GMT",
        "2099-01-01T00:00:00Z",
        "vendredi 19 septembre 2025", "2025-09-19T24:00:00Z", "20250919", "Fri, 19 Sep 2025 10:00:00 CET", "1758276000",
    ]
)  # fmt: skip
WORDS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=25),
    st.sampled_from(
        [
            "Bamako ferme un poste", "  A\n  B ", "AT&T", "1 < 2", "<b>gras</b> et <i>maigre", "&nbsp;&eacute;",
            "&amp;amp;", "<p>Un <a href='/x'>lien</a>.</p><script>x</script>",
            "Ã©tÃ©", "a\u2028b", "\ue0005\ue001", "]]>", "<!-- c -->",
            "&#233;", "&bogus;", "\u200bvide", "«\u202fMali\u202f»", "https://journal.example/", "AAAA", "x" * 600,
        ]
    ),
)  # fmt: skip
LINKS = st.sampled_from(
    ["/a1", "https://journal.example/a?x=1&y=2", " https://journal.example/b ", "", "a b", "mailto:x@y.example", "#x",
     "?p=3", "http://[::1", "https://journal.example/é", "//cdn.example/a", "urn:x:1"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["Awa Diarra", "awa@journal.example (Awa Diarra)", "Élie N'Diaye", "", "<b>Awa</b>", "A; B", "AFP"]
)
HOW = st.sampled_from(["text", "cdata"])


def written(words: str, how: str) -> str:
    return f"<![CDATA[{words}]]>" if how == "cdata" and "]]>" not in words else escape(words)


def field(tag: str, words: str, how: str, attributes: str = "") -> str:
    return f"<{tag}{attributes}>{written(words, how)}</{tag}>"


def some(draw: st.DrawFn, wild: bool, *, usual: int | None = None) -> int:
    """Return how often a field stands in an item; in a tame one at most once, ``usual`` where it must be."""
    if not wild:
        return draw(st.integers(0, 1)) if usual is None else usual
    return draw(st.sampled_from([1, 1, 1, 1, 0, 2]))


TAME_DATES = st.sampled_from(
    ["Fri, 19 Sep 2025 10:00:00 +0200", "2025-09-19T10:00:00Z", "Fri, 19 Sep 2025 10:00:00 GMT"]
)
TAME_LINKS = st.sampled_from(["/a1", "https://journal.example/a?x=1&y=2", " https://journal.example/b ", "?p=3"])
TAME_NAMES = st.sampled_from(["Awa Diarra", "Élie N'Diaye", "AFP"])


@st.composite
def rss_items(draw: st.DrawFn, dialect: str, wild: bool) -> str:
    links, dates, names = (LINKS, DATES, NAMES) if wild else (TAME_LINKS, TAME_DATES, TAME_NAMES)
    parts: list[str] = []
    for tag, values, usual in (
        ("title", WORDS, 1), ("link", links, 1), ("description", WORDS, None), ("content:encoded", WORDS, None),
        ("pubDate", dates, None if dialect != "rss 1.0" or wild else 0), ("dc:date", dates, None),
        ("dc:creator", names, None), ("author", NAMES, None if wild else 0), ("category", WORDS, None),
    ):  # fmt: skip
        parts += [field(tag, draw(values), draw(HOW)) for _ in range(some(draw, wild, usual=usual))]
    if draw(st.booleans()) and (dialect != "rss 1.0" or wild):
        permanent = draw(st.sampled_from(["", " isPermaLink='true'", " isPermaLink='false'"]))
        parts.append(field("guid", draw(LINKS), draw(HOW), permanent))
    odd = [
        "<atom:link href='https://journal.example/at' rel='alternate'/>", "<media:title>M</media:title>",
        "<source url='https://s.example/'>S</source>", "<title><b>x</b></title>",
        "<atom:updated>2025-09-20T00:00:00Z</atom:updated>", "<media:content url='https://journal.example/i.jpg'/>",
    ]  # fmt: skip
    harmless = [
        "<slash:comments>3</slash:comments>", "<dc:subject>S</dc:subject>", "<comments>https://j.example/c</comments>",
        "<wfw:commentRss>https://journal.example/c</wfw:commentRss>",
        "<enclosure url='https://journal.example/s.mp3' type='audio/mpeg' length='1'/>",
    ]  # fmt: skip
    parts += draw(st.lists(st.sampled_from(odd + harmless if wild else harmless), max_size=2))
    about = f" rdf:about={quoteattr(draw(LINKS))}" if dialect == "rss 1.0" else ""
    return f"<item{about}>{''.join(draw(st.permutations(parts)))}</item>"


@st.composite
def atom_entries(draw: st.DrawFn, wild: bool) -> str:
    links, dates, names = (LINKS, DATES, NAMES) if wild else (TAME_LINKS, TAME_DATES, TAME_NAMES)
    kind = st.sampled_from(["", " type='text'", " type='html'"])
    parts: list[str] = []
    for tag, usual in (("title", 1), ("summary", None), ("content", None)):
        parts += [field(tag, draw(WORDS), draw(HOW), draw(kind)) for _ in range(some(draw, wild, usual=usual))]
    for tag in ("published", "updated"):
        parts += [field(tag, draw(dates), "text") for _ in range(some(draw, wild))]
    parts += [field("id", draw(LINKS), "text") for _ in range(some(draw, wild))]
    relations = st.sampled_from(["", " rel='alternate'", " type='text/html'", *([" rel='self'"] if wild else [])])
    parts += [f"<link{draw(relations)} href={quoteattr(draw(links))}/>" for _ in range(some(draw, wild, usual=1))]
    parts += [f"<link rel='enclosure' href={quoteattr(draw(LINKS))}/>" for _ in range(some(draw, wild))]
    parts += [f"<author><name>{escape(draw(names))}</name></author>" for _ in range(some(draw, wild))]
    odd = [
        "<category term='x'/>",
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></content>",
        "<author><name>B</name><email>b@j.example</email></author>",
        "<content src='https://journal.example/x'/>",
    ]
    parts += draw(st.lists(st.sampled_from(odd if wild else odd[:1]), max_size=1))
    base = " xml:base='https://autre.example/x/'" if wild and draw(st.booleans()) else ""
    return f"<entry{base}>{''.join(draw(st.permutations(parts)))}</entry>"


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    dialect, wild = draw(st.sampled_from(sorted(HEADS))), draw(st.sampled_from([True, False, False]))
    item = atom_entries(wild) if dialect == "atom" else rss_items(dialect, wild)
    head = draw(st.sampled_from(["<?xml version='1.0' encoding='utf-8'?>", "", "<?xml version='1.0'?>\n", "\ufeff"]))
    items = draw(st.lists(item, min_size=1, max_size=2))
    return (head + HEADS[dialect].format("".join(items))).encode()


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(feeds())
def test_both_ways_give_the_same_entries(body: bytes) -> None:
    fast = read_plain_feed(body, URL)
    event("plain" if fast is not None else "left to the reference")
    if fast is not None:
        assert fast == read_by_reference(body, URL)


PLAIN = {
    "rss 2.0": "<item><title>T &amp;amp; U</title><link>/a</link>"
    "<description><![CDATA[<p>é &nbsp; x</p>]]></description>"
    "<pubDate>Fri, 19 Sep 2025 10:00:00 +0200</pubDate><dc:creator><![CDATA[Awa Diarra]]></dc:creator>"
    "<category>Mali</category><guid isPermaLink='false'>12</guid>"
    "<content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded></item>",
    "rss 1.0": "<item rdf:about='https://journal.example/a'><title>T</title><link>https://journal.example/a</link>"
    "<description>Le résumé</description><dc:date>2025-09-19T10:00:00+02:00</dc:date>"
    "<dc:creator>Awa</dc:creator></item>",
    "atom": "<entry><title type='html'>T &lt;i&gt;u&lt;/i&gt;</title>"
    "<link rel='enclosure' href='/s.mp3'/><link href='/a'/>"
    "<id>urn:1</id><summary>S</summary><published>2025-09-19T10:00:00+02:00</published>"
    "<updated>2025-09-20T10:00:00Z</updated>"
    "<author><name>Awa</name></author></entry>",
}  # fmt: skip


@pytest.mark.parametrize("dialect", sorted(PLAIN))
def test_plain_feeds_take_the_fast_way(dialect: str) -> None:
    body = HEADS[dialect].format(PLAIN[dialect]).encode()
    fast = read_plain_feed(body, URL)
    assert fast is not None
    assert fast == read_by_reference(body, URL)
    assert fast[0].title
    assert fast[0].published_at is not None
    assert fast[0].guid


@pytest.mark.parametrize(
    "change",
    [
        ("<title>T", "<title>&unknown;T"),
        ("é", "\u2028"),
        ("é", "Ã©"),
        ("2025 10:00", "2025 25:00"),
        ("<link>/", "<link>https://j.example/2</link><link>/"),
        ("Awa Diarra", "awa@j.example (Awa)"),
        ("<category>", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>M</media:title><category>"),
        ("<rss ", "<rss xml:base='https://k.example/' "),
        ("<rss ", "<!DOCTYPE rss []><rss "),
    ],
)
def test_what_is_not_plain_is_left_to_the_reference(change: tuple[str, str]) -> None:
    text = HEADS["rss 2.0"].format(PLAIN["rss 2.0"])
    assert change[0] in text
    assert read_plain_feed(text.replace(*change, 1).encode(), URL) is None
    assert not isinstance(read_by_reference(text.replace(*change, 1).encode(), URL), CrawlFailure)


def test_other_encodings_are_left_to_the_reference() -> None:
    text = HEADS["rss 2.0"].format(PLAIN["rss 2.0"])
    assert read_plain_feed(f"<?xml version='1.0' encoding='iso-8859-1'?>{text}".encode("latin-1"), URL) is None
    assert read_plain_feed(text.encode("utf-16"), URL) is None


def test_fast_way_is_fast() -> None:
    items = "".join(PLAIN["rss 2.0"].replace("/a<", f"/a{n}<").replace("é", "é" * 500) for n in range(200))
    body = HEADS["rss 2.0"].format(items).encode()
    times = []
    for read in (read_plain_feed, read_by_reference):
        start = time.process_time()
        found = read(body, URL)
        times.append(time.process_time() - start)
        assert isinstance(found, tuple)
        assert len(found) == 200
    assert times[0] < times[1]
