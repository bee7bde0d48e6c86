"""What stands on a page beside the article: boxes to prune, lines to drop.

Only whole lines, whole boxes and whole links go; prose is never edited.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from crawler import phrases
from crawler.clean import clean_line

# --- boxes -----------------------------------------------------------------------------------------

_BOX_TAGS = ("div", "section", "aside", "ul", "ol", "p", "nav", "footer", "form", "dialog", "figure", "table")
_PART = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-zà-ÿ])|\d+")
_LONGEST_PHRASE = 4
#: a box holding more of the page's paragraph text than this is the article, whatever its class says
_SHARE_OF_ARTICLE = 0.45
_MAX_NOTE = 120
#: longest pull quote
_MAX_QUOTE = 400


def prune(tree: HtmlElement) -> tuple[str, ...]:
    """Remove cookie dialogs, comments, related links and their like from ``tree``, in place.

    A box stays when it holds the headline or nearly half of the page's paragraph text: class names lie.

    Returns:
        The short texts that went, in page order: bylines and credits, which name authors and agencies.
    """
    removed: list[str] = []
    for line in _publication_lines(tree):
        removed.append(clean_line(line.text_content()))
        _remove(line)
    for ornament in _ornaments(tree):
        _remove(ornament)
    boxes = [element for element in tree.iter(*_BOX_TAGS) if _is_box(element)]
    total = sum(map(_length, tree.iter("p"))) or 1
    for box in boxes:
        text = box.text_content()
        # The paragraphs of a box that is shorter than the share cannot hold more than it.
        is_small = len(text) <= _SHARE_OF_ARTICLE * total or _prose(box) <= _SHARE_OF_ARTICLE * total
        if is_small and next(box.iterdescendants("h1"), None) is None:
            text = clean_line(text)
            if 0 < len(text) <= _MAX_NOTE:
                removed.append(text)
            _remove(box)
    return tuple(removed)


_HIDDEN = etree.XPath("//span[@aria-hidden='true']")
# They say again what the text says.
_PULL_QUOTES = etree.XPath(
    "//@class[contains(., 'pullquote') or contains(., 'pull-quote') or contains(., 'exergue')]"
    "/parent::*[self::blockquote or self::aside or self::figure or self::div or self::p]"
)
# Only links that may say what interrupts; there are thousands of others.
_LINKS = etree.XPath(
    "//a[contains(., 'ussi') or contains(., 'USSI') or contains(., 'galement') or contains(., 'GALEMENT')"
    " or contains(., 'lso ') or contains(., '>>>')]"
)


def _ornaments(tree: HtmlElement) -> list[HtmlElement]:
    """Return pull quotes, drop caps printed twice (once hidden from readers) and links inside paragraphs."""
    hidden: list[HtmlElement] = _HIDDEN(tree)
    quotes: list[HtmlElement] = [quote for quote in _PULL_QUOTES(tree) if _length(quote) <= _MAX_QUOTE]
    return hidden + quotes + [link for link in _LINKS(tree) if _interrupts(link)]


def _interrupts(link: HtmlElement) -> bool:
    # « À LIRE AUSSI » inside a link in the middle of a paragraph: what follows is prose again.
    text = link.text_content()
    return len(text) <= _MAX_LINE and _CROSS_LINK.match(_plain(clean_line(text))) is not None


def _publication_lines(tree: HtmlElement) -> list[HtmlElement]:
    """Return the short paragraphs above the headline, and those that print a date made for machines."""
    headlines = list(tree.iter("h1"))
    lines = []
    above = len(headlines) == 1
    for element in tree.iter("h1", "p"):
        above = above and element.tag != "h1"
        if element.tag == "p" and (above or next(element.iterdescendants("time"), None) is not None):
            text = clean_line(element.text_content())
            if 0 < len(text) <= _MAX_NOTE and text[-1] not in ".!?»":
                lines.append(element)
    return lines


def _is_box(element: HtmlElement) -> bool:
    if element.get("role") in {"dialog", "alertdialog"} or element.get("aria-modal") == "true":
        return True
    names = element.get("class"), element.get("id")
    return any(_names_box(name) for name in names if name)


@lru_cache(maxsize=8192)
def _names_box(names: str) -> bool:
    """Whether a class list or id names a box without article text."""
    for name in names[:1000].split():
        # A name is judged as a whole, so that two utilities side by side make no phrase.
        words = [word.lower() for word in _PART.findall(name)]
        if not phrases.BOX_WORDS.isdisjoint(words) or any(phrase in phrases.BOX_PHRASES for phrase in _phrases(words)):
            return True
    every = {word.lower() for word in _PART.findall(names[:1000])}
    return not phrases.PROMPT_WORDS.isdisjoint(every) and phrases.CONTENT_WORDS.isdisjoint(every)


def _phrases(words: list[str]) -> list[str]:
    return [
        " ".join(words[start : start + length])
        for start in range(len(words))
        for length in range(2, min(_LONGEST_PHRASE, len(words) - start) + 1)
    ]


def _remove(element: HtmlElement) -> None:
    # An ancestor may have gone before; then there is nothing left to remove.
    if element.getparent() is not None:
        element.drop_tree()


def _length(element: HtmlElement) -> int:
    return len(element.text_content().strip())


def _prose(box: HtmlElement) -> int:
    return (_length(box) if box.tag == "p" else 0) + sum(map(_length, box.iterdescendants("p")))


# --- lines -----------------------------------------------------------------------------------------

_CROSS_LINK = re.compile(phrases.CROSS_LINK, re.IGNORECASE)
_LINE = re.compile("|".join(phrases.LINES), re.IGNORECASE)
_PROMPT = re.compile("|".join(phrases.PROMPTS), re.IGNORECASE)
_HEADS_LINKS = re.compile("|".join(phrases.LINK_HEADINGS), re.IGNORECASE)
_MAX_LINE = 240
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "’": "'"})


def _plain(line: str) -> str:
    return line.translate(_SPACES).strip()


@lru_cache(maxsize=4096)
def is_boilerplate(line: str) -> bool:
    """Whether a whole line is a link box, an advertising mark or a prompt instead of prose."""
    if len(line) > _MAX_LINE:
        return False
    text = line.translate(_SPACES).strip(" -–—•*»[]").rstrip(" .…")
    return not text or _LINE.fullmatch(text) is not None or _PROMPT.search(text) is not None


def heads_links(line: str) -> bool:
    """Whether a line is the heading of a list of other articles, such as « Sur le même sujet »."""
    return len(line) <= 80 and _HEADS_LINKS.fullmatch(_plain(line).rstrip(" .:…!")) is not None
