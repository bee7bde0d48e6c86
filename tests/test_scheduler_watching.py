"""Gathering, judging and telling, on a real archive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler.archive import Archive
from scheduler.watching import AWAY, JUDGE_EVERY, SPREAD, TRY_EVERY, HealthDesk, HealthSettings, page_row
from storage import health, pauses, sources
from storage.types import (
    Article,
    CrawlFailure,
    FailureReason,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
    PollResult,
    Source,
)

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SOURCES = {
    f"s{n}": Source(id=f"s{n}", name=f"S {n}", url=f"https://s{n}.example/", feeds=(f"https://s{n}.example/feed",))
    for n in range(6)
}


@dataclass
class Heard:
    """Remembers what was told."""

    events: list[HealthEvent] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)

    def sources(self, _database: Database, events: Sequence[HealthEvent], _now: datetime) -> None:
        self.events.extend(events)

    def network(self, _database: Database, state: Network, _now: datetime) -> None:
        self.networks.append(state)


@dataclass
class Bench:
    """A desk over an archive with a clock in hand."""

    archive: Archive
    heard: Heard
    now: datetime = START
    desk: HealthDesk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = HealthDesk(self.archive, SOURCES, HealthSettings(), self.heard, clock=lambda: self.now)

    async def poll(self, source_id: str, failure: FailureReason | None = None, mark: str | None = None) -> None:
        source = SOURCES[source_id]
        failed = None if failure is None else CrawlFailure(reason=failure, detail=f"{failure} it was")
        await self.archive.write(
            sources.record_poll,
            source_id,
            failure=failed,
            new_entries=0 if failure else 1,
            next_check_at=self.now + timedelta(hours=20 if failure else 1),
            now=self.now,
        )
        result = PollResult(order_id="o", source_id=source_id, url=source.feeds[0], failure=failed, page_mark=mark)
        await self.desk.polled(source, [result])

    async def due(self, source_id: str) -> datetime:
        state = await self.archive.read(sources.state, source_id)
        assert state is not None
        return state.next_check_at

    async def states(self) -> dict[str, HealthState]:
        return {name: found.state for name, found in (await self.archive.read(health.health)).items()}


def run(folder: Path, work: Callable[[Bench], Awaitable[None]]) -> None:
    async def whole() -> None:
        archive = Archive(folder)
        await archive.open()
        try:
            await archive.write(sources.sync, SOURCES.values(), START)
            bench = Bench(archive, Heard())
            await bench.desk.start()
            await work(bench)
        finally:
            await archive.close()

    asyncio.run(whole())


def test_a_broken_feed_is_told_after_three_polls_and_its_recovery_at_once(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for name in SOURCES:
            await bench.poll(name)
        await bench.desk.tick()
        assert bench.heard.events == []
        assert set((await bench.states()).values()) == {HealthState.FRESH}
        for polls in (1, 2):
            bench.now += MINUTE
            await bench.poll("s0", FailureReason.NOT_A_FEED)
            await bench.desk.tick()
            assert bench.heard.events == [], polls
        await bench.poll("s0", FailureReason.NOT_A_FEED)
        await bench.desk.tick()
        await bench.desk.tick()
        (event,) = bench.heard.events
        assert (event.source_id, event.was, event.health.state) == ("s0", HealthState.FRESH, HealthState.BROKEN_FEED)
        assert event.health.cause.detail == "not_a_feed it was"
        bench.now += MINUTE
        await bench.poll("s0")
        await bench.desk.tick()
        recovered = bench.heard.events[-1]
        assert (recovered.was, recovered.health.state) == (HealthState.BROKEN_FEED, HealthState.FRESH)
        assert [found.health.state for found in await bench.archive.read(health.events, "s0")] == [
            HealthState.FRESH,
            HealthState.BROKEN_FEED,
        ]

    run(tmp_path, work)


def test_a_dead_network_is_one_alarm_and_no_source_is_blamed(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for name in SOURCES:
            await bench.poll(name)
        await bench.desk.tick()
        for _ in range(5):
            bench.now += MINUTE
            for name in SOURCES:
                await bench.poll(name, FailureReason.DNS)
            await bench.desk.tick()
        assert [state.state for state in bench.heard.networks] == [NetworkState.DOWN]
        assert bench.heard.events == []
        assert await bench.due("s0") <= bench.now + TRY_EVERY
        assert set((await bench.states()).values()) == {HealthState.FRESH}
        bench.now += timedelta(hours=5)
        await bench.poll("s0")
        await bench.poll("s1")
        await bench.desk.tick()
        assert [state.state for state in bench.heard.networks] == [NetworkState.DOWN, NetworkState.UP]
        assert bench.heard.events == []
        waits = sorted([await bench.due(f"s{n}") for n in range(2, 6)])
        # Before the outage was over they were due within five minutes; that time has come.
        assert waits[-1] <= bench.now + SPREAD * 4
        spans = await bench.archive.read(health.interruptions, "s3", START)
        assert [ended for _, ended in spans] == [bench.now]

    run(tmp_path, work)


def test_a_first_start_without_network_is_one_alarm(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for _ in range(4):
            for name in SOURCES:
                await bench.poll(name, FailureReason.CONNECTION)
            await bench.desk.tick()
            bench.now += MINUTE
        assert [state.state for state in bench.heard.networks] == [NetworkState.DOWN]
        assert bench.heard.events == []

    run(tmp_path, work)


def test_a_captive_portal_is_one_alarm(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for _ in range(4):
            for name in SOURCES:
                await bench.poll(name, FailureReason.NOT_A_FEED, mark="title of the portal")
            await bench.desk.tick()
            bench.now += MINUTE
        assert [(state.state, state.failure) for state in bench.heard.networks] == [(NetworkState.DOWN, None)]
        assert bench.heard.events == []

    run(tmp_path, work)


def test_a_silent_source_is_told_though_nothing_happens(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.poll("s0")
        await bench.desk.tick()
        while bench.now < START + timedelta(days=22):
            assert bench.now <= START + timedelta(days=21) or bench.heard.events[-1].health.state is HealthState.SILENT
            bench.now += timedelta(hours=5)
            await bench.desk.tick()
        assert [event.health.state for event in bench.heard.events] == [HealthState.QUIET, HealthState.SILENT]

    run(tmp_path, work)


def test_days_without_the_service_are_nobodys_silence(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.poll("s0")
        await bench.desk.tick()
        bench.now += timedelta(days=22)
        await bench.desk.start()
        await bench.desk.tick()
        assert bench.heard.events == []

    run(tmp_path, work)


def test_sources_whose_rhythm_cannot_be_learnt_in_time_are_judged_in_a_later_tick(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for name in SOURCES:
            await bench.poll(name)
        await bench.desk.tick(learn_within=0.0)
        assert await bench.states() == {}
        await bench.desk.tick()
        assert set(await bench.states()) == set(SOURCES)

    run(tmp_path, work)


def test_walls_are_gathered_from_pages(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.poll("s0")
        wall = CrawlFailure(reason=FailureReason.CHALLENGE, detail="prove that you are human")
        for _ in range(6):
            await bench.archive.write(bench.desk.page, "s0", wall, bench.now)
        await bench.desk.tick()
        assert [event.health.state for event in bench.heard.events] == [HealthState.WALLED]

    run(tmp_path, work)


def test_a_partial_article_counts_as_its_failure() -> None:
    article = Article(source_id="s0", url="https://s0.example/1", title=" ", paragraphs=("text",), fetched_at=START)
    assert (page_row(article, START).length, page_row(article, START).titled) == (4, False)
    partial = Article(
        source_id="s0", url="https://s0.example/1", title="T", paragraphs=("text",), fetched_at=START, partial=True,
        failure=FailureReason.PAYWALL,
    )  # fmt: skip
    assert (page_row(partial, START).length, page_row(partial, START).failure) == (None, FailureReason.PAYWALL)


def test_pages_that_were_not_asked_make_no_wall(tmp_path: Path) -> None:
    refused = CrawlFailure(reason=FailureReason.BLOCKED, detail="403", status=403)

    async def states_after(bench: Bench, name: str, failure: CrawlFailure) -> HealthState:
        await bench.poll(name)
        for _ in range(12):
            await bench.archive.write(bench.desk.page, name, failure, bench.now)
        await bench.desk.tick()
        return (await bench.states())[name]

    async def work(bench: Bench) -> None:
        assert await states_after(bench, "s0", refused) is HealthState.WALLED
        assert await states_after(bench, "s1", replace(refused, sent=False)) is HealthState.FRESH

    run(tmp_path, work)


def test_a_round_that_could_not_be_kept_is_judged_again(tmp_path: Path) -> None:
    class Interrupted(Heard):
        def sources(self, _database: Database, events: Sequence[HealthEvent], _now: datetime) -> None:
            super().sources(_database, events, _now)
            if len(self.events) == 1:
                raise RuntimeError("power cut")

    async def work(bench: Bench) -> None:
        for name in SOURCES:
            await bench.poll(name)
        await bench.desk.tick()
        bench.heard = Interrupted()
        bench.desk._announcer = bench.heard
        for _ in range(3):
            bench.now += MINUTE
            await bench.poll("s0", FailureReason.NOT_A_FEED)
        with pytest.raises(RuntimeError, match="power cut"):
            await bench.desk.tick()
        assert (await bench.states())["s0"] is HealthState.FRESH, "nothing of the round was kept"
        await bench.desk.tick()
        assert (await bench.states())["s0"] is HealthState.BROKEN_FEED
        assert [event.source_id for event in bench.heard.events] == ["s0", "s0"]

    run(tmp_path, work)


def test_the_silence_of_a_paused_source_rings_neither_then_nor_after(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for name in ("s0", "s1"):
            await bench.poll(name)
        await bench.archive.write(pauses.pause, "s0", bench.now, ends_at=None, author="Awa", reason="travaux")
        # Short of the time after which the service itself is taken to have been away.
        for _ in range(150):
            bench.now += AWAY - MINUTE
            await bench.desk.tick()
        assert [event.source_id for event in bench.heard.events if event.health.state is HealthState.SILENT] == ["s1"]
        await bench.archive.write(pauses.resume, "s0", bench.now)
        bench.now += MINUTE
        await bench.desk.tick(learn_within=60)
        bench.now += JUDGE_EVERY
        await bench.desk.tick(learn_within=60)
        assert {event.source_id for event in bench.heard.events} == {"s1"}

    run(tmp_path, work)


def test_a_pause_that_is_over_is_put_away_before_anything_is_judged(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        ends = bench.now + MINUTE
        await bench.archive.write(pauses.pause, "s0", bench.now, ends_at=ends, author="Awa", reason="travaux")
        bench.now += 2 * MINUTE
        await bench.desk.tick()
        assert await bench.archive.read(health.interruptions, "s0", START) == [(START, ends)]

    run(tmp_path, work)
