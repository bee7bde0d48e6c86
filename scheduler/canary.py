"""The canary: a synthetic article that must come through fetch, extraction, detection and decision every hour.

What it writes is written to the real archive inside a transaction that is rolled back, so it shows in no list and
no count; what became of it is one small row. When it is missed, an alert about the press could be missed too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from sqlite_utils import Database

from crawler.urls import article_key
from scheduler.archive import Archive
from scheduler.canary_page import SOURCE_ID, TITLE, CanaryPage, Perch, new_page
from scheduler.occasions import AlertingSettings
from scheduler.outgoing import OutgoingSettings, Route
from scheduler.pipeline import Pipeline, Processed
from storage import deliveries, sources, watch_state
from storage.errors import StorageError
from storage.types import (
    Article,
    CanaryRun,
    DecisionKind,
    FailureReason,
    FetchOrder,
    FetchResult,
    Signal,
    Status,
    Watch,
)

logger = logging.getLogger(__name__)

#: a canary that has not come through by then is missed
DEADLINE = timedelta(minutes=2)
#: another try is made when the crawler was lost on the way, or busy
TRIES = 2
_PASSING = frozenset({FailureReason.CRAWLER_LOST, FailureReason.RATE_LIMITED})
_CHANNEL = "canary"
_WATCH = Watch(
    id="vigie-canary", name="Canary", pairs=(("FRA", "MLI"),), types=("expel_diplomats",), channels=(_CHANNEL,)
)
_ACT = ("expel_diplomats", "FRA", "MLI")


class Fetcher(Protocol):
    """The crawler, as far as a canary needs it."""

    async def fetch(self, order: FetchOrder) -> FetchResult:
        """Return an article page."""
        ...


class Teller(Protocol):
    """Who has people told, inside the transaction that keeps the run."""

    def canary(self, database: Database, run: CanaryRun, now: datetime) -> None:
        """Tell that the canary was missed, or came through again."""
        ...


class MissedError(Exception):
    """A canary did not come through a step."""

    def __init__(self, stage: str, detail: str) -> None:
        self.stage = stage
        self.detail = detail
        super().__init__(f"{stage}: {detail}")


class _UndoneError(Exception):
    """Carries what a rehearsal gave out of the transaction that it rolls back."""

    def __init__(self, outcome: Processed, queued: int) -> None:
        self.outcome = outcome
        self.queued = queued
        super().__init__("undone")


class Canary:
    """Lets canaries fly.

    Args:
        archive: where they are written and forgotten.
        crawler: what must fetch them.
        pipeline: whose rules must see them.
        perch: where they are shown.
        teller: who has people told.
        clock: gives the aware time.
        told: called after people were told.
        deadline: how long one may take.
    """

    def __init__(
        self,
        archive: Archive,
        crawler: Fetcher,
        pipeline: Pipeline,
        perch: Perch,
        teller: Teller,
        *,
        clock: Callable[[], datetime],
        told: Callable[[], None] = lambda: None,
        deadline: timedelta = DEADLINE,
    ) -> None:
        self._archive = archive
        self._crawler = crawler
        self._pipeline = pipeline
        self._perch = perch
        self._teller = teller
        self._clock = clock
        self._told = told
        self._deadline = deadline
        self._stage = "serve"

    async def fly(self) -> CanaryRun:
        """Send one through, keep what became of it, and have people told when that changed."""
        started, page = self._clock(), new_page(self._clock())
        stage: str | None = None
        detail = ""
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                await self._attempt(page)
        except TimeoutError:
            stage = self._stage
            detail = f"not done within {self._deadline.total_seconds():g} s"
        except MissedError as error:
            stage, detail = error.stage, error.detail
        except StorageError as error:
            stage, detail = "store", str(error)
        except OSError as error:
            stage, detail = "serve", str(error)
        except Exception as error:
            logger.exception("the canary broke the pipeline")
            stage, detail = self._stage, f"{type(error).__name__}: {error}"
        run = CanaryRun(started_at=started, ended_at=self._clock(), stage=stage, detail=detail[:500])
        await self._keep(run)
        return run

    async def _attempt(self, page: CanaryPage) -> None:
        self._stage = "serve"
        async with self._perch.showing(page):
            self._stage = "fetch"
            result = await self._fetch(page)
        self._stage = "extract"
        article = _checked(result, page)
        self._stage = "detect"
        outcome, queued = await self._rehearse(article, page)
        if not any(_is_the_act(signal) for signal in outcome.signals):
            raise MissedError("detect", f"the act {' '.join(_ACT)} was not seen")
        self._stage = "decide"
        (taken,) = outcome.taken
        if taken.kind is not DecisionKind.NEW or not queued:
            raise MissedError("decide", f"the decision was {taken.kind} ({taken.reason}), {queued} deliveries queued")

    async def _fetch(self, page: CanaryPage) -> FetchResult:
        for left in reversed(range(TRIES)):
            order = FetchOrder(id=uuid4().hex, source_id=SOURCE_ID, url=self._perch.url(page), language="fr")
            result = await self._crawler.fetch(order)
            if result.failure is None:
                return result
            if not left or result.failure.reason not in _PASSING:
                raise MissedError("fetch", f"{result.failure.reason}: {result.failure.detail}")
        raise MissedError("fetch", "no answer")

    async def _rehearse(self, article: Article, page: CanaryPage) -> tuple[Processed, int]:
        try:
            await self._archive.write(self._process, article, self._perch.url(page), self._clock())
        except _UndoneError as undone:
            return undone.outcome, undone.queued
        raise MissedError("store", "the archive kept what was to be forgotten")

    def _process(self, database: Database, article: Article, url: str, now: datetime) -> None:
        """Take the article through the one path of every article, and undo it."""
        sources.ensure(database, SOURCE_ID, "Vigie", url, now)
        outcome = rehearsal(self._pipeline).process(database, article, key=article_key(url), now=now)
        raised = [taken.alert_id for taken in outcome.taken if taken.alert_id is not None]
        queued = sum(len(deliveries.listing(database, alert_id=alert_id)) for alert_id in raised)
        raise _UndoneError(outcome, queued)

    async def _keep(self, run: CanaryRun) -> None:
        try:
            told = await self._archive.write(self._record, run, self._clock())
        except Exception:
            # What became of it still stops the heartbeat.
            logger.exception("the canary cannot be recorded")
            return
        if run.ok:
            logger.debug("the canary came through in %s", run.ended_at - run.started_at)
        else:
            logger.error("the canary was missed: %s: %s", run.stage, run.detail)
        if told:
            self._told()

    def _record(self, database: Database, run: CanaryRun, now: datetime) -> bool:
        before = watch_state.last_canary(database)
        watch_state.record_canary(database, run)
        was_well = before is None or before.ok
        if was_well == run.ok:
            return False
        self._teller.canary(database, run, now)
        return True


def rehearsal(pipeline: Pipeline) -> Pipeline:
    """Return the pipeline with the same rules, and one watch of its own that leads to nobody."""
    real = pipeline.alerting
    settings = AlertingSettings(
        watches=(_WATCH,),
        outgoing=OutgoingSettings(routes={_CHANNEL: Route(channel_id=_CHANNEL, recipients=("",))}),
        instance=real.instance,
        public_url=real.public_url,
        language=real.language,
    )
    return Pipeline(pipeline.rules, settings, {SOURCE_ID: "Vigie"})


def _checked(result: FetchResult, page: CanaryPage) -> Article:
    """Return the article when it is the one that was shown, whole.

    Raises:
        MissedError: it is not.
    """
    article = result.article
    if article is None:
        raise MissedError("extract", "no article came of the page")
    if article.partial:
        raise MissedError("extract", f"only a part was read ({article.failure})")
    if article.title != TITLE or page.token not in article.text:
        raise MissedError("extract", f"title or text are not those of the page: {article.title[:80]!r}")
    return article


def _is_the_act(signal: Signal) -> bool:
    return signal.act == _ACT and signal.status is Status.ASSERTED
