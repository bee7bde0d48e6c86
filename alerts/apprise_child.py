"""One attempt through apprise, in a process that can be killed: ``python -m alerts.apprise_child``.

Apprise is synchronous, sleeps, follows redirects and knows no deadline. Here it is held: the order comes as one JSON
line on standard input, so that no secret shows in a list of processes; memory, processor time and wall time are
bounded by the kernel; every address a socket is about to connect to passes the egress guard; redirects stay
unfollowed; little of an answer is read; no other program can be started. What happened goes to standard output
as JSON lines, see :class:`alerts.apprise_report.Report`.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
import ssl
import sys
import time
from datetime import UTC, datetime
from typing import IO, Any

from alerts.text import shorten
from alerts.webhook import ANSWER_LIMIT, retry_after
from storage.egress import EgressPolicy, ForbiddenAddressError, check, refusal_in

#: bytes of address space
_MEMORY = 512 * 1024 * 1024
#: seconds of a processor
_PROCESSOR = 30
_FILES = 64
#: seconds for the body of an answer, of which only its beginning is of interest
_BODY_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
#: what starts other programs (table of audit events of the Python documentation)
_PROGRAMS = frozenset({
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
})  # fmt: skip


def main() -> int:
    """Read an order, make the attempt, tell how it went; always returns 0, because the report is what counts."""
    out = _own_output()
    order = json.loads(sys.stdin.buffer.readline())
    _bound(float(order["seconds"]))
    tell = _Teller(out)
    try:
        _attempt(order, tell)
    except Exception as error:  # noqa: BLE001 (the edge of the process; whatever apprise raises becomes a report)
        # Its text may hold an address that is a secret.
        tell(sent=False, said=f"apprise failed ({type(error).__name__})")
    return 0


class _Teller:
    """Writes what changed as one JSON line."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def __call__(self, **changes: object) -> None:
        self._out.write(json.dumps(changes).encode("ascii") + b"\n")
        self._out.flush()


def _own_output() -> IO[bytes]:
    """Keep standard output for reports: what a plug-in prints goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    logging.disable(logging.CRITICAL)
    return out


def _bound(seconds: float) -> None:
    """Let the kernel end this process when it takes too much, even after its owner is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1.0)


def _attempt(order: dict[str, Any], tell: _Teller) -> None:
    import apprise

    _watch_requests(tell)
    asset = apprise.AppriseAsset(
        app_id="Vigie", app_desc="Vigie", app_url=str(order["public_url"]), storage_mode="memory", secure_logging=True
    )
    service = apprise.Apprise.instantiate(str(order["url"]), asset=asset)
    if service is None:
        known = "apprise knows no such service, or the address lacks a part; see https://appriseit.com/services/"
        tell(sent=False, needs_a_person=True, said=known)
        return
    ports = {80, 443, *(port for port in (service.port,) if port)}
    _guard(EgressPolicy(allow_cidrs=tuple(order["allow_cidrs"]), ports=frozenset(ports)))
    service.socket_connect_timeout = _CONNECT_SECONDS
    # Apprise gives up after four seconds of silence and would then be sent again, although it may have arrived.
    service.socket_read_timeout = float(order["seconds"])
    title, body = fitted(
        str(order["title"]), str(order["body"]), str(order["footer"]), service.title_maxlen, service.body_maxlen
    )
    kinds = {5: apprise.NotifyType.FAILURE, 4: apprise.NotifyType.FAILURE, 3: apprise.NotifyType.WARNING}
    sent = service.notify(
        title=title, body=body, notify_type=kinds.get(int(order["severity"]), apprise.NotifyType.INFO),
        body_format=apprise.NotifyFormat.TEXT,
    )  # fmt: skip
    tell(sent=bool(sent))


