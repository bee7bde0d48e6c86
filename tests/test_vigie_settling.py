"""The collector of garbage passes over what stays, and over nothing that comes later."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from vigie import settling


class Link:
    """Something that can stand in a circle."""

    other: Link | None = None


def circle() -> weakref.ref[Link]:
    one, two = Link(), Link()
    one.other, two.other = two, one
    return weakref.ref(one)


def test_what_is_there_is_passed_over_and_what_comes_later_is_freed() -> None:
    async def serve() -> None:
        with settling.settling():
            assert gc.get_freeze_count() > 10_000
            # What is looked through is what came since.
            assert len(gc.get_objects()) < gc.get_freeze_count() / 10
            later = circle()
            gc.collect()
            assert later() is None
        assert gc.get_freeze_count() == 0

    asyncio.run(serve())


def test_what_is_made_on_first_use_is_passed_over_once_the_service_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_LATER", 0.0)

    async def serve() -> None:
        with settling.settling():
            made = [Link() for _ in range(1_000)]
            before = gc.get_freeze_count()
            for _ in range(10):
                await asyncio.sleep(0)
            assert gc.get_freeze_count() > before + len(made) // 2

    asyncio.run(serve())


def test_a_service_that_ended_before_it_was_warm_leaves_nothing_behind() -> None:
    async def serve() -> None:
        with settling.settling():
            pass
        gc.collect()
        assert gc.get_freeze_count() == 0

    asyncio.run(serve())
