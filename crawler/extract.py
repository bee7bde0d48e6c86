"""A page as an article: the one entry to extraction, and the only place that knows trafilatura.

The recipe: one parse, fields from the page's own mark-up, boxes pruned, trafilatura for the text, its
result checked against the page's paragraphs, whole lines filtered. It is a pure function of its
arguments: no network, no clock, no state between two pages.

trafilatura must never run in threads (it has crashed the interpreter); :mod:`crawler.pool` runs it in
processes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lxml.html import HtmlElement

from crawler import authors, fields, walls
from crawler.agencies import closing_credit, credit_in, credit_line, is_byline, leaning_on
from crawler.authors import Signed, is_signature
from crawler.body import article_lines
from crawler.boilerplate import is_boilerplate
from crawler.clean import clean_line, cut, squeezed
from crawler.jsonld import article_object
from crawler.lede import standfirst
from crawler.page import inline_scripts, looks_like_html, meta, parse, undress, unfold_layout_tables
from crawler.partial import MAX_EXTRACT, from_entry
from crawler.site import Site
from crawler.walls import MAX_VISIBLE, PageFacts, page_facts
from storage.types import Article, CrawlFailure, FailureReason, FeedEntry, utc

#: fewest characters of text a page must hold to count as an article
MIN_TEXT = 50
#: shortest text whose language is told for certain
_MIN_FOREIGN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a page came to: a whole article, or a failure with what is known all the same."""

    #: partial when ``failure`` is set; None when nothing at all is known
    article: Article | None
    failure: CrawlFailure | None = None
    #: whether the words of a partial article are the page's own (a teaser) rather than the feed's
    from_page: bool = True


def extract_page(
    body: bytes,
    *,
    url: str,
    source_id: str,
    fetched_at: datetime,
    asked: str | None = None,
    encoding: str | None = None,
    entry: FeedEntry | None = None,
    language: str | None = None,
    full_text: bool = True,
) -> Article | CrawlFailure:
    """Return the article a page holds, a partial one where that is all there is, or the reason why there is none.

    See :func:`read_page` for the arguments.
    """
    reading = read_page(
        body,
        url=url,
        source_id=source_id,
        fetched_at=fetched_at,
        asked=asked,
        encoding=encoding,
        entry=entry,
        language=language,
        full_text=full_text,
    )
    if reading.article is not None:
        return reading.article
    return reading.failure or CrawlFailure(reason=FailureReason.NO_TEXT, detail="the page gave nothing")


def read_page(
    body: bytes,
    *,
    url: str,
    source_id: str,
    fetched_at: datetime,
    asked: str | None = None,
    encoding: str | None = None,
    entry: FeedEntry | None = None,
    language: str | None = None,
    full_text: bool = True,
) -> Reading:
    """Read a page: the article it holds, or why it holds none with what the feed said of it.

    Args:
        body: the page, content codings undone.
        url: its address, after redirects.
        source_id: the source it was fetched for.
        fetched_at: when it was fetched, aware; dates later than that are not believed.
        asked: the address that was asked for, when redirects may have led elsewhere.
        encoding: character encoding the server declared.
        entry: what the feed said of it; used where the page says less.
        language: ISO 639-1 code of the source.
        full_text: False keeps the title, the address and at most :data:`MAX_EXTRACT` characters.
    """
    fetched_at = utc(fetched_at)

    def walled(failure: CrawlFailure) -> Reading:
        article = from_entry(
            entry,
            source_id=source_id,
            fetched_at=fetched_at,
            failure=failure.reason,
            language=language,
            full_text=full_text,
        )
        return Reading(article=article, failure=failure, from_page=False)

    failure = walls.diverted(asked, url) if asked else None
    if failure is not None:
        return walled(failure)
    tree = parse(body, encoding) if looks_like_html(body) else None
    if tree is None:
        reason = FailureReason.NO_TEXT if not body.strip() else FailureReason.NOT_HTML
        return walled(CrawlFailure(reason=reason, detail="the address gave no web page"))
    found = _read(tree, entry, fetched_at, url)
    failure = walls.judge(found.facts, body) or _lack(found) or _foreign(found, entry, language)
    is_teaser = failure is not None and failure.reason is FailureReason.PAYWALL and _lack(found) is None
    if failure is not None and not is_teaser:
        return walled(failure)
    lede, paragraphs = found.lede, found.paragraphs
    if is_teaser and entry is not None and squeezed(entry.summary) not in squeezed(found.text):
        # The feed may say more than the teaser does.
        lede, paragraphs = (lede, (entry.summary, *paragraphs)) if lede else (entry.summary, paragraphs)
    if not full_text:
        lede, paragraphs = "", (cut(" ".join(part for part in (lede, *paragraphs) if part), MAX_EXTRACT),)
    article = Article(
        source_id=source_id,
        url=url,
        title=found.title,
        paragraphs=paragraphs,
        lede=lede,
        canonical_url=fields.canonical_url(tree, url),
        authors=found.authors,
        published_at=found.published_at,
        language=fields.language(tree, "\n".join((found.title, lede, *paragraphs)), language),
        agency=found.agency,
        modified_at=found.modified_at,
        partial=is_teaser,
        failure=failure.reason if failure else None,
        override_missed=found.override_missed,
        fetched_at=fetched_at,
    )
    return Reading(article=article, failure=failure)


