"""Chats and phones against real local services: what arrives, what is told of it, and what a child may not do."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from alerts.apprise import AppriseSender, redacted
from alerts.apprise_child import fitted
from alerts.apprise_message import Note, harmless, render_note, render_plain_note
from alerts.apprise_report import Report, heard, outcome_of
from alerts.errors import ChannelError, RenderError
from alerts.sender import Progress
from alerts.settings import AppriseChannel, DeliverySettings
from storage.types import Delivery, DeliveryState, Outcome, OutcomeClass
from tests.delivering import world
from tests.test_alerts_message import KEY, NOW, PARIS, SENTENCE, alert

SECRET = "S3CR3T-canary"
CARELESS = DeliverySettings(apprise_total=timedelta(seconds=30))


class Service:
    """Stands for Slack, ntfy and the like; keeps what it got."""

    def __init__(self) -> None:
        self.port = 0
        self.canary = 0
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b'{"ok": true}'

    async def take(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/canary"):
            self.canary += 1
        self.posts.append((request.path, {k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    def url(self, scheme: str, path: str = "hook") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{path}"


@asynccontextmanager
async def serving() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    try:
        yield service
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook/{SECRET}"


def channel(*urls: str, allow: tuple[str, ...] = ("127.0.0.0/8",)) -> AppriseChannel:
    return AppriseChannel(id="phones", urls=urls, allow_cidrs=allow)


def sender(to: AppriseChannel, settings: DeliverySettings = CARELESS) -> AppriseSender:
    return AppriseSender(to, settings, public_url="https://vigie.example", zone=PARIS)


def delivery(recipient: str) -> Delivery:
    return Delivery(
        id=1, key=KEY, alert_id="alr_x", channel_id="phones", recipient=recipient, state=DeliveryState.LEASED,
        attempts=0, created_at=NOW, next_attempt_at=NOW,
    )  # fmt: skip


async def send(
    to: AppriseChannel, *, settings: DeliverySettings = CARELESS, progress: Progress | None = None
) -> Outcome:
    one = delivery(to.recipients[0])
    out = sender(to, settings)
    outcome = await out.transmit(one, out.prepare(one, alert()), progress or Progress())
    await out.close()
    assert SECRET not in outcome.detail
    assert len(outcome.detail) <= 300
    return outcome


_EARLIER: set[int] = set()


@pytest.fixture(autouse=True)
def _children_of_other_tests() -> None:
    _EARLIER.clear()
    _EARLIER.update(children())


def children() -> list[int]:
    """Process ids of the children of this process that this test began and that still run."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for path in tasks for pid in path.read_text().split() if int(pid) not in _EARLIER]


# --- what arrives --------------------------------------------------------------------------------


async def test_services_get_the_alert_with_its_first_line_and_identity() -> None:
    async with serving() as service:
        to = channel(service.url("json"), service.url("ntfy", "topic"), service.url("mmost", "a" * 24))
        assert to.recipients == ("json-1", "ntfy-1", "mmost-1")
        out = sender(to)
        outcomes = await asyncio.gather(
            *(out.transmit(delivery(r), out.prepare(delivery(r), alert()), Progress()) for r in to.recipients)
        )
    assert [(o.outcome, o.code) for o in outcomes] == [(OutcomeClass.OK, 200)] * 3, outcomes
    assert len(service.posts) == 3
    by_path = {path: body.decode() for path, _, body in service.posts}
    told = json.loads(by_path["/hook"])
    assert told["title"] == "Grave · Mali → France\u202f: expulsion de diplomates (+\u202f1 autre)"
    assert SENTENCE in told["message"]
    assert told["message"].endswith(f" · {KEY}")
    for body in by_path.values():
        text = json.dumps(json.loads(body), ensure_ascii=False)
        for part in ("Mali → France", SENTENCE, "https://vigie.example/stories/7", KEY):
            assert part in text, body


# --- how it went -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (429, {"Retry-After": "120"}, OutcomeClass.CHANNEL_TRANSIENT),
        (404, {}, OutcomeClass.CHANNEL_CONFIG),
        (307, {"Location": "/canary"}, OutcomeClass.CHANNEL_CONFIG),
    ],
)
async def test_statuses_say_who_must_act_and_redirects_are_not_followed(
    status: int, headers: dict[str, str], kind: OutcomeClass
) -> None:
    async with serving() as service:
        service.status, service.headers, service.body = status, headers, f"because {SECRET}".encode()
        outcome = await send(channel(service.url("json", f"hook/{SECRET}")))
    assert (outcome.outcome, outcome.code) == (kind, status), outcome
    assert outcome.retry_after == (120.0 if status == 429 else None)
    assert ("redirects are not followed" if status == 307 else "because ***") in outcome.detail
    assert (len(service.posts), service.canary) == (1, 0)


