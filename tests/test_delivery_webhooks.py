"""Webhooks to receivers that fail, lie and hang: C1 to C10 of docs/reliability.md; every body is verified."""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import os
import socket
import ssl
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from alerts.breaker import is_open
from alerts.settings import Channel, DeliverySettings
from storage.types import DeliveryState
from tests.certificates import write_certificates
from tests.delivering import SECRET, Clock, Receiver, Relay, World, hook, listening, mail, receiving, relaying, world
from tests.processes import MEBIBYTE, resident

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OLD_SECRET = "whsec_" + base64.b64encode(b"older key of thirty-two bytes...").decode()
QUICK = DeliverySettings(webhook_total=timedelta(seconds=1), webhook_connect=timedelta(seconds=0.5))


@asynccontextmanager
async def receiver_and_desk(folder: Path, settings: DeliverySettings = QUICK) -> AsyncIterator[tuple[Receiver, World]]:
    async with receiving(Receiver()) as receiver:  # noqa: SIM117 (the address is known only then)
        async with world(folder, [hook(receiver.url)], settings, receiver=receiver) as desk:
            yield receiver, desk


async def wait_of(desk: World) -> timedelta:
    """How long the only delivery waits for its next attempt."""
    return (await desk.row()).next_attempt_at - desk.clock()


def about(seconds: float) -> object:
    """The plan, give or take a quarter."""
    return pytest.approx(seconds, rel=0.25, abs=1.5)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize(
    ("asked", "waits"),
    [(None, 5), ("1", 5), ("120", 120), ("date", 300), ("999999", 6 * 3600), ("soon", 5)],
)
async def test_receiver_is_asked_again_when_it_wants(
    tmp_path: Path, status: int, asked: str | None, waits: int
) -> None:
    async with receiver_and_desk(tmp_path) as (receiver, desk):
        await desk.alert()
        receiver.status = status
        if asked is not None:
            at = format_datetime(datetime.now(tz=UTC) + timedelta(seconds=300), usegmt=True)
            receiver.headers = {"Retry-After": at if asked == "date" else asked}
        await desk.look()
        assert (await wait_of(desk)).total_seconds() == about(waits)
        await desk.look(timedelta(seconds=waits * 0.7))
        assert len(receiver.posts) == 1, "not before its time"
        receiver.status = 204
        await desk.look(timedelta(seconds=waits * 0.6 + 2))
        assert [key for key, _ in receiver.posts] == [(await desk.row()).key] * 2
        assert (await desk.row()).state is DeliveryState.SENT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_lead_nowhere(tmp_path: Path, status: int) -> None:
    async with receiver_and_desk(tmp_path) as (receiver, desk):
        await desk.alert()
        receiver.status, receiver.headers = status, {"Location": receiver.url.replace("/hook", "/canary")}
        for _ in range(4):
            await desk.look(10 * MINUTE)
        assert receiver.canary == 0
        assert (await desk.row()).state is DeliveryState.PENDING


async def test_receiver_that_is_gone_is_left_alone_and_told_of_elsewhere(tmp_path: Path) -> None:
    async with receiving(Receiver(status=410)) as receiver, relaying(Relay()) as relay:
        channels: list[Channel] = [hook(receiver.url), mail(relay.port)]
        async with world(tmp_path, channels, QUICK, receiver=receiver) as desk:
            await desk.alert(channels=["hook"])
            await desk.look()
            await desk.alert(2, channels=["hook"])
            for _ in range(3):
                await desk.look(HOUR)
            assert len(receiver.posts) == 1
            assert [row.state for row in await desk.rows("hook")] == [DeliveryState.DEAD] * 2
            assert len(relay.mails) == 1
            assert b"channel.disabled" in relay.mails[0][1]
            receiver.status = 204
            await desk.dispatcher.reset("hook")
            for row in await desk.rows("hook"):
                await desk.replay(row)
            await desk.look()
            assert [row.state for row in await desk.rows("hook")] == [DeliveryState.SENT] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_receiver_that_refuses_is_asked_slowly_and_shown_to_people(tmp_path: Path, status: int) -> None:
    async with receiver_and_desk(tmp_path) as (receiver, desk):
        await desk.alert()
        receiver.status = status
        await desk.look()
        assert (await wait_of(desk)) > 1.5 * MINUTE
        for _ in range(8):
            await desk.look(15 * MINUTE)
        assert 3 <= len(receiver.posts) <= 9
        row = await desk.row()
        assert (row.last_error or "").startswith(f"needs attention: {receiver.url}: HTTP {status}")
        await desk.look(72 * HOUR)
        assert (await desk.row()).state is DeliveryState.DEAD
        receiver.status = 204
        await desk.replay(row)
        await desk.look(15 * MINUTE)
        assert (await desk.row()).state is DeliveryState.SENT
        assert {key for key, _ in receiver.posts} == {row.key}


