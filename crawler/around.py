"""The elements around a headline, among which a page prints its date; those of teasers and comments left out."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

#: elements after the headline among which a printed date is looked for
_MAX_AFTER = 60
_OF_OTHERS = re.compile(r"\b(?:comments?|commentaires?|forum|related|teasers?|sidebar|most-read)\b", re.IGNORECASE)


def near(title: HtmlElement | None, tag: str) -> list[HtmlElement]:
    """Return the elements of a kind in the closest box around the headline that holds any."""
    box = title
    for _ in range(4):
        if box is None:
            return []
        found = [element for element in box.iter(tag) if not is_of_others(element, box)]
        if found:
            return found
        box = box.getparent()
    return []


def is_of_others(element: HtmlElement, box: HtmlElement) -> bool:
    """Whether an element inside a box belongs to a teaser or a comment there, not to the article of the headline."""
    for ancestor in (element, *element.iterancestors()):
        if ancestor is box:
            return False
        names = f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}"
        if ancestor.tag in {"aside", "nav"} or _OF_OTHERS.search(names):
            return next(ancestor.iterdescendants("h1"), None) is None
    return False


def after(tree: HtmlElement, title: HtmlElement | None) -> list[HtmlElement]:
    """Return the first short boxes after the headline, in page order."""
    seen = False
    found: list[HtmlElement] = []
    for element in tree.iter("h1", "h2", "h3", "p", "span", "div", "li", "small", "em", "td"):
        if element is title:
            seen = True
        elif seen and not is_of_others(element, tree):
            found.append(element)
            if len(found) >= _MAX_AFTER:
                break
    return found


def before(title: HtmlElement | None) -> list[HtmlElement]:
    """Return the elements set above the headline, closest first: SPIP dates articles in the trail of rubrics."""
    return [] if title is None else list(title.itersiblings(preceding=True))