def fitted(title: str, body: str, footer: str, title_limit: int, body_limit: int) -> tuple[str, str]:
    """Return title and text within a service's limits; the footer, which holds the identity, is kept.

    Args:
        title: the first line.
        body: lines.
        footer: the last line.
        title_limit: characters of a title; 0 when the service puts it before the text.
        body_limit: characters of the text.
    """
    if title_limit > 0:
        title = shorten(title, title_limit)
    room = body_limit - len(footer) - 1 - (0 if title_limit > 0 else len(title) + 8)
    kept: list[str] = []
    for line in body.split("\n"):
        if room < len(line) + 1:
            break
        kept.append(line)
        room -= len(line) + 1
    if not kept and room > 20:
        kept = [shorten(body.split("\n", 1)[0], room - 1)]
    return title, "\n".join([*kept, footer])


def _guard(policy: EgressPolicy) -> None:
    """Judge every address before a socket is connected to it, whichever library asks; start no programs."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROGRAMS:
            raise PermissionError(f"{event} is not allowed while a message is sent")
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            sock, address = arguments[0], arguments[1]
            if address is None:
                return
            if sock.family not in (socket.AF_INET, socket.AF_INET6):
                raise ForbiddenAddressError(1, f"refused by the egress guard: address family {sock.family!s} is not IP")
            check(str(address[0]), int(address[1]), policy)

    sys.addaudithook(hook)


def _watch_requests(tell: _Teller) -> None:
    """Tell of every request what is written and answered, and keep answers small and redirects unfollowed."""
    import http.client

    import requests

    ask = requests.adapters.HTTPAdapter.send
    write = http.client.HTTPConnection.send

    def written(self: http.client.HTTPConnection, data: Any) -> None:
        write(self, data)
        tell(written=True)

    def answered(self: requests.adapters.HTTPAdapter, request: Any, *args: Any, **named: Any) -> Any:
        # Read here, piece by piece, and not at once by the library.
        named["stream"] = True
        try:
            response = ask(self, request, *args, **named)
        except (requests.RequestException, OSError) as error:
            tell(**_failure(error))
            raise
        status, wait = response.status_code, retry_after(response.headers.get("Retry-After"), datetime.now(tz=UTC))
        tell(written=False, code=status, retry_after=wait, said="")
        response._content = _beginning(response)
        response._content_consumed = True
        response.close()
        redirect = "redirects are not followed" if 300 <= status < 400 else ""
        tell(said=redirect or shorten(response._content.decode("utf-8", "replace"), 120))
        return response

    http.client.HTTPConnection.send = written  # type: ignore[method-assign]
    requests.adapters.HTTPAdapter.send = answered  # type: ignore[method-assign]
    requests.Session.get_redirect_target = lambda *_: None  # type: ignore[method-assign]


def _failure(error: BaseException) -> dict[str, object]:
    """Say why no answer came; the texts of libraries repeat addresses, so only their kind is told."""
    refused = refusal_in(error)
    if refused is not None:
        return {"needs_a_person": True, "said": refused}
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    if any(isinstance(one, ssl.SSLError) for one in seen):
        return {"needs_a_person": True, "said": "the certificate or the encryption cannot be trusted"}
    unknown = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    if any(isinstance(one, socket.gaierror) and one.errno in unknown for one in seen):
        return {"needs_a_person": True, "said": "its name is not known to the name service"}
    return {"said": type(seen[-1]).__name__}


def _beginning(response: Any) -> bytes:
    """Return the beginning of an answer; one that drags on or breaks off is cut, its status stands."""
    read = b""
    until = time.monotonic() + _BODY_SECONDS
    try:
        while len(read) < ANSWER_LIMIT and time.monotonic() < until:
            piece = response.raw.read1(ANSWER_LIMIT - len(read), decode_content=True)
            if not piece:
                break
            read += piece
    except Exception:  # noqa: BLE001, S110 (broken compression, resets, resource limits: whatever came is enough)
        pass
    return read


if __name__ == "__main__":
    sys.exit(main())
