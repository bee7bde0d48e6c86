"""Channels and delivery settings: plain values the front door builds from the configuration file.

Passwords, secrets and addresses that may hold a token never show in ``repr``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import getaddresses
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from alerts.errors import ChannelError

Language: TypeAlias = Literal["fr", "en"]
TlsMode: TypeAlias = Literal["none", "starttls", "tls"]

SECRET_PREFIX = "whsec_"  # noqa: S105 (a public prefix of the specification, no secret)

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SERVICE = re.compile(r"(?i)[a-z][a-z0-9+.-]{0,30}://[^/]*\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    """A mail relay and the people behind it.

    Raises:
        ChannelError: the settings cannot work, such as a password without encryption.
    """

    id: str
    language: Language = "fr"
    #: alerts below this severity do not use the channel
    min_severity: int = 1
    host: str
    port: int
    tls: TlsMode = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    #: ``Vigie <vigie@example.org>`` or a bare address
    sender: str
    recipients: tuple[str, ...]
    #: certificate authorities to trust instead of the system's
    ca_file: Path | None = None
    #: name given in EHLO; the sender's domain when None
    helo_name: str | None = None

    def __post_init__(self) -> None:
        where = f"channel {self.id!r}"
        if not self.host or _CONTROL.search(self.host):
            raise ChannelError(where, "host", "name the mail relay, such as 'mail.example.org'")
        if not 0 < self.port < 65536:
            raise ChannelError(where, "port", f"{self.port} is not a TCP port")
        if self.username is not None and self.tls == "none":
            raise ChannelError(where, "tls", 'a password is never sent in plain text; use tls = "starttls" or "tls"')
        if (self.username is None) != (self.password is None):
            raise ChannelError(where, "username", "username and password go together; give both or neither")
        if not self.recipients:
            raise ChannelError(where, "recipients", "name at least one address")
        _address(where, "sender", self.sender)
        for recipient in self.recipients:
            _address(where, "recipients", recipient)

    @property
    def sender_address(self) -> str:
        """The bare address of ``sender``: what MAIL FROM carries."""
        return _address(f"channel {self.id!r}", "sender", self.sender)[1]

    @property
    def sender_name(self) -> str:
        """The display name of ``sender``, or an empty string."""
        return _address(f"channel {self.id!r}", "sender", self.sender)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """An address that receives signed alerts (Standard Webhooks 1.0).

    Raises:
        ChannelError: the address or a secret cannot work.
    """

    id: str
    language: Language = "fr"
    #: alerts below this severity do not use the channel
    min_severity: int = 1
    url: str = field(repr=False)
    #: ``whsec_…``; the first is the current one, the others still sign during a rotation
    secrets: tuple[str, ...] = field(repr=False)
    #: networks that may be called although they are not public
    allow_cidrs: tuple[str, ...] = ()
    #: certificate authorities to trust instead of the system's
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        where = f"channel {self.id!r}"
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise ChannelError(where, "url", f"not an address ({error})") from error
        if parts.scheme not in ("http", "https") or not parts.hostname or _CONTROL.search(self.url):
            raise ChannelError(where, "url", "give a full address, such as 'https://example.org/hooks/vigie'")
        if parts.username is not None or parts.password is not None:
            raise ChannelError(where, "url", "no user name or password in the address; alerts are signed instead")
        if port == 0:
            raise ChannelError(where, "url", "0 is not a TCP port")
        if not self.secrets:
            raise ChannelError(where, "secret", "alerts are signed; give a secret such as 'whsec_' and 32 random bytes")
        for secret in self.secrets:
            secret_bytes(where, secret)

    @property
    def port(self) -> int:
        """TCP port of ``url``."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def shown_url(self) -> str:
        """``url`` without query and fragment, which may hold a token: what logs and pages show."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "…" if parts.query else "", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Services that the apprise package speaks to: Slack, Teams, Telegram, Matrix, ntfy, Discord and many more.

    Raises:
        ChannelError: an address is none that apprise could understand; the message does not repeat it.
    """

    id: str
    language: Language = "fr"
    #: alerts below this severity do not use the channel
    min_severity: int = 1
    #: addresses of services as apprise writes them, such as ``ntfy://ntfy.example.org/topic``; all are secrets
    urls: tuple[str, ...] = field(repr=False)
    #: networks that may be called although they are not public
    allow_cidrs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = f"channel {self.id!r}"
        if not self.urls:
            raise ChannelError(where, "urls", "name at least one service, such as 'ntfy://ntfy.example.org/topic'")
        for place, url in enumerate(self.urls, start=1):
            if not _SERVICE.match(url) or not url.isprintable() or " " in url:
                cure = "is no service address; they look like 'slack://…', see https://appriseit.com/services/"
                raise ChannelError(where, "urls", f"address {place} {cure}")

    @property
    def recipients(self) -> tuple[str, ...]:
        """A name for each address that tells no secret: its scheme and a number, such as ``slack-1``."""
        seen: Counter[str] = Counter()
        names = []
        for url in self.urls:
            scheme = url.partition("://")[0].lower()
            seen[scheme] += 1
            names.append(f"{scheme}-{seen[scheme]}")
        return tuple(names)

    def url(self, recipient: str) -> str | None:
        """Return the address behind one of :attr:`recipients`, None when there is none of that name."""
        return dict(zip(self.recipients, self.urls, strict=True)).get(recipient)


Channel: TypeAlias = EmailChannel | WebhookChannel | AppriseChannel


