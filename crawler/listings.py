"""What an address that lists articles gave: entries, hints on pace, what it taught, where to look further."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.types import CrawlFailure, FailureReason, FeedEntry, PaceHints

#: entries taken over from one poll
MAX_ENTRIES = 500


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


def refusal(reason: FailureReason, detail: str) -> CrawlFailure:
    """Return a failure without a status of its own."""
    return CrawlFailure(reason=reason, detail=detail)
