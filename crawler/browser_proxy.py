"""The browser's only way out: a proxy on loopback that connects where the egress guard allows.

A browser resolves names and follows redirects by itself, so its addresses cannot be judged from outside.
Here it is made to ask for every connection: each page gets a pass (a user name and a password of its own),
each request with a pass ends in a connection to a numeric address that :mod:`storage.egress` has allowed,
and what a page may open and receive is bounded. Without a pass there is no connection at all.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import logging
import secrets
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.guard import url_refusal
from storage.egress import AddrInfo, EgressPolicy, ForbiddenAddressError, check, socket_factory

_log = logging.getLogger(__name__)

#: longest request or response head, in bytes
MAX_HEAD = 64 * 1024
#: seconds a head, a name's address or a connection may take
HEAD_SECONDS = 10.0
#: connections one page may hold at once
MAX_OPEN = 48
#: addresses of a name that are tried
_ADDRESSES = 3
_PIECE = 64 * 1024
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "upgrade"}
)


@dataclass(slots=True, kw_only=True, eq=False)
class Pass:
    """One page's right to connect, until it is revoked or spent."""

    user: str
    password: str
    #: connections and bytes it still may use
    connections: int
    bytes: int
    #: why connections were refused, the first few
    refusals: list[str] = field(default_factory=list)
    _open: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    method: str
    target: str
    #: header lines without the hop-by-hop ones, in their order
    lines: tuple[str, ...]
    authorization: str


