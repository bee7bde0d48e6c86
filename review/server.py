"""Running the page inside the owner's event loop: bounded, without signal handlers, stopped gently."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from review.errors import ListenError

#: connections at once; more get 503
MOST_CONNECTIONS = 256
#: request line and headers together, in bytes
LARGEST_HEADERS = 16 * 1024
#: how long an idle connection is kept after an answer, in seconds
KEEP_ALIVE = 15
#: how long a client may take to send a request's headers, in seconds
HEADER_DEADLINE = 10.0
#: how long a client may take to agree on TLS, in seconds: asyncio's own minute holds a connection that nobody counts
HANDSHAKE_DEADLINE = 10.0
#: how long running answers may take once the service stops, in seconds
GRACE = 2
#: how long a thread of the process computes before others may, in seconds: Python's own 5 ms, waited after each row
#: that a page reads while an article is being detected in another thread, make a page take three times as long
SWITCH_AFTER = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """A certificate of our own."""

    #: PEM, with the chain up to what browsers know
    certificate: Path
    #: PEM; None: stands beside the certificate
    key: Path | None = None


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that closes connections whose request headers do not arrive in time (slow-loris clients)."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base does
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Start the clock of a further request, stop it once the headers are here."""
        super().data_received(data)
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if not waiting:
            self._stop_clock()
        elif self._deadline is None:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(HEADER_DEADLINE, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """A server that leaves signals to the process that owns it and says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup([] if self.config.ssl else sockets)
        if self.config.ssl:
            # uvicorn has no setting for the handshake's deadline, so what speaks TLS is opened here.
            self.servers = [await self._open_tls(listener, self.config.ssl) for listener in sockets or ()]
        self._listening()

    async def _open_tls(self, listener: socket.socket, context: ssl.SSLContext) -> asyncio.Server:
        def protocol() -> PatientProtocol:
            return PatientProtocol(self.config, self.server_state, self.lifespan.state)

        return await asyncio.get_running_loop().create_server(
            protocol, sock=listener, ssl=context, backlog=self.config.backlog, ssl_handshake_timeout=HANDSHAKE_DEADLINE
        )


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    tls: Tls | None = None,
    on_listening: Callable[[int], None] | None = None,
) -> None:
    """Serve the application until ``stop`` is set, then let running answers end, for at most 3 seconds.

    Args:
        app: the application.
        listener: where it listens, see :func:`open_listener`; closed at the end.
        stop: ends the service.
        tls: the certificate to speak TLS with, None to speak plainly.
        on_listening: called with the port once connections are accepted.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_AFTER)
    bound = int(listener.getsockname()[1])
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        ssl_certfile=None if tls is None else str(tls.certificate),
        ssl_keyfile=None if tls is None or tls.key is None else str(tls.key),
    )
    server = _Server(config, lambda: on_listening(bound) if on_listening else None)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        try:
            await asyncio.shield(serving)
        finally:
            listener.close()
            sys.setswitchinterval(before)


async def open_listener(host: str, port: int) -> socket.socket:
    """Take the address of the page, before anything else is started: a taken port must not cost a start.

    Args:
        host: address or name to listen on.
        port: port to listen on; 0 takes any free one.

    Raises:
        ListenError: the address cannot be had.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise ListenError(host, port, error) from error
    return listener
