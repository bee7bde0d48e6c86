"""The command line, run by a process that has already read the program and its rules: each command is a fork of it.

A command of its own spends two seconds of a processor on reading what every command reads, a fork none; what it does
afterwards is the same. The service itself is started as people start it, see :func:`tests.world.start_vigie`.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: a request fits into one of these many bytes; the environment is most of it
_LONGEST = 1 << 17


@cache
def _server() -> socket.socket:
    """Start the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _LONGEST)
    with theirs:
        command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
        process = subprocess.Popen(
            command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def leave() -> None:
        ours.close()
        process.wait(10)

    atexit.register(leave)
    return ours


def run(arguments: list[str], cwd: Path | None, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it wrote.

    Raises:
        TimeoutExpired: it was killed, as it took longer than ``timeout`` seconds.
    """
    server = _server()
    asked = {"arguments": arguments, "cwd": str(cwd or Path.cwd()), "environment": dict(os.environ)}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        socket.send_fds(server, [json.dumps(asked).encode()], [output.fileno(), errors.fileno()])
        pid = json.loads(server.recv(_LONGEST))
        server.settimeout(timeout)
        try:
            status = json.loads(server.recv(_LONGEST))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            server.settimeout(None)
            server.recv(_LONGEST)
            raise subprocess.TimeoutExpired(arguments, timeout) from None
        finally:
            server.settimeout(None)
        told = []
        for file in (output, errors):
            file.seek(0)
            told.append(file.read().decode("utf-8"))
    return subprocess.CompletedProcess(["vigie", *arguments], os.waitstatus_to_exitcode(status), *told)


def _become(asked: dict[str, Any], descriptors: list[int]) -> None:
    """Run the command line in place of this process."""
    from vigie.__main__ import main

    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    random.seed()
    sys.argv = ["vigie", *asked["arguments"]]
    main()


def _serve(client: socket.socket) -> None:
    """Fork for one request after the other until nobody asks any more."""
    from detection.engine import load_rules

    load_rules()
    while True:
        data, descriptors, _, _ = socket.recv_fds(client, _LONGEST, 2)
        if not data:
            return
        pid = os.fork()
        if not pid:
            client.close()
            _become(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        client.send(json.dumps(pid).encode())
        client.send(json.dumps(os.waitpid(pid, 0)[1]).encode())


if __name__ == "__main__":
    import vigie.commands  # noqa: F401 (what every command reads)

    _serve(socket.socket(fileno=int(sys.argv[1])))
