"""The browser's proxy: connections only with a pass, only to allowed addresses, only so many."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from crawler.browser_proxy import EgressProxy, Pass
from storage.egress import EgressPolicy

#: the page's own server; the trap's address is not in it
ALLOWED = ("127.0.0.2/32",)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Origin:
    """A server that keeps what it was sent and answers with a fixed body."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.body = b"bonjour"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            length = len(self.body)
            writer.write(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: %d\r\n\r\n" % length + self.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def origin() -> AsyncIterator[tuple[Origin, int]]:
    origin = Origin()
    server = await asyncio.start_server(origin.serve, "127.0.0.2", 0)
    async with server:
        yield origin, server.sockets[0].getsockname()[1]


@pytest.fixture
async def trap() -> AsyncIterator[tuple[Origin, int]]:
    origin = Origin()
    server = await asyncio.start_server(origin.serve, "127.0.0.1", 0)
    async with server:
        yield origin, server.sockets[0].getsockname()[1]


@pytest.fixture
async def proxy() -> AsyncIterator[EgressProxy]:
    proxy = EgressProxy(EgressPolicy(allow_cidrs=ALLOWED))
    await proxy.start()
    yield proxy
    await proxy.stop()


def admit(proxy: EgressProxy, *, connections: int = 10, received: int = 10_000) -> Pass:
    return proxy.admit(connections=connections, received=received)


def with_pass(given: Pass | None) -> str:
    if given is None:
        return ""
    coded = base64.b64encode(f"{given.user}:{given.password}".encode()).decode()
    return f"Proxy-Authorization: Basic {coded}\r\n"


async def ask(proxy: EgressProxy, request: str, *, then: bytes = b"") -> bytes:
    port = int(proxy.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(15):
            writer.write(request.encode("latin-1"))
            if then:
                answer = await reader.readuntil(b"\r\n\r\n")
                writer.write(then)
                return answer + await reader.read()
            return await reader.read()
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_http_is_forwarded_in_origin_form_without_the_pass(
    proxy: EgressProxy, origin: tuple[Origin, int]
) -> None:
    server, port = origin
    given = admit(proxy)
    request = (
        f"GET http://127.0.0.2:{port}/a?b=c HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n{with_pass(given)}\r\n"
    )
    answer = await ask(proxy, request)
    assert status(answer) == 200
    assert answer.endswith(b"bonjour")
    assert b"Connection: close" in answer
    assert b"Keep-Alive" not in answer
    assert server.heads[0].startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "Authorization" not in server.heads[0]
    assert given.password not in server.heads[0]


async def test_a_tunnel_carries_bytes_both_ways(proxy: EgressProxy, origin: tuple[Origin, int]) -> None:
    server, port = origin
    request = f"CONNECT 127.0.0.2:{port} HTTP/1.1\r\n{with_pass(admit(proxy))}\r\n"
    answer = await ask(proxy, request, then=b"GET /t HTTP/1.1\r\n\r\n")
    assert status(answer) == 200
    assert answer.endswith(b"bonjour")
    assert server.heads == ["GET /t HTTP/1.1\r\n\r\n"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "0.0.0.0"])
@pytest.mark.parametrize("tunnel", [True, False])
async def test_every_form_of_a_forbidden_address_is_refused(
    proxy: EgressProxy, trap: tuple[Origin, int], host: str, tunnel: bool
) -> None:
    server, port = trap
    given = admit(proxy)
    line = f"CONNECT {host}:{port}" if tunnel else f"GET http://{host}:{port}/"
    answer = await ask(proxy, f"{line} HTTP/1.1\r\n{with_pass(given)}\r\n")
    assert status(answer) == 403
    assert server.heads == []
    assert given.refusals


@pytest.mark.parametrize("order", [1, -1])
async def test_one_forbidden_address_of_a_name_forbids_them_all(
    proxy: EgressProxy,
    origin: tuple[Origin, int],
    trap: tuple[Origin, int],
    order: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = origin[1]
    addresses = [("127.0.0.2", port), ("127.0.0.1", trap[1])][::order]
    asked: list[str] = []

    async def rebinding(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebinding)
    request = f"CONNECT news.example:{port} HTTP/1.1\r\n{with_pass(admit(proxy))}\r\n"
    assert status(await ask(proxy, request)) == 403
    addresses.remove(("127.0.0.1", trap[1]))
    assert status(await ask(proxy, request, then=b"GET / HTTP/1.1\r\n\r\n")) == 200
    # What was judged is what is connected to: a name is resolved once a connection.
    assert asked.count("news.example") == 2
    assert trap[0].heads == []


@pytest.mark.parametrize("scheme", ["ftp", "file", "https"])
async def test_only_http_is_forwarded(proxy: EgressProxy, origin: tuple[Origin, int], scheme: str) -> None:
    answer = await ask(proxy, f"GET {scheme}://127.0.0.2:{origin[1]}/ HTTP/1.1\r\n{with_pass(admit(proxy))}\r\n")
    assert status(answer) == 403
    assert origin[0].heads == []


async def test_without_a_pass_there_is_no_connection(proxy: EgressProxy, origin: tuple[Origin, int]) -> None:
    known = admit(proxy)
    forged = Pass(user=known.user, password="0" * 32, connections=1, bytes=1)
    revoked = admit(proxy)
    proxy.revoke(revoked)
    for given in (None, forged, revoked):
        answer = await ask(proxy, f"GET http://127.0.0.2:{origin[1]}/ HTTP/1.1\r\n{with_pass(given)}\r\n")
        assert status(answer) == 407
        assert b"Proxy-Authenticate: Basic" in answer
    assert origin[0].heads == []


async def test_connections_and_bytes_of_a_page_are_bounded(proxy: EgressProxy, origin: tuple[Origin, int]) -> None:
    server, port = origin
    given = admit(proxy, connections=2, received=1_000_000)
    request = f"GET http://127.0.0.2:{port}/ HTTP/1.1\r\n{with_pass(given)}\r\n"
    assert [status(await ask(proxy, request)) for _ in range(3)] == [200, 200, 429]
    server.body = b"x" * 500_000
    small = admit(proxy, received=100_000)
    answer = await ask(proxy, f"GET http://127.0.0.2:{port}/ HTTP/1.1\r\n{with_pass(small)}\r\n")
    assert len(answer) < 200_000


@pytest.mark.parametrize("raw", ["nonsense\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n"])
async def test_nonsense_is_refused(proxy: EgressProxy, raw: str) -> None:
    assert status(await ask(proxy, raw)) == 400


async def test_an_endless_head_is_cut(proxy: EgressProxy) -> None:
    # What was sent and not read may turn the end into a reset.
    with contextlib.suppress(ConnectionError):
        assert await ask(proxy, "GET / HTTP/1.1\r\nA: " + "a" * 200_000) == b""


async def test_revoking_a_pass_cuts_its_connections(proxy: EgressProxy) -> None:
    connected = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.2", 0)
    async with server:
        given = admit(proxy)
        port = server.sockets[0].getsockname()[1]
        asking = asyncio.create_task(ask(proxy, f"GET http://127.0.0.2:{port}/ HTTP/1.1\r\n{with_pass(given)}\r\n"))
        await connected.wait()
        proxy.revoke(given)
        assert await asking == b""


async def test_everything_goes_through_the_configured_proxy(origin: tuple[Origin, int]) -> None:
    """The configured proxy decides about addresses; here it is another of ours, which wants no pass."""
    server, _ = origin
    seen: list[str] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition("\r\n")[0])
        if seen[-1].startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    far = await asyncio.start_server(upstream, "127.0.0.1", 0)
    async with far:
        proxy = EgressProxy(
            EgressPolicy(allow_cidrs=ALLOWED), upstream=f"http://127.0.0.1:{far.sockets[0].getsockname()[1]}"
        )
        await proxy.start()
        given = admit(proxy)
        plain = await ask(proxy, f"GET http://news.example/x HTTP/1.1\r\n{with_pass(given)}\r\n")
        tunnel = await ask(
            proxy, f"CONNECT news.example:443 HTTP/1.1\r\n{with_pass(given)}\r\n", then=b"GET / HTTP/1.1\r\n\r\n"
        )
        await proxy.stop()
    assert plain.endswith(b"ok")
    assert tunnel.endswith(b"ok")
    assert seen == ["GET http://news.example/x HTTP/1.1", "CONNECT news.example:443 HTTP/1.1"]
    assert server.heads == []
