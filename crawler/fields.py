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

from lxml.html import HtmlElement

from crawler.clean import MAX_TITLE, cut
from crawler.dates import Moment, read_date
from crawler.guard import url_refusal
from crawler.jsonld import JsonObject
from crawler.jsonld import text_of as json_text
from crawler.page import headings, meta, text_of
from crawler.urls import same_site
from storage.types import FeedEntry

_WORD = re.compile(r"\w+")
_LONG_WORD = re.compile(r"\w{3,}")
_SUFFIX = re.compile(r"\s+[|–—•·-]\s+")


# --- headline ------------------------------------------------------------------------------------


def headline(tree: HtmlElement, article: JsonObject, entry: FeedEntry | None) -> tuple[str, HtmlElement | None]:
    """Return the headline as printed, and the element that prints it when there is one.

    The heading that shares most words, and at least half of its own, with what the page says of itself
    wins; then an only heading of three words or more, the JSON-LD headline, the social title and the window
    title without their site names, and the feed's title.
    """
    stated = [json_text(article, "headline"), meta(tree, "og:title", "twitter:title"), _window_title(tree)]
    hints = [title for title in [*stated, entry.title if entry else ""] if title]
    printed = list(headings(tree))
    scores = [max((_shared(words, hint) for hint in hints), default=0.0) for _, words in printed]
    if scores and max(scores) >= 0.5:
        element, words = printed[scores.index(max(scores))]
        return cut(words, MAX_TITLE), element
    if len(printed) == 1 and (len(_WORD.findall(printed[0][1])) >= 3 or not hints):
        return cut(printed[0][1], MAX_TITLE), printed[0][0]
    site = meta(tree, "og:site_name", "application-name")
    social, window = _without_site(stated[1], site), _without_site(stated[2], site, guess=True)
    for title in (stated[0], social, window):
        if title:
            return cut(title, MAX_TITLE), None
    return (entry.title if entry else "", None)


def _window_title(tree: HtmlElement) -> str:
    element = tree.find(".//head/title")
    return text_of(element) if element is not None else ""


def _shared(words: str, hint: str) -> float:
    # Short words are in every title; a title of short words alone is compared by these.
    pattern = _LONG_WORD if _LONG_WORD.search(words) else _WORD
    own = set(pattern.findall(words.casefold()))
    return len(own & set(pattern.findall(hint.casefold()))) / len(own) if own else 0.0


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
        *_times_near(title),
    ]
    moments = [moment for text in stated if (moment := _believed(text, now)) is not None]
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
    if feed is not None and not first.has_zone and first.has_time:
        shift = abs(feed - first.at).total_seconds()
        if shift <= 14 * 3600 and shift % 900 < 60:
            return feed
    return first.at


def modified(tree: HtmlElement, article: JsonObject, now: datetime) -> datetime | None:
    """Return when the page says it last changed, UTC; a statement apart from the publication."""
    stated = [article.get("dateModified"), meta(tree, "article:modified_time", "og:updated_time", "last-modified")]
    moments = [moment for text in stated if (moment := _believed(text, now)) is not None]
    return moments[0].at if moments else None


def _believed(stated: Any, now: datetime) -> Moment | None:
    moment = read_date(stated) if isinstance(stated, str) else None
    return moment if moment is not None and moment.at <= now + timedelta(days=1) else None


def _marked_times(tree: HtmlElement) -> list[str]:
    marked = (element for element in tree.iter() if element.get("itemprop") == "datePublished")
    return [element.get("datetime") or element.get("content") or text_of(element) for element in marked]


def _times_near(title: HtmlElement | None) -> list[str]:
    """Return the machine dates around the headline; those of other articles stand elsewhere."""
    box = title
    for _ in range(3):
        if box is None:
            return []
        times = [found.get("datetime") for found in box.iter("time") if found.get("datetime")]
        if times:
            return times
        box = box.getparent()
    return []


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
    detected, certainty = _detected(text[:4000])
    return detected if certainty > 0.9 or declared is None else declared


def _detected(text: str) -> tuple[str, float]:
    code, certainty = _identifier().classify(text)
    return str(code), float(certainty)


def _code(tag: str | None) -> str | None:
    """Return the language of a tag such as ``fr-ML`` (RFC 5646), when it has a two-letter code."""
    primary = re.split(r"[-_]", (tag or "").strip().lower(), maxsplit=1)[0]
    return primary if len(primary) == 2 and primary.isascii() and primary.isalpha() else None
