"""The standfirst of an article: the sentence or two between headline and text, where pages mark it up."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from crawler.boilerplate import is_boilerplate
from crawler.clean import squeezed
from crawler.page import text_of

_NAMED = re.compile(
    r"(?:^|[-_ ])(?:chapo|chapeau|standfirst|stand-first|subheadline|sub-headline|subtitle|sub-title|sous-titre"
    r"|lede|dek|deck|hat|accroche|teaser-text|article-desc|article__desc|article-summary|article__summary|entry-summary"
    r"|article-intro|article__intro|article-lead|article__lead|intro|itemintrotext|lead|excerpt|summary|headline-description"
    r"|key-points|keypoints|points-cles|essentiel|a-retenir|takeaways?)"
    r"(?:$|[-_ ])",
    re.IGNORECASE,
)
_TAGS = ("p", "div", "h2", "h3", "h4", "strong", "section", "blockquote", "span", "header")
_PICTURE = re.compile(r"media|image|photo|picture|figure|video|caption|legend|credit", re.IGNORECASE)
#: a heading so long that ends as sentences do is no subhead
_SENTENCE = 60
_SHORTEST, _LONGEST = 25, 1200
#: the longest byline, with its date
_BYLINE = 160
#: elements that together may be the standfirst, such as a subtitle and a list of key points
_MOST = 2
#: a paragraph so long opens the running text
_PROSE = 80
#: after so many such paragraphs what is named like a standfirst is the teaser of another article
_MOST_PROSE = 2
_ELSEWHERE = frozenset({"nav", "aside", "footer", "form", "figure", "figcaption"})


def standfirst(tree: HtmlElement, title: HtmlElement | None, description: str) -> str:
    """Return the standfirst, empty when none is marked up.

    It is the first element after the headline whose class, id or ``itemprop`` names one, with a second such
    element before the running text; or an element apart from the text that repeats the page's own description;
    or a first paragraph set in bold; or an only paragraph between headline and byline.
    """
    seen_title = title is None
    wanted = squeezed(description)
    found: list[HtmlElement] = []
    passed = 0
    for element in tree.iter("h1", *_TAGS):
        if element is title:
            seen_title = True
            continue
        if not seen_title or element.tag == "h1" or _stands_elsewhere(element, title):
            continue
        is_named = _is_named(element) or (not found and _is_opening_heading(element))
        if found and _ends_opening(element, found, is_named=is_named):
            break
        if not (is_named or (wanted and _is_apart(element))):
            passed += element.tag == "p" and not found and len(text_of(element)) >= _PROSE
            if passed > _MOST_PROSE:
                break
            continue
        text = text_of(element)
        if not _SHORTEST <= len(text) <= _LONGEST or is_boilerplate(text) or _is_inside(element, found):
            continue
        if is_named or squeezed(text) == wanted:
            found.append(element)
            if len(found) == _MOST:
                break
    texts = [text_of(element) for element in found]
    return " ".join(dict.fromkeys(texts)) if texts else _bold_opening(tree, title) or _above_byline(title)


def _ends_opening(element: HtmlElement, found: list[HtmlElement], *, is_named: bool) -> bool:
    """Whether the running text begins here; a subtitle and the key points under it stand before that."""
    return element.tag == "p" and not is_named and not _is_inside(element, found) and len(text_of(element)) >= _PROSE


def _is_inside(element: HtmlElement, found: list[HtmlElement]) -> bool:
    return any(ancestor in found for ancestor in element.iterancestors())


def _bold_opening(tree: HtmlElement, title: HtmlElement | None) -> str:
    """Return the first paragraph after the headline when it is set in bold or italics as a whole."""
    seen_title = title is None
    for element in tree.iter("h1", "h2", "h3", "p"):
        seen_title = seen_title or element is title
        text = text_of(element) if seen_title and element.tag == "p" else ""
        if len(text) < _SHORTEST or _stands_elsewhere(element, title) or is_boilerplate(text):
            continue
        emphasised = [text_of(child) for child in element if child.tag in {"strong", "b", "em", "i"}]
        box = element.getparent()
        beside = box.getnext() if box is not None and len(box) == 1 else None
        follows = next(element.itersiblings("p"), None) is not None or (
            beside is not None and next(beside.iter("p"), None) is not None
        )
        return text if follows and emphasised[:1] == [text] and len(text) <= _LONGEST else ""
    return ""


def _above_byline(title: HtmlElement | None) -> str:
    """Return the sentence between the headline and a short box such as the byline, whatever its names are."""
    element = None if title is None else title.getnext()
    beside = None if element is None else element.getnext()
    if element is None or beside is None or element.tag != "p" or beside.tag != "div":
        return ""
    text, byline = text_of(element), text_of(beside)
    is_sentence = _SENTENCE <= len(text) <= _LONGEST and text[-1] in ".!?…" and not is_boilerplate(text)
    return text if is_sentence and 0 < len(byline) <= _BYLINE and beside.getnext() is not None else ""


def _is_named(element: HtmlElement) -> bool:
    if element.get("itemprop") in {"description", "alternativeHeadline"}:
        return True
    words = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _PICTURE.search(words) or element.find(".//figure") is not None:
        return False
    # A box of several paragraphs that is called "intro" is a layout, no standfirst.
    return _NAMED.search(words) is not None and len(list(element.iter("p"))) <= 2


def _is_opening_heading(element: HtmlElement) -> bool:
    """Whether it is a whole sentence set as a heading before any paragraph, as old themes print standfirsts."""
    if element.tag not in {"h2", "h3", "h4"}:
        return False
    text = text_of(element)
    before = element.getprevious()
    return len(text) >= _SENTENCE and text[-1] in ".!?…" and (before is None or before.tag != "p")


def _is_apart(element: HtmlElement) -> bool:
    """Whether the element is no ordinary paragraph among others."""
    if element.tag in {"h2", "h3", "strong"}:
        return True
    parent = element.getparent()
    siblings = 0 if parent is None else sum(1 for sibling in parent if sibling.tag == "p")
    return element.tag == "p" and siblings <= 1


def _stands_elsewhere(element: HtmlElement, title: HtmlElement | None) -> bool:
    """Whether it lies in a navigation or margin box; one that also holds the headline is broken mark-up."""
    return any(
        ancestor.tag in _ELSEWHERE and (title is None or ancestor not in title.iterancestors())
        for ancestor in element.iterancestors()
    )
