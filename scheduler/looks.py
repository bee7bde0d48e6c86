"""Makes the second looks that are due: what changed, what is gone, what is back."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from sqlite_utils import Database

from crawler.urls import article_key
from scheduler import refetch
from scheduler.archive import Archive
from scheduler.pace import LOST_RETRY
from scheduler.pipeline import Pipeline, Processed
from scheduler.refetch import NextLook, Withdrawal
from storage import articles, looks, pauses, revisions
from storage.articles import SaveKind
from storage.comparing import Reading, share_kept
from storage.errors import StorageError
from storage.looks import DueLook
from storage.types import Article, CrawlFailure, FailureReason, FetchOrder, FetchResult, Source

logger = logging.getLogger(__name__)

#: looks under way at the same time; each host has one at most
LOOKS_AT_ONCE = 8
#: looking rests for so long when the archive cannot be written
PAUSE = timedelta(seconds=30)
#: a look at a page of a source that somebody paused is put off by so much
PAUSED_REST = timedelta(hours=6)
#: a page at another address with less than this share of the words that were read is another page
_SAME_PAGE = 0.3


class Fetcher(Protocol):
    """The crawler process, as far as looking needs it."""

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return an article page."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """What one look told of a page."""

    processed: Processed | None
    #: answers in a row that said the page is gone
    missing: int
    #: what was decided of a page that seems gone and was not known to be
    withdrawal: Withdrawal | None = None
    #: the page changed, went or came back
    changed: bool
    failure: CrawlFailure | None


class LookDesk:
    """Looks at pages again, each result durable before the next look is planned."""

    def __init__(
        self,
        archive: Archive,
        crawler: Fetcher,
        pipeline: Pipeline,
        configured: Mapping[str, Source],
        *,
        clock: Callable[[], datetime],
        stored: Callable[[Article, Processed], None],
    ) -> None:
        """Args: ``stored`` hears of every article that a look changed."""
        self._archive = archive
        self._crawler = crawler
        self._pipeline = pipeline
        self._sources = configured
        self._clock = clock
        self._stored = stored
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._paused_until: datetime | None = None
        self._starting = asyncio.Lock()

    async def start_due(self) -> int:
        """Start looks that are due, as many as there is room for, one a host; return how many."""
        async with self._starting:
            now = self._clock()
            room = LOOKS_AT_ONCE - len(self._under_way)
            if room <= 0 or (self._paused_until is not None and self._paused_until - PAUSE <= now < self._paused_until):
                return 0
            found = await self._archive.read(
                looks.due,
                now,
                room,
                busy_hosts=tuple(self._under_way),
                host_looks=refetch.HOST_LOOKS,
                reserved_looks=refetch.RESERVED_LOOKS,
            )
            for look in found:
                task = asyncio.create_task(self._look(look), name=f"look {look.article_id}")
                self._under_way[look.host] = task
                task.add_done_callback(functools.partial(self._done, look.host))
            return len(found)

    def _done(self, host: str, task: asyncio.Task[None]) -> None:
        self._under_way.pop(host, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a second look broke off", exc_info=error)

    async def read_due(self) -> None:
        """Make every look that is due now, and return when none is left or under way."""
        while await self.start_due() or self._under_way:
            if self._under_way:
                await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Abandon what is under way: the archive still lists it as due."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, look: DueLook) -> None:
        source = self._sources.get(look.source_id)
        if source is None or not source.enabled:
            await self._archive.write(looks.postpone, look.article_id, None, "source_off")
            return
        now = self._clock()
        if (pause := await self._archive.read(pauses.one, look.source_id, now)) is not None:
            rest = now + PAUSED_REST if pause.ends_at is None else min(pause.ends_at, now + PAUSED_REST)
            await self._archive.write(looks.postpone, look.article_id, rest, "paused")
            return
        result = await self._crawler.fetch(
            FetchOrder(
                id=uuid4().hex,
                source_id=look.source_id,
                url=look.url,
                entry=look.entry,
                language=source.language,
                full_text=source.full_text,
                javascript=source.javascript,
                etag=look.etag,
                last_modified=look.last_modified,
            )
        )
        processed = await self._keep(look, result, source)
        if processed is not None and result.article is not None and processed.kind is not SaveKind.SAME:
            self._stored(result.article, processed)

    async def _keep(self, look: DueLook, result: FetchResult, source: Source) -> Processed | None:
        """Store what a look gave; whatever goes wrong with this one, the others go on."""
        try:
            return await self._archive.write(self._store, look, result, source, self._clock())
        except StorageError as error:
            self._paused_until = self._clock() + PAUSE
            logger.error("the archive cannot be written, looking again pauses for %s: %s", PAUSE, error)  # noqa: TRY400
        except Exception:
            logger.exception("page %s could not be processed", look.url)
            await self._archive.write(looks.postpone, look.article_id, self._clock() + timedelta(hours=1), "internal")
        return None

    def _store(
        self, database: Database, look: DueLook, result: FetchResult, source: Source, now: datetime
    ) -> Processed | None:
        if result.failure is not None and result.failure.reason is FailureReason.CRAWLER_LOST:
            looks.postpone(database, look.article_id, now + LOST_RETRY, "lost")
            return None
        if result.failure is not None and not result.failure.sent:
            chance = random.random()  # noqa: S311
            plan = refetch.held(begin=look.effective_at, now=now, seconds=result.failure.retry_after, chance=chance)
            looks.postpone(database, look.article_id, plan.at, plan.reason)
            return None
        result = _elsewhere(database, look, result)
        found = self._find(database, look, result, now)
        has_signal = bool(found.processed.signals) if found.processed else look.has_signal
        changed_at = now if found.changed else look.changed_at
        plan = _plan(look, found, now, has_signal=has_signal, changed_at=changed_at, sparing=is_sparing(source))
        read = result.article is not None
        looks.record(
            database, look, next_look_at=plan.at, reason=plan.reason, missing=found.missing, changed_at=changed_at,
            has_signal=has_signal, failure=found.failure, now=now,
            etag=result.etag if read else result.etag or look.etag,
            last_modified=result.last_modified if read else result.last_modified or look.last_modified,
        )  # fmt: skip
        return found.processed

    def _find(self, database: Database, look: DueLook, result: FetchResult, now: datetime) -> _Finding:
        if result.article is not None:
            processed = self._pipeline.process(
                database, result.article, key=look.key, now=now, evidence=result.evidence
            )
            restored = revisions.restore(database, look.article_id, now)
            changed = restored or processed.kind is SaveKind.REVISION
            return _Finding(processed=processed, missing=0, changed=changed, failure=None)
        if result.unchanged:
            restored = revisions.restore(database, look.article_id, now)
            return _Finding(processed=None, missing=0, changed=restored, failure=None)
        failure = result.failure or CrawlFailure(reason=FailureReason.INTERNAL, detail="the crawler gave no answer")
        missing = look.missing + (failure.reason in refetch.MISSING)
        if missing == look.missing or articles.get(database, look.article_id).withdrawn_at is not None:
            return _Finding(processed=None, missing=missing, changed=False, failure=failure)
        verdict = _judge_missing(database, look, missing, now)
        changed = verdict.gone and revisions.withdraw(database, look.article_id, failure.detail, now)
        if changed:
            self._pipeline.withdrawn(database, look.article_id, now)
        word = "is withdrawn" if verdict.gone else "seems gone"
        logger.info("article %d %s (%s): %s", look.article_id, word, verdict.reason, failure.detail)
        return _Finding(processed=None, missing=missing, withdrawal=verdict, changed=changed, failure=failure)


def _judge_missing(database: Database, look: DueLook, missing: int, now: datetime) -> Withdrawal:
    since = look.missing_since or now
    others = looks.others(database, look, since, refetch.MISSING)
    return refetch.withdrawal(missing=missing, since=since, now=now, there=others.there, others_missing=others.missing)


def _plan(
    look: DueLook, found: _Finding, now: datetime, *, has_signal: bool, changed_at: datetime | None, sparing: bool
) -> NextLook:
    chance = random.random()  # noqa: S311 (spreads load, hides nothing)
    begin = min(look.first_seen_at, look.effective_at)
    if found.withdrawal is not None and not found.withdrawal.gone and look.looks + 1 < refetch.MAX_LOOKS:
        since = look.missing_since or now
        plan = refetch.after_missing(found.withdrawal, begin=begin, since=since, now=now, chance=chance)
    else:
        plan = refetch.next_look(
            first_seen=look.first_seen_at,
            published=look.effective_at,
            now=now,
            looks=look.looks + 1,
            changed=changed_at,
            has_signal=has_signal,
            sparing=sparing,
            chance=chance,
        )
    wait = found.failure.retry_after if found.failure else None
    return plan if wait is None else refetch.not_before(plan, now + min(timedelta(seconds=wait), refetch.WINDOW))


def _elsewhere(database: Database, look: DueLook, result: FetchResult) -> FetchResult:
    """Return ``result``, or a missing page where a redirect led to quite another text: a home page, a section."""
    article = result.article
    if article is None or article.partial or article_key(article.url) == article_key(look.url):
        return result
    known = articles.get(database, look.article_id)
    old = Reading(title=known.title, lede=known.lede, paragraphs=tuple(known.body.split("\n")))
    new = Reading(title=article.title, lede=article.lede, paragraphs=article.paragraphs)
    if share_kept(old, new) >= _SAME_PAGE:
        return result
    detail = f"the address leads to another page now: {article.url}"
    failure = CrawlFailure(reason=FailureReason.SOFT_404, detail=detail[:300])
    return replace(result, article=None, evidence=None, failure=failure)


def plan_first(
    database: Database, processed: Processed, result: FetchResult, source: Source | None, now: datetime
) -> None:
    """Plan the first look at a page that was just read; nothing is planned for what was published long ago."""
    if source is None or result.article is None:
        return
    article = articles.get(database, processed.article_id)
    plan = refetch.next_look(
        first_seen=article.first_seen_at,
        published=article.effective_at,
        now=now,
        looks=0,
        changed=None,
        has_signal=bool(processed.signals),
        sparing=is_sparing(source),
        chance=random.random(),  # noqa: S311
    )
    looks.begin(
        database,
        processed.article_id,
        host=urlsplit(article.url).netloc.lower(),
        next_look_at=plan.at,
        reason=plan.reason,
        has_signal=bool(processed.signals),
        etag=result.etag,
        last_modified=result.last_modified,
        read_at=None if result.article.partial else now,
    )


def is_sparing(source: Source) -> bool:
    """Whether looks at a source's pages are to be few."""
    return source.javascript or not source.full_text
