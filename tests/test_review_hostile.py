"""Hostile texts in every place of every page: nothing in them becomes markup, none of them runs.

Each page over the hostile archive must have exactly the elements and attributes of the same page over its harmless
twin. What a browser makes of them is tested with a browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from storage.database import open_writer
from tests.hostile_page import PLAIN, Hostile, fill, settings
from tests.payloads import PAYLOADS
from tests.somebody import HERE
from tests.visitor import Page, Visitor, application

#: elements whose number depends on the words, as where an origin is named unless it is the outlet, or on how many words
#: there are to choose from; no payload makes one of these without an attribute that is looked for
BY_WORDS = frozenset({"ins", "del", "option", "span", "b", "time", "small", "li"})
#: attributes that hold an address
ADDRESSES = frozenset({"href", "src", "action", "formaction", "srcset", "poster", "data", "xlink:href"})


@dataclass(frozen=True, kw_only=True)
class World:
    """The hostile archive and its twin, each behind a page."""

    hostile: Hostile
    visitor: Visitor
    twin: Visitor


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, but links out and changes: words decide on them."""

    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.faults: list[str] = []
        self.feed(page.body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = tuple(sorted(name for name, _ in attrs))
        if "data-original" not in names and tag not in BY_WORDS:
            self.elements.append((tag, names))
        for name, value in attrs:
            self._judge(tag, name, value or "")

    def _judge(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in {"style", "srcdoc"} or ("mark" in tag + name and tag != "mark"):
            self.faults.append(f"<{tag} {name}={value!r}>")
        if name in ADDRESSES:
            plain = "".join(character for character in value if character > " ")
            scheme = urlsplit(plain).scheme if "&" not in plain.split("/")[0] else "?"
            if not (
                (value.startswith(("/", "#")) and not value.startswith(("//", "/\\"))) or scheme in {"http", "https"}
            ):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if tag in {"script", "link", "img"} and not value.startswith(("/static/", "/feeds/")):
                self.faults.append(f"<{tag} {name}={value!r}>")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    opened = []
    visitors: list[Visitor] = []
    found: list[Hostile] = []
    for name, texts in (("hostile", PAYLOADS), ("twin", PLAIN)):
        folder: Path = tmp_path_factory.mktemp(name)
        database = open_writer(folder)
        opened.append(database)
        found.append(fill(database, texts))
        visitors.append(Visitor(application(database, settings(folder, texts)), HERE))
    yield World(hostile=found[0], visitor=visitors[0], twin=visitors[1])
    for database in opened:
        database.conn.close()


def compare(world: World, path: str, wanted: Shape | None = None) -> Page:
    """Ask for a page; it must hold nothing that its twin, or a like page of the twin, does not."""
    page = world.visitor.get(path)
    assert page.status == 200, path
    wanted = wanted or Shape(world.twin.get(path))
    shape = Shape(page)
    assert not shape.faults, (path, shape.faults[:3])
    assert shape.elements == wanted.elements, (path, difference(shape, wanted))
    return page


def difference(one: Shape, other: Shape) -> object:
    """Return the first elements that differ, for the message."""
    pairs = zip(one.elements, other.elements, strict=False)
    place = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one.elements), len(other.elements)))
    return one.elements[place - 2 : place + 3], other.elements[place - 2 : place + 3]


LISTS = (
    "/", "/alerts", "/sources", "/silences", "/views", "/people", "/people/audit", "/watches", "/precision",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_the_elements_of_harmless_ones(world: World, path: str) -> None:
    following: str | None = path
    pages = 0
    while following:
        page = compare(world, following)
        match = re.search(r'rel="next" href="([^"]+)"', page.body)
        following = match[1].replace("&amp;", "&") if match else None
        pages += 1
    assert pages >= (2 if path in {"/", "/alerts"} else 1)


@pytest.mark.parametrize(
    "paths",
    [("/stories/{story}",), ("/articles/{article}",), ("/articles/{article}?revision=2&changes=1",),
     # Pages with the same parts: each text in one of them.
     ("/alerts/{alert}/ack", "/alerts/{alert}/silence", "/silences/{silence}")],
)  # fmt: skip
def test_each_page_has_the_elements_of_a_harmless_one(world: World, paths: tuple[str, ...]) -> None:
    known = world.hostile

    def address(path: str, number: int) -> str:
        return path.format(
            story=known.stories[number], article=known.articles[number], alert=known.alerts[number],
            silence=known.silences[number],
        )  # fmt: skip

    like = [Shape(world.twin.get(address(path, 0))) for path in paths]
    assert not any(shape.faults for shape in like)
    # The last story went into the one before it, which shows both.
    for number in range(len(PAYLOADS) - 2):
        place = number % len(paths)
        compare(world, address(paths[place], number), like[place])
    compare(world, address(paths[0], -2))


@pytest.mark.parametrize(
    "paths",
    [("/?q={0}",
      "/?q=rien&type={0}&source={0}&language={0}&pair={0}&status={0}&severity={0}&period={0}&before={0}&lang={0}"),
     # Pages that say no: each text in one of them.
     ("/stories/{0}", "/alerts/{0}/ack", "/nowhere/{0}", "/articles/1?revision={0}", "/alerts?before={0}&list={0}")],
)  # fmt: skip
def test_what_stands_in_the_address_is_shown_as_text(world: World, paths: tuple[str, ...]) -> None:
    for number, text in enumerate(PAYLOADS):
        page = world.visitor.get(paths[number % len(paths)].format(quote(text, safe="")))
        assert page.status < 500, text
        shape = Shape(page)
        assert not shape.faults, (text, shape.faults[:3])


def test_what_a_form_brings_back_is_shown_as_text(world: World) -> None:
    """A form with a fault is shown again with what was entered."""
    alert = world.hostile.alerts[0]
    wanted: list[tuple[str, tuple[str, ...]]] | None = None
    for text in ("Awa", *PAYLOADS):
        world.visitor.get(f"/alerts/{alert}/silence")
        page = world.visitor.post(
            f"/alerts/{alert}/silence", {"author": text, "reason": text, "scope": text, "for": text, "graver": text}
        )
        assert page.status == 422
        shape = Shape(page)
        assert not shape.faults, (text, shape.faults)
        wanted = wanted or shape.elements
        assert shape.elements == wanted, text


def test_templates_in_texts_are_shown_as_they_are(world: World) -> None:
    for text in ("{{7*7}}", "{0.__class__.__mro__}", "${7*7}", "<%= 7*7 %>"):
        number = PAYLOADS.index(text)
        for path in (f"/articles/{world.hostile.articles[number]}", f"/stories/{world.hostile.stories[number]}"):
            assert text in world.visitor.get(path).text


def test_the_parser_of_these_tests_sees_what_it_should() -> None:
    """A test that cannot fail is a defect."""

    def faults(body: str) -> list[str]:
        return Shape(Page(status=200, headers={}, body=body)).faults

    assert not faults('<p class="x">a &lt;b&gt;</p><a href="/x">x</a><a href="https://outlet.example/">x</a>')
    for body in (
        "<x-mark data-mark>", "<p data-mark>", "<img src=x onerror=alert(1)>", '<a href="javascript:alert(1)">',
        '<a href=" jav\tascript:alert(1)">', '<a href="//evil.example">', "<p style=x>", "<script src=//evil.example>",
        "<!-- x -->", "<iframe srcdoc=x>", '<a href="javascript&amp;colon;alert(1)">', '<a href="data:x">',
    ):  # fmt: skip
        assert faults(body), body
