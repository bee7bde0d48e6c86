"""``make soak``: a day of 85 sources at sixty times the speed, and a verdict as JSON.

The service runs as users run it (``vigie run`` with a configuration file) against the press of
:mod:`tests.soak_press`, which notes every request. Judged are the requests (robots.txt, one at a time,
Crawl-delay, Retry-After, identity), the memory and the open files of the whole process tree. Linux only:
each outlet has its own loopback address, and ``/proc`` is read.

    python -m tests.soak [HOURS]    simulated hours, 24 by default; an hour takes a minute
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.politeness import Ledger, trend, violations
from tests.processes import descendants
from tests.soak_press import HOUR, Manner, Outlet, Press
from tests.world import free_port

#: seconds between two samples
EVERY = 2.0
#: share of the run, and seconds at most, that are warm-up for the trends
WARM_UP, LONGEST_WARM_UP = 0.25, 360.0
#: MiB that the process tree may grow over a day of the press
GROWTH_A_DAY = 32.0
#: open files that it may gain over a day
FILES_A_DAY = 8.0
#: share of the articles, published a while before the end, that must have been read
READ = 0.97
#: seconds an article may take from its publication to its page being read, for that count; less in a short run
GRACE, SHORT_GRACE = 150.0, 0.4
_MEBIBYTE = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Samples:
    """Resident memory in MiB and open files over time, by role in the process tree."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    files: list[tuple[float, float]] = field(default_factory=list)

    def take(self, root: int, seconds: float) -> None:
        """Add a sample of the tree below ``root``."""
        by_role: dict[str, float] = defaultdict(float)
        files = 0
        for pid in descendants(root):
            try:
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / _MEBIBYTE
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                files += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
            except (OSError, IndexError):
                continue
            role = "owner" if pid == root else "crawler" if b"-m\0crawler" in command else "workers"
            by_role[role] += resident
        by_role["tree"] = sum(by_role.values())
        for role, resident in by_role.items():
            self.memory[role].append((seconds, resident))
        self.files.append((seconds, float(files)))


async def replay(hours: float, folder: Path) -> dict[str, Any]:
    """Run the service through so many simulated hours and return the verdict."""
    press = Press(hours)
    samples = Samples()
    async with press.open():
        config = folder / "vigie.toml"
        config.write_text(press.configuration(str(folder / "data"), f"127.0.0.1:{free_port()}"), encoding="utf-8")
        with (folder / "vigie.log").open("wb") as log:
            service = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "vigie", "-c", str(config), "run", stdout=log, stderr=log
            )
            try:
                await _watch(service, press, samples, hours)
            finally:
                if service.returncode is None:
                    service.send_signal(signal.SIGTERM)
                code = await asyncio.wait_for(service.wait(), 30)
    return _verdict(press, samples, folder, hours, code)


async def _watch(service: asyncio.subprocess.Process, press: Press, samples: Samples, hours: float) -> None:
    told = time.monotonic()
    while press.seconds() < hours * HOUR:
        if service.returncode is not None:
            raise RuntimeError(f"vigie ended by itself with {service.returncode}; see its log")
        # In a thread: reading /proc takes a while, in which requests would be noted late.
        await asyncio.to_thread(samples.take, service.pid, press.seconds())
        if time.monotonic() - told > HOUR:
            told = time.monotonic()
            resident = samples.memory["tree"][-1][1]
            print(  # noqa: T201
                f"hour {press.seconds() / HOUR:4.1f}: {len(press.ledger.asked)} requests, {resident:.0f} MiB",
                file=sys.stderr,
            )
        await asyncio.sleep(EVERY)


