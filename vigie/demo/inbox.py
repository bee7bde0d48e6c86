"""The demo's mailbox: an SMTP server on 127.0.0.1 that keeps what arrives (RFC 5321)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from vigie.demo.errors import NotRunningError

HOST = "127.0.0.1"
#: messages kept; older ones make room
KEPT = 1000
#: largest message taken, bytes
LARGEST = 1024 * 1024
#: seconds a silent client is waited for
IDLE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One message, parsed."""

    message_id: str
    subject: str
    sender: str
    recipients: tuple[str, ...]
    #: the plain-text part, empty if there is none
    text: str
    #: the HTML part, empty if there is none
    html: str
    #: all header fields in order
    headers: tuple[tuple[str, str], ...]
    received_at: datetime


def _part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body(preferencelist=(subtype,))
    return str(body.get_content()) if body is not None else ""


def parse_mail(content: bytes, *, sender: str, recipients: tuple[str, ...], now: datetime) -> ReceivedMail:
    """Return a message from its bytes (RFC 5322); missing parts are empty."""
    message = message_from_bytes(content, policy=policy.default)
    return ReceivedMail(
        message_id=str(message["Message-ID"] or ""),
        subject=str(message["Subject"] or ""),
        sender=sender,
        recipients=recipients,
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=tuple((name, str(value)) for name, value in message.items()),
        received_at=now,
    )


class Inbox:
    """An SMTP server that takes every message and shows it.

    It runs in the caller's event loop, so ``on_mail`` needs no lock.

    Args:
        on_mail: called with each message after it is kept.
        port: TCP port on 127.0.0.1; 0 takes a free one.
    """

    def __init__(self, on_mail: Callable[[ReceivedMail], None] | None = None, *, port: int = 0) -> None:
        self._on_mail = on_mail
        self._wanted_port = port
        self._server: asyncio.Server | None = None
        self._connections: WeakSet[SMTP] = WeakSet()
        self._mails: deque[ReceivedMail] = deque(maxlen=KEPT)

    @property
    def host(self) -> str:
        """The address it listens on."""
        return HOST

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            NotRunningError: it was not started.
        """
        if self._server is None or not self._server.sockets:
            raise NotRunningError("the inbox")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """What arrived, oldest first; repeated messages stand repeatedly."""
        return tuple(self._mails)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, HOST, self._wanted_port)

    async def stop(self) -> None:
        """Close the port; calling it twice is harmless. What arrived stays readable."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self._connections):
                if connection.transport is not None:
                    connection.transport.close()
            self._connections.clear()
            await self._server.wait_closed()
            self._server = None

    def _connection(self) -> SMTP:
        connection = SMTP(
            self,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="inbox",
            timeout=IDLE,
            loop=asyncio.get_running_loop(),
        )
        self._connections.add(connection)
        return connection

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message; aiosmtpd calls this by name when its DATA is complete."""
        content = envelope.content or b""
        mail = parse_mail(
            content if isinstance(content, bytes) else content.encode(),
            sender=envelope.mail_from or "",
            recipients=tuple(str(recipient) for recipient in envelope.rcpt_tos),
            now=datetime.now(UTC),
        )
        self._mails.append(mail)
        if self._on_mail is not None:
            self._on_mail(mail)
        return "250 2.0.0 kept"
