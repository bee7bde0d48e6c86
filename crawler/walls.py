"""Whether a page is the article that was asked for, or a wall in its place: pure judgements, one sentence each.

Sites answer robots and strangers with bot checks, consent dialogs, subscription prompts, error pages that claim
success, and home pages. Their text must never be taken for news. Each judgement asks for two signs that agree, since
articles about cookies, outages and subscriptions exist too: a page that holds a healthy article is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler import wallphrases
from crawler.clean import clean_line
from crawler.jsonld import JsonObject
from crawler.jsonld import text_of as json_text
from crawler.page import meta
from storage.types import CrawlFailure, FailureReason

#: a text of so many characters is an article whatever stands around it
HEALTHY = 1500
_THIN = 300
#: things of which a consent dialog says so many
_MIN_KINDS = 3
_SNIFFED = 200_000
#: characters of a page's visible text that are looked at
MAX_VISIBLE = 200_000
#: characters of a word and its blank, at the least
_WORD_LENGTH = 5

# --- bot checks --------------------------------------------------------------------------------------

#: response headers by which protections say that this is a check (names and values in lower case)
_CHECK_HEADERS: Mapping[str, str] = {"cf-mitigated": "challenge", "x-amzn-waf-action": ""}
_CHECK = re.compile("|".join(wallphrases.CHECKS), re.IGNORECASE)


def challenge(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes, url: str, *, text_length: int = 0
) -> CrawlFailure | None:
    """Return the failure when an answer is a bot check, whatever status it bears.

    Args:
        status: HTTP status of the answer.
        headers: its headers, names in lower case.
        body: the page.
        url: its address, for the sentence.
        text_length: characters of article text found on it.
    """
    says_so = any(name in _CHECK_HEADERS and _CHECK_HEADERS[name] in value.lower() for name, value in headers)
    if not says_so and text_length < HEALTHY:
        start = body[:_SNIFFED].lower()
        says_so = any(mark in start for mark in wallphrases.CHECK_MARKS)
        if not says_so and (status >= 400 or text_length < _THIN):
            says_so = _CHECK.search(_title_and_text(start)) is not None
    if not says_so:
        return None
    detail = f"{_host(url)} wants to see a browser: a bot check stands in place of the page"
    return CrawlFailure(reason=FailureReason.CHALLENGE, detail=detail, status=status)


_MARKUP = re.compile(rb"<(script|style)\b.*?</\1>|<[^>]{0,500}>", re.DOTALL)


def _title_and_text(start: bytes) -> str:
    # A few hundred words say what the page is; a page of that many is no article.
    return b" ".join(_MARKUP.sub(b" ", start[:20_000]).split())[:1200].decode("utf-8", "replace")


# --- redirects -----------------------------------------------------------------------------------------

_CONSENT_HOST = re.compile(wallphrases.CONSENT_HOST)
_CONSENT_PATH = re.compile(wallphrases.CONSENT_PATH)
_LOGIN_PATH = re.compile(wallphrases.LOGIN_PATH)
_ERROR_PATH = re.compile(wallphrases.ERROR_PATH)


def diverted(asked: str, url: str) -> CrawlFailure | None:
    """Return the failure when a redirect led from the article's address to a gate, a home page or a section."""
    there, here = urlsplit(url), urlsplit(asked)
    path, wanted = there.path.rstrip("/").lower(), here.path.rstrip("/").lower()
    host, own = (there.hostname or "").lower(), (here.hostname or "").lower()
    if path == wanted and host == own:
        return None
    if _CONSENT_HOST.search(host) or (_CONSENT_PATH.search(path) and not _CONSENT_PATH.search(wanted)):
        detail = f"{_host(asked)} asks for consent first: it sent the crawler to {_shown(url)}"
        return CrawlFailure(reason=FailureReason.CONSENT, detail=detail)
    if _LOGIN_PATH.search(path) and not _LOGIN_PATH.search(wanted):
        detail = f"{_host(asked)} asks for a login: it sent the crawler to {_shown(url)}"
        return CrawlFailure(reason=FailureReason.SOFT_404, detail=detail)
    if _ERROR_PATH.search(path) and not _ERROR_PATH.search(wanted):
        detail = f"the page is not there: {_host(asked)} sent the crawler to {_shown(url)}"
        return CrawlFailure(reason=FailureReason.SOFT_404, detail=detail)
    if wanted and len(wanted) > len(path) and (not path or wanted.startswith(f"{path}/")) and _same_owner(host, own):
        where = "its home page" if not path else f"the section {path}"
        detail = f"the page is not there: {_host(asked)} sent the crawler to {where} instead"
        return CrawlFailure(reason=FailureReason.SOFT_404, detail=detail)
    return None


def _same_owner(host: str, other: str) -> bool:
    return host.removeprefix("www.").removeprefix("m.") == other.removeprefix("www.").removeprefix("m.")


# --- pages -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What judging needs of a page that was read."""

    url: str
    #: window title and printed headline
    titles: tuple[str, ...]
    #: characters of article text found, standfirst included
    length: int = 0
    #: lines of it
    lines: tuple[str, ...] = ()
    #: everything the page prints, boxes around the article included
    visible: str = ""
    #: whether mark-up says the page is an article (JSON-LD, Open Graph, microdata)
    is_marked: bool = False
    #: what JSON-LD says of ``isAccessibleForFree``
    is_free: bool | None = None
    #: characters the whole article has as the page states it (``articleBody``, ``wordCount``), 0 when it states none
    stated_length: int = 0
    #: headings that are links to other pages
    linked_headings: int = 0
    asks_password: bool = False


