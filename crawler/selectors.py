"""Selectors of elements, as the overrides write them: XPath 1.0, or the simple part of CSS that names boxes.

CSS here is: ``tag``, ``.class``, ``#id``, ``[attribute]``, ``[attribute=value]``, ``[attribute^=value]``,
``[attribute*=value]``, descendants (a blank), children (``>``) and lists (``,``). What starts with ``/`` or ``(`` is
XPath. Both become one compiled XPath, which libxml2 evaluates without calling back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from crawler.errors import SelectorError

_PART = re.compile(
    r"\s*(?P<combinator>>)?\s*(?P<compound>(?:[a-zA-Z][\w-]*|\*)?"
    r"(?:\.[\w-]+|#[\w-]+|\[[\w-]+(?:[\^*]?=(?:\"[^\"']*\"|'[^\"']*'|[\w/:.-]+))?\])*)"
)
_SIMPLE = re.compile(
    r"\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)|\[(?P<name>[\w-]+)(?:(?P<operator>[\^*]?=)[\"']?(?P<value>[^\"'\]]*)[\"']?)?\]"
)


class Selector:
    """A compiled selector; equal when written alike."""

    __slots__ = ("_find", "text")

    def __init__(self, text: str) -> None:
        """Compile ``text``.

        Raises:
            SelectorError: it is neither XPath nor simple CSS.
        """
        self.text = text.strip()
        if not self.text:
            raise SelectorError("a selector must not be empty")
        path = self.text if self.text[0] in "/(" else " | ".join(map(_path, self.text.split(",")))
        try:
            self._find = etree.XPath(path)
        except etree.XPathSyntaxError as error:
            raise SelectorError(f"{self.text!r} is no XPath: {error}") from error

    def find(self, tree: HtmlElement) -> list[HtmlElement]:
        """Return the elements of ``tree`` it selects, in page order; attributes and texts do not count.

        A selector that fails on a page (a function given the wrong type) selects nothing there.
        """
        try:
            found = self._find(tree)
        except etree.XPathError:
            return []
        return [node for node in found if isinstance(node, HtmlElement)] if isinstance(found, list) else []


def _path(css: str) -> str:
    """Return the XPath of one CSS selector without commas."""
    return "".join(_steps(css.strip()))


def _steps(css: str) -> Iterator[str]:
    position = 0
    while position < len(css):
        match = _PART.match(css, position)
        if match is None or match.end() == position or not match["compound"]:
            raise SelectorError(f"{css!r} is no simple CSS selector; write XPath, which starts with '/'")
        first = position == 0
        position = match.end()
        yield "//" if first or not match["combinator"] else "/"
        yield _step(match["compound"])


def _step(compound: str) -> str:
    tag = re.match(r"[a-zA-Z][\w-]*|\*", compound)
    conditions = [_condition(simple) for simple in _SIMPLE.finditer(compound, tag.end() if tag else 0)]
    return (tag[0].lower() if tag else "*") + "".join(f"[{condition}]" for condition in conditions)


def _condition(simple: re.Match[str]) -> str:
    if simple["class"]:
        return f"contains(concat(' ', normalize-space(@class), ' '), ' {simple['class']} ')"
    if simple["id"]:
        return f"@id='{simple['id']}'"
    name, value = simple["name"], simple["value"]
    match simple["operator"]:
        case None:
            return f"@{name}"
        case "^=":
            return f"starts-with(@{name}, '{value}')"
        case "*=":
            return f"contains(@{name}, '{value}')"
        case _:
            return f"@{name}='{value}'"
