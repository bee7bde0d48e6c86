"""What a page says of its article besides the text: headline, dates, address, language.

Each field asks the sources in the order in which they proved right on real pages: JSON-LD before meta
elements, the printed headline before the one written for search engines, the page before the feed.
"""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from crawler.around import after, before, near
from crawler.clean import MAX_TITLE, cut, squeezed
from crawler.dates import Moment, read_date, read_epoch, read_printed_date
from crawler.guard import url_refusal
from crawler.jsonld import JsonObject
from crawler.jsonld import text_of as json_text
from crawler.page import headings, meta, text_of
from crawler.urls import same_site
from storage.types import FeedEntry

_WORD = re.compile(r"\w+")
_LONG_WORD = re.compile(r"\w{3,}")
_SUFFIX = re.compile(r"\s+(?:[|–—•·«»-]|--)\s+")


# --- headline ------------------------------------------------------------------------------------


def headline(tree: HtmlElement, article: JsonObject, entry: FeedEntry | None) -> tuple[str, HtmlElement | None]:
    """Return the headline as printed, and the element that prints it when there is one.

    The heading that shares most words, and at least half of its own, with what the page says of itself
    wins, without the label it may carry; then an only heading of three words or more, the JSON-LD headline, the
    social title and the window title without their site names, and the feed's title.
    """
    stated = [json_text(article, "headline"), meta(tree, "og:title", "twitter:title"), _window_title(tree)]
    hints = [title for title in [*stated, entry.title if entry else ""] if title]
    site = meta(tree, "og:site_name", "application-name")
    printed = _without_logos(list(headings(tree)), hints, site)
    best, element = _best_heading(printed, hints)
    if (whole := _heading_beside_site(tree, best, stated[2])) is not None:
        return cut(text_of(whole), MAX_TITLE), whole
    if element is None and not printed:
        # Joomla and old themes print the headline in a second-rank heading.
        best, element = _second_rank(tree, hints)
    if element is not None:
        return cut(_without_kicker(element, best, hints), MAX_TITLE), element
    if len(printed) == 1 and (len(_WORD.findall(printed[0][1])) >= 3 or not hints):
        return cut(_without_kicker(printed[0][0], printed[0][1], hints), MAX_TITLE), printed[0][0]
    social, window = _without_site(stated[1], site), _without_site(stated[2], site, guess=True)
    for title in (stated[0], social, window):
        if title:
            return cut(title, MAX_TITLE), None
    return (entry.title if entry else "", None)


def _without_logos(
    printed: list[tuple[HtmlElement, str]], hints: list[str], site: str
) -> list[tuple[HtmlElement, str]]:
    """Leave out headings that only print the site's name, as the mark-up of logos does."""
    names = {squeezed(site)} | {squeezed(part) for hint in hints for part in _SUFFIX.split(hint)[1:]}
    stated = {squeezed(_SUFFIX.split(hint)[0]) for hint in hints}
    return [(element, words) for element, words in printed if squeezed(words) not in names - stated]


def _best_heading(printed: list[tuple[HtmlElement, str]], hints: list[str]) -> tuple[str, HtmlElement | None]:
    """Return the heading that shares at least half of its words with a hint, and of these most words."""
    best: tuple[int, str, HtmlElement | None] = (0, "", None)
    for element, words in printed:
        for hint in hints:
            share = _shared(words, hint)
            number = round(share * len(_words(words)))
            if share >= 0.5 and number > best[0]:
                best = (number, words, element)
    return best[1], best[2]


def _heading_beside_site(tree: HtmlElement, best: str, window: str) -> HtmlElement | None:
    """Return the heading that the window title names beside the site, when the best one so far prints only the site.

    Old themes print the site's name in the first-rank heading of every page.
    """
    parts = _SUFFIX.split(window)
    site = squeezed(best)
    if len(parts) < 2 or (site and site not in {squeezed(parts[0]), squeezed(parts[-1])}):
        return None
    name = parts[-1] if not site or squeezed(parts[-1]) == site else parts[0]
    rest = squeezed(window.replace(name, "", 1) if name is parts[0] else window[: -len(name)])
    if len(rest) <= max(len(site), _MIN_HEADLINE):
        return None
    for element in tree.iter("h1", "h2", "h3", "h4"):
        if squeezed(text_of(element)) == rest and element.find(".//a[@href]") is None:
            return element
    return None


