"""Text from the outside made safe to keep: normal form, no control characters, plain.

Prose stays as printed: typographic quotes, no-break spaces and joiners are left alone. What goes is what
no reader sees and what breaks storage, mail headers or matching.
"""

from __future__ import annotations

import re
import unicodedata

from lxml import etree, html

#: longest headline kept, in characters
MAX_TITLE = 1000
#: longest feed summary kept, in characters
MAX_SUMMARY = 4000

_SURROGATE = re.compile("[\ud800-\udfff]")
# Line and paragraph separators become line ends before other control characters are dropped.
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, soft hyphen, zero-width space, word joiner, byte order mark, marks and overrides of writing
# direction, and code points that are no characters. Zero-width joiners stay: some scripts need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
_SPACES = re.compile("[ \t\n]+")
_TAG_OR_ENTITY = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z]\w{1,31});")
_UNSEEN_TAGS = frozenset({"script", "style", "template", "noscript", "head", "svg", "iframe"})


def clean_text(text: str) -> str:
    """Return ``text`` in NFC without control, invisible and unpaired surrogate characters.

    Line ends of every kind become a line feed; a lone surrogate becomes U+FFFD.
    """
    text = _SURROGATE.sub("\ufffd", text)
    text = _LINE_END.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFC", text)


# What any step of cleaning a line would change, besides runs of blanks: one set, which is found at the speed of a scan.
_UNTIDY = re.compile(
    f"[\t\n\r\x0b\x0c\x85\u2028\u2029{_SURROGATE.pattern.strip('[]')}{_INVISIBLE.pattern.strip('[]')}]"
)


def clean_line(text: str) -> str:
    """Return :func:`clean_text` on one line: runs of blanks are one space, ends are bare."""
    if "  " not in text and _UNTIDY.search(text) is None and unicodedata.is_normalized("NFC", text):
        return text.strip()
    return _SPACES.sub(" ", clean_text(text)).strip()


def cut(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` characters, cut after a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    space = kept.rfind(" ")
    if space > limit // 2:
        kept = kept[:space]
    return kept.rstrip(" ,;:\u00a0\u202f") + "…"


def plain(markup: str) -> str:
    """Return the words of a piece of HTML on one line; text without tags or entities passes as it is.

    Feeds often escape twice, so entities that appear after the first reading are read once more.
    """
    for _ in range(2):
        if not _TAG_OR_ENTITY.search(markup):
            break
        markup = _words(markup)
    return clean_line(markup)


def _words(markup: str) -> str:
    # lxml refuses NUL and unpaired surrogates, so the text is cleaned before it is parsed.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.fromstring(f"<div>{clean_text(markup)}</div>".encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return _TAG_OR_ENTITY.sub(" ", markup)
    parts: list[str] = []
    _collect(tree, parts)
    words = "".join(parts)
    # The parser gives up on nesting deeper than any text needs; the words are there all the same.
    return words if words.strip() or "<script" in markup.lower() else _TAG_OR_ENTITY.sub(" ", markup)


def _collect(tree: html.HtmlElement, parts: list[str]) -> None:
    """Gather text in document order, a blank around block elements; no recursion, feeds nest at will."""
    hidden = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        unseen = element.tag in _UNSEEN_TAGS
        if event == "start":
            hidden += unseen
            if not hidden:
                parts.append(" " if element.tag not in _INLINE_TAGS else "")
                parts.append(element.text or "")
        else:
            hidden -= unseen
            if not hidden:
                parts.append(" " if element.tag not in _INLINE_TAGS else "")
                parts.append(element.tail or "")


_INLINE_TAGS = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span", "strong"}
    | {"sub", "sup", "time", "u", "wbr"}
)


_NO_WORD = re.compile(r"[\W_]+")


def squeezed(text: str) -> str:
    """Return ``text`` for comparison: letters and digits only, lower case."""
    return _NO_WORD.sub("", text.casefold())
