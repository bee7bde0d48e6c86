"""What the kernel knows of running processes: children, memory now, memory at its height (``proc(5)``)."""

from __future__ import annotations

import contextlib
from pathlib import Path

MEBIBYTE = 1024 * 1024


def descendants(pid: int) -> set[int]:
    """Return a process and all that came of it and still runs."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
            if fields[0] != "Z":
                parents[int(path.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident(pid: int) -> int:
    """Return the resident memory in bytes, 0 when the process is gone."""
    return _status(pid, "VmRSS")


def peak(pid: int | str) -> int:
    """Return the largest resident memory since :func:`forget_peak`, in bytes."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int | str) -> None:
    """Let the kernel measure the height of memory anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def proportional(pid: int) -> int:
    """Return the memory of a process with shared pages divided among those that share them (PSS), in bytes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _status(pid: int | str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0