async def test_message_that_one_receiver_cannot_take_holds_up_no_other(tmp_path: Path) -> None:
    async with receiver_and_desk(tmp_path) as (receiver, desk):
        receiver.status = 422
        await desk.alert(1)
        for _ in range(6):
            await desk.look(15 * MINUTE)
        receiver.status = 204
        await desk.alert(2)
        await desk.look()
        assert (await desk.rows())[1].state is DeliveryState.SENT


class Memory:
    """The most memory that this process took beyond what it had."""

    def __init__(self) -> None:
        self.begin = self.most = resident(os.getpid())
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            self.most = max(self.most, resident(os.getpid()))
            await asyncio.sleep(0.01)

    def grown(self) -> int:
        self._task.cancel()
        return self.most - self.begin


async def never(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


BOMB = gzip.compress(bytes(64 * MEBIBYTE))


async def misbehave(manner: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    if manner == "silent":
        await asyncio.Event().wait()
    if manner == "headers":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(10**9):
            writer.write(b"X-%d: " % number + b"x" * 4000 + b"\r\n")
            await writer.drain()
    if manner == "packed":
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)
        await writer.drain()
        await asyncio.Event().wait()
    writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(b"y" if manner == "drip" else b"y" * 65536)
        await writer.drain()
        await asyncio.sleep(0.05 if manner == "drip" else 0)


@pytest.mark.parametrize("manner", ["silent", "headers", "drip", "endless", "packed"])
async def test_answers_without_end_take_a_deadline_and_little_memory(tmp_path: Path, manner: str) -> None:
    async with listening(lambda r, w: misbehave(manner, r, w)) as port:  # noqa: SIM117
        async with world(tmp_path, [hook(f"http://127.0.0.1:{port}/hook")], QUICK) as desk:
            for story in (1, 2, 3):
                await desk.alert(story)
            memory, started = Memory(), time.monotonic()
            await desk.look()
            assert time.monotonic() - started < 5, "three deadlines of a second, side by side"
            assert memory.grown() <= 16 * MEBIBYTE
            for row in await desk.rows():
                assert row.state is DeliveryState.PENDING
                assert row.maybe_delivered == (manner in ("silent", "headers")), row.last_error


async def test_receiver_that_never_accepts_takes_a_deadline(tmp_path: Path) -> None:
    with socket.socket() as deaf, socket.socket() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting.connect(deaf.getsockname())  # the only place in its queue
        async with world(tmp_path, [hook(f"http://127.0.0.1:{deaf.getsockname()[1]}/hook")], QUICK) as desk:
            await desk.alert()
            started = time.monotonic()
            await desk.look()
            assert time.monotonic() - started < 2
            row = await desk.row()
            assert (row.state, row.maybe_delivered) == (DeliveryState.PENDING, False)


async def test_reset_is_repeated_under_one_identity_and_a_status_line_is_enough(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        seen.append(head.lower().split(b"webhook-id: ")[1].split(b"\r\n")[0] + await reader.readexactly(length))
        if len(seen) == 1:
            writer.transport.abort()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut")

    async with listening(talk) as port, world(tmp_path, [hook(f"http://127.0.0.1:{port}/hook")], QUICK) as desk:
        await desk.alert()
        await desk.look()
        assert (await desk.row()).maybe_delivered
        await desk.look(10 * SECOND)
        assert (await desk.row()).state is DeliveryState.SENT
    assert len(seen) == 2
    assert len(set(seen)) == 1, "same identity, same body"


@pytest.mark.parametrize("fault", ["sound", "self-signed", "expired", "wrong-host", "old"])
async def test_receiver_that_cannot_prove_itself_is_given_nothing(tmp_path: Path, fault: str) -> None:
    contexts = write_certificates(tmp_path, "127.0.0.1")
    context = contexts["sound" if fault == "old" else fault]
    if fault == "old":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    heard = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"}}"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side of a refused handshake
    async with listening(talk, ssl=context) as port:
        to = hook(f"https://127.0.0.1:{port}/hook", ca_file=tmp_path / "authority.pem")
        async with world(tmp_path / "data", [to], QUICK) as desk:
            await desk.alert()
            await desk.look()
            row = await desk.row()
            if fault == "sound":
                assert row.state is DeliveryState.SENT, row.last_error
                return
            assert (row.state, row.maybe_delivered) == (DeliveryState.PENDING, False)
            # A server that knows old versions alone just closes the connection, which may pass.
            assert is_open(desk.dispatcher.breakers()["hook"], QUICK) == (fault != "old")
    assert heard == b""


@pytest.mark.parametrize("skew", [timedelta(minutes=-4), timedelta(0), timedelta(minutes=4)])
async def test_every_attempt_verifies_with_each_key_of_a_rotation(tmp_path: Path, skew: timedelta) -> None:
    async with receiving(Receiver(secrets=(SECRET, OLD_SECRET), status=503)) as receiver:
        to = hook(receiver.url, secrets=(SECRET, OLD_SECRET))
        async with world(tmp_path, [to], QUICK, receiver=receiver) as desk:
            receiver.clock = SkewedClock(desk.clock, skew)
            await desk.alert()
            for _ in range(3):
                await desk.look(10 * MINUTE)
    assert len(receiver.posts) == 3, "each was verified with both keys"
    assert len({body for _, body in receiver.raw}) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.raw}) == 1
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in receiver.raw]
    assert [later - earlier for earlier, later in itertools.pairwise(stamps)] == [about(600)] * 2
    assert all(len(headers["webhook-signature"].split()) == 2 for headers, _ in receiver.raw)


