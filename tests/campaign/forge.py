"""Starts services in a moment: a process that has loaded everything once and forks for each start.

Loading the libraries and compiling the rules takes most of a start, and tests of mutants start many. What runs after
the fork is the command line as ever. The campaign itself starts ``python -m vigie``.

    python -m tests.campaign.forge SOCKET
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from scheduler.rulewatch import read_rules
from tests.campaign import mutants

ROOT = Path(__file__).parents[2]


class Forged:
    """A process that a forge started; as much of :class:`subprocess.Popen` as the campaign uses."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self.pid = int(self._answer())
        self.returncode: int | None = None

    def _answer(self) -> int:
        line = self._answers.readline()
        if not line:
            raise RuntimeError("the forge is gone")
        return int(line)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.001)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                ready = self._connection.recv(1, socket.MSG_PEEK)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired("forged", timeout or 0) from error
            self._connection.settimeout(None)
            self.returncode = self._answer() if ready else -signal.SIGKILL
            self._answers.close()
            self._connection.close()
        return self.returncode


class Forge:
    """The client's side; use as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="forge")
        self._path = Path(self._folder.name) / "socket"
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.forge", str(self._path)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._server.stdout is not None
        if self._server.stdout.readline() != b"ready\n":
            raise RuntimeError("the forge did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._server.stdout is not None
        self._server.terminate()
        self._server.wait(10)
        self._server.stdout.close()
        self._folder.cleanup()

    def start(self, arguments: Sequence[str], environment: dict[str, str], out: Path, err: Path) -> Forged:
        """Run a command line (after the mutant's name) in a process group of its own."""
        order = {"arguments": [*arguments], "environment": environment, "out": str(out), "err": str(err)}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._path))
        connection.sendall(json.dumps(order).encode() + b"\n")
        return Forged(connection)


# --- in the forge ----------------------------------------------------------------------------------------


def load() -> None:
    """Load what every start needs, and compile the rules once."""
    import scheduler.service
    import vigie.commands.archive
    import vigie.commands.records
    import vigie.importing
    import vigie.running  # noqa: F401

    builtin = read_rules(())
    mutants.put(
        scheduler.service, "read_rules", lambda read: lambda folders, data: read(folders, data) if folders else builtin
    )


def serve(path: str) -> None:
    """Take orders until the process is ended; each is watched by a process of its own."""
    load()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)  # noqa: T201
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _watch(connection)
                os._exit(0)
            connection.close()


def _watch(connection: socket.socket) -> None:
    order: dict[str, Any] = json.loads(connection.makefile("rb").readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        os._exit(_become(order))
    connection.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(order: dict[str, Any]) -> int:
    os.setsid()
    os.environ.update(order["environment"])
    for number, (file, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (order["out"], os.O_WRONLY), (order["err"], os.O_WRONLY))
    ):
        opened = os.open(file, flags | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
    name, *arguments = order["arguments"]
    try:
        mutants.become(name, arguments)
    except SystemExit as left:
        sys.stdout.flush()
        sys.stderr.flush()
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - this is the process's edge
        traceback.print_exc()
        return 70
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
