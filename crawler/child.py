"""One life of the crawler process, seen from its owner: pipes, memory, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO, Self

from crawler.wire import MAX_LINE

_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
_ROOT = Path(__file__).resolve().parent.parent


class Child:
    """A running crawler process; made by :meth:`start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._heard = time.monotonic()
        #: answers received, signs of life not counted
        self.answers = 0

    @classmethod
    async def start(cls, first_line: bytes, *, stderr: IO[bytes] | int | None, browser: bool = False) -> Self:
        """Start a process and send it its settings; with ``browser`` one that can run pages' scripts.

        Raises:
            OSError: the system starts no process.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # Without the working directory on its path: a folder of data must not shadow our modules.
            "-P",
            "-m",
            "crawler",
            *(("--browser",) if browser else ()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
            limit=MAX_LINE,
            # A group of its own, so that it can be killed with its workers and Ctrl-C stays with the owner.
            start_new_session=True,
        )
        child = cls(process)
        try:
            with contextlib.suppress(ConnectionError):
                await child.send(first_line)
        except asyncio.CancelledError:
            await child.kill()
            raise
        return child

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def send(self, line: bytes) -> None:
        """Write one line.

        Raises:
            ConnectionError: the process is gone.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        await self._process.stdin.drain()

    async def receive(self) -> bytes:
        """Return the next line, empty when the process has ended.

        Raises:
            ValueError: the line is longer than the wire allows.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        self._heard = time.monotonic()
        return line

    def silent_seconds(self) -> float:
        """Return the seconds since the process was last heard of."""
        return time.monotonic() - self._heard

    def memory(self) -> int:
        """Return the resident memory in bytes, 0 when the process is gone (``proc(5)``, statm)."""
        try:
            fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
            return int(fields[1]) * _PAGE_SIZE
        except (OSError, IndexError, ValueError):
            return 0

    async def stop(self, seconds: float) -> None:
        """End the process: no more orders, time to finish, then force."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(seconds):
                # Read on, because an answer stuck in the pipe would keep the process from ending.
                while await self._drop():
                    pass
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End the process and its workers at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()

    async def _drop(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.read(65536)


def _environment() -> dict[str, str]:
    """Return the owner's environment with our packages in reach and no proxy but the configured one."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    path = os.pathsep.join(filter(None, (str(_ROOT), kept.get("PYTHONPATH", ""))))
    # One thread a worker: arithmetic libraries reserve address space for each thread they start.
    return {**kept, "PYTHONPATH": path, "VIGIE_OWNER": str(os.getpid()), "OPENBLAS_NUM_THREADS": "1"}
