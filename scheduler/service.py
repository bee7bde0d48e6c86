"""The service: one owner process that schedules, crawls, detects and alerts until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from alerts.dispatch import Dispatcher
from crawler.browser import missing
from crawler.holds import HoldBook
from crawler.routing import CrawlerRouter
from scheduler import changes, changes_watches, fitness, rule_files
from scheduler.archive import Archive
from scheduler.batches import BatchDesk
from scheduler.building import build_announcements, build_channel_watch, build_gathering, build_pipeline, routes
from scheduler.canary import Canary
from scheduler.canary_page import Perch
from scheduler.clock import JOB_DEFAULTS, Every, JumpDetector, each, is_upset, now_utc, restart
from scheduler.control import listen
from scheduler.crawl import CrawlDesk, Tally
from scheduler.escalation import build_escalation
from scheduler.follow_ups import EVERY as FOLLOW_UP_EVERY
from scheduler.follow_ups import FollowUps
from scheduler.housekeeping import Housekeeper
from scheduler.looks import LookDesk
from scheduler.outbox import ArchiveOutbox
from scheduler.pipeline import Processed
from scheduler.rule_files import with_page_rules
from scheduler.rulewatch import RuleWatch, read_rules
from scheduler.settings import ServiceSettings
from scheduler.signs import LifeSigns
from scheduler.ticking import Ticker
from scheduler.watch_keeper import WatchKeeper, with_edits
from scheduler.watching import HealthDesk
from scheduler.websub import Hubs
from storage import cured, deliveries, entries, holds, pauses, rule_edits, sources
from storage import folder as data_folder
from storage.database import instance_id
from storage.errors import StorageError
from storage.types import Article, DeliveryState, Done, FailureReason, HostHold, Person, Source

logger = logging.getLogger(__name__)

AUDIT_EVERY = timedelta(minutes=1)
HOUSE_EVERY = timedelta(hours=6)
HUBS_EVERY = timedelta(seconds=5)
CLOCK_EVERY = timedelta(seconds=5)
_UNSENT = (DeliveryState.PENDING, DeliveryState.LEASED)
#: how long stopping may take before what still runs is cut off; the outbox remembers it
STOP_WITHIN = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one ``run_once`` came to."""

    crawl: Tally
    sent: int
    #: deliveries that are still to be sent, or given up
    waiting: int
    dead: int


