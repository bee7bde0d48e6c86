"""How quick the pages are on a full archive while a crawl is running, as their readers see it.

``python -m tests.bench_pages`` builds the archive once (``ARTICLES=1000000``, ``ARCHIVE=build/archive-of-the-bench``),
starts the real service on it with outlets of its own on loopback that print at a steady rate, and asks for each kind of
page as often as ``REQUESTS`` says: by one reader, then by four at once, the kinds in turn.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from urllib.parse import quote, urlencode

from sqlite_utils import Database

from review.paging import write_place
from storage.database import open_reader
from storage.times import from_text
from tests import archive_rows
from tests.archive_rows import Built
from tests.world import free_port

FOLDER = Path("build/archive-of-the-bench")
#: pages a second that the press prints, some hundred times what 85 sources do
RATE = 3.0
OUTLETS = 16
REQUESTS, READERS = 300, 4
#: pages that must be read before anything is measured, and how long that may take, in seconds
BEGUN, PATIENCE = 20, 120.0
#: addresses of each kind that are asked for in turn
VARIANTS = 25
#: milliseconds at the 95th percentile
LIST, SEARCH, STORY = 200.0, 300.0, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of page: addresses that are asked for in turn, and how quick it must be in milliseconds."""

    name: str
    addresses: tuple[str, ...]
    target: float


@dataclass(slots=True)
class Answers:
    """What the pages of a kind took, in milliseconds, and how large they were."""

    kind: Kind
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    size: int = 0
    #: what was answered instead of a page, and to which address
    failed: set[str] = field(default_factory=set)


# --- what is asked for ------------------------------------------------------------------------------


def kinds(database: Database, end: datetime, chance: random.Random) -> list[Kind]:
    """Choose the addresses of each kind from what the archive holds."""
    one = [row[0] for row in database.execute("SELECT id FROM story ORDER BY id").fetchall()]
    few = chance.sample(one, VARIANTS)
    large = _column(
        database, "SELECT story_id FROM article GROUP BY story_id HAVING count(*) >= 500 ORDER BY 1 DESC LIMIT 10"
    ) or _column(database, "SELECT story_id FROM article GROUP BY story_id ORDER BY count(*) DESC LIMIT 3")
    telling = _column(database, "SELECT id FROM story WHERE telling = 1 ORDER BY id DESC LIMIT 2000")
    acts = chance.sample(telling, min(VARIANTS, len(telling)))
    articles = _column(database, f"SELECT article_id FROM revision WHERE id % 97 = 3 LIMIT {VARIANTS * 4}")
    return [
        *_lists(database, end, chance),
        *_searches(database, chance),
        Kind(name="story", addresses=_paths("stories", few), target=STORY),
        Kind(name="story that tells an act", addresses=_paths("stories", acts), target=STORY),
        Kind(name="story of 500 articles and more", addresses=_paths("stories", large), target=STORY),
        Kind(name="article", addresses=_paths("articles", articles), target=STORY),
    ]  # fmt: skip


def _column(database: Database, query: str) -> list[int]:
    return [int(row[0]) for row in database.execute(query).fetchall()]


def _paths(what: str, numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"/{what}/{number}" for number in numbers)


def _desk(*conditions: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"/?{urlencode(one)}" if one else "/" for one in conditions)


def _lists(database: Database, end: datetime, chance: random.Random) -> Iterator[Kind]:
    places = [
        write_place(end - timedelta(days=chance.uniform(1, 850)), chance.randrange(1, 10**6)) for _ in range(VARIANTS)
    ]
    pairs, types = ("FRA-MLI", "DZA-FRA", "ETH-ERI", "ARM-AZE"), ("accuse", "expel_diplomats", "sever_relations")
    outlets = ("press-00", "press-40", "press-95")
    for name, addresses in (
        ("desk", _desk({})),
        ("desk, all stories", _desk({"show": "all"})),
        ("desk, far down", _desk(*({"before": place} for place in places))),
        ("desk, all stories, far down", _desk(*({"show": "all", "before": place} for place in places))),
        ("desk by severity", _desk(*({"severity": str(number)} for number in range(2, 6)))),
        ("desk by type", _desk(*({"type": one} for one in types))),
        ("desk by pair", _desk(*({"pair": one} for one in pairs))),
        ("desk by status", _desk(*({"status": one} for one in ("denied", "threatened")))),
        ("desk by source", _desk(*({"source": one} for one in outlets))),
        ("desk, all stories, by source", _desk(*({"source": one, "show": "all"} for one in outlets))),
        ("desk by language", _desk(*({"language": one} for one in ("fr", "ar", "de")))),
        ("desk by period", _desk(*({"period": one} for one in ("7d", "30d")))),
        ("desk by severity, pair, source, language", _desk(*(
            {"severity": "3", "pair": pair, "source": outlet, "language": "fr"} for pair in pairs for outlet in outlets
        ))),
        ("alerts", ("/alerts",)),
        ("sources", ("/sources",)),
        ("stories as JSON", ("/api/v1/stories", "/api/v1/stories?severity=4")),
        ("alerts as JSON", ("/api/v1/alerts",)),
        ("metrics", ("/metrics",)),
    ):  # fmt: skip
        yield Kind(name=name, addresses=addresses, target=LIST)


