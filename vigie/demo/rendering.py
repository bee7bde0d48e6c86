"""How the outlets print: front pages, article pages and feeds, each outlet with its own mark-up.

Pages are Jinja2 templates (``pages/<page>.html``), feeds RSS 2.0 or Atom (RFC 4287).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vigie.demo.script import PAGES_FOLDER, DemoArticle, DemoOutlet

#: newest articles that a feed and a front page list
LISTED = 30
#: other articles that the “related” boxes of a page link to
RELATED = 4

_MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_WEEKDAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_NARROW, _WIDE = "\u202f", "\u00a0"
_PLAIN = str.maketrans({"’": "'", _NARROW: _WIDE, "“": '"', "”": '"', "–": "-", "…": "..."})


def typeset(text: str, typography: str) -> str:
    """Return ``text`` the way an outlet sets it; the words never change.

    Copies of one dispatch therefore differ by their marks from outlet to outlet, as they do in print.
    """
    if typography == "swiss":
        return text.replace(f"«{_NARROW}", "«").replace(f"{_NARROW}»", "»")
    if typography == "plain":
        return text.translate(_PLAIN)
    return text


def long_date(moment: datetime, language: str) -> str:
    """Return a printed date with its time, such as ``vendredi 19 septembre 2025 à 9 h 30``."""
    weekday = _WEEKDAYS[language][moment.weekday()]
    month = _MONTHS[language][moment.month - 1]
    if language == "en":
        return f"{weekday} {moment.day} {month} {moment.year}, {moment:%H:%M}"
    day = "1er" if moment.day == 1 else str(moment.day)
    return f"{weekday} {day} {month} {moment.year} à {moment.hour}{_WIDE}h{_WIDE}{moment:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedArticle:
    """An article set for one outlet, as the templates receive it."""

    slug: str
    url: str
    title: str
    lede: str
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    credit: str
    #: with the outlet's own zone
    published: datetime

    @property
    def iso(self) -> str:
        """Time of publication after RFC 3339."""
        return self.published.isoformat(timespec="seconds")

    @property
    def rfc2822(self) -> str:
        """Time of publication as RSS writes it."""
        return format_datetime(self.published)


class Press:
    """Prints one outlet's pages and feed.

    Args:
        outlet: the outlet.
        origin: its address, such as ``http://127.0.0.1:8501``.
    """

    def __init__(self, outlet: DemoOutlet, origin: str) -> None:
        self.outlet = outlet
        self.origin = origin
        self._templates = Environment(
            loader=FileSystemLoader(PAGES_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["long_date"] = lambda moment: long_date(moment, outlet.language)
        self._templates.globals.update(outlet=outlet, origin=origin, people=self._people)

    def article(self, article: DemoArticle, others: Sequence[DemoArticle]) -> bytes:
        """Return the article's page; ``others`` fill its boxes of related links, newest first."""
        related = [self._printed(other) for other in others if other.slug != article.slug][:RELATED]
        return self._page(self.outlet.page, article=self._printed(article), related=related)

    def front(self, articles: Sequence[DemoArticle]) -> bytes:
        """Return the front page; ``articles`` come newest first."""
        return self._page("front", articles=[self._printed(article) for article in articles[:LISTED]])

    def feed(self, articles: Sequence[DemoArticle]) -> bytes:
        """Return the feed in UTF-8; ``articles`` come newest first."""
        printed = [self._printed(article) for article in articles[:LISTED]]
        template = self._templates.get_template(f"feed.{self.outlet.feed}.xml")
        return template.render(articles=printed).encode("utf-8")

    def _page(self, template: str, **values: object) -> bytes:
        html = self._templates.get_template(f"{template}.html").render(**values)
        return html.encode(self.outlet.encoding, errors="xmlcharrefreplace")

    def _people(self, article: PrintedArticle) -> list[dict[str, str]]:
        """Return the authors as schema.org objects; an unsigned article is the outlet's own."""
        if not article.authors:
            return [{"@type": "Organization", "name": self.outlet.name}]
        return [{"@type": "Person", "name": author} for author in article.authors]

    def _printed(self, article: DemoArticle) -> PrintedArticle:
        style = self.outlet.typography
        return PrintedArticle(
            slug=article.slug,
            url=f"{self.origin}{article.path}",
            title=typeset(article.title, style),
            lede=typeset(article.lede, style),
            paragraphs=tuple(typeset(text, style) for text in article.paragraphs),
            authors=article.authors,
            credit=article.credit,
            published=article.published.astimezone(self.outlet.timezone),
        )