_MIN_HEADLINE = 15


def _second_rank(tree: HtmlElement, hints: list[str]) -> tuple[str, HtmlElement | None]:
    """Return the only lower heading that prints, word for word, what the page calls itself."""
    stated = {squeezed(hint) for hint in hints}
    same = [element for element in tree.iter("h2", "h3") if squeezed(text_of(element)) in stated]
    return (text_of(same[0]), same[0]) if len(same) == 1 else ("", None)


def _without_kicker(heading: HtmlElement, words: str, hints: list[str]) -> str:
    """Return the words of a heading without the label or rubric that a part of it of its own prints."""
    parts = [(part, text_of(part)) for part in heading.iter("span", "div", "a", "strong", "small", "em", "i", "b")]
    stated = {squeezed(hint) for hint in hints}
    whole = next((text for _, text in parts if text and squeezed(text) in stated), "")
    if whole and squeezed(words) not in stated:
        return whole
    for part, text in parts:
        names = {name.lower() for name in _CLASS_WORD.findall(part.get("class") or "")}
        if not names.isdisjoint(_KICKERS) and 0 < len(text) <= _MAX_KICKER:
            if words.startswith(text):
                words = words[len(text) :]
            elif words.endswith(text):
                words = words[: -len(text)]
    return words.strip(" |:–—•·-\u00a0") or text_of(heading)


_CLASS_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_KICKERS = frozenset(
    {"surtitle", "surtitre", "kicker", "label", "category", "categorie", "rubrique", "premium", "flag", "badge", "icon"}
    | {"overline", "tag", "prefix", "subscriber", "abonne", "abonnes", "live", "format", "hidden", "only"}
)
_MAX_KICKER = 60


def _window_title(tree: HtmlElement) -> str:
    element = tree.find(".//head/title")
    return text_of(element) if element is not None else ""


def _shared(words: str, hint: str) -> float:
    # Short words are in every title; a title of short words alone is compared by these.
    own = _words(words)
    pattern = _LONG_WORD if _LONG_WORD.search(words) else _WORD
    return len(own & set(pattern.findall(hint.casefold()))) / len(own) if own else 0.0


def _words(text: str) -> set[str]:
    return set((_LONG_WORD if _LONG_WORD.search(text) else _WORD).findall(text.casefold()))


def _without_site(title: str, site: str, *, guess: bool = False) -> str:
    """Cut the site's name off the end; with ``guess``, a short last part after a separator is taken for it."""
    parts = _SUFFIX.split(title)
    last = parts[-1]
    rest = title[: len(title) - len(last)].rstrip(" |–—•·-")
    is_site = last.casefold() == site.casefold() or (guess and not site and len(last) <= min(30, len(rest)))
    return rest if len(parts) > 1 and rest and is_site else title


# --- date ----------------------------------------------------------------------------------------


