"""The mail sender against real SMTP servers: scripted replies, real TLS, and connections that are cut."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from alerts.email import EmailSender, transparent
from alerts.errors import ChannelError
from alerts.sender import Progress
from alerts.settings import DeliverySettings, EmailChannel, TlsMode
from storage.types import Delivery, DeliveryState, Outcome, OutcomeClass

NOW = datetime(2026, 9, 19, 12, tzinfo=UTC)
MESSAGE = b"Subject: test\r\nMessage-ID: <msg_a@vigie.invalid>\r\n\r\nline\r\n.leading dot\r\n"
QUICK = DeliverySettings(smtp_command=timedelta(seconds=5), smtp_final=timedelta(seconds=5))
PASSWORD = "S3CR3T-canary"


@dataclass
class Inbox:
    """An SMTP server's script, and what it was given."""

    replies: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        reply = self.replies.get(address, self.replies.get("RCPT", "250 OK"))
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.replies.get("DATA", "250 accepted")
        if reply.startswith("2"):
            assert isinstance(envelope.original_content, bytes)
            self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.original_content))
        return reply

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password.decode())
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


@asynccontextmanager
async def smtp_server(inbox: Inbox, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(inbox, hostname="mail.test", loop=loop, **options)

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def channel(port: int, tls: TlsMode = "none", **changes: object) -> EmailChannel:
    base = EmailChannel(
        id="desk", host="127.0.0.1", port=port, tls=tls, sender="Vigie <vigie@example.org>",
        recipients=("awa@example.org",),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # mixed field types


def delivery(recipient: str = "awa@example.org") -> Delivery:
    return Delivery(
        id=1, key="msg_a", alert_id="alr_a", channel_id="desk", recipient=recipient, state=DeliveryState.LEASED,
        attempts=0, created_at=NOW, next_attempt_at=NOW,
    )  # fmt: skip


async def send(
    to: EmailChannel, settings: DeliverySettings = QUICK, recipient: str = "awa@example.org", message: bytes = MESSAGE,
    progress: Progress | None = None,
) -> Outcome:  # fmt: skip
    sender = EmailSender(to, settings, install_id="i", public_url="https://v.example", zone=ZoneInfo("UTC"))
    outcome = await sender.transmit(delivery(recipient), message, progress or Progress())
    assert PASSWORD not in outcome.detail
    return outcome


async def test_a_mail_arrives_byte_for_byte() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        outcome = await send(channel(port))
    assert (outcome.outcome, outcome.code) == (OutcomeClass.OK, 250)
    assert inbox.mails == [("vigie@example.org", ["awa@example.org"], MESSAGE)]


@pytest.mark.parametrize(
    ("verb", "reply", "kind"),
    [
        ("MAIL", "450 later", OutcomeClass.CHANNEL_TRANSIENT),
        ("MAIL", "550 sender refused", OutcomeClass.CHANNEL_CONFIG),
        ("RCPT", "450 greylisted", OutcomeClass.TRANSIENT_RECIPIENT),
        ("RCPT", "452 mailbox full", OutcomeClass.TRANSIENT_RECIPIENT),
        ("RCPT", "550 no such user", OutcomeClass.PERMANENT_RECIPIENT),
        ("RCPT", "421 shutting down", OutcomeClass.CHANNEL_TRANSIENT),
        ("DATA", "451 try again", OutcomeClass.TRANSIENT_RECIPIENT),
        ("DATA", "554 no thanks", OutcomeClass.PERMANENT_RECIPIENT),
        ("DATA", "552 too big", OutcomeClass.PERMANENT_RECIPIENT),
        ("DATA", "421 shutting down", OutcomeClass.CHANNEL_TRANSIENT),
    ],
)
async def test_replies_say_who_must_act(verb: str, reply: str, kind: OutcomeClass) -> None:
    inbox, progress = Inbox(replies={verb: reply}), Progress()
    async with smtp_server(inbox) as port:
        outcome = await send(channel(port), progress=progress)
    assert (outcome.outcome, outcome.code) == (kind, int(reply[:3]))
    assert reply[4:] in outcome.detail
    assert inbox.mails == []
    assert progress.handed_over is False


async def test_one_refused_recipient_leaves_the_others_alone() -> None:
    inbox = Inbox(replies={"gone@example.org": "550 no such user"})
    people = ("awa@example.org", "gone@example.org", "jean@example.org")
    async with smtp_server(inbox) as port:
        outcomes = [(await send(channel(port), recipient=person)).outcome for person in people]
    assert outcomes == [OutcomeClass.OK, OutcomeClass.PERMANENT_RECIPIENT, OutcomeClass.OK]
    assert [to for _, to, _ in inbox.mails] == [["awa@example.org"], ["jean@example.org"]]


async def test_nobody_listening_is_transient() -> None:
    async with smtp_server(Inbox()) as port:
        pass
    outcome = await send(channel(port))
    assert outcome.outcome is OutcomeClass.CHANNEL_TRANSIENT
    assert f"127.0.0.1:{port}" in outcome.detail


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"421 busy\r\n", OutcomeClass.CHANNEL_TRANSIENT),
        (b"554 not you\r\n", OutcomeClass.CHANNEL_CONFIG),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", OutcomeClass.CHANNEL_TRANSIENT),
        (b"", OutcomeClass.CHANNEL_TRANSIENT),
    ],
)
async def test_greetings(greeting: bytes, kind: OutcomeClass) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()

    async with raw_server(talk) as port:
        assert (await send(channel(port))).outcome is kind


