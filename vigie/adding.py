"""``sources add``: from an address to a source, with a preview of what it would bring."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from crawler.client import CrawlerProcess
from crawler.discovery import usual_places
from crawler.guard import url_refusal
from storage.types import (
    AddressKind,
    CrawlFailure,
    FeedEntry,
    FetchOrder,
    FetchResult,
    HomePage,
    NamedAddress,
    PollOrder,
    PollResult,
    Source,
)
from vigie.crawling import crawler_settings
from vigie.errors import VigieError
from vigie.settings import Settings
from vigie.sourcefile import identifier

logger = logging.getLogger(__name__)

#: articles shown before a source is saved
PREVIEW = 5
#: declared addresses that are tried, and those that are kept of each kind
MAX_TRIED = 10
MAX_KEPT = 3
#: letters of a language's code, which is no section; names of home pages
_LANGUAGE = 2
_HOMES = frozenset({"index", "home", "accueil", "default"})


class Asking(Protocol):
    """The crawler process, as seen from here."""

    async def poll(self, order: PollOrder) -> PollResult:
        """Return what an address lists or names."""
        ...

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return an article."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One address, and what it answered."""

    kind: AddressKind
    url: str
    entries: tuple[FeedEntry, ...] = ()
    failure: CrawlFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an entry of the source would become."""

    url: str
    title: str
    published: datetime | None
    authors: tuple[str, ...]
    #: the first lines of its text
    text: str
    #: why the page could not be read
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A source that could be added."""

    source: Source
    tried: tuple[Tried, ...]
    preview: tuple[Preview, ...]
    #: the addresses were found by convention, nothing declares them
    guessed: bool = False


async def propose(
    settings: Settings,
    url: str,
    *,
    kind: AddressKind | None = None,
    source_id: str | None = None,
    name: str | None = None,
) -> Proposal:
    """Find out how an outlet lists its articles, politely and through the crawler process, and try it.

    Args:
        settings: the configuration in use.
        url: a home page, or a feed, sitemap or section page itself.
        kind: what ``url`` is, where that is known.
        source_id: the id of the new source; made from its host otherwise.
        name: its name; the one its page gives otherwise.

    Raises:
        VigieError: the address cannot be asked, or lists nothing.
    """
    reason = url_refusal(url)
    if reason is not None:
        raise VigieError(f"{reason}; give an address such as https://journal.example/")
    given = crawler_settings(settings)
    port = urlsplit(url).port
    ports = given.source_ports if port is None else (*given.source_ports, port)
    crawler = CrawlerProcess(dataclasses.replace(given, source_ports=tuple(sorted(set(ports)))))
    await crawler.start()
    try:
        return await _propose(crawler, settings, url, kind, source_id, name)
    finally:
        await crawler.stop()


async def _propose(
    crawler: Asking, settings: Settings, url: str, kind: AddressKind | None, source_id: str | None, name: str | None
) -> Proposal:
    home = HomePage(kind=kind) if kind is not None else await _home(crawler, url)
    tried, guessed = await _tried(crawler, url, home)
    kept = _kept(tried)
    if not kept:
        told = "; ".join(f"{each.url}: {each.failure.detail}" for each in tried if each.failure is not None)
        raise VigieError(f"{url} names no feed, no sitemap and no section that lists articles ({told})")
    title = name or home.title or (urlsplit(url).hostname or url)
    page = url if home.kind is None else urljoin(url, "/")
    source = Source(
        id=source_id or identifier(title, url, {source.id for source in settings.sources}),
        name=title,
        url=page,
        feeds=_of(kept, AddressKind.FEED),
        sitemaps=_of(kept, AddressKind.SITEMAP),
        sections=_of(kept, AddressKind.SECTION),
        language=home.language,
    )
    preview = await _preview(crawler, source, kept)
    return Proposal(source=source, tried=tuple(tried), preview=preview, guessed=guessed)


async def _home(crawler: Asking, url: str) -> HomePage:
    result = await crawler.poll(_order(AddressKind.HOME, url))
    if result.failure is not None or result.home is None:
        detail = result.failure.detail if result.failure is not None else "the crawler gave no answer"
        raise VigieError(f"{url} cannot be read: {detail}")
    return result.home


