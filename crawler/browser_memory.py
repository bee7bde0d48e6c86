"""The browser's processes, seen from the process that started them: what they take, and their end (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserProcess:
    """One process of the browser."""

    pid: int
    #: resident memory it shares with no file, in bytes
    memory: int
    #: whether it runs pages
    renders: bool


def browser_processes(root: int) -> tuple[BrowserProcess, ...]:
    """Return the browser's processes below ``root``, the crawler itself and its other children left out."""
    parents = _parents()
    found: list[BrowserProcess] = []
    for pid in _below(root, parents):
        command = _read(pid, "cmdline")
        first = command.split("\0", 1)[0].rsplit("/", 1)[-1]
        if "chrom" in first or "--type=" in command:
            found.append(BrowserProcess(pid=pid, memory=_memory(pid), renders="--type=renderer" in command))
    return tuple(found)


def to_kill(processes: tuple[BrowserProcess, ...], *, page_memory: int, memory: int) -> tuple[BrowserProcess, ...]:
    """Return the processes that took too much: the pages above their bound, or else all when the sum is."""
    greedy = tuple(process for process in processes if process.renders and process.memory > page_memory)
    if greedy:
        return greedy
    return processes if sum(process.memory for process in processes) > memory else ()


def kill(processes: tuple[BrowserProcess, ...]) -> None:
    """End processes at once."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)


def _parents() -> dict[int, int]:
    """Return the parent of every process (``proc(5)``, stat)."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError, ValueError):
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                parents[int(folder.name)] = int(text.rsplit(")", 1)[1].split()[1])
    return parents


def _below(root: int, parents: Mapping[int, int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    waiting, found = [root], []
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _memory(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return (int(fields[1]) - int(fields[2])) * _PAGE_SIZE if len(fields) > 2 else 0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
