"""The sign of life: what keeps it from going out, and that it arrives where it may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from scheduler import heartbeat
from scheduler.heartbeat import Heartbeat, HeartbeatSettings, Vitals, audit
from storage.types import CanaryRun

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FLOWN = CanaryRun(started_at=NOW - 30 * MINUTE, ended_at=NOW - 30 * MINUTE)
WELL = Vitals(
    last_tick=NOW, sources=85, last_read_at=NOW - MINUTE, canary_every=HOUR, canary=FLOWN, started_at=NOW - 9 * HOUR
)


def test_when_all_is_well_nothing_speaks_against_it() -> None:
    assert audit(WELL, NOW) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_tick": None}, "not ticked"),
        ({"last_tick": NOW - 3 * MINUTE}, "not ticked"),
        ({"archive_fault": "no room on the disk"}, "no room on the disk"),
        ({"overdue_since": NOW - 61 * MINUTE}, "overdue since 2026-03-04 10:59 UTC"),
        ({"last_read_at": NOW - 31 * MINUTE}, "no source was read"),
        ({"last_read_at": None}, "no source was read"),
        ({"canary": replace(FLOWN, stage="fetch", detail="dns")}, "missed at fetch: dns"),
        ({"canary": replace(FLOWN, ended_at=NOW - 151 * MINUTE)}, "no canary came through"),
        ({"canary": None}, "no canary came through"),
    ],
)
def test_each_fault_is_named(changes: dict[str, object], words: str) -> None:
    (fault,) = audit(replace(WELL, **changes), NOW)  # type: ignore[arg-type] # table of fields
    assert words in fault


@pytest.mark.parametrize(
    "changes",
    [
        {"overdue_since": NOW - 59 * MINUTE},
        {"last_read_at": NOW - 50 * MINUTE, "shortest_poll": timedelta(minutes=30)},
        {"sources": 0, "last_read_at": None},
        {"canary_every": None, "canary": None},
        {"canary": None, "started_at": NOW - HOUR},
        {"last_read_at": None, "started_at": NOW - 20 * MINUTE},
        {"canary": replace(FLOWN, ended_at=NOW - 149 * MINUTE)},
    ],
)
def test_what_is_no_fault(changes: dict[str, object]) -> None:
    assert audit(replace(WELL, **changes), NOW) == ()  # type: ignore[arg-type] # table of fields


def served(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], work: Callable[[str], Awaitable[None]]
) -> None:
    async def whole() -> None:
        app = web.Application()
        app.router.add_get("/ping", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            await work(f"http://127.0.0.1:{runner.addresses[0][1]}/ping")
        finally:
            await runner.cleanup()

    asyncio.run(whole())


def test_an_answer_that_is_no_success_is_a_fault_and_redirects_are_not_followed() -> None:
    async def moved(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    async def work(url: str) -> None:
        beats = Heartbeat(HeartbeatSettings(url=url, allow_cidrs=("127.0.0.0/8",)))
        assert not await beats.beat((), NOW)
        assert beats.faults == ("the ping was answered with HTTP 302",)
        assert beats.last_sent_at is None

    served(moved, work)


def test_a_receiver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "DEADLINE", 0.3)

    async def hang(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async def work(url: str) -> None:
        beats = Heartbeat(HeartbeatSettings(url=url, allow_cidrs=("127.0.0.0/8",)))
        assert not await beats.beat((), NOW)
        assert "not answered within" in beats.faults[0]

    served(hang, work)


def test_the_egress_guard_stands_before_it_and_the_address_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def work(url: str) -> None:
        settings = HeartbeatSettings(url=f"{url}?key=S3CR3T")
        beats = Heartbeat(settings)
        with caplog.at_level(logging.DEBUG, logger="scheduler.heartbeat"):
            assert not await beats.beat((), NOW)
        assert "refused by the egress guard" in beats.faults[0]
        assert "S3CR3T" not in repr(settings) + caplog.text + str(beats.faults)

    served(answer, work)
    assert asked == []


def test_a_failed_audit_sends_nothing_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        beats = Heartbeat(HeartbeatSettings(url="http://127.0.0.1:1/"))
        with caplog.at_level(logging.WARNING, logger="scheduler.heartbeat"):
            for _ in range(3):
                assert not await beats.beat(("the canary was missed",), NOW)
        assert caplog.text.count("the canary was missed") == 1

    asyncio.run(work())
