"""A newsroom's outbox on a real archive, with a clock that moves when told to: what tests of delivery share."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from sqlite_utils import Database
from standardwebhooks import Webhook

from alerts import identity
from alerts.attempts import Counts
from alerts.dispatch import Dispatcher
from alerts.notices import Speech
from alerts.payload import read_payload
from alerts.settings import Channel, DeliverySettings, EmailChannel, WebhookChannel
from scheduler.archive import Archive
from scheduler.building import routes
from scheduler.channel_watch import ChannelWatch
from scheduler.outbox import ArchiveOutbox
from storage import alerts as stored_alerts
from storage import deliveries, stories
from storage.alerts import NewDelivery
from storage.types import Alert, Delivery, DeliveryState
from tests.test_alerts_message import alert as worded

SECRET = "whsec_" + base64.b64encode(b"first key of thirty-two bytes...").decode()
PASSWORD = "S3CR3T-canary"
LOCAL = ("127.0.0.0/8",)


@dataclass
class Clock:
    """The time as it is, and what a test adds to it."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(tz=UTC) + self.ahead


@dataclass
class World:
    """Channels, their outbox, and the time."""

    archive: Archive
    channels: Sequence[Channel]
    dispatcher: Dispatcher
    clock: Clock
    queued: int = 0

    async def alert(self, story: int = 1, *, channels: Sequence[str] | None = None, **text: str) -> str:
        """Queue an alert for everybody; its token stands in the sentence and nowhere else."""
        self.queued += 1
        token = f"token{self.queued:05}"
        base = worded(f"{text.get('sentence', 'Paris rappelle son ambassadeur')} {token}.", text.get("title", "Titre"))
        await self.archive.write(self._queue, base, story, self.queued, channels)
        return token

    def _queue(self, database: Database, base: Alert, story: int, number: int, channels: Sequence[str] | None) -> None:
        alert = replace(base, id=f"alr_{number}", key=f"k{number}", story_id=story, created_at=self.clock())
        alert = replace(alert, headline=read_payload(base).data.headline)
        known = routes(self.channels)
        rows = [
            NewDelivery(
                key=identity.delivery_key(alert_key=alert.key, channel_id=name, recipient=recipient),
                channel_id=name, recipient=recipient, state=DeliveryState.PENDING, next_attempt_at=alert.created_at,
            )
            for name in (known if channels is None else channels)
            for recipient in known[name].recipients
        ]  # fmt: skip
        stored_alerts.raise_alert(database, alert, rows, decision=None, article_id=None)

    async def look(self, after: timedelta = timedelta(0)) -> Counts:
        """Let time pass, then attempt what is due."""
        self.clock.ahead += after
        return await self.dispatcher.run_once()

    async def rows(self, channel_id: str | None = None) -> list[Delivery]:
        """All deliveries, or those of a channel, oldest first."""
        found = await self.archive.read(deliveries.listing, limit=100_000)
        return sorted((row for row in found if channel_id in (None, row.channel_id)), key=lambda row: row.id)

    async def row(self) -> Delivery:
        """The only delivery there is."""
        (row,) = await self.rows()
        return row

    async def replay(self, row: Delivery) -> None:
        """Do what ``vigie deliveries replay`` does."""
        await self.archive.write(deliveries.replay, row.id, self.clock())


@asynccontextmanager
async def world(
    folder: Path,
    channels: Sequence[Channel],
    settings: DeliverySettings | None = None,
    *,
    receiver: Receiver | None = None,
) -> AsyncIterator[World]:
    """Open an archive with the outbox of ``channels``, of which ``receiver`` keeps the time."""
    archive, clock = Archive(folder), receiver.clock if receiver is not None else Clock()
    await archive.open()

    def begin(database: Database) -> None:
        for number in range(3):
            stories.create(database, f"Titre {number}", clock())

    await archive.write(begin)
    every = tuple(routes(channels).values())
    watch = ChannelWatch(
        archive=archive, notified=every, every=every, instance="test",
        speech=Speech(public_url="https://vigie.example", language="fr", zone=ZoneInfo("UTC")), told=lambda: None,
    )  # fmt: skip
    dispatcher = Dispatcher(
        channels, settings or DeliverySettings(), ArchiveOutbox(archive), clock, install_id="test", tell=watch.tell,
        chance=lambda: 0.5,
    )  # fmt: skip
    try:
        yield World(archive=archive, channels=channels, dispatcher=dispatcher, clock=clock)
    finally:
        await archive.close()


