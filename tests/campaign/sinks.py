"""Where alerts arrive: a webhook receiver and a mail server that behave as they are told, and note everything.

Both drop what comes again under a known identity, as a receiver should, and count it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from standardwebhooks import Webhook, WebhookVerificationError

from tests.campaign.words import TOKEN

HOST = "127.0.0.1"
#: a key nobody else knows; base64 of 32 bytes
SECRET = "whsec_" + "Y2FtcGFpZ24tY2FtcGFpZ24tY2FtcGFpZ24tMDEyMw=="

#: the key before a rotation
PREVIOUS_SECRET = "whsec_" + "Y2FtcGFpZ24tYmVmb3JlLXRoZS1yb3RhdGlvbi0wMTI="
#: controls, breaks that only some parsers see, direction overrides, halves of characters: nothing a person reads
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e\ud800-\udfff]")
_DAY_LIST = re.compile(r"Bilan du ([^:]+?)\s*:")


@dataclass(slots=True, kw_only=True)
class Arrived:
    """A message that was accepted, once for each identity."""

    id: str
    channel: str
    watch: str
    tokens: frozenset[str]
    #: monotonic second of the first copy
    at: float
    digest: str
    repeats: int = 0
    #: a later copy had other bytes
    altered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayList:
    """A daily digest that a webhook receiver kept."""

    channel: str
    watch: str
    #: local date, ISO 8601
    day: str
    id: str
    #: Unix second by the sender's clock
    stated: int


@dataclass(slots=True)
class Ledger:
    """What one sink accepted."""

    arrived: dict[tuple[str, str], Arrived] = field(default_factory=dict)
    #: requests of any outcome, by channel: monotonic seconds
    attempts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: messages that no receiver would take: a bad signature, a mail with defects
    invalid: list[str] = field(default_factory=list)
    #: most attempts that were open at once, by channel
    widest: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _open: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def begin(self, channel: str) -> None:
        """Note that an attempt began."""
        self.attempts[channel].append(time.monotonic())
        self._open[channel] += 1
        self.widest[channel] = max(self.widest[channel], self._open[channel])

    def end(self, channel: str) -> None:
        """Note that an attempt ended."""
        self._open[channel] -= 1

    def accept(self, channel: str, identity: str, watch: str, text: str, content: bytes) -> None:
        """Keep a message, or count it as a repeat."""
        digest = hashlib.sha256(content).hexdigest()
        known = self.arrived.get((channel, identity))
        if known is None:
            tokens = frozenset(TOKEN.findall(text))
            self.arrived[channel, identity] = Arrived(
                id=identity, channel=channel, watch=watch, tokens=tokens, at=time.monotonic(), digest=digest
            )
            return
        known.repeats += 1
        known.altered = known.altered or known.digest != digest

    def tokens(self, channel: str) -> set[str]:
        """Return the tokens that a channel told of."""
        return {token for each in list(self.arrived.values()) if each.channel == channel for token in each.tokens}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """How a receiver treats one attempt; the default accepts it."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    #: asks for so many seconds of patience, as a date
    later: int = 0
    #: keep the message although the answer says otherwise, or never comes
    keeps: bool = False
    #: cut the connection instead of answering
    cuts: bool = False
    #: say nothing at all
    hangs: bool = False


GOOD = Act()