class SkewedClock(Clock):
    """A receiver's clock that goes before or after."""

    def __init__(self, clock: Clock, skew: timedelta) -> None:
        self._clock, self._skew = clock, skew

    @property
    def ahead(self) -> timedelta:  # type: ignore[override]  # a field in the base
        return self._clock.ahead + self._skew


async def test_dead_channel_among_five_delays_nobody(tmp_path: Path) -> None:
    settings = replace(QUICK, webhook_total=timedelta(seconds=10), poll=timedelta(seconds=0.01))
    arrived: list[float] = []

    class Timed(Receiver):
        async def take(self, request):  # type: ignore[no-untyped-def]
            arrived.append(time.monotonic())
            return await super().take(request)

    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(listening(never))
        receivers = [await stack.enter_async_context(receiving(Timed())) for _ in range(4)]
        channels = [hook(f"http://127.0.0.1:{port}/hook", "dead")]
        channels += [hook(receiver.url, f"alive{number}") for number, receiver in enumerate(receivers)]
        desk = await stack.enter_async_context(world(tmp_path, channels, settings))
        running = asyncio.create_task(desk.dispatcher.run())
        delays: list[float] = []
        for number in range(25):
            before, started = len(arrived), time.monotonic()
            await desk.alert(1 + number % 3)
            desk.dispatcher.wake()
            async with asyncio.timeout(10):
                while len(arrived) < before + 4:  # noqa: ASYNC110 (what is waited for is a state, not an event)
                    await asyncio.sleep(0.002)
            delays += [moment - started for moment in arrived[before:]]
        await desk.dispatcher.stop(0.0)
        await running
    assert len(delays) == 100
    assert sorted(delays)[98] < 5.0
    assert all(len(receiver.posts) == 25 for receiver in receivers)


async def test_hundreds_that_waited_leave_oldest_first_and_no_faster_than_the_rate(tmp_path: Path) -> None:
    settings = replace(QUICK, rate=50, concurrency=4, poll=timedelta(seconds=0.01), breaker_probes=(SECOND,))
    arrived: list[float] = []

    class Timed(Receiver):
        async def take(self, request):  # type: ignore[no-untyped-def]
            arrived.append(time.monotonic())
            return await super().take(request)

    async with receiving(Timed()) as receiver:  # noqa: SIM117
        async with world(tmp_path, [hook(receiver.url)], settings, receiver=receiver) as desk:
            receiver.status = 503
            for _ in range(4):
                await desk.alert()
            for _ in range(5):
                await desk.look(SECOND)
            await asyncio.gather(*(desk.alert(1 + number % 3) for number in range(146)))
            desk.clock.ahead += timedelta(hours=24)
            receiver.status = 204
            receiver.posts.clear()
            arrived.clear()
            started = time.monotonic()
            running = asyncio.create_task(desk.dispatcher.run())
            async with asyncio.timeout(60):
                while len(receiver.posts) < 150:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await desk.dispatcher.stop()
            await running
            rows = await desk.rows()
    assert arrived[0] - started < 5
    assert Counter(key for key, _ in receiver.posts) == Counter(row.key for row in rows), "all of them, each once"
    busiest = max(sum(begin <= moment < begin + 1 for moment in arrived) for begin in arrived)
    assert busiest <= settings.rate * 1.1
    order = {row.key: place for place, row in enumerate(rows)}
    places = [order[key] for key, _ in receiver.posts]
    assert max(abs(place - number) for number, place in enumerate(places)) <= 12, "oldest first"