class Service:
    """Owns the data folder while it is entered (``async with``)."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        clock: Callable[[], datetime] = now_utc,
        progress: Callable[[Article, Processed], None] = lambda _article, _processed: None,
        sends_at_once: bool = False,
    ) -> None:
        """Make a service.

        Args:
            settings: what it watches.
            clock: gives the aware time.
            progress: hears of every article that was stored.
            sends_at_once: sends what waits before all else is loaded; for a service that will :meth:`run`.
        """
        self.settings = settings
        self._clock = clock
        self._progress = progress
        self._stack = contextlib.AsyncExitStack()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sends_at_once = sends_at_once
        self._sending: asyncio.Task[None] | None = None
        self._sources = {source.id: source for source in settings.sources}

    async def __aenter__(self) -> Self:
        """Take the data folder, open the archive, start the crawler process.

        Raises:
            storage.errors.AlreadyOwnedError: another instance owns the data folder.
            storage.errors.DataRefusedError: the archive must not be touched.
            detection.errors.RuleError: a rule file is broken.
        """
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        settings = self.settings
        self._stack.enter_context(data_folder.ownership(settings.data_dir))
        self.archive = Archive(settings.data_dir)
        self._stack.push_async_callback(self.archive.close)
        await self.archive.open()
        instance = await self.archive.read(instance_id)
        settings = self.settings = await with_edits(self.archive, settings)
        now = self._clock()
        recovered = await self.archive.write(deliveries.recover, now, everything=True)
        if recovered:
            logger.warning("%d deliveries were cut off by a crash and are sent again under their own id", recovered)
        self._housekeeper = Housekeeper(self.archive, settings, clock=self._clock, put_back=self._wake_senders)
        await self._housekeeper.give_up_removed()
        escalation = build_escalation(
            settings.watches, routes(settings.channels), urgent_severity=settings.delivery.urgent_severity
        )
        announcements = build_announcements(settings, instance)
        channel_watch = build_channel_watch(settings, self.archive, announcements, self._wake_senders)
        self.dispatcher = Dispatcher(
            settings.channels,
            settings.delivery,
            ArchiveOutbox(self.archive, escalation),
            self._clock,
            install_id=instance,
            public_url=settings.public_url,
            zone=ZoneInfo(settings.timezone),
            tell=channel_watch.tell,
        )
        if self._sends_at_once:
            # Compiling the rules takes seconds, in which what waits can leave already.
            self._sending = asyncio.create_task(self.dispatcher.run(), name="dispatcher")
            self._stack.push_async_callback(self._stop_sending)
        folders = with_page_rules(settings.rule_folders, settings.data_dir, await self.archive.read(rule_edits.latest))
        loaded = await asyncio.to_thread(read_rules, folders, settings.data_dir)
        pipeline = build_pipeline(settings, instance, loaded.rules)
        self.rule_watch = RuleWatch(folders, pipeline, loaded)
        await self.archive.write(sources.sync, settings.sources, now)
        await self.archive.write(sources.release_claims)
        if missing(settings.crawler.browser) is None:
            await self.archive.write(cured.come_due, FailureReason.NO_BROWSER, now)
        perch = Perch()
        self._stack.callback(perch.close)
        self._holds = HoldBook(await self.archive.read(holds.active, now), self._remember, present=self._clock)
        self.crawler = CrawlerRouter(replace(settings.crawler, canary_port=perch.port), holds=self._holds)
        self._stack.push_async_callback(self.crawler.stop)
        await self.crawler.start()
        self.batches = BatchDesk(
            self.archive, build_gathering(settings, instance), clock=self._clock, closed=self.dispatcher.wake
        )
        self.watches = WatchKeeper(
            self.archive, settings, pipeline=pipeline, batches=self.batches, escalation=escalation, clock=self._clock
        )
        self.follow_ups = FollowUps(
            archive=self.archive,
            escalation=escalation,
            instance=instance,
            speech=announcements.speech,
            clock=self._clock,
            told=self.dispatcher.wake,
        )
        self.health_desk = HealthDesk(
            self.archive,
            self._sources,
            settings.health,
            announcements,
            clock=self._clock,
            changed=self.dispatcher.wake,
        )
        await self.health_desk.start()
        self.hubs = Hubs(
            self.archive,
            settings.crawler,
            public_url=settings.public_url,
            configured=self._sources,
            clock=self._clock,
            polling=self._being_polled,
            enabled=settings.websub,
        )
        await self.hubs.open()
        canary = Canary(
            self.archive, self.crawler, pipeline, perch, announcements, clock=self._clock, told=self.dispatcher.wake
        )
        self.signs = LifeSigns(
            self.archive,
            canary if settings.canary else None,
            settings.canary,
            settings.heartbeat,
            self._sources,
            clock=self._clock,
            ticked=lambda: self.ticker.last_tick,
        )
        self.desk = CrawlDesk(
            self.archive,
            self.crawler,
            pipeline,
            self._sources,
            clock=self._clock,
            alerted=self.dispatcher.wake,
            policy=settings.crawler.policy,
            progress=self._progress,
            observer=self.health_desk,
            hubs=self.hubs,
        )
        self.looks = LookDesk(
            self.archive, self.crawler, pipeline, self._sources, clock=self._clock, stored=self.desk.stored
        )
        self.ticker = Ticker(
            self.archive,
            self._sources,
            self.desk,
            self.looks,
            clock=self._clock,
            spawn=self._spawn,
            polled=self.hubs.polled,
        )
        self._stack.push_async_callback(self._finish_tasks)

    async def __aexit__(self, *_: object) -> None:
        """Stop within seconds; what was under way is still due when the service starts again."""
        await self._stack.aclose()

    async def run_once(self) -> Round:
        """Poll every enabled source once but those that are paused, read what is due, attempt every due delivery."""
        paused = await self.archive.read(pauses.active, self._clock())
        pollable = [
            source.id
            for source in self.settings.sources
            if source.enabled and source.addresses and source.id not in paused
        ]
        await asyncio.gather(*(self.desk.poll_source(source_id, everything=True) for source_id in pollable))
        await self.desk.read_due_pages()
        await self.looks.read_due()
        for work in (lambda: self.health_desk.tick(learn_within=60.0), self.batches.tick, self.follow_ups.look):
            try:
                await work()
            except Exception:
                # As in the schedule, where each is a job of its own: what is due leaves whatever else fails.
                logger.exception("a job failed; what is due is sent all the same")
        await self._housekeeper.give_up_removed()
        counts = await self.dispatcher.run_once()
        return Round(
            crawl=self.desk.tally,
            sent=counts.sent,
            waiting=await self.archive.read(deliveries.count, DeliveryState.PENDING),
            dead=await self.archive.read(deliveries.count, DeliveryState.DEAD),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run the schedule until ``stop`` is set."""
        control = await listen(self.settings.data_dir, self.change)
        self._stack.callback(control.close)
        scheduler = self._schedule()
        sending = self._sending or asyncio.create_task(self.dispatcher.run(), name="dispatcher")
        scheduler.start()
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if sending in done:
                sending.result()
                raise RuntimeError("the dispatcher ended by itself")
        finally:
            stopping.cancel()
            scheduler.shutdown(wait=False)
            self._sending = sending
            await self._stop_sending()
            await self.desk.stop()
            await self.looks.stop()

    async def _stop_sending(self) -> None:
        if self._sending is not None:
            sending, self._sending = self._sending, None
            await self.dispatcher.stop()
            await asyncio.wait({sending}, timeout=STOP_WITHIN / 4)
            sending.cancel()

    async def change(self, name: str, given: dict[str, Any], by: Person) -> Done:
        """Make one of :data:`scheduler.changes.CHANGES` for somebody and return what it did."""
        if name == "reset_channel":
            # The senders hold a channel's health in memory as well.
            await self.dispatcher.reset(str(given["channel"]))
        done = await self.archive.write(changes.apply, name, given, self._clock(), by=by)
        if name in changes_watches.REREAD:
            await self.watches.reread()
        if name in rule_files.REWRITE:
            with_page_rules((), self.settings.data_dir, await self.archive.read(rule_edits.latest))
            await self.rule_watch.look()
        # The change is made; what follows from it must not make it look as if it were not.
        self._spawn(self.follow_ups.look())
        self.dispatcher.wake()
        return done

    async def take_sources(self, found: Sequence[Source]) -> None:
        """Read further sources from now on, until the configuration says so too after the next start.

        An address with a port of its own is left for then: the crawler process knows its ports from its start.
        """
        ready = [source for source in found if ports_of(source) <= set(self.settings.crawler.source_ports)]
        self._sources.update({source.id: source for source in ready})
        self.settings = replace(self.settings, sources=(*self.settings.sources, *ready))
        await self.archive.write(sources.sync, self.settings.sources, self._clock())

    def _wake_senders(self) -> None:
        self.dispatcher.wake()

    async def idle(self) -> bool:
        """Tell whether nothing is due: no page to read, no delivery to send."""
        due = await self.archive.read(entries.count_due, self._clock())
        waiting = sum([await self.archive.read(deliveries.count, state) for state in _UNSENT])
        return due == 0 and waiting == 0 and not self.desk.busy

    async def health(self) -> list[tuple[str, bool, str]]:
        """Return (check, whether it holds, what a person should know) for everything the service needs."""
        try:
            checks = await fitness.checks(self.archive, self._sources.values(), self._clock())
        except StorageError as error:
            return [("archive", False, str(error))]
        return [*checks, self.rule_watch.check(), *await self.signs.checks()]

    def _schedule(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=JOB_DEFAULTS)
        jumps = JumpDetector()

        def watch_clock() -> None:
            jump = jumps.jumped()
            if jump is not None or is_upset(scheduler, self._clock()):
                logger.warning("the clock jumped by %s; the schedule starts anew", jump or "some time and back")
                restart(scheduler, self._clock())
                self._spawn(self._audit())

        scheduler.add_job(self.ticker.tick, Every(self.settings.tick), id="tick", next_run_time=self._clock())
        scheduler.add_job(
            self.batches.tick, Every(self.settings.batches_every), id="batches", next_run_time=self._clock()
        )
        scheduler.add_job(self.health_desk.tick, Every(self.settings.health.tick), id="health")
        scheduler.add_job(self.rule_watch.look, Every(self.settings.rules_every), id="rules")
        scheduler.add_job(self.hubs.look, Every(HUBS_EVERY), id="hubs")
        for job in self.signs.jobs():
            start = self._clock() + job.first
            scheduler.add_job(job.work, Every(job.every), id=job.name, next_run_time=start)
        scheduler.add_job(self.follow_ups.look, Every(FOLLOW_UP_EVERY), id="follow ups")
        scheduler.add_job(self._audit, Every(AUDIT_EVERY), id="audit")
        scheduler.add_job(self._housekeeper.keep_house, Every(HOUSE_EVERY), id="house", next_run_time=self._clock())
        # Not a job of the scheduler: it must notice that the scheduler sleeps through a jump.
        self._spawn(each(CLOCK_EVERY.total_seconds(), watch_clock))
        return scheduler

    def _being_polled(self, source_id: str) -> bool:
        return self.ticker.polling(source_id)

    async def _audit(self) -> None:
        await self._housekeeper.audit(*self.watches.heard())

    def _remember(self, hold: HostHold) -> None:
        """Store that a host asked for patience, so that a restart does not forget it."""
        self._spawn(self.archive.write(holds.record, hold, self._clock()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a job failed", exc_info=error)

    async def _finish_tasks(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def ports_of(source: Source) -> set[int]:
    """Return the ports of a source's addresses that are no usual ones."""
    return {port for _, url in source.addresses if (port := urlsplit(url).port) is not None} - {80, 443}