class HookSink:
    """A receiver with an address for each channel; ``acts`` says how the next attempts are treated.

    Args:
        skew: by how many seconds the sender's clock is ahead of this machine's, for the Unix second that it states.
        secrets: every message must verify with each of them.
        tls: channels that are received over TLS, each at a port of its own.
    """

    def __init__(
        self,
        skew: Callable[[int], float] = lambda _: 0.0,
        *,
        secrets: Sequence[str] = (SECRET,),
        tls: Mapping[str, ssl.SSLContext] = MappingProxyType({}),
    ) -> None:
        self.ledger = Ledger()
        self.acts: dict[str, deque[Act]] = defaultdict(deque)
        #: how a channel is treated when nothing is scripted
        self.always: dict[str, Act] = {}
        #: when each channel asked to be left alone: monotonic seconds from and to
        self.rests: dict[str, list[tuple[float, float]]] = defaultdict(list)
        #: requests for the address that redirects point to
        self.canaries = 0
        #: types of the messages that were kept, copies among them
        self.types: list[str] = []
        #: stated moments of the copies of each message that were kept
        self.stated: dict[tuple[str, str], list[int]] = defaultdict(list)
        #: daily digests that were kept, copies among them
        self.day_lists: list[DayList] = []
        self.port = 0
        self._ports: dict[str, int] = {}
        #: longest pause before an answer, in seconds; the message is kept before it
        self.slowness = 0.0
        self._chance = random.Random(0)
        self._skew = skew
        self._runner: web.AppRunner | None = None
        self._webhook, *self._others = [Webhook(secret) for secret in secrets]
        self._tls = dict(tls)

    def url(self, channel: str) -> str:
        """Return the address of a channel."""
        if channel in self._ports:
            return f"https://{HOST}:{self._ports[channel]}/hook/{channel}"
        return f"http://{HOST}:{self.port}/hook/{channel}"

    @property
    def canary(self) -> str:
        """Where a redirect would lead."""
        return f"http://{HOST}:{self.port}/canary"

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_post("/hook/{channel}", self._receive)
        app.router.add_route("*", "/canary", self._canary)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        self.port = self._runner.addresses[0][1]
        for channel, context in self._tls.items():
            await web.TCPSite(self._runner, HOST, self._ports.get(channel, 0), ssl_context=context).start()
            self._ports[channel] = self._runner.addresses[-1][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _canary(self, _request: web.Request) -> web.Response:
        self.canaries += 1
        return web.Response(status=204)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        channel = request.match_info["channel"]
        self.ledger.begin(channel)
        try:
            content = await request.read()
            acts = self.acts[channel]
            act = acts.popleft() if acts else self.always.get(channel, GOOD)
            if act.keeps or (200 <= act.status < 300 and not act.hangs and not act.cuts):
                self._keep(channel, request.headers, content)
            await asyncio.sleep(3600 if act.hangs else self._chance.uniform(0, self.slowness))
            if act.cuts and request.transport is not None:
                request.transport.abort()
            headers = dict(act.headers)
            patience = float(headers.get("Retry-After", act.later))
            if patience:
                now = time.monotonic()
                # What is under way is not called back; a date has whole seconds, so it may ask for one less.
                self.rests[channel].append((now + 0.1, now + patience - (1.1 if act.later else 0.1)))
            if act.later:
                moment = datetime.now(UTC) + timedelta(seconds=act.later)
                headers["Retry-After"] = format_datetime(moment, usegmt=True)
            return web.Response(status=act.status, headers=headers)
        finally:
            self.ledger.end(channel)

    def _keep(self, channel: str, given: Mapping[str, str], content: bytes) -> None:
        headers = {name.lower(): value for name, value in given.items()}
        try:
            # The library reads this machine's clock; a receiver whose clock runs as the sender's sees the difference.
            stated = int(headers["webhook-timestamp"])
            moved = str(stated - round(self._skew(stated)))
            if self._skew(stated):
                headers = self._as_of(headers, moved, content)
            for each in (self._webhook, *self._others):
                each.verify(content, headers)
            body: dict[str, Any] = json.loads(content)
            text = json.dumps(body["data"], ensure_ascii=False)
            self.types.append(str(body["type"]))
            self.stated[channel, headers["webhook-id"]].append(stated)
            watch, identity = str(body["data"].get("watch", "")), headers["webhook-id"]
            self.ledger.accept(channel, identity, watch, text, content)
            if day := str(body["data"].get("day", "")):
                self.day_lists.append(DayList(channel=channel, watch=watch, day=day, id=identity, stated=stated))
        except (WebhookVerificationError, ValueError, KeyError) as error:
            self.ledger.invalid.append(f"{channel}: {type(error).__name__}: {error}")

    def _as_of(self, headers: dict[str, str], moved: str, content: bytes) -> dict[str, str]:
        """Check the signature as it stands, and return the headers as if signed by this machine's clock."""
        stated = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        text = content.decode()
        if self._webhook.sign(headers["webhook-id"], stated, text) not in headers["webhook-signature"].split():
            raise WebhookVerificationError("No matching signature found")
        again = self._webhook.sign(headers["webhook-id"], datetime.fromtimestamp(int(moved), UTC), text)
        return {**headers, "webhook-timestamp": moved, "webhook-signature": again}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAct:
    """How the mail server treats one mail; the default accepts it."""

    rcpt: str | None = None
    data: str | None = None
    #: keep the mail and never answer the final dot
    hangs: bool = False
    #: keep the mail and close the connection instead of answering
    cuts: bool = False


class MailSink:
    """A mail server; ``acts`` says how the next mails to an address are treated.

    Args:
        tls: offers STARTTLS and asks for a login.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.ledger = Ledger()
        self.acts: dict[str, deque[MailAct]] = defaultdict(deque)
        self.always: dict[str, MailAct] = {}
        #: writes a byte every so many seconds to who connects, and nothing else; 0 serves mail
        self.dripping = 0.0
        #: how long each client took that, in seconds
        self.dripped: list[float] = []
        #: identities of mails that were too big, and of those that came as text alone
        self.too_big: list[str] = []
        self.short: list[str] = []
        #: watch, day as the subject words it, and identity of the daily digests that were kept
        self.day_lists: list[tuple[str, str, str]] = []
        #: answers 535 to so many logins
        self.refused_logins = 0
        self.logins = 0
        self.port = 0
        #: longest pause before an answer, in seconds; the mail is kept before it
        self.slowness = 0.0
        self._chance = random.Random(0)
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: WeakSet[SMTP] = WeakSet()

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, HOST, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self._connections):
                if connection.transport is not None:
                    connection.transport.close()
            await self._server.wait_closed()
            self._server = None

    def _connection(self) -> asyncio.Protocol:
        if self.dripping:
            return _Drip(self.dripping, self.dripped)
        connection = SMTP(
            self, enable_SMTPUTF8=True, hostname="localhost", ident="campaign", timeout=3600,
            loop=asyncio.get_running_loop(), tls_context=self._tls, require_starttls=self._tls is not None,
            auth_required=self._tls is not None, authenticator=self._login if self._tls is not None else None,
        )  # fmt: skip
        self._connections.add(connection)
        return connection

    def _login(self, *_: object) -> AuthResult:
        self.logins += 1
        if self.refused_logins > 0:
            self.refused_logins -= 1
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True)

    def _act(self, recipient: str) -> MailAct:
        acts = self.acts[recipient]
        return acts[0] if acts else self.always.get(recipient, MailAct())

    def _spend(self, recipient: str) -> None:
        if self.acts[recipient]:
            self.acts[recipient].popleft()

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient; aiosmtpd calls this by name."""
        refusal = self._act(address).rcpt
        if refusal is not None:
            self.ledger.attempts[address].append(time.monotonic())
            self._spend(address)
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse a mail; aiosmtpd calls this by name."""
        recipient = str(envelope.rcpt_tos[0])
        self.ledger.begin(recipient)
        try:
            act = self._act(recipient)
            self._spend(recipient)
            if act.data is not None:
                if act.data.startswith("552"):
                    self.too_big.append(str(_parsed(envelope)["Message-ID"]))
                return act.data
            self._keep(recipient, envelope)
            await asyncio.sleep(3600 if act.hangs else self._chance.uniform(0, self.slowness))
            if act.cuts and isinstance(server.transport, asyncio.Transport):
                server.transport.abort()
            return "250 2.0.0 kept"
        finally:
            self.ledger.end(recipient)

    def _keep(self, recipient: str, envelope: Envelope) -> None:
        message = _parsed(envelope)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        defects = [*message.defects, *(defect for part in message.walk() for defect in part.defects)]
        identity = str(message["Message-ID"] or "")
        names = [name.lower() for name in message]
        forged = len(set(names)) < len(names) or {"cc", "bcc"} & {*names} or message["To"].addresses[1:]
        whole = html is not None or identity in self.too_big
        if defects or forged or plain is None or not whole or not identity or len(envelope.rcpt_tos) != 1:
            self.ledger.invalid.append(f"{recipient}: {identity}: {defects or (forged and names) or 'incomplete'}")
            return
        text = str(message["Subject"]) + str(plain.get_content())
        if unreadable := UNREADABLE.findall(text):
            self.ledger.invalid.append(f"{recipient}: {identity}: holds {unreadable[:5]!a}")
        if html is None:
            self.short.append(identity)
        watch = str(message["List-Id"] or "").partition("<")[2].partition(".")[0]
        if day := _DAY_LIST.match(str(message["Subject"])):
            self.day_lists.append((watch, day[1], identity))
        self.ledger.accept(recipient, identity, watch, text, _content(envelope))


def _content(envelope: Envelope) -> bytes:
    return envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()


def _parsed(envelope: Envelope) -> EmailMessage:
    return message_from_bytes(_content(envelope), policy=policy.default)


class _Drip(asyncio.Protocol):
    """Writes a byte at a time until the other side goes."""

    def __init__(self, pause: float, lasted: list[float]) -> None:
        self._pause = pause
        self._lasted = lasted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._start = time.monotonic()
        self._drip(transport)

    def _drip(self, transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            transport.write(b"2")
            asyncio.get_running_loop().call_later(self._pause, self._drip, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._lasted.append(time.monotonic() - self._start)
