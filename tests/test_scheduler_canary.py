"""The canary flies through the real rules and the real archive, and leaves nothing behind but what became of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from sqlite_utils import Database

from alerts.settings import DeliverySettings
from crawler.client import CrawlerProcess
from crawler.extract import extract_page
from crawler.settings import CrawlerSettings
from scheduler.archive import Archive
from scheduler.building import build_pipeline
from scheduler.canary import Canary
from scheduler.canary_page import CanaryPage, Perch, new_page
from scheduler.clock import now_utc
from scheduler.heartbeat import HeartbeatSettings
from scheduler.pipeline import Pipeline
from scheduler.settings import ServiceSettings
from scheduler.signs import LifeSigns
from storage import watch_state
from storage.types import (
    Article,
    CanaryRun,
    CrawlFailure,
    FailureReason,
    FetchOrder,
    FetchResult,
)

CRAWLER = CrawlerSettings(user_agent="Vigie-Test/1.0 (+https://vigie.invalid/contact)", delay_seconds=0.0, workers=1)
#: what a service that never read anything holds, in the order of the schema
EMPTY = ("article", "revision", "signal", "story", "alert", "delivery", "decision", "source", "fingerprint", "evidence")


@dataclass
class Reader:
    """Fetches as the crawler does, in this process, and can be made to fail."""

    fault: FailureReason | None = None
    faults: int = 99
    change: Callable[[Article], Article] = lambda article: article
    hang: bool = False
    urls: list[str] = field(default_factory=list)

    async def fetch(self, order: FetchOrder) -> FetchResult:
        self.urls.append(order.url)
        if self.hang:
            await asyncio.Event().wait()
        if self.fault is not None and self.faults:
            self.faults -= 1
            failure = CrawlFailure(reason=self.fault, detail="as told")
            return FetchResult(order_id=order.id, source_id=order.source_id, url=order.url, failure=failure)
        async with aiohttp.ClientSession() as session, session.get(order.url) as answer:
            body = await answer.read()
        article = extract_page(
            body, url=order.url, source_id=order.source_id, fetched_at=now_utc(), encoding="utf-8", entry=None,
            language="fr", full_text=True,
        )  # fmt: skip
        assert isinstance(article, Article)
        return FetchResult(order_id=order.id, source_id=order.source_id, url=order.url, article=self.change(article))


@dataclass
class Told:
    runs: list[CanaryRun] = field(default_factory=list)

    def canary(self, _database: Database, run: CanaryRun, _now: datetime) -> None:
        self.runs.append(run)


def service_settings(folder: Path) -> ServiceSettings:
    return ServiceSettings(
        data_dir=folder, sources=(), watches=(), channels=(), delivery=DeliverySettings(), crawler=CRAWLER,
        public_url="http://127.0.0.1:8470", language="fr", timezone="Europe/Paris",
    )  # fmt: skip


@dataclass
class Bench:
    archive: Archive
    perch: Perch
    pipeline: Pipeline
    told: Told = field(default_factory=Told)

    def canary(self, reader: Reader | CrawlerProcess, deadline: timedelta = timedelta(minutes=2)) -> Canary:
        return Canary(self.archive, reader, self.pipeline, self.perch, self.told, clock=now_utc, deadline=deadline)

    async def counts(self) -> dict[str, int]:
        def count(database: Database) -> dict[str, int]:
            return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in EMPTY}

        return await self.archive.read(count)


def run(folder: Path, work: Callable[[Bench], Awaitable[None]]) -> None:
    async def whole() -> None:
        archive, perch = Archive(folder), Perch()
        await archive.open()
        try:
            await work(Bench(archive, perch, build_pipeline(service_settings(folder), "here")))
        finally:
            perch.close()
            await archive.close()

    asyncio.run(whole())


def test_a_canary_comes_through_and_leaves_no_trace(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        for _ in range(2):
            flown = await bench.canary(Reader()).fly()
            assert flown.ok, (flown.stage, flown.detail)
        assert set((await bench.counts()).values()) == {0}
        assert await bench.archive.read(watch_state.last_canary) == flown
        assert bench.told.runs == []

    run(tmp_path, work)


def test_a_canary_comes_through_the_real_crawler_which_asks_no_other_port_of_this_machine(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        asked: list[str] = []

        async def secret(request: web.Request) -> web.Response:
            asked.append(request.path)
            return web.Response(text="<html><title>Internal</title><p>Not for the press.</p></html>")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", secret)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        crawler = CrawlerProcess(replace(CRAWLER, canary_port=bench.perch.port))
        await crawler.start()
        try:
            flown = await bench.canary(crawler).fly()
            assert flown.ok, (flown.stage, flown.detail)
            other = runner.addresses[0][1]
            page = new_page(now_utc())
            async with bench.perch.showing(page):
                for url, reason in (
                    (f"http://127.0.0.1:{other}/", FailureReason.FORBIDDEN_ADDRESS),
                    (f"http://127.0.0.2:{bench.perch.port}{page.path}", FailureReason.FORBIDDEN_ADDRESS),
                    (f"http://127.0.0.1:{bench.perch.port}/guess.html", FailureReason.NOT_FOUND),
                ):
                    result = await crawler.fetch(FetchOrder(id=url, source_id="s", url=url))
                    assert result.failure is not None
                    assert result.failure.reason is reason
            assert asked == []
        finally:
            await crawler.stop()
            await runner.cleanup()

    run(tmp_path, work)


@pytest.mark.parametrize(
    ("reader", "stage", "words"),
    [
        (Reader(fault=FailureReason.DNS), "fetch", "dns: as told"),
        (Reader(fault=FailureReason.CRAWLER_LOST), "fetch", "crawler_lost"),
        (Reader(change=lambda article: replace(article, partial=True)), "extract", "only a part"),
        (Reader(change=lambda article: replace(article, paragraphs=("Rien.",))), "extract", "not those of the page"),
        (Reader(hang=True), "fetch", "not done within"),
    ],
)
def test_each_stage_that_fails_is_named(reader: Reader, stage: str, words: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        deadline = timedelta(seconds=0.3) if reader.hang else timedelta(minutes=2)
        flown = await bench.canary(reader, deadline).fly()
        assert flown.stage == stage
        assert words in flown.detail
        assert set((await bench.counts()).values()) == {0}
        assert bench.told.runs == [flown]

    run(tmp_path, work)


def test_a_crawler_that_was_replaced_on_the_way_is_no_miss(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        assert (await bench.canary(Reader(fault=FailureReason.CRAWLER_LOST, faults=1)).fly()).ok

    run(tmp_path, work)


def test_rules_that_no_longer_see_the_act_are_a_miss(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        known = bench.pipeline.rules
        blind = replace(known, languages={code: rules for code, rules in known.languages.items() if code != "fr"})
        pipeline = Pipeline(blind, bench.pipeline.alerting, {})
        canary = Canary(bench.archive, Reader(), pipeline, bench.perch, bench.told, clock=now_utc)
        flown = await canary.fly()
        assert (flown.stage, flown.ok) == ("detect", False)

    run(tmp_path, work)


def test_an_archive_that_cannot_be_written_is_a_miss(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.archive.read(lambda database: database.execute("PRAGMA query_only=ON"))
        flown = await bench.canary(Reader()).fly()
        assert not flown.ok

    run(tmp_path, work)


def test_people_are_told_once_and_once_more_when_it_is_back(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        reader = Reader(fault=FailureReason.TIMEOUT)
        canary = bench.canary(reader)
        await canary.fly()
        await canary.fly()
        assert [told.ok for told in bench.told.runs] == [False]
        reader.fault = None
        await canary.fly()
        await canary.fly()
        assert [told.ok for told in bench.told.runs] == [False, True]

    run(tmp_path, work)


def test_the_port_is_open_only_while_a_canary_flies(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        def is_open() -> bool:
            with socket.socket() as probe:
                probe.settimeout(2)
                return probe.connect_ex(("127.0.0.1", bench.perch.port)) == 0

        assert not await asyncio.to_thread(is_open)
        robots = f"http://127.0.0.1:{bench.perch.port}/robots.txt"
        async with (
            bench.perch.showing(new_page(now_utc())),
            aiohttp.ClientSession() as session,
            session.get(robots) as answer,
        ):
            assert "Allow" in await answer.text()
        assert not await asyncio.to_thread(is_open)
        with socket.socket() as thief, pytest.raises(OSError, match="in use"):
            thief.bind(("127.0.0.1", bench.perch.port))

    run(tmp_path, work)


def test_every_page_has_its_own_token() -> None:
    one, other = (new_page(datetime(2026, 3, 4, tzinfo=UTC)) for _ in range(2))
    assert isinstance(one, CanaryPage)
    assert one.token != other.token
    assert one.token in one.html()
    assert one.token in one.path


def test_a_missed_canary_stops_the_heartbeat_and_its_return_starts_it_again(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        pings: list[str] = []

        async def ping(request: web.Request) -> web.Response:
            pings.append(request.path)
            return web.Response(text="OK")

        app = web.Application()
        app.router.add_get("/ping/{name}", ping)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader = Reader()
        signs = LifeSigns(
            bench.archive,
            bench.canary(reader),
            timedelta(hours=1),
            HeartbeatSettings(
                url=f"http://127.0.0.1:{runner.addresses[0][1]}/ping/secret", allow_cidrs=("127.0.0.0/8",)
            ),
            {},
            clock=now_utc,
            ticked=now_utc,
        )
        try:
            await signs.fly()
            assert await signs.beat()
            assert pings == ["/ping/secret"]
            reader.fault = FailureReason.DNS
            await signs.fly()
            for _ in range(3):
                assert not await signs.beat()
            assert len(pings) == 1
            checks = {name: (ok, detail) for name, ok, detail in await signs.checks()}
            assert checks["network"][0]
            assert checks["canary"] == (False, "missed at fetch: dns: as told")
            assert not checks["heartbeat"][0]
            reader.fault = None
            await signs.fly()
            assert await signs.beat()
            assert len(pings) == 2
        finally:
            await runner.cleanup()

    run(tmp_path, work)
