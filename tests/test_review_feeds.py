"""Feeds out: both forms hold to their specifications, whatever was fetched."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from review.feeds import Feed, FeedItem, atom, json_feed

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
ITEM = FeedItem(
    story_id=7, title="La France suspend sa coopération <avec> le Mali & d’autres",
    text="Coopération suspendue — France → Mali\n«\u202fParis suspend la coopération.\u202f»",
    published=NOW - timedelta(hours=3), updated=NOW, author="RFI", terms=("suspend_cooperation", "FRA", "MLI"),
)  # fmt: skip
FEED = Feed(
    id="grave", title="Grave · Vigie", base="https://vigie.example", path="/feeds/grave.atom",
    first="/feeds/grave.atom", next="/feeds/grave.atom?before=1-7", page="/?severity=4", language="fr", items=(ITEM,),
    now=NOW,
)  # fmt: skip
TEXT = st.text(max_size=60)
ITEMS = st.builds(
    FeedItem,
    story_id=st.integers(1, 10**9),
    title=TEXT,
    text=TEXT,
    published=st.just(NOW),
    updated=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    author=TEXT,
    terms=st.lists(TEXT.filter(bool), max_size=3).map(tuple),
)
SCHEMA = etree.RelaxNG(file=str(Path(__file__).parent / "data" / "atom.rng"))
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: what RFC 4287 section 4 allows within a feed and an entry: (at least, at most)
OF_FEED = {
    "author": (0, 9), "category": (0, 9), "contributor": (0, 9), "generator": (0, 1), "icon": (0, 1), "id": (1, 1),
    "link": (0, 9), "logo": (0, 1), "rights": (0, 1), "subtitle": (0, 1), "title": (1, 1), "updated": (1, 1),
    "entry": (0, 999),
}  # fmt: skip
OF_ENTRY = {
    "author": (0, 9), "category": (0, 99), "content": (0, 1), "contributor": (0, 9), "id": (1, 1), "link": (0, 9),
    "published": (0, 1), "rights": (0, 1), "source": (0, 1), "summary": (0, 1), "title": (1, 1), "updated": (1, 1),
}  # fmt: skip


def check_atom(document: bytes) -> Any:
    """Check a document against RFC 4287 and return its root."""
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for element, allowed in [(root, OF_FEED), *((entry, OF_ENTRY) for entry in entries)]:
        found = [child.tag.removeprefix(ATOM) for child in element]
        assert set(found) <= allowed.keys()
        for name, (least, most) in allowed.items():
            assert least <= found.count(name) <= most, name
        for person in element.findall(f"{ATOM}author"):
            assert [child.tag for child in person] == [f"{ATOM}name"]
            assert person[0].text
        for name in ("updated", "published"):
            for moment in element.findall(f"{ATOM}{name}"):
                assert RFC3339.fullmatch(moment.text)
        identity = urlsplit(element.find(f"{ATOM}id").text)
        assert identity.scheme == "tag"
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        for link in element.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href")).scheme in {"http", "https"}
        for category in element.findall(f"{ATOM}category"):
            assert category.get("term")
        content = element.find(f"{ATOM}content")
        if content is not None:
            assert content.get("type") == "text"
            assert not len(content)
    ids = [entry.find(f"{ATOM}id").text for entry in entries]
    # Two entries of one id are allowed only with different times (section 4.1.1).
    times = [entry.find(f"{ATOM}updated").text for entry in entries]
    assert len(set(zip(ids, times, strict=True))) == len(set(ids)) or len(ids) != len(set(ids))
    # An entry without an author needs one of its feed's (section 4.1.2).
    assert root.find(f"{ATOM}author") is not None or all(entry.find(f"{ATOM}author") is not None for entry in entries)
    return root


def check_json(document: bytes) -> dict[str, Any]:
    """Check a document against JSON Feed 1.1 and return it."""
    found = json.loads(document.decode("utf-8"))
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(found["title"], str)
    assert found["title"]
    for name in ("home_page_url", "feed_url", "next_url"):
        assert name not in found or urlsplit(found[name]).scheme in {"http", "https"}
    assert found.get("next_url") != found["feed_url"]
    allowed = {
        "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
        "date_published", "date_modified", "authors", "tags", "language", "attachments",
    }  # fmt: skip
    for item in found["items"]:
        assert item.keys() <= allowed
        assert isinstance(item["id"], str)
        assert "content_text" in item or "content_html" in item
        assert isinstance(item["content_text"], str)
        assert RFC3339.fullmatch(item["date_published"])
        assert RFC3339.fullmatch(item["date_modified"])
        assert all(isinstance(tag, str) and tag for tag in item["tags"])
        for author in item["authors"]:
            assert author.keys() & {"name", "url", "avatar"}
    return dict(found)


def test_a_reader_finds_everything_in_the_atom_feed() -> None:
    document = atom(FEED)
    check_atom(document)
    found = feedparser.parse(document)
    assert not found.bozo
    assert (found.version, found.feed.title, found.feed.language) == ("atom10", "Grave · Vigie", "fr")
    (entry,) = found.entries
    assert entry.id == "tag:vigie.example,2026:story/7"
    assert entry.link == "https://vigie.example/stories/7"
    assert (entry.author, entry.updated) == ("RFI", "2026-03-10T09:00:00Z")
    assert [tag.term for tag in entry.tags] == ["suspend_cooperation", "FRA", "MLI"]
    assert entry.content[0].type == "text/plain"
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == "https://vigie.example/feeds/grave.atom"
    assert links["next"] == "https://vigie.example/feeds/grave.atom?before=1-7"
    assert links["alternate"] == "https://vigie.example/?severity=4"


def test_the_json_feed_says_the_same() -> None:
    found = check_json(json_feed(replace(FEED, path="/feeds/grave.json", next="/feeds/grave.json?before=1-7")))
    (item,) = found["items"]
    assert item["id"] == "tag:vigie.example,2026:story/7"
    assert item["title"] == ITEM.title
    assert item["content_text"] == ITEM.text
    assert found["next_url"] == "https://vigie.example/feeds/grave.json?before=1-7"


def test_a_feed_without_events_is_one_all_the_same() -> None:
    empty = replace(FEED, items=(), next=None)
    assert not feedparser.parse(atom(empty)).bozo
    check_atom(atom(empty))
    assert check_json(json_feed(empty))["items"] == []


@given(st.lists(ITEMS, max_size=4, unique_by=lambda item: item.story_id), TEXT)
def test_whatever_was_fetched_the_documents_hold(items: list[FeedItem], title: str) -> None:
    feed = replace(FEED, items=tuple(items), title=title)
    root = check_atom(atom(feed))
    assert len(root.findall(f"{ATOM}entry")) == len(items)
    assert {element.tag.partition("}")[0] for element in root.iter()} == {ATOM.rstrip("}")}
    found = check_json(json_feed(feed))
    assert [item["id"] for item in found["items"]] == [
        f"tag:vigie.example,2026:story/{item.story_id}" for item in items
    ]


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "]]>", "&amp;", "\x00\x08\x0b\ufffe", "\ud800", "<!--", "&#x0;"]
)
def test_hostile_titles_stay_text(hostile: str) -> None:
    feed = replace(FEED, items=(replace(ITEM, title=hostile, author=hostile, terms=(hostile,)),))
    root = check_atom(atom(feed))
    title = root.find(f"{ATOM}entry/{ATOM}title")
    assert title.text == re.sub("[\x00\x08\x0b\ufffe\ud800]", "\ufffd", hostile)
    check_json(json_feed(feed))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<id>tag:vigie.example,2026:story/7</id>", ""),
        ("<id>tag:vigie.example,2026:story/7</id>", "<id>a</id><id>b</id>"),
        ("<updated>2026-03-10T09:00:00Z</updated>", "<updated>10 March 2026</updated>"),
        ("<updated>2026-03-10T09:00:00Z</updated>", "<updated>2026-03-10T09:00:00</updated>"),
        ("<name>RFI</name>", "<name></name>"),
        ("<name>RFI</name>", ""),
        ('<category term="FRA" />', "<category />"),
        ('<category term="FRA" />', '<category term="FRA">text</category>'),
        ('<content type="text">', '<content type="text"><b>x</b>'),
        ("<published>", "<invented>x</invented><published>"),
        ('href="https://vigie.example/stories/7"', ""),
    ],
)
def test_the_schema_refuses_what_the_specification_does(was: str, becomes: str) -> None:
    document = atom(FEED).decode()
    assert was in document
    assert not SCHEMA.validate(etree.fromstring(document.replace(was, becomes).encode()))