def _searches(database: Database, chance: random.Random) -> Iterator[Kind]:
    titles = [
        row[0].split()
        for row in database.execute("SELECT title FROM revision WHERE id % 49 = 7 ORDER BY id DESC LIMIT 200")
    ]
    texts = [
        row[0].split(".")[1].split()
        for row in database.execute(
            "SELECT body FROM revision WHERE id % 49 = 8 AND body LIKE '%.%' ORDER BY id DESC LIMIT 200"
        )
    ]
    small = [words[place] for words in texts for place in range(2, len(words)) if 3 <= len(words[place]) <= 5]
    long = [word for words in texts for word in words[2:] if len(word) >= 9 and word.isalpha()]
    phrases = [f'"{words[3]} {words[4]} {words[5]}"' for words in texts if len(words) > 8]
    names = [words[0] for words in titles]

    def some(of: Sequence[str]) -> list[str]:
        return [chance.choice(of) for _ in range(VARIANTS)]

    def all_of(texts: Sequence[str], **more: str) -> tuple[str, ...]:
        return _desk(*({"q": text, "show": "all", **more} for text in texts))

    for name, addresses in (
        ("search for a word of every article", all_of(["dans", "pour", "avec"])),
        ("search for a frequent word", all_of(some(small))),
        ("search for a word", all_of(some(long))),
        ("search for a rare name", all_of(some(names))),
        ("search among acts for a frequent word", _desk(*({"q": text} for text in some(small)))),
        ("search among acts for a word", _desk(*({"q": text} for text in some(long)))),
        ("search for a phrase", all_of(some(phrases))),
        ("search for beginnings", all_of([f"{word[:-3]}*" for word in some(long)])),
        ("search for one and another", all_of([f"{a} {b}" for a, b in zip(some(long), some(long), strict=True)])),
        ("search for one or another", all_of([f"{a} OR {b}" for a, b in zip(some(long), some(long), strict=True)])),
        ("search for one without another", all_of(
            [f"{a} NOT {b}" for a, b in zip(some(small), some(long), strict=True)])),
        ("search by type of act", _desk(*({"q": f"type:{one}"} for one in ("expel_diplomats", "close_mission")))),
        ("search by type of act and word", _desk(*({"q": f"type:accuse {word}"} for word in some(long)))),
        ("search with conditions", _desk(
            *({"q": word, "severity": "3", "pair": "FRA-MLI", "period": "30d"} for word in some(small)))),
        ("search without a hit", all_of(["zzyzzx", "qqxqqx rien"])),
        ("search as JSON", tuple(f"/api/v1/stories?q={quote(word)}" for word in some(long))),
    ):  # fmt: skip
        yield Kind(name=name, addresses=addresses, target=SEARCH)


# --- asking for it ----------------------------------------------------------------------------------