@pytest.mark.parametrize("fault", ["nobody", "forbidden", "unknown", "untrusted"])
async def test_what_never_arrived_is_told_by_its_cause(fault: str) -> None:
    async with serving() as service:
        url = service.url("jsons" if fault == "untrusted" else "json", SECRET)
        if fault == "unknown":
            url = f"nosuch://{SECRET}"
        if fault != "nobody":
            outcome = await send(channel(url, allow=() if fault == "forbidden" else ("127.0.0.0/8",)))
    if fault == "nobody":
        outcome = await send(channel(url))
    kind, said = {
        "nobody": (OutcomeClass.CHANNEL_TRANSIENT, "ConnectionRefused"),
        "forbidden": (OutcomeClass.CHANNEL_CONFIG, "egress guard"),
        "unknown": (OutcomeClass.CHANNEL_CONFIG, "no such service"),
        "untrusted": (OutcomeClass.CHANNEL_CONFIG, "cannot be trusted"),
    }[fault]
    assert (outcome.outcome, outcome.code) == (kind, None), outcome
    assert said in outcome.detail
    assert service.posts == []


async def test_silence_after_the_message_is_cut_and_may_have_arrived() -> None:
    seen: list[tuple[str, str]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for pid in children():
            place = Path(f"/proc/{pid}")
            seen.append(((place / "cmdline").read_text(), (place / "environ").read_text()))
        await reader.read()

    progress = Progress()
    async with raw_server(talk) as url:
        started = asyncio.get_running_loop().time()
        settings = replace(CARELESS, apprise_total=timedelta(seconds=4))
        outcome = await send(channel(url), settings=settings, progress=progress)
        assert asyncio.get_running_loop().time() - started < 5
    assert outcome.outcome is OutcomeClass.UNKNOWN, outcome
    assert progress.handed_over
    assert any("apprise_child" in command for command, _ in seen)
    assert SECRET not in repr(seen), "an address never shows in the list of processes"
    assert children() == []


async def test_a_stopped_sender_leaves_no_process() -> None:
    reached = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    async with raw_server(talk) as url:
        progress = Progress()
        task = asyncio.create_task(send(channel(url), progress=progress))
        async with asyncio.timeout(20):
            await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert children() == []


async def test_endless_and_packed_answers_cost_little() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            writer.write(b"y" * 65536)
            await writer.drain()
            written += 65536

    async def packed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
        await writer.drain()

    async def headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Filler: " + b"x" * 4000 + b"\r\n")
            await writer.drain()

    async with raw_server(endless) as one, raw_server(packed) as two, raw_server(headers) as three:
        first, second, third = await asyncio.gather(*(send(channel(url)) for url in (one, two, three)))
    assert (first.outcome, first.code) == (OutcomeClass.CHANNEL_TRANSIENT, 500)
    assert written < 16 * 1024 * 1024
    assert (second.outcome, second.code) == (OutcomeClass.OK, 200)
    assert third.outcome is OutcomeClass.UNKNOWN


async def test_a_service_that_hangs_delays_no_other_of_its_channel(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(talk) as hung, serving() as service:
        to = channel(hung, service.url("ntfy", "topic"))
        async with world(tmp_path, [to], replace(CARELESS, poll=timedelta(seconds=0.05))) as desk:
            running = asyncio.create_task(desk.dispatcher.run())
            for story in (1, 2, 3):
                await desk.alert(story)
            desk.dispatcher.wake()
            async with asyncio.timeout(20):
                while len(service.posts) < 3:  # noqa: ASYNC110 (what is waited for is a state, not an event)
                    await asyncio.sleep(0.02)
            await desk.dispatcher.stop(0.0)
            await running
            assert sorted(desk.dispatcher.breakers()) == ["phones/json-1", "phones/ntfy-1"]
            rows = await desk.rows()
    assert {row.state for row in rows if row.recipient == "json-1"} == {DeliveryState.PENDING}
    assert children() == []


async def test_a_service_that_needs_a_person_is_told_of_by_another_of_its_channel(tmp_path: Path) -> None:
    async with serving() as refusing, serving() as service:
        refusing.status = 401
        to = channel(refusing.url("json", SECRET), service.url("json"))
        async with world(tmp_path, [to], CARELESS) as desk:
            await desk.alert()
            await desk.look()
            await desk.look()
            assert (len(refusing.posts), len(service.posts)) == (1, 2)
            told = json.loads(service.posts[1][2])
            assert told["title"] == "Canal phones/json-1\u202f: en panne, à réparer"
            assert SECRET not in told["message"]
            gone = replace((await desk.rows())[0], recipient="slack-9")
            await desk.archive.write(
                lambda database: database.execute("UPDATE delivery SET recipient = 'slack-9' WHERE id = ?", (gone.id,))
            )
            await desk.look(timedelta(hours=1))
            assert (await desk.rows())[0].state is DeliveryState.DEAD, "nobody is left waiting for ever"


async def test_an_address_that_is_no_longer_configured_is_named() -> None:
    out = sender(channel("json://a.example/x"))
    outcome = await out.transmit(delivery("slack-1"), out.prepare(delivery("slack-1"), alert()), Progress())
    assert outcome.outcome is OutcomeClass.PERMANENT_RECIPIENT
    assert "slack-1" in outcome.detail


@pytest.mark.parametrize(
    ("report", "cut", "kind"),
    [
        (Report(sent=True, code=200), "", OutcomeClass.OK),
        (Report(sent=True), "", OutcomeClass.OK),
        (Report(sent=False, code=200), "", OutcomeClass.CHANNEL_CONFIG),
        (Report(sent=False, code=410), "", OutcomeClass.CHANNEL_CONFIG),
        (Report(sent=False, code=503), "", OutcomeClass.CHANNEL_TRANSIENT),
        (Report(sent=False), "", OutcomeClass.CHANNEL_TRANSIENT),
        (Report(sent=False, needs_a_person=True), "", OutcomeClass.CHANNEL_CONFIG),
        (Report(sent=False, written=True), "", OutcomeClass.UNKNOWN),
        (Report(written=True), "late", OutcomeClass.UNKNOWN),
        (Report(code=200), "late", OutcomeClass.UNKNOWN),
        (Report(), "killed", OutcomeClass.CHANNEL_TRANSIENT),
    ],
)
def test_reports_become_outcomes(report: Report, cut: str, kind: OutcomeClass) -> None:
    assert outcome_of(report, cut=cut).outcome is kind


def test_reports_are_read_line_by_line() -> None:
    report = heard(heard(Report(), b'{"written": true}'), b'{"written": false, "code": 204, "other": 1}')
    assert report == Report(code=204)
    for line in (b"{", b"[]", b"3"):
        with pytest.raises(ValueError):
            heard(report, line)


# --- secrets ----------------------------------------------------------------------------------------


def test_addresses_do_not_show() -> None:
    to = channel(f"slack://{SECRET}/b/c", "tgram://1:x/2", f"slack://{SECRET}")
    assert to.recipients == ("slack-1", "tgram-1", "slack-2")
    assert SECRET not in repr(to)
    with pytest.raises(ChannelError) as refused:
        channel("json://a.example", f"no address {SECRET}")
    assert SECRET not in str(refused.value)
    assert "address 2" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "echo", "shown"),
    [
        ("slack://tokenA/tokenB/tokenC", "no tokenA or tokenB", "no *** or ***"),
        ("json://user:pass%20word@hook.example/x?key=value", "pass word, hook.example", "***, hook.example"),
        ("ntfy://topicname", "topicname and ntfy://topicname", "*** and ntfy://…"),
    ],
)  # fmt: skip
def test_echoes_are_redacted(url: str, echo: str, shown: str) -> None:
    assert redacted(echo, url) == shown


