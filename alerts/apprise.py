"""Chats and phones through the apprise package, under our outbox and deadlines.

Every attempt is a process of its own, see :mod:`alerts.apprise_child`: killed when it takes too long, bounded
in memory, held to the egress guard. Addresses of services are secrets; they go to the child by a pipe and are
cut out of everything that comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from alerts.apprise_message import Note, render_note, render_plain_note
from alerts.apprise_report import Report, heard, outcome_of
from alerts.sender import Progress
from alerts.settings import AppriseChannel, DeliverySettings
from alerts.text import shorten
from storage.types import Alert, Delivery, Outcome, OutcomeClass

#: bytes of reports that are read of one child
_REPORTS = 64 * 1024
_ROOT = Path(__file__).resolve().parent.parent
#: what a child gets of the environment: no proxies, and no secrets of others
_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class AppriseSender:
    """Sends short messages to the services of one channel.

    Args:
        channel: the services.
        settings: deadlines.
        public_url: where the review page answers.
        zone: the readers' time zone.
    """

    def __init__(self, channel: AppriseChannel, settings: DeliverySettings, *, public_url: str, zone: ZoneInfo) -> None:
        self._channel = channel
        self._settings = settings
        self._public_url = public_url
        self._zone = zone

    def prepare(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the message, see :func:`alerts.apprise_message.render_note`.

        Raises:
            RenderError: the stored payload is not readable.
        """
        return render_note(
            delivery_key=delivery.key, alert=alert, language=self._channel.language, zone=self._zone
        ).to_bytes()

    def prepare_plain(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the message that needs nothing but headline and ids."""
        return render_plain_note(
            delivery_key=delivery.key, alert=alert, language=self._channel.language, public_url=self._public_url
        ).to_bytes()

    async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
        """Hand the message to one service, within ``apprise_total``."""
        url = self._channel.url(delivery.recipient)
        if url is None:
            gone = f"{delivery.recipient or 'no service'}: the channel has no address of this name any more"
            return Outcome(outcome=OutcomeClass.PERMANENT_RECIPIENT, detail=gone)
        seconds = self._settings.apprise_total.total_seconds()
        order = {
            **asdict(Note.from_bytes(message)), "url": url, "seconds": seconds, "public_url": self._public_url,
            "allow_cidrs": self._channel.allow_cidrs,
        }  # fmt: skip
        try:
            report, cut = await _attempt(order, seconds, progress)
        except OSError as error:
            detail = f"{delivery.recipient}: no process could be started ({error.strerror})"
            return Outcome(outcome=OutcomeClass.CHANNEL_TRANSIENT, detail=detail)
        outcome = outcome_of(report, cut=cut)
        progress.handed_over = outcome.outcome is OutcomeClass.UNKNOWN
        detail = shorten(f"{delivery.recipient}: {redacted(outcome.detail, url)}", 300)
        return Outcome(outcome=outcome.outcome, code=outcome.code, retry_after=outcome.retry_after, detail=detail)

    async def close(self) -> None:
        """Nothing to release: every attempt has its own process."""


async def _attempt(order: dict[str, object], seconds: float, progress: Progress) -> tuple[Report, str]:
    """Return what the child told last, and why it gave no verdict if it gave none."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "alerts.apprise_child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=_environment(), limit=_REPORTS, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    report, read = Report(), 0
    try:
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(order).encode("ascii") + b"\n")
                await process.stdin.drain()
                process.stdin.close()
            while report.sent is None and read < _REPORTS and (line := await process.stdout.readline()):
                read += len(line)
                report = heard(report, line)
                progress.handed_over |= report.written
            ended = await process.wait() if report.sent is None else 0
    except TimeoutError:
        return report, f"no success within {seconds:g} s"
    except ValueError:
        return report, "its process wrote what is no report"
    finally:
        await _end(process)
    return report, "" if report.sent is not None else f"its process ended with {ended}"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the child and whatever it may have started; after its verdict it has nothing left to do."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join(filter(None, (str(_ROOT), kept.get("PYTHONPATH", ""))))
    if "SSL_CERT_FILE" in kept:
        kept.setdefault("REQUESTS_CA_BUNDLE", kept["SSL_CERT_FILE"])
    return {**kept, "PYTHONPATH": path, "HOME": "/nonexistent"}


def redacted(text: str, url: str) -> str:
    """Return ``text`` without the address of a service and without any part of it but its host.

    Names, passwords and tokens stand anywhere in such an address: before the host, in the path, in the query, and for
    some services in place of the host.
    """
    scheme, _, rest = url.partition("://")
    host = ""
    with contextlib.suppress(ValueError):
        host = urlsplit(f"x://{rest}").hostname or ""
    shown = {host} if "." in host or host == "localhost" else set()
    text = text.replace(url, f"{scheme}://…")
    parts = {part for raw in re.split(r"[/?&=#:@]+", rest) for part in (raw, unquote(raw))}
    for part in sorted(parts - shown, key=len, reverse=True):
        if len(part) > 3:
            text = text.replace(part, "***")
    return text
