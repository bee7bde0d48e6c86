"""OPML in and out: nested lists, bombs, unsafe addresses, and back again."""

from __future__ import annotations

import contextlib
import time
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.types import Source
from vigie.errors import VigieError
from vigie.opml import MAX_BYTES, MAX_DEPTH, read_opml, sources_of, write_opml

LIST = b"""<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Mali</title></head><body>
<outline text="Presse">
  <outline text="Quotidiens"><outline type="rss" text="Le Fleuve" title="Le Fleuve" language="fr-ml"
     xmlUrl="https://fleuve.example/rss" htmlUrl="https://fleuve.example/"/></outline>
  <outline text="Le Fleuve" xmlURL="https://fleuve.example/sport" htmlurl="https://fleuve.example/"/>
</outline>
<outline text="Fichier" xmlUrl="file:///etc/passwd"/>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
<outline text="Compte" xmlUrl="https://u:p@fleuve.example/"/>
<outline text="Encore" xmlUrl="https://fleuve.example/rss"/>
<outline text="Sahel &amp; d\xc3\xa9sert" xmlUrl="http://sahel.example/feed" htmlUrl="javascript:x"/>
<outline text="Note"/>
</body></opml>"""


def test_nested_outlines_are_read_and_unsafe_ones_refused_by_line() -> None:
    reading = read_opml("f.opml", LIST)
    assert [outline.feed for outline in reading.outlines] == [
        "https://fleuve.example/rss", "https://fleuve.example/sport", "http://sahel.example/feed",
    ]  # fmt: skip
    assert [line for line, _ in reading.refused] == [8, 9, 10]
    assert "only http and https" in reading.refused[0][1]
    assert reading.outlines[0].language == "fr"
    assert reading.outlines[2].home == "http://sahel.example/"


def test_outlines_of_one_outlet_become_one_source() -> None:
    first, second = sources_of(read_opml("f.opml", LIST).outlines, {"fleuve"})
    assert (first.id, first.name, first.language) == ("fleuve-2", "Le Fleuve", "fr")
    assert first.feeds == ("https://fleuve.example/rss", "https://fleuve.example/sport")
    assert (second.id, second.name) == ("sahel", "Sahel & désert")


def laughs() -> bytes:
    entities = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    return f"<!DOCTYPE opml [<!ENTITY l0 'ha'>{entities}]><opml><body><outline text='&l9;'/></body></opml>".encode()


@pytest.mark.parametrize(
    "body",
    [
        laughs(),
        b"<!DOCTYPE opml SYSTEM 'http://127.0.0.1:9/x.dtd'><opml/>",
        b"<!DOCTYPE opml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><opml><body><outline text='&a;'/></body></opml>",
        b"<opml><body>" + b"<outline>" * (MAX_DEPTH + 5),
        b"<opml><body>" + b"<outline/>" * 6000 + b"</body></opml>",
        b"<opml>" + b" " * MAX_BYTES,
        b"<rss version='2.0'/>",
        b"<opml><body>",
        b"",
        b"\xff\xfe\x00",
        b"<?xml version='1.0' encoding='klingon'?><opml/>",
    ],
    ids=["laughs", "dtd", "entity", "deep", "many", "large", "rss", "cut", "empty", "bytes", "encoding"],
)
def test_bombs_and_other_files_are_refused(body: bytes) -> None:
    start = time.monotonic()
    with pytest.raises(VigieError, match=r"f\.opml"):
        read_opml("f.opml", body)
    assert time.monotonic() - start < 5


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Cf", "Co"]), max_size=30).map(
    lambda text: " ".join(text.split())
)


@given(
    st.dictionaries(
        st.integers(0, 50), st.tuples(NAMES, st.integers(1, 3), st.sampled_from([None, "fr", "en"])), max_size=6
    )
)
def test_what_is_written_is_read_back(outlets: dict[int, tuple[str, int, str | None]]) -> None:
    sources = [
        Source(
            id=f"s{number}", name=name, url=f"https://s{number}.example/", language=language,
            feeds=tuple(f"https://s{number}.example/{feed}?a=1&b=<" for feed in range(feeds)),
        )
        for number, (name, feeds, language) in outlets.items()
    ]  # fmt: skip
    body = write_opml(sources)
    assert ET.fromstring(body).get("version") == "2.0"
    back = sources_of(read_opml("f.opml", body).outlines, ())
    assert [(source.url, source.feeds, source.language) for source in back] == [
        (source.url, source.feeds, source.language) for source in sources
    ]


@given(st.binary(max_size=200), st.integers(0, 900))
def test_damaged_list_is_read_or_refused(junk: bytes, position: int) -> None:
    with contextlib.suppress(VigieError):
        read_opml("f.opml", LIST[:position] + junk + LIST[position:])
