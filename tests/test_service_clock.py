"""A running service whose wall clock is set: reading the press goes on within two minutes, whatever the plans said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import time_machine

from scheduler.service import Service
from tests.world import Outlet, World
from vigie.running import service_settings
from vigie.settings import load

#: what reliability promises
GAP = 120.0
TEXT = ["Le gouvernement a annoncé la fermeture de deux postes frontières avec son voisin du nord du pays."] * 4


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Outlet, Callable[[timedelta], None]]]:
    """Run a service that polls every half hour, and return its outlet and a way to set its clock."""
    with World() as world:
        config = world.configuration(tmp_path, port=1)
        config.write_text(config.read_text(encoding="utf-8").replace('poll = "1s"', 'poll = "30m"'), encoding="utf-8")
        settings = service_settings(load(config))
        stop = asyncio.Event()
        with time_machine.travel(datetime.now(UTC), tick=True) as clock:
            async with Service(settings) as service:
                work = asyncio.create_task(service.run(stop))
                await read(world.outlets[0], "before")
                yield world.outlets[0], lambda jump: clock.move_to(datetime.now(UTC) + jump)
                stop.set()
                await work


async def read(outlet: Outlet, slug: str) -> float:
    """Publish an article and wait until its page has been asked for; return the seconds that took."""
    outlet.publish(slug, f"Deux postes frontières fermés, {slug}", TEXT)
    start = time.monotonic()
    while f"/{slug}.html" not in outlet.requests:
        assert time.monotonic() - start < GAP, f"nothing was read for {GAP:g} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - start


@pytest.mark.parametrize(
    "jumps",
    [
        (timedelta(hours=-1),),
        (timedelta(days=-1),),
        (timedelta(days=1),),
        (timedelta(days=3650), timedelta(days=-3650)),
    ],
    ids=["an hour back", "a day back", "a day ahead", "ten years ahead and back"],
)
async def test_press_is_read_on_after_the_clock_is_set(
    running: tuple[Outlet, Callable[[timedelta], None]], jumps: tuple[timedelta, ...]
) -> None:
    outlet, jump = running
    for number, size in enumerate(jumps):
        jump(size)
        assert await read(outlet, f"after-{number}") < GAP