def published(
    tree: HtmlElement, article: JsonObject, title: HtmlElement | None, entry: FeedEntry | None, now: datetime
) -> datetime | None:
    """Return when the article was published, UTC.

    The first source that states a date fixes the day; a later one may only add the time of that day.
    Dates later than a day from ``now`` are not believed. A time without zone that differs from the feed's
    by whole quarters of an hour is the feed's time in local clothes.
    """
    stated = [
        *(article.get(key) for key in ("datePublished", "dateCreated", "uploadDate")),
        meta(tree, "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date.issued"),
        meta(tree, "dc.date", "dcterms.date", "pubdate", "publication_date", "parsely-pub-date", "sailthru.date"),
        *_marked_times(tree),
    ]
    moments = [moment for text in stated if (moment := _believed(text, now)) is not None]
    moments += _printed_moments(tree, title, now, stated=bool(moments))
    feed = entry.published_at if entry else None
    if not moments:
        return feed or _guessed(tree, now)
    first = moments[0]
    if not first.has_time:
        same_day = [moment for moment in moments if moment.has_time and abs(moment.at - first.at) < timedelta(days=1.5)]
        if same_day:
            first = same_day[0]
        elif feed is not None and abs(feed - first.at) < timedelta(days=1.5):
            return feed
    if first.has_time and not first.has_zone:
        # The same moment told with its zone elsewhere: whole quarters of an hour apart.
        zoned = (moment for moment in moments if moment.has_zone and moment.has_time)
        first = next((moment for moment in zoned if _is_shifted(moment.at, first.at)), first)
    if feed is not None and not first.has_zone and first.has_time:
        return feed if _is_shifted(feed, first.at) else first.at
    return first.at


def _is_shifted(zoned: datetime, local: datetime) -> bool:
    """Whether two readings of a clock differ by what zones differ by: whole quarters of an hour."""
    shift = abs(zoned - local).total_seconds()
    return shift <= 14 * 3600 and shift % 900 < 60


def modified(tree: HtmlElement, article: JsonObject, now: datetime) -> datetime | None:
    """Return when the page says it last changed, UTC; a statement apart from the publication."""
    stated = [article.get("dateModified"), meta(tree, "article:modified_time", "og:updated_time", "last-modified")]
    moments = [moment for text in stated if (moment := _believed(text, now)) is not None]
    return moments[0].at if moments else None


def _believed(stated: Any, now: datetime) -> Moment | None:
    moment = read_date(stated) if isinstance(stated, str) else read_epoch(stated)
    return moment if moment is not None and moment.at <= now + timedelta(days=1) else None


# A first choice in one pass of libxml2.
_TIMES = etree.XPath("//*[@itemprop='datePublished'] | //@class[contains(., 'published')]/..")


def _marked_times(tree: HtmlElement) -> list[str]:
    """Return the dates of microdata and of hAtom, which blogs and old themes speak."""
    marked = []
    for element in _TIMES(tree):
        if element.tag not in {"time", "abbr", "span", "meta", "div", "p"}:
            continue
        if element.get("itemprop") == "datePublished" or "dt-published" in (element.get("class") or "").split():
            title = element.get("title") if element.tag == "abbr" else None
            marked.append(element.get("datetime") or element.get("content") or title or text_of(element))
        elif element.tag == "abbr" and "published" in (element.get("class") or "").split():
            marked.append(element.get("title") or "")
    return marked


def _printed_moments(tree: HtmlElement, title: HtmlElement | None, now: datetime, *, stated: bool) -> list[Moment]:
    """Return the moments the page prints around its headline, for machines (``<time>``) and for people.

    A ``<time>`` whose words tell of another day was filled with the date of the last change: the words count.
    """
    moments: list[Moment] = []
    times = near(title, "time")
    for element in [time for time in times if not _tells_change(time)] or times:
        printed = read_printed_date(text_of(element))
        machine = _believed(element.get("datetime"), now)
        if printed and machine and abs(printed.at - machine.at) > timedelta(days=1.5):
            machine = printed
        moments += [machine] if machine else []
    if not moments and not stated:
        around = [*after(tree, title), *before(title)]
        lines = (text_of(element) for element in around if len(element) <= _MAX_CHILDREN)
        dated = (read_printed_date(line) for line in lines if 8 <= len(line) <= _MAX_DATE_LINE)
        moments = [found for found in dated if found and found.at <= now + timedelta(days=1)][:1]
        # « … (18 septembre 2025) », as ministries end their headlines.
        ending = _ENDING.search(text_of(title)) if title is not None and not moments else None
        in_title = read_printed_date(ending[1]) if ending else None
        moments += [in_title] if in_title and in_title.at <= now + timedelta(days=1) else []
    return moments