def page_facts(tree: HtmlElement, article: JsonObject, *, url: str, title: str) -> PageFacts:
    """Return what a page's mark-up says of its kind; text and its length are filled in once it is read."""
    window = tree.findtext(".//head/title") or ""
    linked = sum(
        heading.find(".//a[@href]") is not None or next(heading.iterancestors("a"), None) is not None
        for heading in tree.iter("h2", "h3", "h4")
    )
    return PageFacts(
        url=url,
        titles=tuple(filter(None, (clean_line(window), title))),
        is_marked=bool(article)
        or meta(tree, "og:type").lower() == "article"
        or bool(meta(tree, "article:published_time"))
        or tree.find(".//*[@itemprop='articleBody']") is not None,
        is_free=_free(article),
        stated_length=_stated_length(article),
        linked_headings=linked,
        asks_password=tree.find(".//input[@type='password']") is not None,
    )


def _free(article: JsonObject) -> bool | None:
    value = article.get("isAccessibleForFree")
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower().rpartition("/")[2])
    return value if isinstance(value, bool) else None


def _stated_length(article: JsonObject) -> int:
    try:
        words = int(article.get("wordCount") or 0)
    except (ValueError, TypeError, OverflowError):
        words = 0
    return max(len(json_text(article, "articleBody")), min(max(words, 0), 100_000) * _WORD_LENGTH)


_ERROR_TITLE = re.compile("|".join(wallphrases.ERROR_TITLES), re.IGNORECASE)
_ERROR_TEXT = re.compile("|".join(wallphrases.ERROR_TEXTS), re.IGNORECASE)
# Searched in long texts, in lower case: without IGNORECASE the engine knows how a match can begin.
_CONSENT = tuple(re.compile(pattern) for pattern in wallphrases.CONSENT)
_REST_FOR_SUBSCRIBERS = re.compile("|".join(wallphrases.REST_FOR_SUBSCRIBERS))


def judge(facts: PageFacts, body: bytes) -> CrawlFailure | None:
    """Return why a page that was read is no whole article, or None.

    A subscription wall comes with the teaser it leaves; the others leave nothing worth keeping.
    """
    if facts.length < HEALTHY and (failure := challenge(200, (), body, facts.url, text_length=facts.length)):
        return failure
    for judgement in (_consent, _soft_404, _no_article, _paywall):
        failure = judgement(facts)
        if failure is not None:
            return failure
    return None


def _consent(facts: PageFacts) -> CrawlFailure | None:
    """A dialog took the article's place in what was read, or is all there is to read."""
    text = "\n".join(facts.lines) if facts.lines else facts.visible[:20_000] if facts.length < _THIN else ""
    # The buttons of a dialog are no lines of text; they count where no mark-up says that this is an article.
    buttons = facts.visible[:20_000] if facts.length < HEALTHY and not facts.is_marked else ""
    if _consent_kinds(text) < (_MIN_KINDS - 1 if _consent_kinds(buttons) >= _MIN_KINDS else _MIN_KINDS):
        return None
    about = [line for line in facts.lines if _consent_kinds(line)]
    if facts.lines and sum(map(len, about)) < 0.5 * sum(map(len, facts.lines)):
        return None
    detail = f"{_host(facts.url)} shows a consent dialog in place of the article"
    return CrawlFailure(reason=FailureReason.CONSENT, detail=detail, status=200)


def _consent_kinds(text: str) -> int:
    lowered = text.lower()
    return sum(pattern.search(lowered) is not None for pattern in _CONSENT)


def _soft_404(facts: PageFacts) -> CrawlFailure | None:
    if facts.is_marked or facts.length >= HEALTHY:
        return None
    title = next((title for title in facts.titles if _ERROR_TITLE.fullmatch(_headline_of(title[:300]))), None)
    says = title or (facts.length < _THIN * 2 and _ERROR_TEXT.search(facts.visible[:5000]))
    if says:
        shown = f"« {title} »" if title else "an error or maintenance page"
        detail = f"the address answers 200, but with {shown} in place of the article"
        return CrawlFailure(reason=FailureReason.SOFT_404, detail=detail[:300], status=200)
    if facts.asks_password and facts.length < _THIN:
        detail = f"{_host(facts.url)} shows a login form in place of the article"
        return CrawlFailure(reason=FailureReason.SOFT_404, detail=detail, status=200)
    return None


def _headline_of(title: str) -> str:
    """Return a window title without the site's name behind a separator."""
    return re.split(r"\s+[|–—-]\s+", title.strip())[0].strip(" .!…")


def _no_article(facts: PageFacts) -> CrawlFailure | None:
    if facts.is_marked or facts.linked_headings < 10 or facts.length >= 2 * HEALTHY:
        return None
    if len(facts.lines) > facts.linked_headings // 2:
        return None
    detail = f"the address shows a list of {facts.linked_headings} articles, not one"
    return CrawlFailure(reason=FailureReason.NOT_ARTICLE, detail=detail, status=200)


def _paywall(facts: PageFacts) -> CrawlFailure | None:
    """Fewer than all words are there, and the page says why."""
    prompt = _REST_FOR_SUBSCRIBERS.search(facts.visible.lower())
    is_cut = facts.stated_length > 0 and facts.length < 0.6 * facts.stated_length
    is_short = facts.length < HEALTHY
    is_certain = prompt is not None and re.match(r"il (?:vous )?reste", prompt[0], re.IGNORECASE) is not None
    walled = (
        is_certain
        or (facts.is_free is False and (is_cut or is_short))
        or (facts.is_free is None and prompt is not None and is_short)
    )
    if not walled:
        return None
    detail = f"{_host(facts.url)} shows the beginning only; the rest is for subscribers"
    return CrawlFailure(reason=FailureReason.PAYWALL, detail=detail, status=200)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url or "the site"


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"[:120]
