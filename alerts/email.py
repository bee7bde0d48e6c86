"""The mail sender: one SMTP transaction a recipient, under deadlines of our own.

Every attempt opens a connection, hands one mail to one recipient and closes. The answer to the final dot
decides: before the mail was written a lost connection is simply tried again, after it the mail may have
been accepted (RFC 1047), so the outcome is ``unknown`` and the next attempt carries the same Message-ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from enum import Enum
from zoneinfo import ZoneInfo

import aiosmtplib

from alerts.digest import is_digest
from alerts.digest_message import render_digest_email
from alerts.errors import ChannelError
from alerts.message import render_email, render_plain_email
from alerts.notice_message import render_notice_email
from alerts.notices import is_notice
from alerts.sender import Progress
from alerts.settings import DeliverySettings, EmailChannel, recipient_address
from alerts.shrinking import shrunk
from alerts.text import shorten
from storage.types import Alert, Delivery, Outcome, OutcomeClass

_CONTINUE, _SERVICE_CLOSING, _TOO_BIG = 354, 421, 552
#: how long a polite goodbye may take; the mail is accepted by then
_QUIT_SECONDS = 5.0
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\n)")
_DOT_AT_LINE_START = re.compile(rb"(?m)^\.")


class _Stage(Enum):
    """What was asked when a reply came: the same code means different things at different stages."""

    CONNECT = "connection"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


class EmailSender:
    """Sends mail through one relay.

    Args:
        channel: the relay.
        settings: deadlines.
        install_id: the archive's own id, for threads.
        public_url: where the review page answers, for links in the plain fallback.
        zone: the readers' time zone.
    """

    def __init__(
        self, channel: EmailChannel, settings: DeliverySettings, *, install_id: str, public_url: str, zone: ZoneInfo
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._install_id = install_id
        self._public_url = public_url
        self._zone = zone
        self._tls = _tls_context(channel)

    def prepare(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the mail, see :func:`alerts.message.render_email`.

        Raises:
            RenderError: the stored payload is not readable.
        """
        render = render_digest_email if is_digest(alert) else render_notice_email if is_notice(alert) else render_email
        return render(
            delivery_key=delivery.key,
            alert=alert,
            channel=self._channel,
            recipient=delivery.recipient,
            install_id=self._install_id,
            zone=self._zone,
        )

    def prepare_plain(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the mail without layout, see :func:`alerts.message.render_plain_email`."""
        return render_plain_email(
            delivery_key=delivery.key,
            alert=alert,
            channel=self._channel,
            recipient=delivery.recipient,
            install_id=self._install_id,
            public_url=self._public_url,
        )

    async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
        """Hand the mail over once, within ``smtp_total``; one that is too big for the relay once more, smaller."""
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.smtp_total.total_seconds()):
                try:
                    return await self._transaction(client, delivery.recipient, message, progress)
                except _RefusedError as refused:
                    smaller = shrunk(message) if refused.too_big else None
                    if smaller is None:
                        raise
                client.close()
                client = self._client()
                return await self._transaction(client, delivery.recipient, smaller, progress)
        except _RefusedError as refused:
            return refused.outcome()
        except ChannelError as error:
            return Outcome(outcome=OutcomeClass.PERMANENT_RECIPIENT, detail=shorten(str(error), 300))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return self._failure(error, progress)
        finally:
            client.close()

    async def close(self) -> None:
        """Nothing to release: every attempt has its own connection."""

    def _client(self) -> aiosmtplib.SMTP:
        channel = self._channel
        return aiosmtplib.SMTP(
            hostname=channel.host,
            port=channel.port,
            local_hostname=channel.helo_name or channel.sender_address.rpartition("@")[2],
            timeout=self._settings.smtp_command.total_seconds(),
            use_tls=channel.tls == "tls",
            # False, not None: opportunistic encryption could be stripped on the way unnoticed.
            start_tls=channel.tls == "starttls",
            tls_context=self._tls,
        )

    async def _transaction(
        self, client: aiosmtplib.SMTP, recipient: str, message: bytes, progress: Progress
    ) -> Outcome:
        address = recipient_address(self._channel, recipient)
        try:
            await client.connect()
            if self._channel.username is not None and self._channel.password is not None:
                await client.login(self._channel.username, self._channel.password)
        except aiosmtplib.SMTPResponseException as error:
            raise _RefusedError(_Stage.CONNECT, error.code, error.message) from error
        try:
            await client.mail(self._channel.sender_address)
        except aiosmtplib.SMTPResponseException as error:
            raise _RefusedError(_Stage.SENDER, error.code, error.message) from error
        try:
            await client.rcpt(address)
        except aiosmtplib.SMTPResponseException as error:
            raise _RefusedError(_Stage.RECIPIENT, error.code, error.message) from error
        reply = await self._data(client, message, progress)
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=_QUIT_SECONDS)
        return Outcome(outcome=OutcomeClass.OK, code=reply.code, detail=_said(reply.code, reply.message))

    async def _data(self, client: aiosmtplib.SMTP, message: bytes, progress: Progress) -> aiosmtplib.SMTPResponse:
        """The DATA command in two steps, because the library's one step hides which half was cut off."""
        start = await client.execute_command(b"DATA")
        if start.code != _CONTINUE:
            raise _RefusedError(_Stage.MESSAGE, start.code, start.message)
        protocol = client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("connection lost before the mail was written")
        protocol.write(transparent(message))
        progress.handed_over = True
        reply = await protocol.read_response(timeout=self._settings.smtp_final.total_seconds())
        if not 200 <= reply.code < 300:
            # The far end answered: it does not have the mail.
            progress.handed_over = False
            raise _RefusedError(_Stage.MESSAGE, reply.code, reply.message)
        return reply

    def _failure(self, error: Exception, progress: Progress) -> Outcome:
        """Classify an attempt that ended without a reply."""
        where = f"{self._channel.host}:{self._channel.port}"
        detail = shorten(f"{where}: {error or type(error).__name__}", 300)
        if progress.handed_over:
            text = f"{where}: cut off after the mail was written, it may have arrived: {error or type(error).__name__}"
            return Outcome(outcome=OutcomeClass.UNKNOWN, detail=shorten(text, 300))
        if isinstance(error, TimeoutError) and not isinstance(error, aiosmtplib.SMTPException):
            seconds = self._settings.smtp_total.total_seconds()
            return Outcome(outcome=OutcomeClass.CHANNEL_TRANSIENT, detail=f"{where}: no success within {seconds:g} s")
        return Outcome(outcome=_unanswered_class(error), detail=detail)


class _RefusedError(Exception):
    """The far end answered with a code that is no success."""

    def __init__(self, stage: _Stage, code: int, message: str) -> None:
        self.stage = stage
        self.code = code
        self.text = message
        super().__init__(code)

    @property
    def too_big(self) -> bool:
        """Whether the mail exceeds what the relay takes (RFC 5321 section 4.2.3; 552 after RCPT is a full mailbox)."""
        return self.code == _TOO_BIG and self.stage in (_Stage.SENDER, _Stage.MESSAGE)

    def outcome(self) -> Outcome:
        """Say who must act, after RFC 5321 section 4.2.1 and the stage."""
        detail = f"{self.stage.value} refused: {_said(self.code, self.text)}"
        return Outcome(outcome=self._class(), detail=detail, code=self.code if self.code > 0 else None)

    def _class(self) -> OutcomeClass:
        if self.code == _SERVICE_CLOSING or not 400 <= self.code < 600:
            return OutcomeClass.CHANNEL_TRANSIENT
        permanent = self.code >= 500
        if self.code == _TOO_BIG and self.stage is _Stage.SENDER:
            return OutcomeClass.PERMANENT_RECIPIENT
        if self.stage in (_Stage.CONNECT, _Stage.SENDER):
            return OutcomeClass.CHANNEL_CONFIG if permanent else OutcomeClass.CHANNEL_TRANSIENT
        return OutcomeClass.PERMANENT_RECIPIENT if permanent else OutcomeClass.TRANSIENT_RECIPIENT


def transparent(message: bytes) -> bytes:
    """Return a mail as DATA carries it: CR LF, leading dots doubled, the final dot (RFC 5321 section 4.5.2)."""
    text = _LINE_END.sub(b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return _DOT_AT_LINE_START.sub(b"..", text) + b".\r\n"


def _said(code: int, message: str) -> str:
    return shorten(f"{code} {message}", 300)


def _unanswered_class(error: BaseException) -> OutcomeClass:
    """A wrong certificate, name or encryption needs a person; anything else may heal by itself."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLError):
            return OutcomeClass.CHANNEL_CONFIG
        if isinstance(current, socket.gaierror) and current.errno == socket.EAI_NONAME:
            return OutcomeClass.CHANNEL_CONFIG
        current = current.__cause__ or current.__context__
    lost = isinstance(error, (OSError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError))
    return OutcomeClass.CHANNEL_TRANSIENT if lost else OutcomeClass.CHANNEL_CONFIG


def _tls_context(channel: EmailChannel) -> ssl.SSLContext | None:
    if channel.tls == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=str(channel.ca_file) if channel.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ChannelError(f"channel {channel.id!r}", "ca_file", f"cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
