"""The webhook sender against real receivers: signatures, statuses, cut connections and the egress guard."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from alerts.errors import ChannelError, RenderError
from alerts.sender import Progress
from alerts.settings import DeliverySettings, WebhookChannel
from alerts.webhook import ANSWER_LIMIT, WebhookSender, retry_after, sign, status_class
from storage.types import Alert, Delivery, DeliveryState, Outcome, OutcomeClass

SECRET = "whsec_" + base64.b64encode(b"first key of thirty-two bytes...").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"older key of thirty-two bytes...").decode()
NOW = datetime(2026, 9, 19, 12, tzinfo=UTC)
BODY = '{"type":"alert.new","data":{"headline":"Grave · France → Mali\u202f: expulsion"}}'.encode()
ALERT = Alert(
    id="alr_x", key="k", type="alert.new", watch_id="france-mali", story_id=7, severity=4, headline="Grave",
    payload=BODY.decode(), created_at=NOW,
)  # fmt: skip
DELIVERY = Delivery(
    id=1, key="msg_abc", alert_id="alr_x", channel_id="hook", recipient="", state=DeliveryState.LEASED, attempts=0,
    created_at=NOW, next_attempt_at=NOW,
)  # fmt: skip


def real_clock() -> datetime:
    return datetime.now(tz=UTC)


class Receiver:
    """An HTTP endpoint with a script; keeps what it got."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.canary = 0
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.ok

    async def ok(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    async def hook(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return await self.answer(request)

    async def trap(self, request: web.Request) -> web.StreamResponse:
        self.canary += 1
        return web.Response()

    def replies(self, status: int, headers: dict[str, str] | None = None, text: str = "") -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers, text=text)

        self.answer = answer


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.hook)
    app.router.add_route("*", "/canary", receiver.trap)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


def channel(url: str, *secrets: str, allow: tuple[str, ...] = ("127.0.0.0/8",)) -> WebhookChannel:
    return WebhookChannel(id="hook", url=url, secrets=secrets or (SECRET,), allow_cidrs=allow)


async def send(
    to: WebhookChannel, settings: DeliverySettings | None = None, progress: Progress | None = None, times: int = 1
) -> Outcome:
    sender = WebhookSender(to, settings or DeliverySettings(), public_url="https://v.example", clock=real_clock)
    try:
        for _ in range(times):
            outcome = await sender.transmit(DELIVERY, sender.prepare(DELIVERY, ALERT), progress or Progress())
    finally:
        await sender.close()
    assert SECRET not in outcome.detail
    assert SECRET.removeprefix("whsec_") not in outcome.detail
    assert len(outcome.detail) <= 300
    return outcome


async def test_a_signed_alert_arrives() -> None:
    async with receiving() as (receiver, url):
        outcome = await send(channel(url))
    assert (outcome.outcome, outcome.code) == (OutcomeClass.OK, 204)
    [(headers, body)] = receiver.requests
    assert body == BODY
    assert headers["webhook-id"] == "msg_abc"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("Vigie")
    assert abs(int(headers["webhook-timestamp"]) - real_clock().timestamp()) < 60
    assert Webhook(SECRET).verify(body, headers)["type"] == "alert.new"


async def test_during_a_rotation_both_secrets_verify() -> None:
    async with receiving() as (receiver, url):
        await send(channel(url, SECRET, OLD_SECRET))
    [(headers, body)] = receiver.requests
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(body, headers)


async def test_every_attempt_has_the_same_id_and_body() -> None:
    async with receiving() as (receiver, url):
        receiver.replies(500)
        await send(channel(url), times=3)
    assert len(receiver.requests) == 3
    assert {body for _, body in receiver.requests} == {BODY}
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {"msg_abc"}


def test_the_zone_of_the_clock_does_not_change_the_signature() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert sign((SECRET,), "msg_abc", east, BODY) == sign((SECRET,), "msg_abc", NOW, BODY)
    headers = {
        "webhook-id": "msg_abc",
        "webhook-timestamp": str(int(real_clock().timestamp())),
        "webhook-signature": sign((SECRET,), "msg_abc", real_clock().astimezone(timezone(timedelta(hours=9))), BODY),
    }
    Webhook(SECRET).verify(BODY, headers)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, OutcomeClass.OK),
        (202, OutcomeClass.OK),
        (301, OutcomeClass.CHANNEL_CONFIG),
        (400, OutcomeClass.CHANNEL_CONFIG),
        (401, OutcomeClass.CHANNEL_CONFIG),
        (404, OutcomeClass.CHANNEL_CONFIG),
        (408, OutcomeClass.CHANNEL_TRANSIENT),
        (410, OutcomeClass.GONE),
        (422, OutcomeClass.CHANNEL_CONFIG),
        (425, OutcomeClass.CHANNEL_TRANSIENT),
        (429, OutcomeClass.CHANNEL_TRANSIENT),
        (500, OutcomeClass.CHANNEL_TRANSIENT),
        (503, OutcomeClass.CHANNEL_TRANSIENT),
        (599, OutcomeClass.CHANNEL_TRANSIENT),
    ],
)
async def test_statuses_say_who_must_act(status: int, kind: OutcomeClass) -> None:
    progress = Progress()
    async with receiving() as (receiver, url):
        receiver.replies(status, text="because")
        outcome = await send(channel(url), progress=progress)
    assert (outcome.outcome, outcome.code) == (kind, status)
    if kind is not OutcomeClass.OK:
        assert "because" in outcome.detail
        assert progress.handed_over is False