async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """A whole transaction up to the final dot; returns what was written as mail."""
    writer.write(b"220 mail.test\r\n")
    for reply in (b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"):
        await reader.readline()
        writer.write(reply)
    return await reader.readuntil(b"\r\n.\r\n")


async def test_a_connection_cut_after_the_final_dot_is_unknown() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await dialogue(reader, writer) == transparent(MESSAGE)

    progress = Progress()
    async with raw_server(talk) as port:
        outcome = await send(channel(port), progress=progress)
    assert outcome.outcome is OutcomeClass.UNKNOWN
    assert "may have arrived" in outcome.detail
    assert progress.handed_over is True


async def test_silence_after_the_final_dot_is_unknown() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await dialogue(reader, writer)
        await reader.read()

    settings = replace(QUICK, smtp_final=timedelta(seconds=0.2))
    async with raw_server(talk) as port:
        assert (await send(channel(port), settings)).outcome is OutcomeClass.UNKNOWN


async def test_a_connection_cut_before_the_mail_is_written_is_transient() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        await reader.readline()
        writer.write(b"250 mail.test\r\n")
        await reader.readline()

    async with raw_server(talk) as port:
        assert (await send(channel(port))).outcome is OutcomeClass.CHANNEL_TRANSIENT


async def test_a_reply_that_drips_for_ever_meets_the_deadline() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-slow\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    settings = replace(QUICK, smtp_total=timedelta(seconds=0.4))
    async with raw_server(talk) as port:
        started = asyncio.get_running_loop().time()
        outcome = await send(channel(port), settings)
        assert asyncio.get_running_loop().time() - started < 1.4
    assert outcome.outcome is OutcomeClass.CHANNEL_TRANSIENT


async def test_a_failed_goodbye_is_still_a_success() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await dialogue(reader, writer)
        writer.write(b"250 accepted\r\n")
        await writer.drain()

    async with raw_server(talk) as port:
        assert (await send(channel(port))).outcome is OutcomeClass.OK


# --- TLS ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    ca_file: Path
    server: ssl.SSLContext
    wrong_host: ssl.SSLContext
    expired: ssl.SSLContext


def _certificate(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey,
    host: str | None, *, expired: bool = False,
) -> x509.Certificate:  # fmt: skip
    today = datetime.now(tz=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=9))
        .not_valid_after(today + timedelta(days=-1 if expired else 9))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if host is not None:
        address = x509.IPAddress(ipaddress.ip_address(host))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    ca = _certificate(ca_name, ca_name, ca_key, ca_key, None)
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))

    def context(label: str, host: str, *, expired: bool = False) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
        certificate = _certificate(name, ca_name, key, ca_key, host, expired=expired)
        pem = folder / f"{label}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(pem)
        return made

    return Authority(
        ca_file=ca_file,
        server=context("server", "127.0.0.1"),
        wrong_host=context("other", "127.0.0.9"),
        expired=context("expired", "127.0.0.1", expired=True),
    )