async def _tried(crawler: Asking, url: str, home: HomePage) -> tuple[list[Tried], bool]:
    """Try the address itself, else what is declared, else the section page, else places of convention.

    Who names a section wants that section: its own feeds come first, then the page, and only then the whole site.
    """
    if home.kind is not None:
        return [await _try(crawler, home.kind, url)], False
    asked: list[Tried] = []
    if (section := section_of(url)) is not None:
        asked = await _try_all(crawler, [each for each in home.addresses if _is_of(each, section)][:MAX_TRIED])
        if not _kept(asked):
            asked.append(await _try(crawler, AddressKind.SECTION, url))
        if _kept(asked):
            return asked, False
    robots = await crawler.poll(_order(AddressKind.HOME, urljoin(url, "/robots.txt")))
    declared = [*home.addresses[:MAX_TRIED], *(robots.home.addresses[: MAX_TRIED // 2] if robots.home else ())]
    done = {each.url for each in asked}
    tried = [*asked, *await _try_all(crawler, [each for each in declared if each.url not in done])]
    if _kept(tried):
        return tried, False
    if url not in done:
        tried.append(await _try(crawler, AddressKind.SECTION, url))
    if _kept(tried):
        return tried, False
    for place in usual_places(url):
        tried.append(await _try(crawler, place.kind, place.url))
        if tried[-1].entries:
            return tried, True
    return tried, False


def section_of(url: str) -> str | None:
    """Return the name of the section an address leads to, or None for a home page, of a language too (``/fr/``)."""
    segments = [segment for segment in urlsplit(url).path.lower().split("/") if segment]
    name = segments[-1].partition(".")[0] if segments else ""
    return None if len(name) <= _LANGUAGE or name in _HOMES else name


def _is_of(address: NamedAddress, section: str) -> bool:
    """Whether an address names a section, as a word of its own: ``/rss/afrique.xml``, ``/afrique/feed/``."""
    parts = urlsplit(address.url)
    return (
        re.search(rf"(?<![a-z0-9]){re.escape(section)}(?![a-z0-9])", f"{parts.path}?{parts.query}".lower()) is not None
    )


async def _try_all(crawler: Asking, named: Iterable[NamedAddress]) -> list[Tried]:
    """Try addresses one after the other, since they are on one host as a rule; no more of a kind than are kept."""
    tried: list[Tried] = []
    for address in named:
        if sum(each.kind is address.kind for each in _kept(tried)) < MAX_KEPT:
            tried.append(await _try(crawler, address.kind, address.url))
    return tried


async def _try(crawler: Asking, kind: AddressKind, url: str) -> Tried:
    logger.info("trying %s as a %s", url, kind)
    result = await crawler.poll(_order(kind, url))
    return Tried(kind=kind, url=url, entries=result.entries, failure=result.failure)


def _order(kind: AddressKind, url: str) -> PollOrder:
    return PollOrder(id=uuid4().hex, source_id="", url=url, kind=kind)


def _kept(tried: Sequence[Tried]) -> tuple[Tried, ...]:
    """Return the addresses that list something no kept one does, a few of each kind."""
    kept: list[Tried] = []
    seen: set[str] = set()
    for each in tried:
        urls = {entry.url for entry in each.entries}
        enough = sum(other.kind is each.kind for other in kept) >= MAX_KEPT
        if each.failure is None and urls - seen and not enough:
            kept.append(each)
            seen |= urls
    return tuple(kept)


def _of(kept: Iterable[Tried], kind: AddressKind) -> tuple[str, ...]:
    return tuple(each.url for each in kept if each.kind is kind)


async def _preview(crawler: Asking, source: Source, kept: Sequence[Tried]) -> tuple[Preview, ...]:
    """Read a few articles, taking from each address in turn."""
    lists = [list(each.entries) for each in kept]
    chosen: dict[str, FeedEntry] = {}
    while any(lists) and len(chosen) < PREVIEW:
        for entries in lists:
            if entries and len(chosen) < PREVIEW:
                entry = entries.pop(0)
                chosen.setdefault(entry.url, entry)
    return tuple([await _read(crawler, source, entry) for entry in chosen.values()])


async def _read(crawler: Asking, source: Source, entry: FeedEntry) -> Preview:
    logger.info("reading %s", entry.url)
    result = await crawler.fetch(
        FetchOrder(id=uuid4().hex, source_id=source.id, url=entry.url, entry=entry, language=source.language)
    )
    article = result.article
    return Preview(
        url=entry.url,
        title=article.title if article else entry.title,
        published=(article.published_at if article else None) or entry.published_at,
        authors=article.authors if article else entry.authors,
        text=article.text if article else entry.summary,
        failure=f"{result.failure.reason}: {result.failure.detail}" if result.failure else None,
    )
