"""Carries orders to the crawler process and its results into the archive."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from sqlite_utils import Database

from crawler.partial import from_entry
from scheduler import arrivals
from scheduler.archive import Archive
from scheduler.looks import plan_first
from scheduler.pace import asks_patience, floor_of, next_page_attempt
from scheduler.pipeline import Pipeline, Processed
from scheduler.poll_room import PollRoom
from scheduler.polling import PollRound, finish
from scheduler.refetch import MAX_FEED_LOOKS
from scheduler.websub import Hubs
from storage import entries, health, looks, polls, sources, templates
from storage.egress import EgressPolicy
from storage.entries import PendingEntry
from storage.errors import StorageError
from storage.types import (
    AddressKind,
    Article,
    CrawlFailure,
    FailureReason,
    FeedEntry,
    FeedState,
    FetchOrder,
    FetchResult,
    PollOrder,
    PollResult,
    Source,
)

logger = logging.getLogger(__name__)

#: pages fetched at the same time; the crawler keeps one request a host whatever this says
PAGES_AT_ONCE = 32
#: of these, pages of one source
PAGES_A_SOURCE = 4
#: places that fall free before the queue is asked for more
REFILL = 8
#: a text at so many addresses of one source within a day is a template; a dispatch printed twice or thrice is not
TEMPLATE_ADDRESSES = 5
#: reading rests for so long when the archive cannot be written
ARCHIVE_PAUSE = timedelta(seconds=30)
#: a claimed source comes back after this long even if its poll never reports
CLAIM = timedelta(minutes=10)


class Crawler(Protocol):
    """The crawler process, as seen from here: every order is answered, by a result or a named failure."""

    async def poll(self, order: PollOrder) -> PollResult:
        """Return a feed's entries."""
        ...

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return an article page."""
        ...


class Observer(Protocol):
    """Who hears of every poll and every page, to judge how the sources are doing."""

    async def polled(self, source: Source, results: Sequence[PollResult]) -> None:
        """Take in what polling every address of a source gave."""
        ...

    def page(self, database: Database, source_id: str, given: Article | CrawlFailure, now: datetime) -> None:
        """Take in what reading a page gave, inside the transaction that stores it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a round of crawling came to."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    pages: int = 0
    page_failures: int = 0
    alerts: int = 0


