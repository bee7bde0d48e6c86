"""How fast the whole path is, from a local press into the archive, beside what extraction alone could reach.

The limit is trafilatura, with its own metadata, on all cores in the same run; the service does that work and
fetches, detects, places into stories and stores durably besides. While it reads, the page is asked again and
again, and the memory of the whole process tree is added up.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import open_reader
from tests.bench_press import page
from tests.processes import MEBIBYTE, descendants, proportional, resident
from tests.world import free_port

OUTLETS = 16
#: pages whose extraction is timed alone
SAMPLE = 240
#: seconds between two requests for the page while the crawl runs
ASK_EVERY = 0.5
#: seconds between two looks at the archive, and at the memory
SAMPLE_EVERY, WEIGH_EVERY = 0.5, 2.0
#: the crawl is given up when nothing is stored for so long, in seconds
STALLED = 60.0


@dataclass(slots=True)
class Measured:
    """What was seen while the service read all pages."""

    rate: float = 0.0
    #: MiB, the whole process tree: shared pages counted once (PSS), and each process's own view added up (RSS)
    peak_pss: float = 0.0
    peak_rss: float = 0.0
    #: seconds the page took
    answers: list[float] = field(default_factory=list)
    stored: int = 0
    #: CPU seconds a page of the owner, the crawler and the extraction processes; other work on the machine
    #: hardly changes them
    cpu: dict[str, float] = field(default_factory=dict)


def _extract(number: int) -> tuple[int, float]:
    from trafilatura import bare_extraction

    html = page(number, "http://127.0.0.1")
    start = time.process_time()
    document = bare_extraction(html, with_metadata=True)
    return len(getattr(document, "text", "") or ""), time.process_time() - start


def limit() -> tuple[float, float]:
    """Return (pages a second, CPU seconds a page) of trafilatura alone on all cores."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        pool.map(_extract, range(16))
        start = time.perf_counter()
        answers = pool.map(_extract, range(SAMPLE), chunksize=4)
        rate = SAMPLE / (time.perf_counter() - start)
    if not all(length for length, _ in answers):
        raise AssertionError("trafilatura found no text on a page of the bench")
    return rate, sum(seconds for _, seconds in answers) / SAMPLE


@contextlib.contextmanager
def _press(pages: int) -> Iterator[list[str]]:
    command = [sys.executable, "-m", "tests.bench_press", str(OUTLETS), str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def crawl(pages: int) -> Measured:
    """Let the real service read ``pages`` pages and return what was measured."""
    with tempfile.TemporaryDirectory() as name, _press(pages) as bases:
        folder = Path(name)
        port = free_port()
        config = _configuration(folder, bases, port)
        command = [sys.executable, "-m", "vigie", "-c", str(config), "run"]
        with (
            (folder / "log").open("w") as log,
            subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True) as service,
        ):
            try:
                return _watch(folder / "data", service.pid, port, pages)
            finally:
                service.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    service.wait(15)
                if service.poll() is None:
                    os.killpg(service.pid, signal.SIGKILL)