def _tells_change(element: HtmlElement) -> bool:
    """Whether an element's names say that it prints a last change, such as ``class="updated"``."""
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''}".lower()
    return "published" not in names and _CHANGE.search(names) is not None


_CHANGE = re.compile(r"updated?\b|modif|maj\b")
_ENDING = re.compile(r"\(([^()]{6,30})\)$")
_MAX_CHILDREN = 8
_MAX_DATE_LINE = 120


def _guessed(tree: HtmlElement, now: datetime) -> datetime | None:
    from htmldate import find_date

    try:
        # The extensive search costs seconds of set-up and guesses from any number on the page.
        day = find_date(
            copy.deepcopy(tree),
            extensive_search=False,
            original_date=True,
            max_date=(now + timedelta(days=1)).strftime("%Y-%m-%d"),
        )
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None
    moment = _believed(day, now)
    return moment.at if moment else None


# --- address and language --------------------------------------------------------------------------


def canonical_url(tree: HtmlElement, url: str) -> str | None:
    """Return the address the page claims for itself, when it is a page of the same site (RFC 6596)."""
    for link in tree.iter("link"):
        if "canonical" not in (link.get("rel") or "").lower().split():
            continue
        href = (link.get("href") or "").strip()
        if "://" not in href or url_refusal(href) is not None:
            continue
        own, claimed = urlsplit(url), urlsplit(urljoin(url, href))
        is_home = claimed.path in {"", "/"} and not claimed.query and own.path not in {"", "/"}
        if not is_home and same_site(url, href):
            return href
    return None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language(tree: HtmlElement, text: str, hint: str | None) -> str | None:
    """Return the ISO 639-1 code of the article's language.

    Themes often keep the English they came with, so a long text that is clearly in another language
    overrules the page's declaration; without one, the source's language and then the text decide.
    """
    declared = _code(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")) or _code(hint)
    if len(text) < 200:
        return declared or (_detected(text)[0] if text else None)
    if declared is not None and _is_plainly(text, declared):
        return declared
    detected, certainty = _detected(text[:4000])
    return detected if certainty > 0.9 or declared is None else declared


def spoken(text: str) -> str | None:
    """Return the language a text is certainly in, or None where it is too short or mixed to tell."""
    if len(text) < _MIN_SPOKEN:
        return None
    for plain in _COMMON_WORDS:
        if _is_plainly(text, plain):
            return plain
    code, certainty = _detected(text[:4000])
    return code if certainty > 0.95 else None


_MIN_SPOKEN = 40
#: words so common in one language, and so rare in others, that a text full of them needs no closer look
_COMMON_WORDS = {
    "fr": frozenset(
        {"le", "les", "des", "et", "du", "une", "est", "pour", "qui", "dans", "par", "pas", "au", "sur", "il", "avec"}
        | {"ont", "été", "cette", "aux", "ces", "mais", "leur", "ses", "sont", "ne", "nous", "elle", "ce"}
    ),
    "en": frozenset(
        {"the", "of", "and", "to", "was", "with", "that", "for", "has", "his", "have", "from", "were", "which", "by"}
    ),
}
_PLAINLY = 0.15


def _is_plainly(text: str, code: str) -> bool:
    common = _COMMON_WORDS.get(code)
    words = text[:1500].casefold().split()
    return common is not None and len(words) >= 30 and sum(word in common for word in words) >= _PLAINLY * len(words)


def _detected(text: str) -> tuple[str, float]:
    code, certainty = _identifier().classify(text)
    return str(code), float(certainty)


def _code(tag: str | None) -> str | None:
    """Return the language of a tag such as ``fr-ML`` (RFC 5646), when it has a two-letter code."""
    primary = re.split(r"[-_]", (tag or "").strip().lower(), maxsplit=1)[0]
    return primary if len(primary) == 2 and primary.isascii() and primary.isalpha() else None