class CrawlDesk:
    """Polls sources and reads pages, each step durable before the next."""

    def __init__(
        self,
        archive: Archive,
        crawler: Crawler,
        pipeline: Pipeline,
        configured: Mapping[str, Source],
        *,
        clock: Callable[[], datetime],
        alerted: Callable[[], None],
        policy: EgressPolicy | None = None,
        progress: Callable[[Article, Processed], None] = lambda _article, _processed: None,
        observer: Observer | None = None,
        hubs: Hubs | None = None,
    ) -> None:
        """Args: ``alerted`` wakes the senders; ``policy`` knows own machines; ``progress`` hears of every article."""
        self._policy = policy
        self._archive = archive
        self._crawler = crawler
        self._pipeline = pipeline
        self._sources = configured
        self._clock = clock
        self._alerted = alerted
        self._progress = progress
        self._observer = observer
        self._hubs = hubs
        self._polls = PollRoom()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._paused_until: datetime | None = None
        self._starting = asyncio.Lock()
        self._refilling: asyncio.Task[None] | None = None
        self.tally = Tally()

    @property
    def full(self) -> bool:
        """Whether no more pages can be read at the same time."""
        return len(self._under_way) >= PAGES_AT_ONCE

    @property
    def busy(self) -> bool:
        """Whether a page is being read."""
        return bool(self._under_way)

    async def poll_source(self, source_id: str, *, everything: bool = False) -> None:
        """Poll the addresses of one source and plan its next poll; a failure is named, never raised.

        Args:
            source_id: which source.
            everything: ask addresses too that are left alone for a while.
        """
        source = self._sources[source_id]
        done = PollRound()
        results: list[PollResult] = []
        async with self._polls.place(source_id):
            await self._archive.write(sources.claim, source_id, self._clock() + CLAIM)
            for kind, url in source.addresses:
                known = await self._archive.read(sources.feed_state, source_id, url)
                if not everything and done.rests(known, self._clock()):
                    continue
                asked_at = self._clock()
                result = arrivals.gone(known) or await self._poll_address(source, kind, known)
                results.append(result)
                if self._hubs is not None:
                    await self._hubs.heard(source, result)
                new = await self._archive.write(_record_address, kind, result, asked_at, self._clock())
                done.take(known, result, new)
            plan = await self._archive.write(
                finish,
                source if self._hubs is None else self._hubs.paced(source),
                done,
                now=self._clock(),
                chance=random.random(),  # noqa: S311 (spreads load, hides nothing)
                floor=timedelta(0) if self._policy is None else floor_of(source, self._policy),
            )
            if self._observer is not None:
                await self._observer.polled(source, results)
        self._count(polled=1, failed=1 if done.failure else 0, new_entries=len(done.new))
        if done.failure is not None:
            logger.warning("source %s failed: %s: %s", source_id, done.failure.reason, done.failure.detail)
        logger.debug("source %s is polled at %s: %s", source_id, plan.at, plan.detail)

    async def _poll_address(self, source: Source, kind: AddressKind, known: FeedState) -> PollResult:
        rows = await self._archive.read(health.addresses, source.id)
        moved = next((row for row in rows if row.url == known.url), None)
        result = await self._crawler.poll(
            PollOrder(
                id=uuid4().hex,
                source_id=source.id,
                url=arrivals.address_to_ask(known.url, moved),
                kind=kind,
                etag=known.etag,
                last_modified=known.last_modified,
                body_hash=known.body_hash,
                learnt=known.learnt,
                javascript=source.javascript and kind is AddressKind.SECTION,
            )
        )
        return arrivals.as_configured(result, known.url)

    async def start_due_pages(self) -> int:
        """Start reading pages that are due, as many as there is room for; return how many."""
        # Two callers at once would each see the other's pages as not yet under way, and read them twice.
        async with self._starting:
            return await self._start_due_pages()

    async def _start_due_pages(self) -> int:
        room = PAGES_AT_ONCE - len(self._under_way)
        now = self._clock()
        if room <= 0 or (
            self._paused_until is not None and self._paused_until - ARCHIVE_PAUSE <= now < self._paused_until
        ):
            return 0
        due = await self._archive.read(
            entries.due, now, room, busy=frozenset(self._under_way), per_source=PAGES_A_SOURCE
        )
        for entry in due:
            task = asyncio.create_task(self._read_page(entry), name=f"page {entry.id}")
            self._under_way[entry.id] = task
            task.add_done_callback(functools.partial(self._page_done, entry.id))
        return len(due)

    def _page_done(self, entry_id: int, task: asyncio.Task[None]) -> None:
        self._under_way.pop(entry_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("reading a page broke off", exc_info=error)
        elif not task.cancelled() and len(self._under_way) <= PAGES_AT_ONCE - REFILL:
            self._refill()

    def _refill(self) -> None:
        """Read on without waiting for the next tick; one question to the queue at a time."""
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._start_more(), name="refill")

    async def _start_more(self) -> None:
        try:
            await self.start_due_pages()
        except StorageError as error:
            # The next tick asks again.
            logger.warning("the queue of pages could not be read: %s", error)

    async def read_due_pages(self) -> None:
        """Read every page that is due now, and return when none is left or under way."""
        while await self.start_due_pages() or self._under_way:
            if self._under_way:
                await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Abandon what is under way: the archive still lists it as due."""
        refilling = [self._refilling] if self._refilling is not None else []
        tasks = [*self._under_way.values(), *refilling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_page(self, pending: PendingEntry) -> None:
        source = self._sources.get(pending.source_id)
        result = await self._crawler.fetch(
            FetchOrder(
                id=uuid4().hex,
                source_id=pending.source_id,
                url=pending.entry.url,
                entry=pending.entry,
                language=source.language if source else None,
                full_text=source.full_text if source else True,
                javascript=source.javascript if source else False,
            )
        )
        processed = await self._keep(pending, result)
        self._count(pages=1, page_failures=1 if result.failure else 0)
        if processed is not None:
            self.stored(*processed)

    def stored(self, article: Article, outcome: Processed) -> None:
        """Tell everybody concerned of an article that was stored."""
        self._progress(article, outcome)
        if any(taken.alert for taken in outcome.taken):
            self._count(alerts=sum(taken.alert for taken in outcome.taken))
            self._alerted()

    async def _keep(self, pending: PendingEntry, result: FetchResult) -> tuple[Article, Processed] | None:
        """Store a page; whatever goes wrong with this one, the others go on and this one is not forgotten."""
        try:
            return await self._archive.write(self._store, pending, result, self._clock())
        except StorageError as error:
            # The page is still due. Asking its site for it every second would not free the disk.
            self._paused_until = self._clock() + ARCHIVE_PAUSE
            logger.error("the archive cannot be written, reading pauses for %s: %s", ARCHIVE_PAUSE, error)  # noqa: TRY400
        except Exception as error:
            logger.exception("page %s could not be processed", pending.entry.url)
            failure = CrawlFailure(reason=FailureReason.INTERNAL, detail=f"{type(error).__name__}: {error}"[:300])
            retry = next_page_attempt(failure=failure, attempts=pending.attempts, now=self._clock())
            await self._archive.write(entries.failed, pending.id, failure, retry, None)
        return None

    def _store(
        self, database: Database, pending: PendingEntry, result: FetchResult, now: datetime
    ) -> tuple[Article, Processed] | None:
        """Store a page, or its failure with what the feed itself said of it."""
        if self._observer is not None and (given := result.article or result.failure) is not None:
            self._observer.page(database, pending.source_id, given, now)
        article, failure = result.article, result.failure
        if article is not None and failure is None:
            failure = _template(database, article, pending.key, now)
            article = article if failure is None else None
        if article is None:
            failure = failure or CrawlFailure(reason=FailureReason.INTERNAL, detail="the crawler gave no answer")
            article = self._from_entry(pending, failure, now)
        outcome = None
        if article is not None:
            outcome = self._pipeline.process(
                database, article, key=pending.key, now=now, entry_id=pending.id, evidence=result.evidence
            )
        if failure is not None:
            # What is known of the page all the same is stored as partial; the page itself is still due.
            retry = next_page_attempt(
                failure=failure,
                attempts=pending.attempts,
                now=now,
                seen_at=pending.seen_at,
                chance=random.random(),  # noqa: S311 (spreads load, hides nothing)
            )
            article_id = outcome.article_id if outcome else None
            entries.failed(database, pending.id, failure, retry, article_id, counted=not asks_patience(failure))
            logger.info("page %s failed: %s: %s", pending.entry.url, failure.reason, failure.detail)
        elif outcome is not None:
            plan_first(database, outcome, result, self._sources.get(pending.source_id), now)
        return None if article is None or outcome is None else (article, outcome)

    def _from_entry(self, pending: PendingEntry, failure: CrawlFailure, now: datetime) -> Article | None:
        """Build what can be known of a page that could not be read: nothing is missed for a wall."""
        if failure.reason is FailureReason.CRAWLER_LOST:
            return None
        source = self._sources.get(pending.source_id)
        return from_entry(
            pending.entry,
            source_id=pending.source_id,
            fetched_at=now,
            failure=failure.reason,
            language=source.language if source else None,
            full_text=source.full_text if source else True,
        )

    def _count(self, **more: int) -> None:
        self.tally = replace(self.tally, **{name: getattr(self.tally, name) + number for name, number in more.items()})


def _template(database: Database, article: Article, key: str, now: datetime) -> CrawlFailure | None:
    """Return why a page is no article when its text stands at many addresses of its source."""
    addresses = templates.addresses_with(database, article, key, now)
    if addresses < TEMPLATE_ADDRESSES:
        return None
    detail = f"the same text stands at {addresses} addresses of this source: a wall or a template, no article"
    return CrawlFailure(reason=FailureReason.NOT_ARTICLE, detail=detail)


def _record_address(
    database: Database, kind: AddressKind, result: PollResult, asked_at: datetime, now: datetime
) -> tuple[FeedEntry, ...]:
    """Store what an address listed, and that it was asked; a known entry that changed is looked at again."""

    def hasten(key: str) -> None:
        looks.hasten(database, key, now, max_looks=MAX_FEED_LOOKS)

    new = arrivals.take_in(database, kind, result, now, renewed=hasten)
    polls.record(database, kind, result, fresh=len(new), asked_at=asked_at, now=now)
    return new