def _watch(data: Path, owner: int, port: int, pages: int) -> Measured:
    measured = Measured()
    done = threading.Event()
    asking = threading.Thread(target=_ask, args=(port, measured, done))
    first = max(pages // 10, 50)
    begun: tuple[float, int, dict[str, float]] | None = None
    last_change = weigh = time.monotonic()
    while measured.stored < pages:
        time.sleep(SAMPLE_EVERY)  # a sampling interval, not a wait for a condition
        stored = _stored(data)
        now = time.monotonic()
        if stored != measured.stored:
            last_change = now
        elif now - last_change > STALLED:
            break
        measured.stored = stored
        if begun is None and stored >= first:
            begun = (now, stored, _cpu(owner))
            asking.start()
        if now < weigh:
            continue
        # Adding up shared memory costs the machine as much as a page does.
        weigh = now + WEIGH_EVERY
        pss, rss = _memory(owner)
        measured.peak_pss, measured.peak_rss = max(measured.peak_pss, pss), max(measured.peak_rss, rss)
    done.set()
    if begun is not None:
        asking.join()
        pages_read = max(measured.stored - begun[1], 1)
        measured.rate = pages_read / (last_change - begun[0])
        measured.cpu = {part: (used - begun[2].get(part, 0.0)) / pages_read for part, used in _cpu(owner).items()}
    return measured


def _stored(data: Path) -> int:
    try:
        database = open_reader(data)
    except Exception:  # noqa: BLE001 - the service has not made its archive yet
        return 0
    try:
        return int(database.execute("SELECT count(*) FROM article").fetchone()[0])
    finally:
        database.conn.close()


def _ask(port: int, measured: Measured, done: threading.Event) -> None:
    addresses = [f"http://127.0.0.1:{port}{path}" for path in ("/", "/api/v1/stories")]
    while not done.wait(ASK_EVERY):
        for address in addresses:
            start = time.perf_counter()
            with urllib.request.urlopen(address, timeout=30) as answer:
                answer.read()
            measured.answers.append(time.perf_counter() - start)


def _memory(owner: int) -> tuple[float, float]:
    """Return (PSS, RSS) in MiB of a process and everything below it."""
    tree = descendants(owner)
    return sum(map(proportional, tree)) / MEBIBYTE, sum(map(resident, tree)) / MEBIBYTE


def _cpu(owner: int) -> dict[str, float]:
    """Return the CPU seconds that the parts of a process tree used, ended children included."""
    used = {"owner": 0.0, "crawler": 0.0, "extraction": 0.0}
    for process in descendants(owner):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{process}/cmdline").read_bytes()
            part = "owner" if process == owner else "crawler" if b"\0crawler\0" in command else "extraction"
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            used[part] += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return used


def _configuration(folder: Path, bases: list[str], port: int) -> Path:
    sources = "".join(
        f'[[source]]\nid = "outlet-{number}"\nfeeds = ["{base}/feed.xml"]\nlanguage = "fr"\npoll = "1s"\n'
        for number, base in enumerate(bases)
    )
    path = folder / "vigie.toml"
    path.write_text(
        f'[service]\ndata_dir = "data"\nlisten = "127.0.0.1:{port}"\ncatalogue = false\n'
        f'[network]\nallow_cidrs = ["127.0.0.0/8"]\n{sources}'
        '[[watch]]\nid = "bench"\npairs = [["FRA", "MLI"]]\n',
        encoding="utf-8",
    )
    return path


def report(pages: int) -> list[tuple[str, str, bool]]:
    """Measure and return (figure, value, whether it meets its target)."""
    before = limit()
    measured = crawl(pages)
    after = limit()
    alone = (before[0] + after[0]) / 2
    cpu_alone = (before[1] + after[1]) / 2
    ratio = measured.rate / alone
    parts = ", ".join(f"{part} {seconds * 1000:.1f}" for part, seconds in measured.cpu.items())
    p95 = statistics.quantiles(measured.answers, n=20)[-1] * 1000 if len(measured.answers) > 20 else float("nan")
    return [
        ("pages stored", f"{measured.stored} of {pages}", measured.stored == pages),
        ("trafilatura alone, all cores", f"{before[0]:.1f} and {after[0]:.1f} pages/s", True),
        ("whole path, press to archive", f"{measured.rate:.1f} pages/s", True),
        ("CPU a page, trafilatura alone", f"{cpu_alone * 1000:.1f} ms", True),
        ("CPU a page, whole path", f"{sum(measured.cpu.values()) * 1000:.1f} ms ({parts})", True),
        ("ratio (at least 0.8)", f"{ratio:.2f}", ratio >= 0.8),
        ("page while crawling, p95 (under 200 ms)", f"{p95:.0f} ms of {len(measured.answers)} answers", p95 < 200),
        ("memory of the tree, peak PSS (1 GiB)", f"{measured.peak_pss:.0f} MiB", measured.peak_pss <= 1024),
        ("memory of the tree, peak sum of RSS", f"{measured.peak_rss:.0f} MiB", True),
    ]


def main(pages: int) -> int:
    """Print the figures; 1 when a target is missed."""
    rows = report(pages)
    for name, value, holds in rows:
        print(f"{name:44} {value}{'' if holds else '  MISSED'}", flush=True)  # noqa: T201
    return int(not all(holds for _, _, holds in rows))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
