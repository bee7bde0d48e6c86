"""An application behind the real server, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from starlette.types import ASGIApp

from review.server import open_listener, serve


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[int]:
    """Serve an application on this machine within the block; give the port."""
    stop = asyncio.Event()
    listening = threading.Event()
    bound: list[int] = []
    loops: list[asyncio.AbstractEventLoop] = []

    def announce(port: int) -> None:
        bound.append(port)
        listening.set()

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await serve(app, await open_listener("127.0.0.1", 0), stop, on_listening=announce)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert listening.wait(10)
        yield bound[0]
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)
    assert not thread.is_alive()
