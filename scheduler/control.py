"""The owner's control socket: changes from the command line while the service runs.

A Unix socket in the data folder, which only its owner may enter. One JSON object a line goes in,
``{"change": name, "given": {…}, "by": name of who asks}``; one comes out, ``{"done": sentence}`` or
``{"error": sentence}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from scheduler.errors import ControlError, SchedulerError
from storage.errors import StorageError
from storage.types import Done, Person, Role

SOCKET_NAME = "control.sock"
#: longest request or answer, in bytes
LONGEST = 64 * 1024
#: seconds either side waits for the other
DEADLINE = 10.0

Perform = Callable[[str, dict[str, Any], Person], Awaitable[Done]]


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Name the socket through a descriptor of its folder: the path itself may exceed the 107 bytes of sun_path."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


async def listen(folder: Path, perform: Perform) -> asyncio.Server:
    """Start answering; the caller owns the folder, so a socket left behind belongs to a dead process."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await _answer(await reader.readline(), perform)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # a caller that goes away, stalls or talks without end gets no answer
        finally:
            writer.close()

    (folder / SOCKET_NAME).unlink(missing_ok=True)
    with _address(folder) as address:
        server = await asyncio.start_unix_server(serve, path=address, limit=LONGEST)
    (folder / SOCKET_NAME).chmod(0o600)
    return server


async def _answer(line: bytes, perform: Perform) -> dict[str, str]:
    try:
        request = json.loads(line)
        by = Person(id=None, name=str(request["by"]), role=Role.ADMIN)
        done = await perform(str(request["change"]), dict(request["given"]), by)
        return {"done": done.sentence}
    except (StorageError, SchedulerError) as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"the request cannot be read ({error})"}


def ask(folder: Path, change: str, given: dict[str, Any], *, by: str) -> str:
    """Ask the running owner of ``folder`` for a change and return what it did.

    Raises:
        ControlError: it does not answer, or could not do it.
    """
    try:
        with _address(folder) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(DEADLINE)
            client.connect(address)
            client.sendall(json.dumps({"change": change, "given": given, "by": by}).encode() + b"\n")
            with client.makefile("rb") as stream:
                answer = json.loads(stream.readline(LONGEST))
    except (OSError, ValueError) as error:
        message = f"the running service does not answer ({error}); try again, or stop it first"
        raise ControlError(message) from error
    if "error" in answer:
        raise ControlError(str(answer["error"]))
    return str(answer["done"])
