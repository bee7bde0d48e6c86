"""A page as the blocks a reader sees: paragraphs, subheads, list items, quotes, in the order of the page.

Whoever decides what belongs to the article chooses among these, so that paragraphs stay paragraphs whatever
tags a site builds them from. Scripts and styles must have left the tree (:func:`crawler.page.undress`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lxml.html import HtmlElement

from crawler.clean import clean_line
from crawler.page import LINE_BREAK


class Kind(Enum):
    """What a block is to a reader."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """A run of text that stands on its own on the page."""

    text: str
    kind: Kind
    #: the element it stands in; several runs of a box without paragraphs share it
    element: HtmlElement
    #: characters of it that are links to other pages
    linked: int

    @property
    def is_link(self) -> bool:
        """Whether practically all of it is a link to another page."""
        return self.linked >= 0.9 * len(self.text)


_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: elements that begin a line of their own
BLOCK_TAGS = _HEADINGS | frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "ul", "ol", "li", "dl", "dt", "dd", "table"}
    | {"tbody", "thead", "tfoot", "tr", "td", "th", "blockquote", "figure", "pre", "form", "fieldset", "aside", "nav"}
    | {"address", "details", "summary", "center", "hr", "figcaption", "caption", "menu", "dialog", "body"}
)
#: what never holds the text of an article, unless it holds most of the page
_MARGINS = frozenset({"nav", "aside", "footer", "header", "form", "figure", "figcaption", "dialog", "menu", "address"})
_UNREAD = frozenset(
    {"button", "select", "textarea", "svg", "iframe", "video", "audio", "object", "template", "noscript", "label"}
    | {"script", "style", "head", "hr", "caption", "input", "img", "picture", "canvas", "math"}
)
_BREAKS = re.compile(f"((?:[ \\t\\r\\n\u00a0]*{LINE_BREAK})+)[ \\t\\r\\n]*")
_SENTENCE_END = (".", "!", "?", "…", "»", "”", '"', ":")
#: fewest characters on both sides of a single line break that makes two paragraphs of them
_MIN_PARAGRAPH = 60


def read_blocks(tree: HtmlElement, main: frozenset[HtmlElement] = frozenset()) -> list[Block]:
    """Return the blocks of ``tree``; margins are left out unless they are among ``main``."""
    holders = _holders(tree)
    return list(_walk(tree, holders, main, in_link=False))


def _holders(tree: HtmlElement) -> set[HtmlElement]:
    """Return the elements that hold a block; they are boxes, the others are text."""
    holders: set[HtmlElement] = set()
    for element in tree.iter(*BLOCK_TAGS):
        parent = element.getparent()
        while parent is not None and parent not in holders:
            holders.add(parent)
            parent = parent.getparent()
    return holders


def _walk(
    box: HtmlElement, holders: set[HtmlElement], main: frozenset[HtmlElement], *, in_link: bool
) -> Iterator[Block]:
    # The parser nests at most 256 deep, so recursion is bounded.
    in_link = in_link or (box.tag == "a" and _is_outward(box))
    if box.tag == "tr" and not any(cell in holders for cell in box):
        yield from _row(box)
        return
    run: list[str] = [box.text or ""]
    linked = 0
    for child in box:
        tag = child.tag
        if child in holders or tag in BLOCK_TAGS:
            yield from _blocks(box, "".join(run), linked, in_link=in_link)
            run, linked = [], 0
            if tag not in _UNREAD and (tag not in _MARGINS or child in main):
                if child in holders:
                    yield from _walk(child, holders, main, in_link=in_link)
                else:
                    yield from _blocks(child, child.text_content(), _linked(child), in_link=in_link)
        elif tag not in _UNREAD:
            run.append(child.text_content())
            linked += _link_length(child) if tag == "a" else _linked(child)
        run.append(child.tail or "")
    yield from _blocks(box, "".join(run), linked, in_link=in_link)


def _row(row: HtmlElement) -> Iterator[Block]:
    cells = [clean_line(cell.text_content()) for cell in row if cell.tag in {"td", "th"}]
    text = " | ".join(cell for cell in cells if cell)
    if text:
        yield Block(text=text, kind=Kind.ROW, element=row, linked=_linked(row))


def _blocks(element: HtmlElement, raw: str, linked: int, *, in_link: bool) -> Iterator[Block]:
    if not raw or raw.isspace():
        return
    kind = _kind(element)
    texts = _paragraphs(raw)
    total = sum(map(len, texts))
    for text in texts:
        # Where several paragraphs share an element, so do its links, by length.
        share = len(text) if in_link else linked * len(text) // total
        yield Block(text=text, kind=kind, element=element, linked=share)


def _kind(element: HtmlElement) -> Kind:
    if element.tag in _HEADINGS:
        return Kind.HEADING
    if element.tag in {"li", "dd", "dt"}:
        return Kind.ITEM
    return Kind.TEXT


def _paragraphs(raw: str) -> list[str]:
    """Split at blank lines, and at single line ends that stand between whole sentences."""
    if LINE_BREAK not in raw:
        text = clean_line(raw)
        return [text] if text else []
    parts = _BREAKS.split(raw)
    lines: list[str] = []
    gap = 2
    for index, part in enumerate(parts):
        if index % 2:
            gap += part.count(LINE_BREAK)
            continue
        text = clean_line(part)
        if not text:
            continue
        if lines and gap < 2 and not _are_paragraphs(lines[-1], text):
            lines[-1] = f"{lines[-1]} {text}"
        else:
            lines.append(text)
        gap = 0
    return lines


def _are_paragraphs(before: str, after: str) -> bool:
    if before.endswith("?") and not after[0].islower():
        # A question, and its answer on the next line.
        return True
    if before.endswith(_SENTENCE_END) and (len(after) >= _MIN_PARAGRAPH or len(before) >= _MIN_PARAGRAPH):
        return not after[0].islower()
    return after[0] in "-–—•«" and before.endswith(_SENTENCE_END)


def _linked(element: HtmlElement) -> int:
    return sum(_link_length(link) for link in element.iter("a"))


def _link_length(link: HtmlElement) -> int:
    return len(clean_line(link.text_content())) if _is_outward(link) else 0


def _is_outward(link: HtmlElement) -> bool:
    target = link.get("href") or ""
    return bool(target) and not target.startswith("#")