@given(st.integers(0, 999))
def test_2xx_alone_is_success(status: int) -> None:
    assert (status_class(status) is OutcomeClass.OK) == (200 <= status <= 299)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_never_followed(status: int) -> None:
    async with receiving() as (receiver, url):
        receiver.replies(status, {"Location": "/canary"})
        outcome = await send(channel(url))
    assert receiver.canary == 0
    assert outcome.outcome is OutcomeClass.CHANNEL_CONFIG
    assert "redirect" in outcome.detail


async def test_retry_after_is_passed_on() -> None:
    async with receiving() as (receiver, url):
        receiver.replies(503, {"Retry-After": "120"})
        assert (await send(channel(url))).retry_after == 120.0
        receiver.replies(429, {"Retry-After": format_datetime(real_clock() + timedelta(seconds=90), usegmt=True)})
        wait = (await send(channel(url))).retry_after
        assert wait is not None
        assert 60 < wait <= 90
        receiver.replies(404, {"Retry-After": "120"})
        assert (await send(channel(url))).retry_after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        ("999999999999", 999999999.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("Sat, 19 Sep 2026 12:01:00 GMT", 60.0),
        ("Sat, 19 Sep 2026 11:00:00 GMT", 0.0),
        ("Sat, 99 Sep 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_read(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or wait >= 0


async def test_nobody_listening_is_transient() -> None:
    async with raw_server(lambda *_: asyncio.sleep(0)) as url:
        pass
    assert (await send(channel(url))).outcome is OutcomeClass.CHANNEL_TRANSIENT


async def read_request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len(BODY))


async def test_a_connection_cut_after_the_request_is_unknown() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    progress = Progress()
    async with raw_server(talk) as url:
        outcome = await send(channel(url), progress=progress)
    assert outcome.outcome is OutcomeClass.UNKNOWN
    assert progress.handed_over is True


async def test_silence_after_the_request_is_unknown_within_the_deadline() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()

    settings = DeliverySettings(webhook_total=timedelta(seconds=0.3))
    async with raw_server(talk) as url:
        started = asyncio.get_running_loop().time()
        outcome = await send(channel(url), settings)
        assert asyncio.get_running_loop().time() - started < 1.3
    assert outcome.outcome is OutcomeClass.UNKNOWN


async def test_endless_answer_headers_are_refused() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Filler: " + b"x" * 4000 + b"\r\n")
            await writer.drain()

    async with raw_server(talk) as url:
        outcome = await send(channel(url), DeliverySettings(webhook_total=timedelta(seconds=5)))
    assert outcome.outcome is OutcomeClass.UNKNOWN


async def test_a_complete_status_line_is_enough() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut")

    async with raw_server(talk) as url:
        assert (await send(channel(url))).outcome is OutcomeClass.OK


async def test_little_of_an_endless_answer_is_read() -> None:
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await read_request(reader)
        writer.write(b"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"y" * 65536)
            await writer.drain()
            written += 65536

    async with raw_server(talk) as url:
        outcome = await send(channel(url))
    assert outcome.outcome is OutcomeClass.CHANNEL_TRANSIENT
    assert outcome.code == 500
    # What is read stays below the limit; the rest fills socket buffers.
    assert written < ANSWER_LIMIT * 200


async def test_a_packed_answer_is_not_unpacked() -> None:
    async with receiving() as (receiver, url):

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=500, body=b"\x1f\x8bnot really", headers={"Content-Encoding": "gzip"})

        receiver.answer = answer
        outcome = await send(channel(url))
    assert (outcome.outcome, outcome.code) == (OutcomeClass.CHANNEL_TRANSIENT, 500)


async def test_an_echoed_secret_and_the_query_stay_out_of_the_detail() -> None:
    async with receiving() as (receiver, url):
        url = f"{url}?token=S3CR3T-canary"
        receiver.replies(400, text=f"bad: {url} {SECRET} {SECRET[6:]} token=S3CR3T-canary")
        to = channel(url)
        outcome = await send(to)
    assert "bad:" in outcome.detail
    assert "S3CR3T" not in outcome.detail
    assert "S3CR3T" not in repr(to)
    assert SECRET not in repr(to)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.7", "169.254.169.254", "0x7f.1"])
async def test_an_address_inside_is_not_called_unless_allowed(host: str) -> None:
    async with receiving() as (receiver, url):
        port = url.split(":")[2].split("/")[0]
        outcome = await send(channel(f"http://{host}:{port}/hook", allow=()))
    assert receiver.requests == []
    assert outcome.outcome is OutcomeClass.CHANNEL_CONFIG, outcome.detail
    assert "guard" in outcome.detail or host == "0x7f.1"


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with receiving() as (_, url):
        assert (await send(channel(url))).outcome is OutcomeClass.OK


async def test_tls_is_verified() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"not tls at all")

    async with raw_server(talk) as url:
        outcome = await send(channel(url.replace("http://", "https://")))
    assert outcome.outcome is OutcomeClass.CHANNEL_CONFIG


async def test_an_unreadable_payload_is_refused_and_the_plain_body_still_works() -> None:
    sender = WebhookSender(
        channel("https://x.example"), DeliverySettings(), public_url="https://v.example", clock=real_clock
    )
    for payload in ("{", '{"a":"\ud800"}'):
        with pytest.raises(RenderError):
            sender.prepare(DELIVERY, replace(ALERT, payload=payload))
    body = sender.prepare_plain(DELIVERY, replace(ALERT, payload="{", headline="Grave \ud800\r\n"))
    assert b'"headline":"Grave \xef\xbf\xbd"' in body
    assert b'"story":"https://v.example/stories/7"' in body


def test_a_missing_certificate_file_is_named() -> None:
    with pytest.raises(ChannelError, match="ca_file"):
        WebhookSender(
            replace(channel("https://x.example"), ca_file=Path("/nowhere/ca.pem")), DeliverySettings(), public_url="",
            clock=real_clock,
        )  # fmt: skip
