"""Places for polls: who answers waits for nobody who does not."""

from __future__ import annotations

import asyncio

from scheduler.poll_room import PollRoom


async def hold(room: PollRoom, source_id: str, entered: list[str], end: asyncio.Event) -> None:
    async with room.place(source_id):
        entered.append(source_id)
        await end.wait()


async def know(room: PollRoom, *source_ids: str) -> None:
    for source_id in source_ids:
        async with room.place(source_id):
            pass
        assert room.is_prompt(source_id)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_outlets_that_hang_keep_no_place_of_those_that_answer() -> None:
    room, end = PollRoom(2, patience=60), asyncio.Event()
    entered: list[str] = []
    await know(room, "good", "fine")
    work = [asyncio.create_task(hold(room, name, entered, end)) for name in ("one", "two", "three", "good", "fine")]
    await settle()
    assert entered == ["one", "two", "good", "fine"]
    end.set()
    await asyncio.gather(*work)
    assert len(entered) == 5


async def test_an_outlet_that_turns_slow_makes_room_and_waits_with_the_slow_from_then_on() -> None:
    room, end = PollRoom(1, patience=0.01), asyncio.Event()
    entered: list[str] = []
    await know(room, "turns", "good")
    slow = asyncio.create_task(hold(room, "turns", entered, end))
    await settle()
    async with asyncio.timeout(10), room.place("good"):
        assert not room.is_prompt("turns")
    end.set()
    await slow
    assert not room.is_prompt("turns")
    assert room.is_prompt("good")
    # Every place was given back once: the second of two waits again.
    end.clear()
    await know(room, "late")
    work = [asyncio.create_task(hold(room, name, entered, end)) for name in ("late", "good")]
    await settle()
    assert entered == ["turns", "late"]
    end.set()
    await asyncio.gather(*work)


async def test_a_poll_that_is_cut_off_gives_its_place_back() -> None:
    room, end = PollRoom(1, patience=60), asyncio.Event()
    entered: list[str] = []
    await know(room, "good")
    cut_off = asyncio.create_task(hold(room, "good", entered, end))
    await settle()
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    async with asyncio.timeout(10), room.place("good"):
        pass


async def test_a_place_is_given_back_once_whatever_another_poll_of_the_outlet_finds() -> None:
    room, end = PollRoom(1, patience=0.01), asyncio.Event()
    entered: list[str] = []
    await know(room, "turns", "one", "two")
    slow = asyncio.create_task(hold(room, "turns", entered, end))
    await settle()
    async with asyncio.timeout(10), room.place("one"):
        assert not room.is_prompt("turns")
    await know(room, "turns")
    end.set()
    await slow
    end.clear()
    work = [asyncio.create_task(hold(room, name, entered, end)) for name in ("one", "two")]
    await settle()
    assert entered == ["turns", "one"]
    end.set()
    await asyncio.gather(*work)