async def test_tls_from_the_start(authority: Authority) -> None:
    inbox = Inbox()
    async with smtp_server(inbox, tls=authority.server) as port:
        outcome = await send(channel(port, "tls", ca_file=authority.ca_file))
    assert outcome.outcome is OutcomeClass.OK
    assert len(inbox.mails) == 1


async def test_starttls_and_login(authority: Authority) -> None:
    inbox = Inbox()
    async with smtp_server(
        inbox, tls_context=authority.server, require_starttls=True, authenticator=inbox.authenticate, auth_required=True
    ) as port:
        to = channel(port, "starttls", ca_file=authority.ca_file, username="vigie", password=PASSWORD)
        outcome = await send(to)
    assert outcome.outcome is OutcomeClass.OK, outcome.detail
    assert inbox.logins == [PASSWORD]
    assert len(inbox.mails) == 1


async def test_a_wrong_password_needs_a_person(authority: Authority) -> None:
    inbox = Inbox()
    async with smtp_server(inbox, tls_context=authority.server, authenticator=inbox.authenticate) as port:
        outcome = await send(channel(port, "starttls", ca_file=authority.ca_file, username="vigie", password="wrong"))
    assert (outcome.outcome, outcome.code) == (OutcomeClass.CHANNEL_CONFIG, 535)
    assert "wrong" not in outcome.detail
    assert inbox.mails == []


@pytest.mark.parametrize("mode", ["tls", "starttls"])
@pytest.mark.parametrize("fault", ["untrusted", "wrong_host", "expired"])
async def test_a_doubtful_certificate_gets_no_mail_and_no_password(
    authority: Authority, mode: TlsMode, fault: str
) -> None:
    inbox = Inbox()
    context = {"wrong_host": authority.wrong_host, "expired": authority.expired}.get(fault, authority.server)
    options: dict[str, Any] = {"tls_context": context} if mode == "starttls" else {}
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side of a refused handshake
    async with smtp_server(
        inbox, tls=context if mode == "tls" else None, authenticator=inbox.authenticate, **options
    ) as port:
        ca_file = None if fault == "untrusted" else authority.ca_file
        outcome = await send(channel(port, mode, ca_file=ca_file, username="vigie", password=PASSWORD))
    assert outcome.outcome is OutcomeClass.CHANNEL_CONFIG, outcome.detail
    assert inbox.logins == []
    assert inbox.mails == []


async def test_stripped_starttls_never_falls_back_to_plain_text() -> None:
    heard = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            heard.extend(line)
            writer.write(b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"500 what\r\n")

    async with raw_server(talk) as port:
        outcome = await send(channel(port, "starttls", username="vigie", password=PASSWORD))
    assert outcome.outcome is OutcomeClass.CHANNEL_CONFIG
    assert b"AUTH" not in heard
    assert b"MAIL" not in heard


def test_a_missing_certificate_file_is_named() -> None:
    with pytest.raises(ChannelError, match="ca_file"):
        EmailSender(
            channel(25, "tls", ca_file=Path("/nowhere/ca.pem")),
            QUICK,
            install_id="i",
            public_url="",
            zone=ZoneInfo("UTC"),
        )


@given(st.binary(max_size=80) | st.lists(st.sampled_from((b".", b"\r\n", b"\n", b"\r", b"a"))).map(b"".join))
def test_data_is_transparent(message: bytes) -> None:
    wire = transparent(message)
    assert wire.endswith(b"\r\n.\r\n") or wire == b"\r\n.\r\n"
    lines = wire[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines, "a lone dot would end the mail early"
    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    assert unstuffed.replace(b"\r\n", b"\n").rstrip(b"\n") == (
        message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    )
