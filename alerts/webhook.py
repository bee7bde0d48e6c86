"""The webhook sender, after Standard Webhooks 1.0.

The id and the body are the same on every attempt, the timestamp is fresh; every secret of a rotation signs.
2xx alone is success, redirects are never followed, little of an answer is read. The address a socket is
about to connect to passes the egress guard.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from standardwebhooks import Webhook

from alerts.errors import ChannelError, RenderError
from alerts.payload import links_for
from alerts.sender import Progress
from alerts.settings import SECRET_PREFIX, DeliverySettings, WebhookChannel
from alerts.text import clean_line, shorten
from storage.egress import EgressPolicy, refusal_in, socket_factory
from storage.types import Alert, Delivery, Outcome, OutcomeClass, utc

#: bytes of an answer that are read, for its detail alone
ANSWER_LIMIT = 64 * 1024
_USER_AGENT = "Vigie (press watch; Standard Webhooks sender)"
#: answers that ask for another try later, besides 5xx
_PASSING = frozenset({408, 425, 429})


def sign(secrets: tuple[str, ...], message_id: str, timestamp: datetime, body: bytes) -> str:
    """Return the ``webhook-signature`` header: one ``v1`` signature a secret, parted by spaces.

    ``timestamp`` is made UTC first, because the library takes the clock time of any zone for UTC.
    """
    text, at = body.decode("utf-8"), utc(timestamp)
    return " ".join(Webhook(secret).sign(msg_id=message_id, timestamp=at, data=text) for secret in secrets)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (RFC 9110 section 10.2.3), None when it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


class WebhookSender:
    """Posts signed alerts to one address. Create it inside a running event loop.

    Args:
        channel: address and secrets.
        settings: deadlines.
        public_url: where the review page answers, for the link in the plain fallback.
        clock: gives the aware time of an attempt.
        user_agent: how the sender names itself.
    """

    def __init__(
        self,
        channel: WebhookChannel,
        settings: DeliverySettings,
        *,
        public_url: str,
        clock: Callable[[], datetime],
        user_agent: str = _USER_AGENT,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._public_url = public_url
        self._clock = clock
        self._user_agent = clean_line(user_agent)
        self._tls = _tls_context(channel)
        self._session: aiohttp.ClientSession | None = None

    def prepare(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the stored payload as UTF-8.

        Raises:
            RenderError: the stored text is not JSON or holds broken characters.
        """
        try:
            body = alert.payload.encode("utf-8")
            json.loads(body)
        except ValueError as error:
            raise RenderError(f"alert {alert.id}: the stored payload is not JSON: {error}") from error
        return body

    def prepare_plain(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the smallest body: alert, watch, severity, headline and link."""
        links = links_for(
            self._public_url, story_id=alert.story_id or 0, alert_id=alert.id, watch_id=clean_line(alert.watch_id)
        )
        data = {
            "alert": alert.id,
            "watch": clean_line(alert.watch_id),
            "severity": alert.severity,
            "headline": shorten(alert.headline, 200),
            "links": {"story": links.story, "ack": links.ack, "silence": links.silence},
            "sequence": alert.sequence,
        }
        body = {"type": clean_line(alert.type), "timestamp": utc(alert.created_at).isoformat(), "data": data}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
        """Post the body once, within ``webhook_total``."""
        now = utc(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._user_agent,
            "webhook-id": delivery.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(self._channel.secrets, delivery.key, now, message),
        }
        try:
            async with asyncio.timeout(self._settings.webhook_total.total_seconds()):
                return await self._post(headers, message, progress, now)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._failure(error, progress)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            policy = EgressPolicy(allow_cidrs=self._channel.allow_cidrs, ports=frozenset({80, 443, self._channel.port}))
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_mark_handed_over)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    socket_factory=socket_factory(policy), ssl=self._tls, force_close=True, use_dns_cache=False
                ),
                timeout=aiohttp.ClientTimeout(
                    total=self._settings.webhook_total.total_seconds(),
                    sock_connect=self._settings.webhook_connect.total_seconds(),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A small answer can unpack to gigabytes; nothing of it is needed unpacked.
                auto_decompress=False,
                trust_env=False,
                trace_configs=[trace],
            )
        return self._session

    async def _post(self, headers: dict[str, str], body: bytes, progress: Progress, now: datetime) -> Outcome:
        session = self._open()
        async with session.post(
            self._channel.url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=progress
        ) as answer:
            if 200 <= answer.status < 300:
                return Outcome(outcome=OutcomeClass.OK, code=answer.status, detail=f"HTTP {answer.status}")
            progress.handed_over = False
            said = await _read(answer)
            kind = status_class(answer.status)
            wait = retry_after(answer.headers.get("Retry-After"), now)
            return Outcome(
                outcome=kind,
                code=answer.status,
                retry_after=wait if kind is OutcomeClass.CHANNEL_TRANSIENT else None,
                detail=self._redacted(
                    f"{self._channel.shown_url}: HTTP {answer.status} {_advice(answer.status)}{said}"
                ),
            )

    def _failure(self, error: Exception, progress: Progress) -> Outcome:
        """Classify an attempt that ended without a status line."""
        where = self._channel.shown_url
        if progress.handed_over:
            text = f"{where}: no answer after the request was written, it may have arrived ({type(error).__name__})"
            return Outcome(outcome=OutcomeClass.UNKNOWN, detail=self._redacted(text))
        refused = refusal_in(error)
        if refused is not None:
            return Outcome(outcome=OutcomeClass.CHANNEL_CONFIG, detail=self._redacted(f"{where}: {refused}"))
        kind = OutcomeClass.CHANNEL_CONFIG if _needs_a_person(error) else OutcomeClass.CHANNEL_TRANSIENT
        reason = "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
        return Outcome(outcome=kind, detail=self._redacted(f"{where}: {reason}"))

    def _redacted(self, text: str) -> str:
        """Cut what a receiver might echo: secrets, and the address with its query."""
        text = text.replace(self._channel.url, self._channel.shown_url)
        for secret in self._channel.secrets:
            text = text.replace(secret, "***").replace(secret.removeprefix(SECRET_PREFIX), "***")
        query = self._channel.url.partition("?")[2].partition("#")[0]
        if query:
            text = text.replace(query, "***")
        return shorten(text, 300)


def status_class(status: int) -> OutcomeClass:
    """Return who must act on an HTTP status."""
    if 200 <= status < 300:
        return OutcomeClass.OK
    if status == 410:
        return OutcomeClass.GONE
    if status in _PASSING or 500 <= status < 600:
        return OutcomeClass.CHANNEL_TRANSIENT
    return OutcomeClass.CHANNEL_CONFIG


async def _mark_handed_over(
    _session: aiohttp.ClientSession, context: object, _chunk: aiohttp.TraceRequestChunkSentParams
) -> None:
    progress = getattr(context, "trace_request_ctx", None)
    if isinstance(progress, Progress):
        progress.handed_over = True


async def _read(answer: aiohttp.ClientResponse) -> str:
    """The beginning of an answer as one line; an answer that breaks off or drags on is cut, the status stands."""
    read = b""
    try:
        async with asyncio.timeout(2):
            while len(read) < ANSWER_LIMIT:
                chunk = await answer.content.read(ANSWER_LIMIT - len(read))
                if not chunk:
                    break
                read += chunk
    except (aiohttp.ClientError, OSError):
        pass
    if answer.headers.get("Content-Encoding") or not read:
        return ""
    return f": {shorten(read.decode('utf-8', 'replace'), 120)}"


def _advice(status: int) -> str:
    if 300 <= status < 400:
        return "(redirects are not followed; configure the final address)"
    return "(the receiver wants no more alerts)" if status == 410 else ""


def _needs_a_person(error: BaseException) -> bool:
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
            return True
        if isinstance(current, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError | ValueError):
            return True
        failure = getattr(current, "os_error", current)
        if isinstance(failure, socket.gaierror) and failure.errno == socket.EAI_NONAME:
            return True
        current = current.__cause__ or current.__context__
    return False


def _tls_context(channel: WebhookChannel) -> ssl.SSLContext | bool:
    if channel.ca_file is None:
        return True
    try:
        context = ssl.create_default_context(cafile=str(channel.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ChannelError(f"channel {channel.id!r}", "ca_file", f"cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
