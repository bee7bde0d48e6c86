"""Puts the rooms together: the service with its page, or one round of it."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import socket
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from review.app import create_app
from review.errors import ChangeRefusedError
from review.health import Check, Readiness
from review.server import open_listener, serve
from review.settings import LiveWatches, ReviewSettings
from scheduler.clock import now_utc
from scheduler.errors import SchedulerError
from scheduler.service import Service
from scheduler.settings import ServiceSettings
from storage.errors import StorageError
from storage.types import Done, Person
from vigie import __version__
from vigie.backtest_runs import BacktestRuns
from vigie.commands import PARTLY
from vigie.crawling import crawler_settings
from vigie.probing import test_channel
from vigie.settings import Settings
from vigie.settling import settling
from vigie.source_desk import SourceDesk
from vigie.watch_bench import WatchBench
from vigie.watch_definitions import read_watches, with_edits

logger = logging.getLogger(__name__)

#: a tick older than this means the schedule hangs
TICK_LIMIT = timedelta(minutes=2)


def service_settings(settings: Settings) -> ServiceSettings:
    """Return what the service needs of the settings."""
    return ServiceSettings(
        data_dir=settings.data_dir,
        sources=settings.sources,
        watches=settings.watches,
        channels=settings.channels,
        notify=settings.notify,
        canary=settings.canary,
        heartbeat=settings.heartbeat,
        delivery=settings.delivery,
        crawler=crawler_settings(settings),
        public_url=settings.public_url,
        websub=settings.websub,
        rule_folders=settings.rule_folders,
        language=settings.language,
        timezone=settings.timezone,
        queries=settings.queries,
        group_interval=settings.group_interval,
        keep_evidence=settings.keep_evidence,
        keep_attempts=settings.keep_attempts,
        keep_backups=settings.keep_backups,
        read_watches=functools.partial(read_watches, settings),
    )


def review_settings(settings: Settings) -> ReviewSettings:
    """Return what the page needs of the settings."""
    return ReviewSettings(
        public_url=settings.public_url,
        language=settings.language,
        timezone=settings.timezone,
        data_folder=settings.data_dir,
        watches=settings.watches,
        channels=tuple(channel.id for channel in settings.channels),
        version=__version__,
        shift=settings.shift,
        secure=settings.listening.secure,
        trusted_proxies=settings.listening.trusted_proxies,
    )


def _heard(settings: Settings) -> ServiceSettings:
    """Return the settings of a service, which hears of itself over the channels of the watches that hold."""
    return replace(service_settings(settings), notify=with_edits(settings).notify)


async def run_once(settings: Settings) -> int:
    """Run one round; return 1 when a source failed or a delivery is still to be sent."""
    async with Service(_heard(settings)) as service:
        outcome = await service.run_once()
    crawl = outcome.crawl
    logger.info(
        "polled %d sources (%d failed), %d new entries, read %d pages (%d failed), %d alerts, "
        "%d messages sent, %d waiting, %d given up",
        crawl.polled, crawl.failed, crawl.new_entries, crawl.pages, crawl.page_failures, crawl.alerts,
        outcome.sent, outcome.waiting, outcome.dead,
    )  # fmt: skip
    return PARTLY if crawl.failed or crawl.page_failures or outcome.waiting or outcome.dead else 0


async def run_service(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # A closed terminal is no reason to stop watching the press.
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    for warning in settings.warnings:
        logger.warning(warning)
    with await open_listener(settings.host, settings.port) as listener:
        async with Service(_heard(settings), sends_at_once=True) as service:
            logger.info("watching %d sources; the page is at %s", len(service.settings.sources), settings.public_url)
            with settling():
                await serve_with(service, settings, stop, listener)
    logger.info("stopped")
    return 0


async def serve_with(service: Service, settings: Settings, stop: asyncio.Event, listener: socket.socket) -> None:
    """Run an entered service and its page until ``stop`` is set; if either fails, both end."""
    hubs = service.hubs if service.hubs.active else None
    runs = BacktestRuns(settings.data_dir, clock=now_utc)
    bench = WatchBench(settings, lambda: service.rule_watch.loaded, runs)
    outlets = SourceDesk(settings, service.take_sources, service.change)
    watches = LiveWatches(service.watches.watches)
    service.watches.hearers.append(watches.take)
    app = create_app(
        replace(review_settings(settings), watches=watches),
        readiness=lambda: readiness(service),
        websub=hubs,
        perform=lambda name, given, by: _perform(service, settings, bench, outlets, name, given, by),
        bench=bench,
        outlets=outlets,
        rules=lambda: service.rule_watch.loaded.rules,
    )
    parts = (service.run(stop), serve(app, listener, stop, tls=settings.listening.tls))
    tasks = [asyncio.create_task(_then_stop(part, stop)) for part in parts]
    await asyncio.wait(tasks)
    await runs.close()
    await outlets.close()
    for task in tasks:
        task.result()


async def _perform(
    service: Service,
    settings: Settings,
    bench: WatchBench,
    outlets: SourceDesk,
    name: str,
    given: dict[str, Any],
    by: Person,
) -> Done:
    """Make a change that somebody asked for on the page."""
    done = await bench.perform(name, given, by)
    if done is not None:
        return done
    try:
        if (added := await outlets.perform(name, given, by)) is not None:
            return added
        if name == "test_channel":
            given = given | {"answer": await test_channel(settings, str(given["channel"]))}
        return await service.change(name, given, by)
    except (SchedulerError, StorageError) as error:
        raise ChangeRefusedError(str(error)) from error


async def _then_stop(work: Awaitable[None], stop: asyncio.Event) -> None:
    """Stop the other part too when one ends, for whatever reason."""
    try:
        await work
    finally:
        stop.set()


async def readiness(service: Service) -> Readiness:
    """Tell whether the service is fit, with a reason a check."""
    now = now_utc()
    tick = service.ticker.last_tick
    ticking = tick is not None and now - tick < TICK_LIMIT
    health = await service.health()
    checks = (
        Check(
            name="schedule", ok=ticking, detail="ticking" if ticking else "the schedule has not ticked for 2 minutes"
        ),
        *(Check(name=name, ok=ok, detail=detail) for name, ok, detail in health),
    )
    return Readiness(fit=all(check.ok for check in checks), checks=checks)
