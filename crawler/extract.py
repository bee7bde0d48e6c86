"""A page as an article: the one entry to extraction, and the only place that knows trafilatura.

The recipe: one parse, fields from the page's own mark-up, boxes pruned, trafilatura for the text, its
result checked against the page's paragraphs, whole lines filtered. It is a pure function of its
arguments: no network, no clock, no state between two pages.

trafilatura must never run in threads (it has crashed the interpreter); :mod:`crawler.pool` runs it in
processes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from crawler import fields
from crawler.boilerplate import closing_credit, credit_in, credit_line, is_boilerplate, is_byline, prune
from crawler.clean import clean_line, cut
from crawler.jsonld import JsonObject, article_object
from crawler.jsonld import text_of as json_text
from crawler.lede import standfirst
from crawler.page import looks_like_html, meta, parse, squeezed, text_of
from crawler.paragraphs import completed, own_paragraphs, unfold_layout_tables
from storage.types import Article, CrawlFailure, FailureReason, FeedEntry, utc

#: fewest characters of text a page must hold to count as an article
MIN_TEXT = 50
#: characters kept of an article whose source reserves its text
MAX_EXTRACT = 300


def extract_page(
    body: bytes,
    *,
    url: str,
    source_id: str,
    fetched_at: datetime,
    encoding: str | None = None,
    entry: FeedEntry | None = None,
    language: str | None = None,
    full_text: bool = True,
) -> Article | CrawlFailure:
    """Return the article a page holds, or the reason why it holds none.

    Args:
        body: the page, content codings undone.
        url: its address.
        source_id: the source it was fetched for.
        fetched_at: when it was fetched, aware; dates later than that are not believed.
        encoding: character encoding the server declared.
        entry: what the feed said of it; used where the page says less.
        language: ISO 639-1 code of the source.
        full_text: False keeps the title, the address and at most :data:`MAX_EXTRACT` characters.
    """
    fetched_at = utc(fetched_at)
    tree = parse(body, encoding) if looks_like_html(body) else None
    if tree is None:
        reason = FailureReason.NO_TEXT if not body.strip() else FailureReason.NOT_HTML
        return CrawlFailure(reason=reason, detail="the address gave no web page")
    found = _read(tree, entry, fetched_at)
    if not found.title:
        return CrawlFailure(reason=FailureReason.NO_TITLE, detail="the page has no headline, and no feed gave one")
    is_partial = found.length < MIN_TEXT
    if is_partial and (entry is None or not entry.summary):
        return CrawlFailure(
            reason=FailureReason.NO_TEXT,
            detail=f"the page holds {found.length} characters of text, fewer than {MIN_TEXT}; it may need JavaScript",
        )
    lede, paragraphs = found.lede, found.paragraphs
    if is_partial and entry is not None:
        lede, paragraphs = "", (entry.summary,)
    if not full_text:
        lede, paragraphs = "", (cut(" ".join(part for part in (lede, *paragraphs) if part), MAX_EXTRACT),)
    return Article(
        source_id=source_id,
        url=url,
        title=entry.title if is_partial and entry is not None else found.title,
        paragraphs=paragraphs,
        lede=lede,
        canonical_url=fields.canonical_url(tree, url),
        authors=found.authors,
        published_at=found.published_at,
        language=fields.language(tree, "\n".join((found.title, lede, *paragraphs)), language),
        agency=found.agency,
        partial=is_partial,
        fetched_at=fetched_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page itself gave."""

    title: str
    lede: str
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    published_at: datetime | None
    agency: str | None

    @property
    def length(self) -> int:
        return len(self.lede) + sum(map(len, self.paragraphs))


def _read(tree: HtmlElement, entry: FeedEntry | None, now: datetime) -> _Found:
    window = tree.findtext(".//head/title") or ""
    article = article_object(tree, f"{window} {meta(tree, 'og:title')} {entry.title if entry else ''}")
    title, heading = fields.headline(tree, article, entry)
    published_at = fields.published(tree, article, heading, entry, now)
    unfold_layout_tables(tree)
    before = copy.deepcopy(tree)
    notes = prune(tree)
    heading = heading if heading is not None and heading.getroottree().getroot() is tree else None
    lede = standfirst(tree, heading, meta(before, "og:description", "description", "twitter:description"))
    lines = _body(tree, article)
    signed = fields.signatures(before, article, notes, entry)
    names = fields.authors(before, article, notes, entry)
    paragraphs, credit = _filtered(
        lines, {squeezed(text) for text in (title, lede)}, {*map(squeezed, (*names, *signed))}
    )
    agency = credit or next(filter(None, map(credit_line, notes)), None) or fields.agency_among(signed)
    return _Found(
        title=title,
        lede=lede,
        paragraphs=paragraphs,
        authors=names,
        published_at=published_at,
        agency=agency,
    )


# --- text ----------------------------------------------------------------------------------------


def _body(tree: HtmlElement, article: JsonObject) -> list[str]:
    """Return the lines of the text: trafilatura's, checked against the page's own paragraphs."""
    own = own_paragraphs(tree)
    own_length = sum(map(len, own))
    lines = _extracted(tree, fast=True)
    length = sum(map(len, lines))
    if length < 0.6 * own_length or length > 3 * own_length + 600:
        # The quick mode misses the article on some layouts and swallows the page on others.
        thorough = _extracted(tree, fast=False)
        if (sum(map(len, thorough)) > length) == (length < 0.6 * own_length):
            lines = thorough
    lines = completed(lines, tree) if lines else own
    stated = json_text(article, "articleBody")
    if sum(map(len, lines)) < 200 < len(stated) and squeezed(" ".join(lines))[:100] in squeezed(stated):
        return [stated]
    return lines


def _extracted(tree: HtmlElement, *, fast: bool) -> list[str]:
    from trafilatura import bare_extraction

    document = bare_extraction(
        copy.deepcopy(tree), fast=fast, with_metadata=False, include_comments=False, include_tables=True
    )
    text = getattr(document, "text", None) or ""
    return [line for raw in text.split("\n") if (line := clean_line(raw))]


def _filtered(lines: list[str], heads: set[str], names: set[str]) -> tuple[tuple[str, ...], str | None]:
    """Drop what is no prose, and read the agency's credit at the end or in the dateline.

    Args:
        lines: the text as extracted.
        heads: headline and standfirst, squeezed; the text must not repeat them.
        names: who signed, squeezed; a line that only names one of them is a byline.
    """
    kept: list[str] = []
    agency: str | None = None
    seen = heads - {""}
    for line in lines:
        key = squeezed(line)
        credit = credit_line(line)
        if credit is None and line is lines[-1]:
            credit = closing_credit(line)
        if credit is None and is_byline(line):
            credit = fields.agency_among([line])
        elif credit is None and key not in names and not is_boilerplate(line):
            # A long line printed twice is a pull quote or a template's copy; a short one may be dialogue.
            if key not in seen or (len(key) < 40 and kept):
                kept.append(line)
            seen.add(key)
        agency = agency or credit
    if agency is None and kept:
        agency = credit_in(kept[-1]) or credit_in(kept[0])
    return tuple(kept), agency


def page_title(body: bytes, encoding: str | None = None) -> str:
    """Return the window title of a page, for messages about pages that are no articles."""
    tree = parse(body, encoding)
    element = None if tree is None else tree.find(".//title")
    return "" if element is None else text_of(element)
