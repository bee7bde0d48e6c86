"""A running service gathers alerts and tells them together, over real SMTP, days within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from alerts.digest import is_digest
from scheduler.batches import BatchDesk
from scheduler.building import build_outgoing
from scheduler.follow_ups import FollowUps
from scheduler.service import Service
from scheduler.settings import ServiceSettings
from storage import alerts
from storage.types import Alert
from tests.holding import raise_one
from tests.world import World, free_port
from vigie.running import service_settings
from vigie.settings import load

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class FastClock:
    """A clock that begins at a moment and runs ``speed`` times as fast as the world's, as far as it may."""

    begin: datetime
    speed: float
    limit: datetime = datetime(2100, 1, 1, tzinfo=UTC)
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return min(self.limit, self.begin + timedelta(seconds=(time.monotonic() - self.started) * self.speed))


@pytest.fixture
def world() -> Iterator[World]:
    with World(outlets=1) as press:
        yield press


def configured(world: World, folder: Path, watch: str = "", delivery: str = "") -> Path:
    config = world.configuration(folder, port=free_port(), extra=f"[delivery]\n{delivery}\n" if delivery else "")
    text = config.read_text("utf-8").replace("[service]\n", '[service]\ncanary = "0s"\nnotify = []\n')
    config.write_text(text.replace('channels = ["mail", "hook"]', f'channels = ["mail"]\n{watch}'), "utf-8")
    return config


@contextlib.asynccontextmanager
async def running(config: Path, clock: Callable[[], datetime]) -> AsyncIterator[tuple[Service, ServiceSettings]]:
    loaded = service_settings(load(config))
    settings = replace(loaded, sources=(), batches_every=timedelta(milliseconds=20))
    stop = asyncio.Event()
    async with Service(settings, clock=clock) as service:
        work = asyncio.create_task(service.run(stop))
        try:
            yield service, settings
        finally:
            stop.set()
            await work


async def hear(service: Service, settings: ServiceSettings, now: datetime, severities: dict[str, int]) -> list[Alert]:
    """Raise alerts at a moment, all in one transaction, as a poll of many articles does."""

    def all_of_them(database: Database) -> list[Alert]:
        outgoing, watch = build_outgoing(settings), settings.watches[0]
        return [raise_one(database, outgoing, watch, name, now=now, severity=n) for name, n in severities.items()]

    raised = await service.archive.write(all_of_them)
    service.dispatcher.wake()
    return raised


async def until(holds: Callable[[], bool], what: str, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        await asyncio.sleep(0.02)


async def lists(service: Service) -> list[dict[str, Any]]:
    """Return what the service's lists tell, the first one first."""
    recent = await service.archive.read(alerts.recent, limit=1000)
    return [json.loads(told.payload)["data"] for told in reversed(recent) if is_digest(told)]


async def test_the_night_of_the_spring_change_is_one_mail_at_seven_by_the_new_time(
    world: World, tmp_path: Path
) -> None:
    config = configured(world, tmp_path, 'quiet_hours = "22:00-07:00"')
    evening = datetime(2026, 3, 28, 22, 30, tzinfo=PARIS).astimezone(UTC)
    seven = datetime(2026, 3, 29, 7, tzinfo=PARIS).astimezone(UTC)
    clock = FastClock(evening, speed=14_400, limit=seven - MINUTE)
    async with running(config, clock) as (service, settings):
        held = await hear(service, settings, evening, {"deux": 2, "trois": 3, "quatre": 4})
        (critical,) = await hear(service, settings, evening, {"cinq": 5})
        await until(lambda: len(world.mails) >= 1, "the critical alert")
        assert critical.id in world.mails[0].text
        await until(lambda: clock() == clock.limit, "a minute to seven")
        assert await service.batches.tick() == 0
        assert not world.mails[1:]
        clock.limit = seven
        await until(lambda: len(world.mails) >= 2, "the morning's list")
        (data,) = await lists(service)
    (mail,) = world.mails[1:]
    assert mail.subject == "3\u00a0alertes sur la nuit\u202f: 1\u00a0grave (watch)"
    assert [one["alert"] for one in data["alerts"]] == [alert.id for alert in reversed(held)]
    assert datetime.fromisoformat(data["until"]) == seven
    assert seven - evening == 7.5 * HOUR, "the night was an hour shorter"
    assert all(one["url"] in mail.text for one in data["alerts"])


async def test_one_digest_a_day_over_the_autumn_change(world: World, tmp_path: Path) -> None:
    config = configured(world, tmp_path, 'digest = "02:30"')
    begin = datetime(2026, 10, 23, 12, tzinfo=PARIS).astimezone(UTC)
    async with running(config, FastClock(begin, speed=43_200)) as (service, settings):
        await hear(service, settings, begin, {"deux": 2, "trois": 3})
        await hear(service, settings, begin, {"quatre": 4})
        await until(lambda: len(world.mails) >= 5, "four days of digests")
        told = await lists(service)
    days = [data["day"] for data in told][:4]
    assert days == ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]
    assert [data["count"] for data in told][:2] == [2, 0]
    subjects = [mail.subject for mail in world.mails]
    assert subjects[0].startswith("Grave · Mali → France")
    assert subjects[1] == "Bilan du samedi 24\u00a0octobre\u202f: 2\u00a0alertes (watch)"
    assert subjects[2] == "Bilan du dimanche 25\u00a0octobre\u202f: aucune alerte (watch)"
    assert "Couverture de la veille" in world.mails[2].text


async def test_a_flood_is_a_few_messages_and_one_list_that_drops_nobody(world: World, tmp_path: Path) -> None:
    config = configured(world, tmp_path, delivery='storm_limit = 5\nstorm_window = "10m"')
    noon = datetime(2026, 3, 10, 11, tzinfo=UTC)
    clock = FastClock(noon, speed=300)
    async with running(config, clock) as (service, settings):
        raised = await hear(service, settings, clock(), {f"n{n}": 2 + n % 3 for n in range(150)})
        await until(lambda: len(world.mails) >= 6, "the list")
        (data,) = await lists(service)
    alone = {alert.id for alert in raised if any(alert.id in mail.text for mail in world.mails[:5])}
    assert len(alone) == 5
    assert data["count"] == 145
    assert len(data["alerts"]) + data["more"] == 145
    assert {one["alert"] for one in data["alerts"]} | alone <= {alert.id for alert in raised}
    assert len(world.mails) == 6
    assert "145\u00a0alertes" in world.mails[-1].subject
    assert len(json.dumps(data)) < 40_000


async def test_one_round_sends_what_is_due_whatever_else_fails_and_gives_up_what_nobody_can_send(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    config = configured(world, tmp_path)
    settings = replace(service_settings(load(config)), sources=())
    removed = replace(settings, channels=tuple(one for one in settings.channels if one.id != "mail"))
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    async with Service(settings, clock=lambda: now) as service:
        await hear(service, settings, now, {"trois": 3})
        monkeypatch.setattr(BatchDesk, "tick", broken)
        monkeypatch.setattr(FollowUps, "look", broken)
        done = await service.run_once()
        assert (done.sent, done.waiting, done.dead) == (1, 0, 0)
        assert len(world.mails) == 1
        await hear(service, settings, now, {"quatre": 4})
    async with Service(replace(removed, watches=()), clock=lambda: now) as service:
        done = await service.run_once()
        assert (done.sent, done.waiting, done.dead) == (0, 0, 1)