# --- the message --------------------------------------------------------------------------------------


def test_the_message_speaks_the_channels_language() -> None:
    english = render_note(delivery_key=KEY, alert=alert(update=True), language="en", zone=PARIS)
    assert english.title.startswith("Severe (update) · Mali → France: ")
    assert english.body.splitlines()[0] == f"“{SENTENCE}”"
    assert "2 articles, 2 outlets — Origin: " in english.body
    assert "Acknowledge: https://vigie.example/" in english.body
    assert "https://journal.example/a?b=1&c=2" in english.body
    assert english == render_note(delivery_key=KEY, alert=alert(update=True), language="en", zone=PARIS)


@given(st.text(max_size=400), st.text(max_size=80))
def test_the_press_cannot_call_everybody_or_break_a_line(sentence: str, title: str) -> None:
    hostile = f"@everyone <!channel> {sentence}\r\n\u2028`x`"
    note = render_note(delivery_key=KEY, alert=alert(hostile, f"<@U1> @here {title}"), language="fr", zone=PARIS)
    shown = note.title + note.body + note.footer
    for token in ("@everyone", "@here", "<", ">", "`", "\r", "\u2028"):
        assert token not in shown.replace("https://", "")
    assert len(note.body) < 3000
    assert Note.from_bytes(note.to_bytes()) == note


def test_the_plain_message_needs_no_payload() -> None:
    broken = replace(alert(), payload="{", headline="Grave\r\n@all")
    with pytest.raises(RenderError):
        render_note(delivery_key=KEY, alert=broken, language="fr", zone=ZoneInfo("UTC"))
    note = render_plain_note(delivery_key=KEY, alert=broken, language="fr", public_url="https://vigie.example")
    assert note.title == harmless("Grave @all")
    assert "https://vigie.example/stories/7" in note.body
    assert note.footer.endswith(KEY)


@given(st.text(max_size=300), st.text(max_size=900), st.integers(0, 300), st.integers(100, 2000))
def test_what_a_service_cannot_hold_is_left_out_before_the_identity(
    title: str, body: str, title_limit: int, body_limit: int
) -> None:
    first, text = fitted(harmless(title), body, KEY, title_limit, body_limit)
    assert text.endswith(KEY)
    if title_limit:
        assert len(first) <= title_limit
        assert len(text) <= body_limit
