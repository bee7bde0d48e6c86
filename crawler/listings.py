"""What an address that lists articles gave: entries, hints on pace, what it taught, where to look further."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from crawler.clean import MAX_SUMMARY, MAX_TITLE, cut, plain
from storage.types import CrawlFailure, FailureReason, FeedEntry, HomePage, PaceHints

#: entries taken over from one feed
MAX_ENTRIES = 500
MAX_AUTHORS = 20
MAX_NAME = 200
MAX_GUID = 1000
#: characters of a field that are read at all; what follows a headline of that length is an attack
_MAX_MARKUP = 100_000
_TITLE_FROM_SUMMARY = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSitemap:
    """A sitemap that a sitemap index names."""

    url: str
    lastmod: datetime | None = None
    #: the lastmod has a time of day, so a change within the day shows
    to_the_minute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The reading of a feed, a sitemap or a section page."""

    entries: tuple[FeedEntry, ...] = ()
    hints: PaceHints = field(default_factory=PaceHints)
    #: see :attr:`storage.types.PollOrder.learnt`
    learnt: str | None = None
    #: sitemaps to be read for the entries, in the order of the index
    children: tuple[ChildSitemap, ...] = ()
    #: of a home page
    home: HomePage | None = None


def refusal(reason: FailureReason, detail: str) -> CrawlFailure:
    """Return a failure without a status of its own."""
    return CrawlFailure(reason=reason, detail=detail)


def make_entry(
    *,
    url: str,
    title: str,
    summary: str,
    published_at: datetime | None,
    updated_at: datetime | None,
    authors: tuple[str, ...],
    guid: str,
) -> FeedEntry:
    """Build an entry from the markup a feed gives: everything plain and bounded.

    An item without a headline gets the start of its summary for one; without either, its page gives it.
    """
    told = cut(plain(summary[:_MAX_MARKUP]), MAX_SUMMARY)
    names = (cut(plain(name[:_MAX_MARKUP]), MAX_NAME) for name in authors[: MAX_AUTHORS * 2])
    return FeedEntry(
        url=url,
        title=cut(plain(title[:_MAX_MARKUP]), MAX_TITLE) or cut(told, _TITLE_FROM_SUMMARY),
        summary=told,
        published_at=published_at,
        updated_at=updated_at,
        authors=tuple(dict.fromkeys(name for name in names if name))[:MAX_AUTHORS],
        guid=cut(plain(guid[:_MAX_MARKUP]), MAX_GUID) or None,
    )
