"""A hostile press on loopback: servers that do what servers must not do, each fault under a path of its own.

It runs as a process of its own (``python -m tests.hostile FOLDER``), so that what it takes is not taken for
what Vigie takes; :class:`HostilePress` starts and asks it. Every fault is reachable under every address of
127.0.0.0/8 that it listens on, and counts what it was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from storage.types import FailureReason
from tests import hostile_bodies as bodies
from tests.certificates import write_certificates

Serve = Callable[["Exchange"], Awaitable[None]]

#: where it listens: one address a fault, so that each fault is a host of its own
ADDRESSES = tuple(f"127.1.0.{n}" for n in range(1, 121))
#: an address where nothing goes wrong
SOUND = "127.2.0.1"


@dataclass(slots=True)
class Exchange:
    """One request and the connection to answer it on."""

    path: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send bytes and wait until they are on their way."""
        self.writer.write(data)
        await self.writer.drain()

    async def closed(self) -> None:
        """Wait until the far end gives up."""
        await self.reader.read()


def head(status: int = 200, /, **headers: str) -> bytes:
    """Return a status line and headers; underscores stand for hyphens."""
    headers = {"Content_Type": "text/html; charset=utf-8", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nConnection: close\r\n{lines}\r\n".encode("latin-1")


def answer(body: bytes | Callable[[], bytes], status: int = 200, /, **headers: str) -> Serve:
    """Serve a body with its length."""

    async def serve(exchange: Exchange) -> None:
        data = body if isinstance(body, bytes) else body()
        await exchange.send(head(status, **{"Content_Length": str(len(data)), **headers}) + data)

    return serve


def to(location: str, status: int = 302, /, **headers: str) -> Serve:
    """Serve a redirect."""
    return answer(b"", status, Location=location, **headers)


def stream(parts: Callable[[], Iterator[bytes]], **headers: str) -> Serve:
    """Serve what never ends, or nearly so."""

    async def serve(exchange: Exchange) -> None:
        await exchange.send(head(**headers))
        for part in parts():
            await exchange.send(part)

    return serve


def raw(parts: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Serve:
    """Serve bytes as they come, head included; ``pause`` seconds between two parts."""

    async def serve(exchange: Exchange) -> None:
        for part in parts():
            await exchange.send(part)
            if pause:
                await asyncio.sleep(pause)
        if pause:
            await exchange.closed()

    return serve


async def silence(exchange: Exchange) -> None:
    """Take the request and say nothing."""
    await exchange.closed()


async def reset(exchange: Exchange) -> None:
    """Announce a page, send half of it, and cut the connection hard."""
    await exchange.send(head(Content_Length=str(len(bodies.ARTICLE))) + bodies.ARTICLE[: len(bodies.ARTICLE) // 2])
    sock = exchange.writer.get_extra_info("socket")
    # Linger of zero seconds: closing sends RST instead of FIN.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    exchange.writer.transport.abort()


def _each_byte(data: bytes) -> Iterator[bytes]:
    return (data[n : n + 1] for n in range(len(data)))


def _endless_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from (b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in itertools.count())


def _endless(first: bytes, rest: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain((first,), itertools.repeat(rest))


_CHUNKED = {"Transfer_Encoding": "chunked"}
_NOTHING = b"0\r\n"
_HALF = len(bodies.ARTICLE) // 2
_CHUNK = b"%x\r\n%s" % (len(bodies.ARTICLE), bodies.ARTICLE)

R = FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing a server does, and the names it may go by; no reason at all stands for an article."""

    row: str
    name: str
    serve: Serve
    reasons: frozenset[FailureReason | None]
    #: whether only the deadline ends it
    waits: bool = False

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/{self.name}"


def _fault(row: str, name: str, serve: Serve, *reasons: FailureReason | None, waits: bool = False) -> Fault:
    return Fault(row=row, name=name, serve=serve, reasons=frozenset(reasons), waits=waits)


BOMBS = (
    _fault("D1", "gzip-bomb", stream(lambda: bodies.bomb(31), Content_Encoding="gzip"), R.TOO_LARGE),
    _fault("D1", "gzip-gzip-bomb", answer(bodies.packed_bomb, Content_Encoding="gzip, gzip"), R.TOO_LARGE),
    _fault("D1", "deflate-bomb", stream(lambda: bodies.bomb(15), Content_Encoding="deflate"), R.TOO_LARGE),
    _fault("D1", "raw-deflate-bomb", stream(lambda: bodies.bomb(-15), Content_Encoding="deflate"), R.TOO_LARGE),
    # Nobody asked for these codings, so that what they would unpack to does not matter.
    _fault("D1", "brotli", answer(b"\x5b\xff\xff\x7f" * 2048, Content_Encoding="br"), R.HTTP_ERROR),
    _fault("D1", "zstd", answer(b"\x28\xb5\x2f\xfd" * 2048, Content_Encoding="zstd"), R.HTTP_ERROR),
    _fault("D1", "many-codings", answer(bodies.SOUND_GZIP, Content_Encoding="gzip, " * 20 + "gzip"), R.HTTP_ERROR),
)
ENDLESS = (
    _fault("D2", "endless-body", stream(lambda: itertools.repeat(b"A" * 65536)), R.TOO_LARGE),
    _fault(
        "D2",
        "endless-chunks",
        stream(lambda: itertools.repeat(b"8\r\nAAAAAAAA\r\n" * 4096), **_CHUNKED),
        R.TOO_LARGE,
        # So small pieces take long to put together; the deadline may come first.
        R.TIMEOUT,
        waits=True,
    ),
    _fault("D2", "announced-body", answer(b"", Content_Length="99999999999"), R.TOO_LARGE),
    _fault("D2", "endless-headers", raw(_endless_headers), R.HTTP_ERROR),
    _fault("D2", "endless-header", raw(_endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536)), R.HTTP_ERROR),
    _fault("D2", "endless-status", raw(_endless(b"HTTP/1.1 200 ", b"a" * 65536)), R.HTTP_ERROR),
    _fault("D2", "many-headers", answer(b"", **{f"X_{n}": "a" for n in range(5000)}), R.HTTP_ERROR),
    _fault(
        "D2",
        "endless-trailers",
        stream(lambda: itertools.chain((_NOTHING,), itertools.repeat(b"X: a\r\n" * 8192)), **_CHUNKED),
        R.HTTP_ERROR,
        R.TRUNCATED,
        R.TOO_LARGE,
    ),
    _fault(
        "D2",
        "endless-chunk-extension",
        stream(lambda: itertools.chain((b"1;a=",), itertools.repeat(b"a" * 65536)), **_CHUNKED),
        R.TOO_LARGE,
    ),
    _fault(
        "D2", "endless-hints", raw(lambda: itertools.repeat(b"HTTP/1.1 103 X\r\n\r\n"), 0.001), R.TIMEOUT, waits=True
    ),
)
SLOW = (
    _fault("D3", "slow-status", raw(lambda: _each_byte(head()), 0.2), R.TIMEOUT, waits=True),
    _fault("D3", "slow-headers", raw(lambda: _each_byte(b"HTTP/1.1 200 OK\r\nX: aaaa"), 0.2), R.TIMEOUT, waits=True),
    _fault(
        "D3",
        "slow-body",
        raw(lambda: itertools.chain((head(Content_Length="9999"),), itertools.repeat(b"A")), 0.2),
        R.TIMEOUT,
        waits=True,
    ),
    _fault("D3", "half-body", raw(lambda: iter((head(Content_Length="9999"), b"A")), 0.1), R.TIMEOUT, waits=True),
    _fault("D3", "silence", silence, R.TIMEOUT, waits=True),
)
REDIRECTS = (
    _fault("D4", "loop", to("/loop"), R.TOO_MANY_REDIRECTS),
    _fault("D4", "21-hops", to("/hop-1"), R.TOO_MANY_REDIRECTS),
    _fault("D4", "to-file", to("file:///etc/passwd"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-data", to("data:text/html,<h1>x"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-ftp", to("ftp://127.0.0.1/x"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-script", to("javascript:alert(1)"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-user", to("http://a:b@127.2.0.1/article"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-private", to("http://10.255.255.1/"), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-metadata", to("http://169.254.169.254/latest", 307), R.FORBIDDEN_ADDRESS),
    _fault("D4", "to-v6-loopback", to("http://[::1]/", 308), R.FORBIDDEN_ADDRESS),
    _fault(
        "D4",
        "meta-refresh",
        answer(b"<html><head><meta http-equiv=refresh content='0;url=/followed'></head><body></body></html>"),
        R.NO_TITLE,
        R.NO_TEXT,
        R.NOT_ARTICLE,
        R.SOFT_404,
    ),
    _fault("D4", "refresh-header", answer(bodies.ARTICLE, Refresh="0; url=/followed"), None),
)
BROKEN = (
    _fault("D9", "cut-gzip", answer(bodies.SOUND_GZIP[:-9], Content_Encoding="gzip"), R.TRUNCATED),
    _fault("D9", "damaged-gzip", answer(bodies.SOUND_GZIP[:-9] + b"x" * 9, Content_Encoding="gzip"), R.TRUNCATED),
    _fault("D9", "no-gzip", answer(bodies.ARTICLE, Content_Encoding="gzip"), R.TRUNCATED),
    _fault("D9", "bad-chunk", stream(lambda: iter((_CHUNK, b"XX")), **_CHUNKED), R.HTTP_ERROR, R.TRUNCATED),
    _fault("D9", "cut-chunk", stream(lambda: iter((_CHUNK[:-_HALF],)), **_CHUNKED), R.TRUNCATED),
    _fault("D9", "no-last-chunk", stream(lambda: iter((_CHUNK, b"\r\n")), **_CHUNKED), R.TRUNCATED),
    _fault("D9", "short-length", answer(bodies.ARTICLE, Content_Length=str(len(bodies.ARTICLE) + 1)), R.TRUNCATED),
    _fault("D9", "reset", reset, R.TRUNCATED, R.CONNECTION),
)
MISLABELLED = (
    _fault("E2", "pdf", answer(b"%PDF-1.7 ...", Content_Type="application/pdf"), R.NOT_HTML),
    _fault("E2", "lying-pdf", answer(b"%PDF-1.7 ..."), R.NOT_HTML),
    _fault("E2", "image", answer(b"\x89PNG\r\n\x1a\n", Content_Type="image/png"), R.NOT_HTML),
    _fault("E2", "json", answer(b"{}", Content_Type="application/json"), R.NOT_HTML),
    _fault("E2", "no-http", raw(lambda: iter((b"SSH-2.0-OpenSSH_9.6\r\n",))), R.HTTP_ERROR),
    _fault("E2", "ancient-http", raw(lambda: iter((bodies.ARTICLE,))), R.HTTP_ERROR),
)
#: whatever can be made of a monster; it must end, in time
_ENDS = (None, R.NO_TEXT, R.NO_TITLE, R.NOT_ARTICLE, R.TOO_LARGE, R.EXTRACTION_TIMEOUT, R.EXTRACTION_CRASH)
MONSTERS = tuple(
    _fault("D11", name, answer(make), *_ENDS)
    for name, make in {
        "deep": bodies.deep,
        "attributes": bodies.attributes,
        "paragraphs": bodies.paragraphs,
        "links": bodies.links,
        "table": bodies.table,
        "word": bodies.word,
        "json-ld": bodies.json_ld,
    }.items()
)
FAULTS = BOMBS + ENDLESS + SLOW + REDIRECTS + BROKEN + MISLABELLED + MONSTERS
#: poisoned feeds; each gets the address of a canary
FEEDS: dict[str, Callable[[str], bytes]] = {
    "laughs": lambda _: bodies.laughs(),
    "quadratic": lambda _: bodies.quadratic(),
    "external": bodies.external,
    "parameter": bodies.parameter,
    "dtd": bodies.dtd,
    "xinclude": bodies.xinclude,
    "stylesheet": bodies.stylesheet,
}


class Press:
    """The servers, inside their process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hits: Counter[str] = Counter()
        self.requests: list[str] = []
        self.routes: dict[str, Serve] = {fault.path: fault.serve for fault in FAULTS}
        self.routes |= {f"/hop-{n}": to(f"/hop-{n + 1}") for n in range(1, 21)}
        self.routes |= {
            "/hop-21": answer(bodies.ARTICLE),
            "/article": answer(bodies.ARTICLE, Set_Cookie="session=1; Path=/"),
            "/followed": answer(bodies.ARTICLE),
            "/portal": answer(bodies.page("<p>Connectez-vous au réseau de l'hôtel.</p>")),
            "/across": to(f"http://{SOUND}:PORT/article", Set_Cookie="session=2; Path=/"),
            "/down": to(f"http://{SOUND}:PORT/article", 301),
        }

    async def run(self) -> None:
        """Serve until the owner of this process goes away."""
        loop = asyncio.get_running_loop()
        first = socket.create_server((SOUND, 0))
        port = first.getsockname()[1]
        self.routes = {path: self._with_port(serve, port) for path, serve in self.routes.items()}
        canaries = {"http": f"http://{SOUND}:{port}/canary", "file": (self.folder / "canary").as_uri()}
        for (name, maker), (way, address) in itertools.product(FEEDS.items(), canaries.items()):
            poisoned = maker(address)
            self.routes[f"/feed-{name}-{way}"] = answer(poisoned, Content_Type="application/rss+xml")
            self.routes[f"/sitemap-{name}-{way}"] = answer(bodies.sitemap(poisoned), Content_Type="application/xml")
        for name, (content_type, lie) in bodies.LIES.items():
            self.routes[f"/lie-{name}"] = answer(lie, Content_Type=content_type)
        servers = [await asyncio.start_server(self._connected, sock=first, backlog=200)]
        servers += [await asyncio.start_server(self._connected, host, port) for host in ADDRESSES]
        ports = {}
        for name, context in write_certificates(self.folder, SOUND).items():
            server = await asyncio.start_server(self._connected, SOUND, 0, ssl=context)
            ports[name] = server.sockets[0].getsockname()[1]
            servers.append(server)
        mute = await asyncio.start_server(self._mute, SOUND, 0)
        ports["mute"] = mute.sockets[0].getsockname()[1]
        full, held = _full_listener()
        ports["full"] = full.getsockname()[1]
        sys.stdout.write(json.dumps({"port": port, "tls": ports}) + "\n")
        sys.stdout.flush()
        await loop.run_in_executor(None, sys.stdin.read)
        del servers, mute, held

    def _with_port(self, serve: Serve, port: int) -> Serve:
        async def served(exchange: Exchange) -> None:
            writer = exchange.writer
            original = writer.write

            def write(data: bytes) -> None:
                original(data.replace(b":PORT/", f":{port}/".encode()) if len(data) < 1000 else data)

            writer.write = write  # type: ignore[method-assign,assignment]
            await serve(exchange)

        return served

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = request.split(" ", 2)[1]
            if path == "/ledger":
                ledger = json.dumps({"hits": self.hits, "requests": self.requests}).encode()
                await answer(ledger)(Exchange(path=path, reader=reader, writer=writer))
            else:
                self.hits[path] += 1
                self.requests.append(request)
                serve = self.routes.get(path.partition("?")[0], answer(b"", 404))
                await serve(Exchange(path=path, reader=reader, writer=writer))
        writer.close()

    @staticmethod
    async def _mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        """Accept the connection and let the handshake wait."""
        while await reader.read(1024):
            pass


def _full_listener() -> tuple[socket.socket, list[socket.socket]]:
    """Return a listener that accepts nobody and whose queue is full: the next one knocks in vain."""
    listener = socket.socket()
    listener.bind((SOUND, 0))
    listener.listen(0)
    held = []
    for _ in range(3):
        knocking = socket.socket()
        knocking.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            knocking.connect(listener.getsockname())
        held.append(knocking)
    return listener, [listener, *held]


class HostilePress:
    """The process of the hostile press, from outside; use as a context manager.

    Args:
        folder: where certificates and the canary file are put.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        #: ports of the TLS servers, by what is wrong with them
        self.tls: dict[str, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._next = itertools.cycle(ADDRESSES)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.hostile", str(self.folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.port, self.tls = told["port"], told["tls"]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.kill()

    @property
    def sound(self) -> str:
        """Base address of the outlet where nothing goes wrong."""
        return f"http://{SOUND}:{self.port}"

    def url(self, path: str) -> str:
        """Return ``path`` under an address that was not given away lately."""
        return f"http://{next(self._next)}:{self.port}{path}"

    def ledger(self) -> dict[str, Any]:
        """Return what was asked for so far: ``hits`` by path, ``requests`` as they came."""
        with urllib.request.urlopen(f"{self.sound}/ledger", timeout=10) as reply:
            found: dict[str, Any] = json.load(reply)
        return found


if __name__ == "__main__":
    asyncio.run(Press(Path(sys.argv[1])).run())
