"""What an address listed, taken in: what is new, what is known under another address, what is too much.

An entry is known by its address (:func:`crawler.urls.article_key`), never by the identity its feed gives alone: feeds
use one identity for two stories, and give all items new ones when the site moves. So

* the same identity with the same headline and date under another address is the same article;
* when more than half of what an established list shows is unknown, and the headlines of most of that are known
  from the last :data:`REMEMBERED`, the site has moved: those are linked to the articles they were (the flood guard).
  The others are read as new: nothing that may have happened is lost to a guess.
* everything else is new. Should its page hold a known text, detection finds the copy.

Of each kind of address a source may bring :data:`DAILY` new entries in 24 hours. What is beyond stays unread on the far
end: the validators of that answer are not kept, so the list is taken in again when there is room.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from crawler.clean import squeezed
from crawler.urls import article_key, same_site
from storage import arrivals, entries, sources
from storage.arrivals import KnownEntry
from storage.health import AddressRow
from storage.types import AddressKind, CrawlFailure, FailureReason, FeedEntry, FeedState, PollResult

logger = logging.getLogger(__name__)

#: new entries that addresses of a kind may bring to one source in 24 hours
DAILY = {AddressKind.FEED: 2000, AddressKind.SITEMAP: 2000, AddressKind.SECTION: 300}
#: how long a headline is remembered for when a site moves
REMEMBERED = timedelta(days=30)
#: fewest unknown entries of a list that are taken for a move
FEWEST = 5
#: a shorter headline ("Revue de presse") stands above many stories
MIN_TITLE = 20
#: one story's date may differ by so much between two readings
SAME_DATE = timedelta(hours=36)
#: permanent redirects in a row to one place before that place is asked at once
MOVES = 2
_DAY = timedelta(days=1)


def take_in(
    database: Database,
    kind: AddressKind,
    result: PollResult,
    now: datetime,
    *,
    renewed: Callable[[str], None] = lambda _key: None,
) -> tuple[FeedEntry, ...]:
    """Store an address's validators together with the entries it brought; return those that are new.

    Args:
        database: the archive, inside a transaction.
        kind: how the address lists articles.
        result: the crawler's answer.
        now: the present.
        renewed: hears the key of each known entry that the list says has changed.
    """
    listed = {article_key(entry.url): entry for entry in reversed(result.entries)}
    listed = dict(reversed(listed.items()))
    unknown = arrivals.unknown_keys(database, listed) if listed else set()
    fresh = {key: entry for key, entry in listed.items() if key in unknown}
    same = _recognised(database, result.source_id, fresh, listed, now) if fresh else {}
    room = DAILY[kind] - arrivals.count_since(database, result.source_id, kind, now - _DAY)
    queue = [key for key in fresh if key not in same]
    overflow = len(queue) > max(room, 0)
    sources.record_feed(database, _unfinished(result) if overflow else result, now, kind=kind)
    if overflow and arrivals.note_overflow(database, result.source_id, result.url, now, again_after=now - _DAY):
        logger.warning(
            "source %s: %s lists more than %d new addresses a day; the others wait (a calendar or session ids "
            "in addresses do this: narrow the section, or give a feed)",
            result.source_id, result.url, DAILY[kind],
        )  # fmt: skip
    for key, known in same.items():
        arrivals.link(database, result.source_id, key, fresh[key], known, now)
    taken = set(queue[: max(room, 0)])
    for key in taken:
        entries.add(database, result.source_id, key, fresh[key], now)
        arrivals.note_kind(database, key, kind)
    for key, entry in listed.items():
        if key not in fresh and entries.renew(database, key, entry):
            renewed(key)
    return tuple(entry for key, entry in fresh.items() if key in taken)


def _unfinished(result: PollResult) -> PollResult:
    return replace(result, etag=None, last_modified=None, body_hash=None, learnt=None)


def _recognised(
    database: Database, source_id: str, fresh: Mapping[str, FeedEntry], listed: Mapping[str, FeedEntry], now: datetime
) -> dict[str, KnownEntry]:
    def elsewhere(known: Sequence[KnownEntry]) -> list[KnownEntry]:
        # What the list still shows at its old address has not moved.
        return [entry for entry in known if article_key(entry.url) not in listed]

    guids = {entry.guid for entry in fresh.values() if entry.guid}
    same = same_identity(fresh, elsewhere(arrivals.with_guids(database, source_id, guids))) if guids else {}
    rest = {key: entry for key, entry in fresh.items() if key not in same}
    if len(rest) < FEWEST or len(fresh) * 2 <= len(listed):
        return same
    moved = moved_entries(rest, elsewhere(arrivals.recent(database, source_id, now - REMEMBERED)))
    if moved:
        logger.warning(
            "source %s: %d of %d entries have new addresses but known headlines; "
            "the site has moved them, they are not taken for news",
            source_id, len(moved), len(listed),
        )  # fmt: skip
    return {**same, **moved}


def same_identity(fresh: Mapping[str, FeedEntry], known: Sequence[KnownEntry]) -> dict[str, KnownEntry]:
    """Return the entries whose identity, headline and date are those of a known one, by their keys.

    A column that keeps its headline and its identity from day to day is a new story each day.
    """
    by_identity = {(entry.guid, squeezed(entry.title)): entry for entry in reversed(known)}
    found: dict[str, KnownEntry] = {}
    for key, candidate in fresh.items():
        title = squeezed(candidate.title)
        before = by_identity.get((candidate.guid, title)) if candidate.guid and len(title) >= MIN_TITLE else None
        if before is not None and _same_date(candidate.published_at, before.published_at):
            found[key] = before
    return found


def moved_entries(fresh: Mapping[str, FeedEntry], known: Sequence[KnownEntry]) -> dict[str, KnownEntry]:
    """Return the entries whose headlines are known, when they are so many that the site must have moved.

    Args:
        fresh: the unknown entries of one list, by their keys.
        known: what the source listed lately, the latest first.
    """
    by_title: dict[str, KnownEntry] = {}
    for entry in known:
        by_title.setdefault(squeezed(entry.title), entry)
    found: dict[str, KnownEntry] = {}
    for key, candidate in fresh.items():
        title = squeezed(candidate.title)
        before = by_title.get(title) if len(title) >= MIN_TITLE else None
        if before is not None and _same_date(candidate.published_at, before.published_at):
            found[key] = before
    return found if len(found) * 2 >= len(fresh) else {}


def _same_date(one: datetime | None, other: datetime | None) -> bool:
    return one is None or other is None or abs(one - other) <= SAME_DATE


# --- addresses that moved or are gone --------------------------------------------------------------


def address_to_ask(configured: str, known: AddressRow | None) -> str:
    """Return where to ask for a configured address: where it has moved for good, within its own site.

    The configuration stays as it is. A move to another site is for a person to judge; until then each poll goes
    through the redirect.
    """
    if known is None or known.moved_to is None or known.moves < MOVES or not same_site(configured, known.moved_to):
        return configured
    return known.moved_to


def as_configured(result: PollResult, configured: str) -> PollResult:
    """Return the answer of the address that was asked as that of the configured one."""
    if result.url == configured:
        return result
    moved_to = None if result.failure is not None else result.moved_to or result.url
    return replace(result, url=configured, moved_to=moved_to)


def gone(known: FeedState) -> PollResult | None:
    """Return the answer of an address that has said it is gone for good (410): it is not asked again."""
    if known.failure is not FailureReason.GONE:
        return None
    detail = known.detail or "the address is gone for good"
    advice = "; it is not asked again: give the new address in the configuration"
    failure = CrawlFailure(reason=FailureReason.GONE, detail=detail.removesuffix(advice) + advice, status=410)
    return PollResult(order_id="", source_id=known.source_id, url=known.url, failure=failure)