class _RefusedError(Exception):
    """A request gets this status and no connection."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class EgressProxy:
    """An HTTP proxy (RFC 9110 sections 7.3.2 and 9.3.6) for one browser; to be used from one event loop.

    Args:
        policy: what may be connected to.
        upstream: the configured proxy (``http://host:port``) that all connections go through, if any. It
            must refuse private destinations itself.
    """

    def __init__(self, policy: EgressPolicy, *, upstream: str | None = None) -> None:
        self._policy = policy
        self._open_socket = socket_factory(policy)
        self._upstream = None if upstream is None else urlsplit(upstream)
        self._passes: dict[str, Pass] = {}
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where the proxy listens, as ``http://127.0.0.1:port``."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD)

    async def stop(self) -> None:
        """Revoke every pass and stop listening."""
        for given in list(self._passes.values()):
            self.revoke(given)
        if self._server is not None:
            self._server.close()

    def admit(self, *, connections: int, received: int) -> Pass:
        """Return a pass for one page: so many connections, so many bytes received."""
        given = Pass(user=secrets.token_hex(8), password=secrets.token_hex(16), connections=connections, bytes=received)
        self._passes[given.user] = given
        return given

    def revoke(self, given: Pass) -> None:
        """Close a page's connections and let it open no more."""
        self._passes.pop(given.user, None)
        for task in given._open:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection of the browser; its end is never an error here."""
        task = asyncio.current_task()
        assert task is not None
        given: Pass | None = None
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = _parse(await reader.readuntil(b"\r\n\r\n"))
            given = self._holder(head.authorization)
            self._use(given, task)
            await self._forward(head, reader, writer, given)
        except _RefusedError as refused:
            if given is not None and len(given.refusals) < 20:
                given.refusals.append(str(refused))
            await _answer(writer, refused.status)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # either side went away, or the page's pass was revoked
        finally:
            if given is not None:
                given._open.discard(task)
            writer.close()

    def _holder(self, authorization: str) -> Pass:
        """Return the pass whose user name and password a request carries."""
        kind, _, coded = authorization.partition(" ")
        with contextlib.suppress(ValueError):
            user, _, password = base64.b64decode(coded.strip()).decode("utf-8").partition(":")
            given = self._passes.get(user)
            if kind.lower() == "basic" and given is not None and hmac.compare_digest(given.password, password):
                return given
        raise _RefusedError(407, "no pass")

    @staticmethod
    def _use(given: Pass, task: asyncio.Task[None]) -> None:
        if given.connections <= 0 or given.bytes <= 0 or len(given._open) >= MAX_OPEN:
            raise _RefusedError(429, "the page has used up what it may connect to")
        given.connections -= 1
        given._open.add(task)

    async def _forward(
        self, head: _Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, given: Pass
    ) -> None:
        tunnel = head.method == "CONNECT"
        refusal = url_refusal(f"https://{head.target}/" if tunnel else head.target)
        if refusal is not None:
            raise _RefusedError(403, refusal)
        parts = urlsplit(f"//{head.target}" if tunnel else head.target)
        host, port = parts.hostname or "", parts.port or (443 if tunnel else 80)
        if not tunnel and parts.scheme != "http":
            raise _RefusedError(403, f"{host}: only http is forwarded; https goes through a tunnel")
        far_reader, far_writer = await self._connect(host, port, tunnel=tunnel)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                far_writer.write(_rewritten(head, absolute=self._upstream is not None))
                sending = asyncio.create_task(_relay(reader, far_writer, None))
                try:
                    await _pass_heads(far_reader, writer)
                    await _relay(far_reader, writer, given)
                finally:
                    sending.cancel()
                return
            await _both_ways(reader, writer, far_reader, far_writer, given)
        finally:
            far_writer.close()

    async def _connect(
        self, host: str, port: int, *, tunnel: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to an allowed address of the host, or to the configured proxy on its behalf."""
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                if self._upstream is not None:
                    return await self._through_upstream(host, port, tunnel=tunnel)
                return await self._directly(host, port)
        except ForbiddenAddressError as error:
            raise _RefusedError(403, f"{host}: {error.strerror}") from error
        except (OSError, TimeoutError) as error:
            raise _RefusedError(502, f"no connection to {host}: {error}") from error

    async def _directly(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        found: list[AddrInfo] = list(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        # Every address of a name must be allowed, not only the one that is tried first.
        for entry in found:
            check(str(entry[4][0]), int(entry[4][1]), self._policy)
        last: OSError = OSError(f"{host} has no address")
        for entry in found[:_ADDRESSES]:
            opened = self._open_socket(entry)
            opened.setblocking(False)
            try:
                await loop.sock_connect(opened, entry[4])
                return await asyncio.open_connection(sock=opened, limit=MAX_HEAD)
            except OSError as error:
                opened.close()
                last = error
            except BaseException:
                opened.close()
                raise
        raise last

    async def _through_upstream(
        self, host: str, port: int, *, tunnel: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._upstream is not None
        reader, writer = await asyncio.open_connection(
            self._upstream.hostname, self._upstream.port or 80, limit=MAX_HEAD
        )
        if not tunnel:
            return reader, writer
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        writer.write(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode("ascii"))
        status = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
        if status != b"200":
            writer.close()
            raise OSError(f"the configured proxy answered {status.decode('latin-1')}")
        return reader, writer


def _parse(raw: bytes) -> _Head:
    """Read a request's head.

    Raises:
        _RefusedError: it is none.
    """
    first, *lines = raw.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _RefusedError(400, "not a request")
    kept: list[str] = []
    authorization = ""
    for line in filter(None, lines):
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise _RefusedError(400, "not a header")
        if name.lower() == "proxy-authorization":
            authorization = value.strip()
        elif name.lower() not in _HOP_BY_HOP:
            kept.append(line)
    return _Head(method=words[0], target=words[1], lines=tuple(kept), authorization=authorization)


def _rewritten(head: _Head, *, absolute: bool) -> bytes:
    """Return the request as the origin gets it; one request a connection, so that each is judged."""
    parts = urlsplit(head.target)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    lines = (f"{head.method} {head.target if absolute else path} HTTP/1.1", *head.lines, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1")


async def _pass_heads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass the response's head on, interim ones (RFC 9110 section 15.2) before it, connection headers replaced."""
    for _ in range(5):
        raw = await reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        kept = [line for line in lines if line and line.partition(":")[0].lower() not in _HOP_BY_HOP]
        writer.write("\r\n".join((first, *kept, "Connection: close", "", "")).encode("latin-1"))
        if not first.partition(" ")[2].startswith("1"):
            return
    raise ValueError("too many interim responses")


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
    given: Pass,
) -> None:
    """Carry bytes until either side has said all."""
    ways = (
        asyncio.create_task(_relay(reader, far_writer, None)),
        asyncio.create_task(_relay(far_reader, writer, given)),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, given: Pass | None) -> None:
    """Copy bytes to their end, or to the end of what the pass may receive."""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            if given is not None:
                given.bytes -= len(piece)
                if given.bytes < 0:
                    return
            writer.write(piece)
            await writer.drain()


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    asked = 'Proxy-Authenticate: Basic realm="vigie"\r\n' if status == 407 else ""
    with contextlib.suppress(OSError):
        writer.write(f"HTTP/1.1 {status} X\r\n{asked}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
