"""A page's own paragraphs, the yardstick for what extraction found and the filler for what it lost."""

from __future__ import annotations

from lxml.html import HtmlElement

from crawler.boilerplate import is_boilerplate
from crawler.page import squeezed, text_of

_MARGINS = frozenset({"nav", "aside", "footer", "form", "figure", "figcaption", "dialog", "button", "table", "head"})
_SUBHEADS = ("h2", "h3", "h4")
_CELLS = ("tbody", "thead", "tfoot", "tr", "td", "th", "center")
#: paragraphs that make a table a layout
_LAYOUT = 3
_MAX_LINK_SHARE = 0.6
#: a parent counts as the article's when extraction kept this share of its paragraphs' text
_SHARE_KEPT = 0.5


def unfold_layout_tables(tree: HtmlElement) -> None:
    """Turn tables that lay out the page into plain boxes, in place; extraction takes them for data."""
    for table in list(tree.iter("table")):
        is_layout = next(table.iterdescendants("h1"), None) is not None or len(list(table.iter("p"))) >= _LAYOUT
        if is_layout:
            for element in (table, *table.iterdescendants(*_CELLS)):
                element.tag = "div"


def own_paragraphs(tree: HtmlElement) -> list[str]:
    """Return the text of the ``<p>`` elements that lie in the page's flow and are no lists of links."""
    return [text for element in tree.iter("p") if _in_flow(element) and (text := _prose(element))]


def completed(lines: list[str], tree: HtmlElement) -> list[str]:
    """Return ``lines`` with the paragraphs put back that were lost among kept ones.

    When most of the text of the paragraphs directly under one element was kept, the others under it
    belong to the article too: short last lines, credits and quotes are what extraction loses. So do the
    subheads between two paragraphs.
    """
    lines = list(lines)
    everything = squeezed("".join(lines))
    for parent in dict.fromkeys(element.getparent() for element in tree.iter("p") if _in_flow(element)):
        if parent is None:
            continue
        texts = _flow(parent)
        kept = [squeezed(text) in everything for text in texts]
        total = sum(map(len, texts))
        if (
            total
            and not all(kept)
            and sum(len(t) for t, k in zip(texts, kept, strict=True) if k) >= _SHARE_KEPT * total
        ):
            _put_back(lines, texts, kept)
    return lines


def _flow(parent: HtmlElement) -> list[str]:
    """Return the paragraphs directly under ``parent``, and the subheads that stand between two of them."""
    children = [(child.tag, _prose(child)) for child in parent if child.tag in {"p", *_SUBHEADS}]
    children = [(tag, text) for tag, text in children if text]
    while children and children[0][0] != "p":
        children.pop(0)
    while children and children[-1][0] != "p":
        children.pop()
    return [text for _, text in children]


def _put_back(lines: list[str], texts: list[str], kept: list[bool]) -> None:
    """Insert the lost paragraphs after the sibling printed before them, or before the one after."""
    position = _first_position(lines, texts, kept)
    for text, was_kept in zip(texts, kept, strict=True):
        if was_kept:
            position = _position_after(lines, text, position)
        else:
            lines.insert(position, text)
            position += 1


def _first_position(lines: list[str], texts: list[str], kept: list[bool]) -> int:
    first = squeezed(next(text for text, was_kept in zip(texts, kept, strict=True) if was_kept))
    return next((index for index, line in enumerate(lines) if _overlap(squeezed(line), first)), 0)


def _position_after(lines: list[str], text: str, start: int) -> int:
    wanted = squeezed(text)
    position = start
    for index in range(start, len(lines)):
        if _overlap(squeezed(lines[index]), wanted):
            position = index + 1
        elif position > start:
            break
    return position


def _overlap(line: str, paragraph: str) -> bool:
    return bool(line) and (line in paragraph or paragraph in line)


def _in_flow(element: HtmlElement) -> bool:
    margins = [ancestor for ancestor in element.iterancestors() if ancestor.tag in _MARGINS]
    # Broken mark-up puts whole articles inside <nav>; a box that holds the headline is no margin.
    return all(next(margin.iterdescendants("h1"), None) is not None for margin in margins)


def _prose(element: HtmlElement) -> str:
    text = text_of(element)
    linked = sum(len(text_of(link)) for link in element.iter("a"))
    if not text or is_boilerplate(text) or (linked > _MAX_LINK_SHARE * len(text) and not text.endswith(".")):
        return ""
    return text
