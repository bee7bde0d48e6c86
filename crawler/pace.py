"""How fast a host is asked: pure decisions about download slots.

Scrapy keeps one queue (a *slot*) a host. Public hosts get one request at a time and a pause between two.
Addresses inside ``allow_cidrs`` are machines of the operator, often several servers on one address, and
get a slot a port and, unless a delay is configured, four requests at a time without a pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.guard import is_allowed_literal
from crawler.settings import DEFAULT_DELAY, CrawlerSettings

#: longest Crawl-delay of a robots.txt that is honoured, in seconds
MAX_CRAWL_DELAY = 60.0
#: an order is sent back when its turn would come later than this, in seconds
MAX_WAIT = 90.0
_OWN_CONCURRENCY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The slot of an address and its rhythm."""

    slot: str
    #: seconds between the starts of two requests
    delay: float
    concurrency: int


def pace_of(url: str, settings: CrawlerSettings) -> Pace:
    """Return the slot of ``url`` and its rhythm before any robots.txt was read."""
    parts = urlsplit(url)
    if is_allowed_literal(url, settings.policy):
        own = settings.delay_seconds or 0.0
        return Pace(slot=parts.netloc.lower(), delay=own, concurrency=1 if own else _OWN_CONCURRENCY)
    delay = DEFAULT_DELAY if settings.delay_seconds is None else settings.delay_seconds
    return Pace(slot=(parts.hostname or "").rstrip("."), delay=delay, concurrency=1)


def slowed(pace: Pace, crawl_delay: float | None) -> Pace:
    """Return ``pace`` with the Crawl-delay a robots.txt asks for, when that is slower."""
    if crawl_delay is None or not crawl_delay > pace.delay:
        return pace
    return Pace(slot=pace.slot, delay=min(crawl_delay, MAX_CRAWL_DELAY), concurrency=1)


def excess_wait(waiting: int, delay: float) -> float | None:
    """Return the seconds until a slot with ``waiting`` orders is free again, when that is too long.

    None means that one more order has its turn within :data:`MAX_WAIT`.
    """
    wait = waiting * delay
    return wait if wait > MAX_WAIT else None