def _lack(found: _Found) -> CrawlFailure | None:
    """Return what the page lacks to be an article."""
    if not found.title:
        return CrawlFailure(reason=FailureReason.NO_TITLE, detail="the page has no headline, and no feed gave one")
    if found.length < MIN_TEXT:
        detail = f"the page holds {found.length} characters of text, fewer than {MIN_TEXT}; it may need JavaScript"
        return CrawlFailure(reason=FailureReason.NO_TEXT, detail=detail)
    return None


def _foreign(found: _Found, entry: FeedEntry | None, language: str | None) -> CrawlFailure | None:
    """Return the failure when a page speaks another language than the source and this very entry do."""
    if entry is None or language is None or len(found.text) < _MIN_FOREIGN:
        return None
    spoken = fields.spoken(found.text)
    if spoken in {None, language} or fields.spoken(f"{entry.title}. {entry.summary}") != language:
        return None
    detail = f"the page is in another language ({spoken}) than the feed says ({language})"
    return CrawlFailure(reason=FailureReason.NOT_ARTICLE, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page itself gave."""

    title: str
    lede: str
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    published_at: datetime | None
    modified_at: datetime | None
    agency: str | None
    override_missed: tuple[str, ...]
    facts: PageFacts

    @property
    def text(self) -> str:
        return "\n".join((self.lede, *self.paragraphs))

    @property
    def length(self) -> int:
        return len(self.lede) + sum(map(len, self.paragraphs))


def _read(tree: HtmlElement, entry: FeedEntry | None, now: datetime, url: str) -> _Found:
    window = tree.findtext(".//head/title") or ""
    article = article_object(tree, f"{window} {meta(tree, 'og:title')} {entry.title if entry else ''}")
    site = Site.of(url)
    scripts = inline_scripts(tree)
    undress(tree)
    title, heading = site.headline(tree) or fields.headline(tree, article, entry)
    published_at = site.published(tree) or fields.published(tree, article, heading, entry, now)
    signed = site.signed(tree, authors.signed(tree, article, heading, entry, url, scripts))
    description = meta(tree, "og:description", "description", "twitter:description")
    facts = page_facts(tree, article, url=url, title=title)
    unfold_layout_tables(tree)
    visible = tree.text_content()[:MAX_VISIBLE]
    notes = site.pruned(tree)
    heading = heading if heading is not None and heading.getroottree().getroot() is tree else None
    lede = site.standfirst(tree) or standfirst(tree, heading, description)
    lines = site.lines(tree) or article_lines(tree, article, heading)
    paragraphs, people, agency = _filtered(lines, title=title, lede=lede, signed=signed)
    agency = agency or next(filter(None, map(credit_line, notes)), None) or authors.agency_among(signed.lines)
    return _Found(
        title=title,
        lede=lede,
        paragraphs=paragraphs,
        authors=people,
        published_at=published_at,
        modified_at=fields.modified(tree, article, now),
        agency=agency,
        override_missed=tuple(site.missed),
        facts=replace(
            facts,
            length=len(lede) + sum(map(len, paragraphs)),
            lines=(lede, *paragraphs) if lede else paragraphs,
            visible=clean_line(visible),
        ),
    )


# --- text ----------------------------------------------------------------------------------------

#: lines at either end of the text among which names and credits stand
_EDGE = 3


def _filtered(
    lines: list[str], *, title: str, lede: str, signed: Signed
) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Drop what is no prose; return the text, who signed, and the agency credited at its end or in its dateline.

    Args:
        lines: the text as extracted.
        title: the headline, which the text must not repeat.
        lede: the standfirst, nor this.
        signed: who signed; a line that only names them is a byline.
    """
    names = {*map(squeezed, (*signed.people, *signed.lines)), *signed.outlets}
    people = signed.people
    head = squeezed(title)
    seen = {head, squeezed(lede)} - {""}
    kept: list[str] = []
    agency: str | None = None
    for position, line in enumerate(lines):
        key = squeezed(line)
        is_last, is_edge = position == len(lines) - 1, position < _EDGE or position >= len(lines) - _EDGE
        credit = credit_line(line) or (closing_credit(line) if is_last else None)
        if credit is None and (is_byline(line) or (is_edge and is_signature(line))):
            credit = authors.agency_among([line])
            # Whom the headline names is a subject of the article.
            people = people or tuple(name for name in authors.people_in(line) if squeezed(name) not in head)
        elif credit is None and key not in names and not is_boilerplate(line):
            # A long line printed twice is a pull quote or a template's copy; a short one may be dialogue.
            # « Vous lisez actuellement : » and the headline again.
            names_title = head in key and len(key) <= len(head) + 30 and len(head) > 15
            is_repeated = names_title or (key in seen and not (len(key) < 40 and kept))
            if not is_repeated and not (position < _EDGE and lede and key and key in squeezed(lede)):
                kept.append(line)
            seen.add(key)
        agency = agency or credit
    if agency is None and kept:
        agency = credit_in(kept[-1]) or credit_in(kept[0]) or credit_in(lede) or leaning_on(" ".join(kept[:3]))
    return tuple(kept), people, agency
