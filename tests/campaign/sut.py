"""The service under test: started by its command line, in a process group of its own, and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.campaign.forge import Forge, Forged
from tests.processes import descendants

ROOT = Path(__file__).parents[2]


class Sut:
    """One archive and its configuration; at most one service runs on it.

    Args:
        folder: holds configuration, archive and log.
        wrapper: what runs the command line instead of Python alone, such as a mutant (:mod:`tests.campaign.mutants`).
        tracer: a command before it, such as strace.
        environment: more variables.
        forge: starts the mutant that ``wrapper`` names in a moment, see :mod:`tests.campaign.forge`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        wrapper: Sequence[str] = ("-m", "vigie"),
        tracer: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        forge: Forge | None = None,
    ) -> None:
        self.folder = folder
        self.config = folder / "vigie.toml"
        self.wrapper = tuple(wrapper)
        self.tracer = tuple(tracer)
        self.environment = dict(environment or {})
        self.process: subprocess.Popen[bytes] | Forged | None = None
        self._forge = forge
        self._tree: set[int] = set()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """The archive's main file."""
        return self.data / "vigie.db"

    @property
    def alive(self) -> bool:
        """Whether the service runs."""
        return self.process is not None and self.process.poll() is None

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [*self.tracer, sys.executable, *self.wrapper, "-c", str(self.config), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes] | Forged:
        """Start the service, or another command, in a group of its own."""
        log = self.folder / "vigie.log"
        self.process = self._begin(arguments or ("run",), log, log)
        return self.process

    def run(self, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        out, err = self.folder / "command.out", self.folder / "command.err"
        for file in (out, err):
            file.unlink(missing_ok=True)
        process = self._begin(arguments, out, err)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait(20)
        said = [file.read_text(encoding="utf-8", errors="replace") for file in (out, err)]
        return subprocess.CompletedProcess(arguments, code, *said)

    def _begin(self, arguments: Sequence[str], out: Path, err: Path) -> subprocess.Popen[bytes] | Forged:
        if self._forge is not None and not self.tracer:
            name = self.wrapper[2] if len(self.wrapper) > 2 else "sound"
            return self._forge.start([name, "-c", str(self.config), *arguments], self.environment, out, err)
        with out.open("ab") as output, err.open("ab") as errors:
            return subprocess.Popen(
                self.command(*arguments), stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True, env=self._environment(),
            )  # fmt: skip

    def kill(self, *, group: bool = True) -> None:
        """Kill at once: the whole group, or its leader alone, as the system does when memory runs out."""
        if self.process is None:
            return
        self._tree = descendants(self.process.pid) - {self.process.pid}
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self, within: float = 30) -> int:
        """Ask it to end and return its exit code."""
        assert self.process is not None
        if self.alive:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def orphans(self) -> set[int]:
        """Return processes of the last killed service that still run."""
        return {pid for pid in self._tree if Path(f"/proc/{pid}").exists() and not _is_zombie(pid)}

    def integrity(self) -> str:
        """Return what SQLite says of the archive."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return str(connection.execute("pragma integrity_check").fetchone()[0])

    def log(self) -> str:
        """Return the log so far."""
        return (self.folder / "vigie.log").read_text(encoding="utf-8", errors="replace")

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(holds: Callable[[], bool], within: float) -> bool:
    """Wait for a condition; tell whether it came."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