# --- a mail relay ------------------------------------------------------------------------------------


@dataclass
class Relay:
    """An SMTP server's script, and what it was given."""

    port: int = 0
    #: by verb, or by recipient
    replies: dict[str, str] = field(default_factory=dict)
    #: mails above this many bytes are answered with 552
    limit: int | None = None
    password: str = PASSWORD
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    #: what was asked for, answered or not
    asked: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        self.asked.append(address)
        reply = self.replies.get(address, self.replies.get("RCPT", "250 OK"))
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.asked.append("DATA")
        assert isinstance(envelope.original_content, bytes)
        if self.limit is not None and len(envelope.original_content) > self.limit:
            return "552 message exceeds fixed maximum size"
        reply = self.replies.get("DATA", "250 accepted")
        if reply.startswith("2"):
            self.mails.append((list(envelope.rcpt_tos), envelope.original_content))
        return reply

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.asked.append("AUTH")
        return AuthResult(success=data.password.decode() == self.password, handled=False)


@asynccontextmanager
async def relaying(relay: Relay, **options: Any) -> AsyncIterator[Relay]:
    """Serve a relay on loopback, on its port if it has one already."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(relay, hostname="mail.test", loop=loop, **options), "127.0.0.1", relay.port
    )
    relay.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield relay


def mail(port: int, *people: str, **changes: Any) -> EmailChannel:
    """A channel through a relay on loopback."""
    given = {"tls": "none", "host": "127.0.0.1", "id": "mail", **changes}
    return EmailChannel(port=port, sender="vigie@example.org", recipients=people or ("awa@example.org",), **given)


# --- a receiver of webhooks ----------------------------------------------------------------------------


@dataclass
class Receiver:
    """An endpoint with a script; everything that it is given must verify."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    secrets: tuple[str, ...] = (SECRET,)
    canary: int = 0
    clock: Clock = field(default_factory=Clock)
    #: identity and verified body of each request
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        headers, body = {k.lower(): v for k, v in request.headers.items()}, await request.read()
        # The library asks the machine what time it is; here the time is that of the test.
        with time_machine.travel(datetime.now(tz=UTC) + self.clock.ahead, tick=False):
            for secret in self.secrets:
                told = Webhook(secret).verify(body, headers)
        self.posts.append((headers["webhook-id"], told))
        self.raw.append((headers, body))
        return web.Response(status=self.status, headers=self.headers, text="because")

    async def trap(self, _request: web.Request) -> web.Response:
        self.canary += 1
        return web.Response()

    @property
    def types(self) -> list[str]:
        """Types of what arrived, in order."""
        return [str(body["type"]) for _, body in self.posts]


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Serve a receiver on loopback."""
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    app.router.add_route("*", "/canary", receiver.trap)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def hook(url: str, name: str = "hook", **changes: Any) -> WebhookChannel:
    """A channel to an endpoint on loopback."""
    given = {"secrets": (SECRET,), "allow_cidrs": LOCAL, **changes}
    return WebhookChannel(id=name, url=url, **given)


@asynccontextmanager
async def listening(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any], port: int = 0, **options: Any
) -> AsyncIterator[int]:
    """Serve raw bytes on loopback; yields the port."""
    #: whoever waits for nothing once the caller has gone would be garbage, and complain of it
    talking: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, **options)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
