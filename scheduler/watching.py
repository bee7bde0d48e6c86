"""Watches how the sources are doing: gathers what polls and pages gave, judges, and has changes told.

What a poll gave is kept at once; judgement comes in ticks, so that what changes together is told together.
While the network is down, or suspected to be, no source is judged and no failure of the line is counted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from alerts import health_wording
from scheduler import drift, network, silence
from scheduler.archive import Archive
from scheduler.drift import PageOutcome
from scheduler.health import ACCEPTED_AFTER, AddressFacts, Facts, judge
from scheduler.network import Sight, underlying
from scheduler.silence import Rhythm
from storage import health, pauses, sources, watch_state
from storage.health import PageRow
from storage.types import (
    Article,
    CrawlFailure,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
    PollResult,
    Source,
    SourceState,
)

logger = logging.getLogger(__name__)

#: a source is judged at least so often: silence grows by itself
JUDGE_EVERY = timedelta(minutes=10)
#: a learnt rhythm holds for so long
LEARN_EVERY = timedelta(hours=6)
#: seconds of the archive's one writer that learning may take in a tick; the rest of the sources wait for the next
LEARN_WITHIN = 0.1
#: the service, or a source, is taken to have been away when it was not there for longer than this
AWAY = timedelta(hours=6)
#: while nothing can be reached, sources are tried at least so often; after that, one in so many seconds
TRY_EVERY, SPREAD = timedelta(minutes=5), timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """How closely health is watched."""

    #: how often what changed is judged, and told as one
    tick: timedelta = timedelta(seconds=10)
    #: how long the network must look dead before it is called so
    network_confirm: timedelta = timedelta(minutes=1)


class Announcer(Protocol):
    """Who has changes told, inside the transaction that keeps them."""

    def sources(self, database: Database, events: Sequence[HealthEvent], now: datetime) -> None:
        """Tell of sources that went from one state to another."""
        ...

    def network(self, database: Database, state: Network, now: datetime) -> None:
        """Tell that the network is down, or up again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What one round of judging came to."""

    told: bool
    #: whether sources were judged: not while the network is in doubt
    judged: bool = False
    #: whether that were all sources
    everything: bool = False


class HealthDesk:
    """Gathers, judges and tells."""

    def __init__(
        self,
        archive: Archive,
        configured: Mapping[str, Source],
        settings: HealthSettings,
        announcer: Announcer,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Args: ``changed`` is called after something was told."""
        self._archive = archive
        self._sources = configured
        self._settings = settings
        self._announcer = announcer
        self._clock = clock
        self._changed = changed
        self._sights: dict[str, Sight] = {}
        self._rhythms: dict[str, tuple[datetime, Rhythm | None, Rhythm | None, datetime | None]] = {}
        self._waiting: set[str] = set()
        #: being judged; emptied once that is on disk
        self._judging: set[str] = set()
        self._judged_all_at: datetime | None = None
        self._learn_until = 0.0

    async def start(self) -> None:
        """Note for how long nobody watched."""
        await self._archive.write(self._wake, self._clock())

    async def polled(self, source: Source, results: Sequence[PollResult]) -> None:
        """Take in what polling every address of a source gave."""
        told = await self._archive.write(self._take_in, source, results, self._clock())
        self._waiting.add(source.id)
        if told:
            self._changed()

    def page(self, database: Database, source_id: str, given: Article | CrawlFailure, now: datetime) -> None:
        """Take in what reading a page gave, inside the caller's transaction."""
        if isinstance(given, CrawlFailure) and not given.sent:
            # A page that was not asked, because its host wanted patience, tells nothing of the source.
            return
        health.record_page(database, source_id, page_row(given, now))
        self._waiting.add(source_id)

    async def tick(self, *, learn_within: float = LEARN_WITHIN) -> None:
        """Judge what changed, and everything from time to time.

        Args:
            learn_within: seconds that learning rhythms may take; sources that must wait are judged in a later tick.
        """
        now = self._clock()
        done = await self._archive.write(self._judge, now, learn_within)
        # Only now: a write that fails, or is tried twice, must find all of it again.
        if done.judged:
            self._judging = set()
        if done.everything:
            self._judged_all_at = now
        if done.told:
            self._changed()

    def _wake(self, database: Database, now: datetime) -> None:
        before = watch_state.seen_alive(database, now)
        if before is not None and now - before > AWAY:
            health.add_interruption(database, health.ALL, before, now)

    def _take_in(self, database: Database, source: Source, results: Sequence[PollResult], now: datetime) -> bool:
        for result in results:
            if result.failure is not None and not result.failure.sent:
                # The host had asked for patience, and nothing was asked of it.
                continue
            host = _host(result)
            sight = Sight(host=host, at=now, failure=underlying(result.failure), mark=result.page_mark)
            self._sights[host] = network.see(self._sights.get(host), sight)
        state, told = self._judge_network(database, now)
        lost = False
        for result in results:
            host = _host(result)
            failure = underlying(result.failure)
            if result.failure is not None and not result.failure.sent:
                continue
            if failure is None or result.failure is None:
                self._answered(database, source, result, now)
            elif state.state is not NetworkState.UP and not self._sights[host].well:
                lost = True
            else:
                health.record_failure(database, source.id, result.url, failure, result.failure.detail, now)
        if lost:
            watch_state.hasten(database, [(source.id, now + TRY_EVERY)], network.REASONS)
        return told

    @staticmethod
    def _answered(database: Database, source: Source, result: PollResult, now: datetime) -> None:
        failed_since = health.record_success(database, source.id, result.url, result.moved_to)
        if failed_since is not None and now - failed_since > AWAY:
            health.add_interruption(database, source.id, failed_since, now)

    def _judge_network(self, database: Database, now: datetime) -> tuple[Network, bool]:
        known = watch_state.network(database)
        state = network.judge(self._sights.values(), known, now, confirm=self._settings.network_confirm)
        if state == known:
            return state, False
        watch_state.save_network(database, state)
        if NetworkState.DOWN not in {state.state, known.state}:
            return state, False
        if state.state is NetworkState.UP:
            logger.warning("the network is back")
            if known.since is not None:
                health.add_interruption(database, health.ALL, known.since, now)
            cut_off = watch_state.cut_off(database, network.REASONS)
            # One after the other: eighty sources at once would be a burst.
            due = [(source_id, now + SPREAD * place) for place, source_id in enumerate(cut_off, start=1)]
            watch_state.hasten(database, due, network.REASONS)
        else:
            logger.error("the network is down: %d of %d hosts cannot be reached", state.failed, state.asked)
        self._announcer.network(database, state, now)
        return state, True

    def _judge(self, database: Database, now: datetime, learn_within: float) -> _Round:
        everything = self._judged_all_at is None or not timedelta(0) <= now - self._judged_all_at < JUDGE_EVERY
        if everything:
            self._wake(database, now)
        # Before anything is judged: the time of a pause is no silence.
        self._waiting |= {over.source_id for over in pauses.end_over(database, now)}
        state, told = self._judge_network(database, now)
        if state.state is not NetworkState.UP:
            return _Round(told=told)
        self._judging |= self._waiting
        self._waiting = set()
        waiting = set(self._sources) if everything else self._judging
        self._learn_until = time.monotonic() + learn_within
        events = list(self._judge_sources(database, sorted(waiting), now)) if waiting else []
        if events:
            self._announcer.sources(database, events, now)
        return _Round(told=told or bool(events), judged=True, everything=everything)

    def _judge_sources(self, database: Database, source_ids: Iterable[str], now: datetime) -> Iterable[HealthEvent]:
        known, paused = health.health(database), pauses.active(database, now)
        states = {state.source_id: state for state in sources.states(database)}
        for source_id in source_ids:
            source, state = self._sources.get(source_id), states.get(source_id)
            if source is None or state is None or not source.enabled or not source.addresses:
                continue
            if source_id in paused:
                # Nobody asks it, so its silence says nothing.
                continue
            if self._must_learn(state, now) and time.monotonic() >= self._learn_until:
                self._waiting.add(source_id)
                continue
            before = known.get(source_id)
            found = judge(self._facts(database, source, state, before, now), now)
            if found == before:
                continue
            health.save(database, source_id, found, first_read_at=state.last_success_at)
            if before is None and found.well:
                continue
            was = before or Health(state=HealthState.NEW, since=now)
            if was.state is not found.state:
                event = HealthEvent(source_id=source_id, at=now, was=was.state, health=found)
                self._keep(database, event, was)
                yield event

    @staticmethod
    def _keep(database: Database, event: HealthEvent, was: Health) -> None:
        health.add_event(database, event)
        if was.state is HealthState.DRIFTING and event.at - was.since > ACCEPTED_AFTER:
            # The new look is the source's look from now on.
            health.forget_pages_before(database, event.source_id, was.since)
        level = logging.INFO if event.health.well else logging.WARNING
        reason = health_wording.explain(event.health, "en", ZoneInfo("UTC"))
        logger.log(level, "source %s: %s, was %s: %s", event.source_id, event.health.state, was.state, reason)

    def _facts(
        self, database: Database, source: Source, state: SourceState, known: Health | None, now: datetime
    ) -> Facts:
        rhythm, dated, newest = self._rhythm(database, source.id, state, now)
        frozen = known.since if known is not None and known.state is HealthState.DRIFTING else None
        health.forget_pages(database, source.id, frozen=frozen)
        rows = {row.url: row for row in health.addresses(database, source.id)}
        return Facts(
            polled=state.last_checked_at is not None,
            addresses=tuple(_address(url, rows.get(url)) for _, url in source.addresses),
            last_new_at=state.last_new_at,
            first_read_at=health.first_read(database, source.id),
            interruptions=tuple(health.interruptions(database, source.id, now - silence.WINDOW)),
            rhythm=rhythm,
            dated=dated,
            newest=newest,
            pages=[_outcome(row) for row in health.pages(database, source.id)],
            known=known,
        )

    def _must_learn(self, state: SourceState, now: datetime) -> bool:
        """Whether a source's rhythm is unknown, old, or could be known now."""
        kept = self._rhythms.get(state.source_id)
        if kept is None or not timedelta(0) <= now - kept[0] < LEARN_EVERY:
            return True
        return kept[1] is None and state.last_new_at is not None and state.last_new_at > kept[0]

    def _rhythm(
        self, database: Database, source_id: str, state: SourceState, now: datetime
    ) -> tuple[Rhythm | None, Rhythm | None, datetime | None]:
        if not self._must_learn(state, now):
            return self._rhythms[source_id][1:]
        seen = health.moments(database, source_id, now - silence.WINDOW)
        spans = health.interruptions(database, source_id, now - silence.WINDOW)
        rhythm = silence.learn(seen, spans)
        dated = newest = None
        if rhythm is None:
            dates = silence.believable(health.published(database, source_id), now)
            dated = silence.learn(dates)
            # The first poll brings a whole list at once; what came after it is news whatever its date.
            newest = max([*dates, *seen[1:]], default=None)
        self._rhythms[source_id] = (now, rhythm, dated, newest)
        return rhythm, dated, newest


def page_row(given: Article | CrawlFailure, now: datetime) -> PageRow:
    """Return what is remembered of a page that was read, or of why it was not."""
    if isinstance(given, CrawlFailure):
        return PageRow(at=now, length=None, titled=True, language=None, failure=given.reason, missed=False)
    return PageRow(
        at=now,
        length=None if given.partial else len(given.text),
        titled=bool(given.title.strip()),
        language=None if given.partial else given.language,
        failure=given.failure,
        missed=bool(given.override_missed),
    )


def _host(result: PollResult) -> str:
    """Return the server behind an address; one machine may hold several, each at its port."""
    return urlsplit(result.url).netloc.lower() or result.url


def _outcome(row: PageRow) -> PageOutcome:
    return drift.PageOutcome(
        at=row.at,
        length=row.length,
        titled=row.titled,
        language=row.language,
        failure=row.failure,
        missed=row.missed,
    )


def _address(url: str, row: health.AddressRow | None) -> AddressFacts:
    if row is None:
        return AddressFacts(url=url)
    return AddressFacts(
        url=url,
        failures=row.failures,
        failing_since=row.failing_since,
        failure=row.failure,
        detail=row.detail,
        moved_to=row.moved_to,
        moves=row.moves,
    )