def _verdict(press: Press, samples: Samples, folder: Path, hours: float, code: int) -> dict[str, Any]:
    found = violations(press.ledger, press.rules(), delay=1.0)
    warm = min(hours * HOUR * WARM_UP, LONGEST_WARM_UP)
    memory = {
        role: _line([sample for sample in taken if sample[0] > warm]) for role, taken in sorted(samples.memory.items())
    }
    files = _line([sample for sample in samples.files if sample[0] > warm])
    read = _reading(press, folder)
    checks = {
        "no rule was broken": not found,
        "memory is flat": memory["tree"]["growth_a_day"] <= GROWTH_A_DAY,
        "open files are flat": files["growth_a_day"] <= FILES_A_DAY,
        "articles were read": read["share"] >= READ,
        "the press was difficult": _was_difficult(press),
        "the service stopped by itself": code == 0,
    }
    return {
        "passed": all(checks.values()),
        "checks": checks,
        "simulated_hours": hours,
        "sources": len(press.outlets),
        "requests": _requests(press.ledger),
        "reading": read,
        "memory_mib": memory,
        "open_files": files,
        "violations": {"count": len(found), "first": found[:20]},
    }


def _line(samples: list[tuple[float, float]]) -> dict[str, float]:
    line = trend(samples)
    a_day = line.slope * 24 * HOUR
    return {"median": round(line.median, 1), "highest": round(line.highest, 1), "growth_a_day": round(a_day, 2)}


def _requests(ledger: Ledger) -> dict[str, int]:
    asked = ledger.asked
    return {
        "all": len(asked),
        "robots": sum(each.path == "/robots.txt" for each in asked),
        "lists": sum(each.path.endswith(".xml") for each in asked),
        "unchanged": sum(each.status == 304 for each in asked),
        "pages": sum(each.path.endswith(".html") for each in asked),
        "asked_for_patience": sum(each.retry_after is not None for each in asked),
        "walled": sum(each.status == 403 for each in asked),
    }


def _reading(press: Press, folder: Path) -> dict[str, Any]:
    """Return how many of the articles that could be read were, and how soon their pages were first asked for."""
    first: dict[str, float] = {}
    for each in press.ledger.asked:
        if each.status == 200 and each.path.endswith(".html"):
            first.setdefault(each.path, each.start - press.start)
    end = press.seconds() - min(GRACE, SHORT_GRACE * press.hours * HOUR)
    delays, missing = [], []
    for outlet in press.outlets:
        for number in _readable(outlet, end):
            seen = first.get(outlet.path(number))
            if seen is None:
                missing.append(outlet.path(number))
            else:
                delays.append(seen - outlet.moments[number])
    total = len(delays) + len(missing)
    with sqlite3.connect(folder / "data" / "vigie.db") as database:
        stored = database.execute("SELECT count(*) FROM article").fetchone()[0]
    return {
        "readable": total,
        "share": round(len(delays) / total, 4) if total else 0.0,
        "stored": stored,
        "median_seconds": round(median(delays), 1) if delays else None,
        "missing": missing[:10],
    }


def _readable(outlet: Outlet, end: float) -> list[int]:
    """Return the articles that an untroubled reader could have read."""
    troubled = {Manner.WALLED, Manner.CLOSED, Manner.ROBOTS_DOWN, Manner.BROKEN, Manner.SILENT}
    if outlet.manner in troubled or outlet.host.manner in troubled:
        return []
    numbers = range(outlet.published(end))
    return [number for number in numbers if not outlet.path(number).startswith(outlet.host.rules.disallow or "\0")]


def _was_difficult(press: Press) -> bool:
    """Whether every peculiarity came up, so that the verdict says something."""
    patient = {outlet.manner for outlet in press.outlets if outlet.asked_patience}
    hosts = press.ledger.by_host()
    slowed = [outlet for outlet in press.outlets if outlet.rules.crawl_delay and len(hosts[outlet.address]) > 5]
    trapped = [
        outlet
        for outlet in press.outlets
        if any("/private/" in outlet.path(number) for number in range(outlet.published(press.seconds())))
    ]
    return {Manner.SECONDS, Manner.DATE, Manner.SILENT} <= patient and len(slowed) > 10 and len(trapped) > 5


def main() -> int:
    """Print the verdict; 1 when a check failed."""
    parser = argparse.ArgumentParser(description="Replay a day of the press at sixty times the speed.")
    parser.add_argument("hours", nargs="?", type=float, default=24.0, help="simulated hours; an hour takes a minute")
    parser.add_argument("--keep", type=Path, help="folder for the archive and the log, kept afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        verdict = asyncio.run(replay(given.hours, folder))
    print(json.dumps(verdict, indent=2, ensure_ascii=False))  # noqa: T201
    return 0 if verdict["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