def recipients(channel: Channel) -> tuple[str, ...]:
    """Return who gets a row of their own in the outbox: one empty string for a webhook."""
    return ("",) if isinstance(channel, WebhookChannel) else channel.recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """When attempts are made, how long each may take, and when a delivery is given up.

    A schedule lists the pauses between attempts; its last pause repeats until the horizon.

    Raises:
        ChannelError: the values contradict each other.
    """

    webhook_retries: tuple[timedelta, ...] = (
        5 * _SECOND, 30 * _SECOND, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR,
    )  # fmt: skip
    webhook_horizon: timedelta = 72 * _HOUR
    email_retries: tuple[timedelta, ...] = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
    email_horizon: timedelta = 120 * _HOUR
    #: a mail that may have arrived is not repeated sooner (RFC 5321 section 4.5.3.2.6)
    email_unknown_wait: timedelta = 10 * _MINUTE
    #: the longest Retry-After that is obeyed
    retry_after_limit: timedelta = 6 * _HOUR
    #: share of a pause by which it may be shorter or longer
    jitter: float = 0.2
    webhook_connect: timedelta = 5 * _SECOND
    webhook_total: timedelta = 30 * _SECOND
    #: one attempt through apprise, the start of its process included
    apprise_total: timedelta = 60 * _SECOND
    smtp_command: timedelta = 60 * _SECOND
    #: how long the answer to the end of a mail may take (RFC 5321 section 4.5.3.2.6)
    smtp_final: timedelta = 10 * _MINUTE
    smtp_total: timedelta = 15 * _MINUTE
    #: how long a delivery belongs to one attempt; longer than any deadline
    lease: timedelta = 20 * _MINUTE
    #: how long an alert below ``urgent_severity`` waits before its first attempt
    group_wait: timedelta = timedelta(0)
    urgent_severity: int = 4
    #: more messages than this to one channel within ``storm_window`` become one list
    storm_limit: int = 20
    storm_window: timedelta = 10 * _MINUTE
    #: channel-level failures in a row that open the breaker
    breaker_failures: int = 5
    #: pauses before the probes of an open breaker; the last repeats
    breaker_probes: tuple[timedelta, ...] = (
        30 * _SECOND, _MINUTE, 2 * _MINUTE, 4 * _MINUTE, 8 * _MINUTE, 15 * _MINUTE,
    )  # fmt: skip
    #: a channel that failed for so long is switched off until a person resets it
    channel_horizon: timedelta = 120 * _HOUR
    #: messages that one channel is given in a second, however many wait
    rate: int = 50
    #: attempts of one channel under way at the same time: as many messages may be repeated after a crash
    concurrency: int = 2
    #: the shortest and the longest pause between two looks at the outbox without being woken
    poll: timedelta = _SECOND
    idle: timedelta = 30 * _SECOND

    def __post_init__(self) -> None:
        where = "[delivery]"
        for key in ("webhook_retries", "email_retries", "breaker_probes"):
            pauses: tuple[timedelta, ...] = getattr(self, key)
            if not pauses or min(pauses) <= timedelta(0):
                raise ChannelError(where, key, "list at least one pause, each longer than 0 s")
        if self.lease <= max(self.webhook_total, self.smtp_total, self.apprise_total):
            raise ChannelError(where, "lease", "must be longer than webhook_total, smtp_total and apprise_total")
        if not 0 <= self.jitter < 1:
            raise ChannelError(where, "jitter", "give a share from 0 to less than 1")
        for key in ("breaker_failures", "concurrency", "storm_limit", "rate"):
            if getattr(self, key) < 1:
                raise ChannelError(where, key, "must be at least 1")
        for key in (
            "poll", "idle", "webhook_total", "smtp_total", "apprise_total", "smtp_command", "smtp_final",
            "webhook_connect", "storm_window",
        ):  # fmt: skip
            if getattr(self, key) <= timedelta(0):
                raise ChannelError(where, key, "must be longer than 0 s")

    def retries(self, channel: Channel) -> tuple[timedelta, ...]:
        """The pauses between attempts for this kind of channel."""
        return self.email_retries if isinstance(channel, EmailChannel) else self.webhook_retries

    def horizon(self, channel: Channel) -> timedelta:
        """How long after its creation a delivery is still attempted."""
        return self.email_horizon if isinstance(channel, EmailChannel) else self.webhook_horizon


def secret_bytes(where: str, secret: str) -> bytes:
    """Return the key in a ``whsec_`` secret.

    Raises:
        ChannelError: it is no such secret; the message does not repeat it.
    """
    try:
        text = secret.removeprefix(SECRET_PREFIX).rstrip("=")
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ChannelError(where, "secret", "after 'whsec_' stands a key in base64") from error
    if not secret.startswith(SECRET_PREFIX) or not key:
        raise ChannelError(where, "secret", "a secret is 'whsec_' and a key in base64")
    return key


def _address(where: str, key: str, text: str) -> tuple[str, str]:
    """Return (display name, address) of ``text``; the domain is in its ASCII form."""
    if _CONTROL.search(text):
        raise ChannelError(where, key, "no line breaks or control characters in an address")
    wrong = f"{text!r} is not one mail address this relay can carry; write 'name@example.org'"
    found = getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise ChannelError(where, key, wrong)
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
        address.encode("ascii")
        Address(addr_spec=address)
    except (ValueError, MessageError, IndexError) as error:
        raise ChannelError(where, key, wrong) from error
    return name, address


def recipient_address(channel: EmailChannel, recipient: str) -> str:
    """Return the bare address in ``recipient``: what RCPT TO carries.

    Raises:
        ChannelError: it is no mail address.
    """
    return _address(f"channel {channel.id!r}", "recipients", recipient)[1]
