"""From the response to a poll order to its answer: status, validators, body, and the sitemaps an index names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.answers import Reply, page_mark, refused, validator
from crawler.errors import RefusedError
from crawler.hints import from_headers, merged
from crawler.jobs import ListedPage, listing_job
from crawler.listings import ChildSitemap, Listing
from crawler.orders import failed
from crawler.sitemaps import MAX_ENTRIES, children_to_read
from storage.types import CrawlFailure, FailureReason, FeedEntry, PaceHints, PollOrder, PollResult

if TYPE_CHECKING:
    from crawler.pool import Reader
    from crawler.wire import Result

#: sitemaps of an index that one poll asks for
MAX_CHILDREN = 4
#: an index may name indexes, which name sitemaps, and no deeper
MAX_DEPTH = 2
#: no further sitemap is asked for when the poll has taken so long
FOLLOW_FOR = timedelta(seconds=60)
#: sitemaps of one index whose reading is remembered
_MAX_REMEMBERED = 12

Ask = Callable[[str], Awaitable[Reply]]


async def answer_poll(
    order: PollOrder, reply: Reply, pool: Reader, *, ask: Ask, clock: Callable[[], datetime]
) -> Result:
    """Return the entries of a polled address, or that it did not change, or what went wrong.

    Args:
        order: what was asked for.
        reply: what came back.
        pool: where bodies are read.
        ask: sends a further request, under the same politeness, for a sitemap that an index names.
        clock: the present, aware.

    Raises:
        RefusedError: the answer could not be read within its limits.
    """
    now = clock()
    headers = from_headers(reply.headers, reply.url, now)
    if reply.status == 304:
        return _unchanged(order, reply, headers)
    failure = refused(reply, now)
    if failure is not None:
        return failed(order, failure)
    body_hash = hashlib.sha256(reply.body).hexdigest()
    if body_hash == order.body_hash:
        return _unchanged(order, replace(reply, body=b""), headers, fresh=True)
    listing = await pool.run(listing_job, _page(order, reply, now, order.learnt))
    if isinstance(listing, CrawlFailure):
        mark = page_mark(order.url, reply) if listing.reason is FailureReason.NOT_A_FEED else None
        return PollResult(order_id=order.id, source_id=order.source_id, url=order.url, failure=listing, page_mark=mark)
    is_index = bool(listing.children)
    if is_index:
        followed = await _Follower(order=order, pool=pool, ask=ask, clock=clock).follow(listing.children)
        if isinstance(followed, CrawlFailure):
            return failed(order, followed)
        listing = followed
    return PollResult(
        order_id=order.id,
        source_id=order.source_id,
        url=order.url,
        entries=listing.entries,
        # An index may stay the same while its sitemaps change: it is asked for in full each time.
        etag=None if is_index else validator(reply.header("etag")),
        last_modified=None if is_index else validator(reply.header("last-modified")),
        body_hash=None if is_index else body_hash,
        moved_to=reply.moved_to,
        hints=merged(listing.hints, headers),
        learnt=listing.learnt,
        home=listing.home,
    )


def _unchanged(order: PollOrder, reply: Reply, hints: PaceHints, *, fresh: bool = False) -> PollResult:
    """Answer that nothing changed; a full answer of the same bytes states its validators anew."""
    etag, modified = validator(reply.header("etag")), validator(reply.header("last-modified"))
    return PollResult(
        order_id=order.id,
        source_id=order.source_id,
        url=order.url,
        unchanged=True,
        etag=etag if fresh else etag or order.etag,
        last_modified=modified if fresh else modified or order.last_modified,
        body_hash=order.body_hash,
        moved_to=reply.moved_to,
        hints=hints,
    )


def _page(order: PollOrder, reply: Reply, now: datetime, learnt: str | None) -> ListedPage:
    return ListedPage(
        kind=order.kind,
        url=reply.url,
        body=reply.body,
        content_type=reply.header("content-type"),
        robots_tag=reply.header("x-robots-tag"),
        learnt=learnt,
        now=now,
    )


@dataclass(slots=True, kw_only=True)
class _Follower:
    """Reads the sitemaps of an index, newest first, within bounds of number, depth and time."""

    order: PollOrder
    pool: Reader
    ask: Ask
    clock: Callable[[], datetime]

    async def follow(self, children: tuple[ChildSitemap, ...]) -> Listing | CrawlFailure:
        """Return the entries of the sitemaps that may hold news, or the failure when none could be read."""
        started = self.clock()
        known = _children(self.order.learnt)
        waiting = [(1, child) for child in children_to_read(children, known, started)]
        entries: list[FeedEntry] = []
        failure: CrawlFailure | None = None
        asked = read = 0
        while waiting and asked < MAX_CHILDREN and self.clock() - started < FOLLOW_FOR:
            depth, child = waiting.pop(0)
            asked += 1
            found = await self._read(child, known)
            if isinstance(found, CrawlFailure):
                failure = replace(found, detail=f"{child.url}: {found.detail}")
                continue
            read += 1
            entries += found.entries
            if depth < MAX_DEPTH:
                deeper = children_to_read(found.children, known, started)
                waiting = [*((depth + 1, grandchild) for grandchild in deeper), *waiting]
        if failure is not None and not read:
            return failure
        kept = dict(list(known.items())[-_MAX_REMEMBERED:])
        return Listing(entries=tuple(entries[:MAX_ENTRIES]), learnt=json.dumps({"children": kept}))

    async def _read(self, child: ChildSitemap, known: dict[str, dict[str, Any]]) -> Listing | CrawlFailure:
        """Read one sitemap, and note its reading in ``known``."""
        before = known.pop(child.url, {})
        now = self.clock()
        try:
            reply = await self.ask(child.url)
            failure = refused(reply, now)
            if failure is not None:
                return failure
            body_hash = hashlib.sha256(reply.body).hexdigest()
            if body_hash == before.get("hash"):
                known[child.url] = {**before, "lastmod": _text(child.lastmod)}
                return Listing()
            listing = await self.pool.run(listing_job, _page(self.order, reply, now, before.get("learnt")))
        except RefusedError as error:
            return error.failure
        if isinstance(listing, Listing) and not listing.children:
            known[child.url] = {"lastmod": _text(child.lastmod), "hash": body_hash, "learnt": listing.learnt}
        return listing


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _children(learnt: str | None) -> dict[str, dict[str, Any]]:
    """Return what is remembered of an index's sitemaps; nothing when it cannot be read."""
    try:
        stated = json.loads(learnt or "{}").get("children", {})
        return {str(url): dict(state) for url, state in stated.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