class Reader:
    """Asks for pages one after the other over a connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, address: str) -> tuple[float, int, int]:
        """Return milliseconds, status and bytes of an answer."""
        begun = time.perf_counter()
        self._connection.request("GET", address)
        answer = self._connection.getresponse()
        body = answer.read()
        return (time.perf_counter() - begun) * 1_000, answer.status, len(body)


def ask(port: int, wanted: Sequence[Kind], requests: int) -> list[Answers]:
    """Ask for all kinds, each so often alone and so often by four readers."""
    found = [Answers(kind=kind) for kind in wanted]
    reader = Reader(port)

    def put(reader: Reader, answers: Answers, number: int, took: list[float]) -> None:
        address = answers.kind.addresses[number % len(answers.kind.addresses)]
        milliseconds, status, size = reader.ask(address)
        took.append(milliseconds)
        answers.size = max(answers.size, size)
        if status != 200:
            answers.failed.add(f"{status} {address}")

    for number in range(requests):
        for answers in found:
            put(reader, answers, number, answers.alone)
    turns = itertools.cycle(range(len(found)))
    left = iter(range(requests * len(found)))
    lock = threading.Lock()

    def share() -> None:
        mine = Reader(port)
        while True:
            with lock:
                number, turn = next(left, None), next(turns)
            if number is None:
                return
            put(mine, found[turn], number // len(found), found[turn].together)

    with ThreadPoolExecutor(READERS) as pool:
        for done in [pool.submit(share) for _ in range(READERS)]:
            done.result()
    return found


# --- the service ------------------------------------------------------------------------------------


@contextlib.contextmanager
def press(rate: float) -> Iterator[list[str]]:
    """Run outlets that print at a steady rate; yield their addresses."""
    first = int(time.time()) % 10**8 * 1_000
    command = [sys.executable, "-m", "tests.bench_press", str(OUTLETS), str(10**7), str(first), str(rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def service(archive: Path, bases: Sequence[str]) -> Iterator[int]:
    """Run the real service on an archive; yield the port of its page."""
    port = free_port()
    sources = "".join(
        f'[[source]]\nid = "press-{number:02d}"\nname = "Journal {number + 1}"\nfeeds = ["{base}/feed.xml"]\n'
        f'language = "fr"\npoll = "3s"\n'
        for number, base in enumerate(bases)
    )
    watches = "".join(
        f'[[watch]]\nid = "{watch}"\npairs = [["{one}", "{other}"]]\n'
        for watch, (one, other) in archive_rows.WATCHES.items()
    )
    # The copy of the day is taken to be made: writing gigabytes beside is no part of any other moment.
    (archive / "backups").mkdir(exist_ok=True)
    for day in (datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)):
        (archive / "backups" / f"vigie-{day:%Y-%m-%d}.db").touch()
    config = archive.parent / f"{archive.name}.toml"
    config.write_text(
        f'[service]\ndata_dir = "{archive.absolute()}"\nlisten = "127.0.0.1:{port}"\ncatalogue = false\n'
        f'[network]\nallow_cidrs = ["127.0.0.0/8"]\n{sources}{watches}',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "vigie", "-c", str(config), "run"]
    with (
        config.with_suffix(".log").open("w") as log,
        subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True) as running,
    ):
        try:
            yield port
        finally:
            running.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(30)
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def _stored(archive: Path) -> int:
    database = open_reader(archive)
    try:
        return int(database.execute("SELECT max(id) FROM article").fetchone()[0])
    finally:
        database.conn.close()


def _crawling(archive: Path, port: int) -> int:
    """Wait until the service reads pages; return how many articles there are."""
    begun, first = time.monotonic(), None
    while time.monotonic() - begun < PATIENCE:
        time.sleep(0.5)  # a sampling interval, not a wait for a condition
        with contextlib.suppress(Exception):
            stored = _stored(archive)
            first = stored if first is None else first
            if stored - first >= BEGUN:
                Reader(port).ask("/healthz")
                return stored
    raise AssertionError("the service does not read its press; its log lies beside the archive")


# --- the figures ------------------------------------------------------------------------------------


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of the values do not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def report(found: Sequence[Answers]) -> tuple[list[str], bool]:
    """Return the lines of a table, and whether every kind meets its target."""
    lines = [
        f"{'milliseconds':44} {'target':>6} {'p50':>7} {'p95':>7} {'p99':>7}   4 readers: p50     p95     p99  KiB"
    ]
    holds = True
    for one in found:
        alone = [percentile(one.alone, share) for share in (0.5, 0.95, 0.99)]
        together = [percentile(one.together, share) for share in (0.5, 0.95, 0.99)]
        met = alone[1] <= one.kind.target and not one.failed
        holds &= met
        figures = " ".join(f"{value:7.0f}" for value in alone)
        others = " ".join(f"{value:7.0f}" for value in together)
        lines.append(
            f"{one.kind.name:44} {one.kind.target:6.0f} {figures}          {others} {one.size // 1024:4}"
            f"{'' if met else '  MISSED'}"
        )
        lines += [f"    {failure}" for failure in sorted(one.failed)]
    return lines, holds


def main() -> int:
    """Measure and print a table; 1 when a target is missed."""
    count = int(os.environ.get("ARTICLES") or archive_rows.ARTICLES)
    built = archive_rows.ensure(Path(os.environ.get("ARCHIVE") or FOLDER), count)
    requests, rate = int(os.environ.get("REQUESTS") or REQUESTS), float(os.environ.get("RATE") or RATE)
    print(f"archive of {count} articles, built in {built.seconds:.0f} s", flush=True)  # noqa: T201
    lines, holds = measure(built, requests, rate, os.environ.get("ONLY", ""))
    print("\n".join(lines))  # noqa: T201
    return int(not holds)


def measure(built: Built, requests: int, rate: float, only: str = "") -> tuple[list[str], bool]:
    """Run the service on an archive and ask it for pages; return lines to print, and whether all targets are met."""
    with press(rate) as bases, service(built.folder, bases) as port:
        before = _crawling(built.folder, port)
        database = open_reader(built.folder)
        try:
            last = from_text(database.execute("SELECT max(last_seen_at) FROM story").fetchone()[0])
            wanted = [kind for kind in kinds(database, last, random.Random(1)) if only in kind.name]
        finally:
            database.conn.close()
        begun = time.monotonic()
        found = ask(port, wanted, requests)
        seconds = time.monotonic() - begun
        read = _stored(built.folder) - before
    lines, holds = report(found)
    load = os.getloadavg()[0]
    lines.append(f"meanwhile {read} pages were read, {read / seconds:.1f} a second; load of the machine {load:.1f}")
    kept_up = read / seconds >= 0.8 * rate
    if not kept_up:
        lines.append(f"the crawl did not keep up with {rate} a second  MISSED")
    return lines, holds and kept_up


if __name__ == "__main__":
    sys.exit(main())
