"""One page read by its site's override; each field says nothing where the override does, or where it finds nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml.html import HtmlElement

from crawler.authors import Signed, people_in
from crawler.body import lines_in
from crawler.boilerplate import prune
from crawler.clean import MAX_TITLE, cut
from crawler.dates import read_date, read_printed_date
from crawler.overrides import Override, drop, first_found, override_for
from crawler.page import text_of

#: fewest characters of text that a body selector must give to count
_MIN_BODY = 50


@dataclass(slots=True)
class Site:
    """The override of a page's site at work, and which of its selectors found nothing."""

    override: Override
    #: fields whose selectors are there but selected nothing: the site was rebuilt
    missed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, url: str) -> Site:
        """Return the site of an address; one without an override leaves everything to the general recipe."""
        return cls(override_for(url) or Override())

    def headline(self, tree: HtmlElement) -> tuple[str, HtmlElement] | None:
        """Return the headline and its element."""
        if not self.override.title:
            return None
        for element in first_found(self.override.title, tree):
            words = text_of(element)
            if words:
                return cut(words, MAX_TITLE), element
        self.missed.append("title")
        return None

    def published(self, tree: HtmlElement) -> datetime | None:
        """Return the date of publication."""
        for element in first_found(self.override.date, tree):
            stated = element.get("datetime") or element.get("content") or ""
            moment = read_date(stated) or read_printed_date(text_of(element))
            if moment is not None:
                return moment.at
        return None

    def signed(self, tree: HtmlElement, signed: Signed) -> Signed:
        """Return who signed, with the people that the site's own selectors name."""
        lines = [text_of(element) for element in first_found(self.override.authors, tree)]
        people = tuple(dict.fromkeys(name for line in lines for name in people_in(line, signed.outlets)))
        return replace(signed, people=people, lines=(*signed.lines, *lines)) if people else signed

    def pruned(self, tree: HtmlElement) -> tuple[str, ...]:
        """Remove what is no article from an undressed tree, in place; return the short texts that went."""
        drop(self.override, tree)
        return prune(tree) if self.override.prune else ()

    def standfirst(self, tree: HtmlElement) -> str:
        """Return the standfirst; many articles have none, so that none is found says nothing of the site."""
        texts = map(text_of, first_found(self.override.standfirst, tree))
        return " ".join(dict.fromkeys(text for text in texts if text))

    def lines(self, tree: HtmlElement) -> list[str]:
        """Return the lines of the text."""
        if not self.override.body:
            return []
        lines = lines_in(first_found(self.override.body, tree), tree)
        if sum(map(len, lines)) < _MIN_BODY:
            self.missed.append("body")
            return []
        return lines
