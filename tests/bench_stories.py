"""How fast an article finds its story in a full archive, what that costs in memory and on disk, and how well it does.

``python -m tests.bench_stories [ARTICLES ...]`` fills an archive for each number, by the way of every article but
without detection, then places a stream of dispatches, copies, follow-ups and others one by one, each in a durable
transaction of its own. Every archive has a process of its own, so that memory is its own too. Beside it MinHash LSH, in
memory, when the package ``datasketch`` is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import ParamSpec, TypeVar

from sqlite_utils import Database

from detection.stories.words import words
from scheduler.maintenance import FINGERPRINTS_KEPT
from scheduler.placing import Placed, put_into_story
from storage import articles, sources, stories
from storage.database import open_writer, transaction
from storage.types import Article
from tests.wire_stream import OUTLETS, Kind, Wire, WireDocument

ARTICLES = 20_000
DOCUMENTS = 5_000
#: articles that come in a day, and of the background in one transaction
A_DAY = 4_000
BATCH = 100
#: a Monday
BEGIN = datetime(2025, 3, 3, tzinfo=UTC)
#: articles of the background that MinHash holds at most; words in a shingle, permutations and least similarity
SAMPLE = 20_000
SHINGLE, PERMUTATIONS, SIMILAR = 2, 128, 0.5

#: articles a second, times slower with the largest archive, MiB, bytes an article
LEAST_RATE, MOST_SLOWDOWN, MOST_MEMORY, MOST_BYTES = 300.0, 1.5, 500.0, 1_536.0
_MEBIBYTE = 1 << 20

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured, and what it should reach at least or at most."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def held(self) -> bool:
        """Whether it reached what it should."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def line(self) -> str:
        """The figure as ``make bench`` prints it."""
        digits = 3 if abs(self.value) < 10 else 1 if abs(self.value) < 100 else 0
        value = f"{self.value:10,.{digits}f} {self.unit}"
        bounds = [] if self.least is None else [f"at least {self.least:,g}"]
        bounds += [] if self.most is None else [f"at most {self.most:,g}"]
        if not bounds:
            return f"{self.name:58} {value}"
        return f"{self.name:58} {value:30} ({', '.join(bounds)}{'' if self.held else ': NOT HELD'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What a method made of a stream: for each document its group, and whether it would be told."""

    groups: tuple[str, ...]
    told: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An archive and the stream placed in it."""

    articles: int
    grouping: Grouping
    #: documents that were taken for copies of the background
    lost: int
    #: seconds of processor time to fill the archive, and of the longest letting go of old fingerprints
    filling: float
    forgetting: float
    #: for each document: seconds of the clock, of processor time, and of that in placing alone
    clock: tuple[float, ...]
    processor: tuple[float, ...]
    placing: tuple[float, ...]
    #: bytes: the peak of memory, the whole archive, what finds stories in it, and its texts
    memory: int
    disk: int
    finding: int
    text: int
    #: articles that can be found still
    findable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """MinHash LSH over the same stream."""

    grouping: Grouping
    #: documents held before the stream came
    held: int
    #: seconds of processor time for the stream
    seconds: float
    #: peak of memory in bytes
    memory: int


def fill(database: Database, wire: Wire, count: int) -> tuple[datetime, float, int]:
    """Fill an archive with unrelated articles; return when they end, the longest letting go, and bytes of text."""
    with transaction(database):
        for outlet in OUTLETS:
            sources.ensure(database, outlet, outlet, "", BEGIN)
    longest, now, text = 0.0, BEGIN, 0
    for first in range(0, count, BATCH):
        batch = [
            wire.article(number, BEGIN + timedelta(days=number / A_DAY))
            for number in range(first, min(first + BATCH, count))
        ]
        with transaction(database):
            for number, document in enumerate(batch, first):
                _put(database, document, f"background/{number}")
        if now.date() != batch[-1].at.date():
            begun = time.perf_counter()
            with transaction(database):
                stories.forget_fingerprints(database, batch[-1].at - FINGERPRINTS_KEPT)
            longest = max(longest, time.perf_counter() - begun)
        now = batch[-1].at
        text += sum(map(_size, batch))
    return now, longest, text


def measure_archive(count: int, documents: int, seed: int = 1) -> Filled:
    """Fill an archive with ``count`` articles, place a stream in it, and return what that took."""
    wire = Wire(seed)
    with tempfile.TemporaryDirectory() as folder:
        database = open_writer(Path(folder))
        try:
            begun = time.process_time()
            now, forgetting, text = fill(database, wire, count)
            filling = time.process_time() - begun
            stream = wire.stream(documents, now)
            clock, processor, placing, placed = [], [], [], []
            ids: list[int] = []
            for number, document in enumerate(stream):
                begun, worked = time.perf_counter(), time.process_time()
                with transaction(database):
                    article_id, answer, alone = _put(database, document, f"stream/{number}")
                clock.append(time.perf_counter() - begun)
                processor.append(time.process_time() - worked)
                placing.append(alone)
                placed.append(answer)
                ids.append(article_id)
            memory = _peak_memory()
            disk = _pages(database, "page_count") - _pages(database, "freelist_count")
            findable = database.execute("SELECT count(DISTINCT article_id) FROM fingerprint").fetchone()[0]
            return Filled(
                articles=count,
                grouping=Grouping(
                    groups=tuple(str(one.copy_of or own) for one, own in zip(placed, ids, strict=True)),
                    told=tuple(one.copy_of is None or bool(one.novel_paragraphs) for one in placed),
                ),
                lost=sum(one.copy_of is not None and one.copy_of < ids[0] for one in placed),
                filling=filling,
                forgetting=forgetting,
                clock=tuple(clock),
                processor=tuple(processor),
                placing=tuple(placing),
                memory=memory,
                disk=disk,
                finding=_bytes_that_find(database),
                text=text + sum(map(_size, stream)),
                findable=findable,
            )
        finally:
            database.conn.close()


def _put(database: Database, document: WireDocument, key: str) -> tuple[int, Placed, float]:
    """Store and place a document; return its id, its place, and the seconds of processor time that placing took."""
    article = Article(
        source_id=document.outlet,
        url=f"https://{document.outlet}.example/{key}",
        title=document.title,
        paragraphs=document.paragraphs,
        language="fr",
        published_at=document.at,
        fetched_at=document.at,
    )
    saved = articles.save(database, article, key=key, origin=document.outlet, now=document.at)
    begun = time.process_time()
    placed = put_into_story(database, article, saved, (), document.outlet)
    return saved.article_id, placed, time.process_time() - begun


def _size(document: WireDocument) -> int:
    return sum(len(text.encode()) for text in (document.title, *document.paragraphs))


def _bytes_that_find(database: Database) -> int:
    """Return the bytes of the tables of fingerprints and names with their indexes: what emptying them sets free."""
    before = _pages(database, "freelist_count")
    with transaction(database):
        for table in ("fingerprint", "name"):
            database.execute(f"DELETE FROM {table}")
    return _pages(database, "freelist_count") - before


def _pages(database: Database, pragma: str) -> int:
    """Return a number of pages in bytes."""
    (count,) = database.execute(f"PRAGMA {pragma}").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    return int(count) * int(size)


def _peak_memory() -> int:
    """Return the most memory that this process had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure_minhash(count: int, documents: int, seed: int = 1) -> Compared:
    """Group the same stream by MinHash LSH among the last articles of the background, all of it in memory."""
    datasketch = importlib.import_module("datasketch")
    wire = Wire(seed)
    index = datasketch.MinHashLSH(threshold=SIMILAR, num_perm=PERMUTATIONS)
    known: dict[str, tuple[object, str]] = {}

    def add(key: str, document: WireDocument) -> str:
        sketch = datasketch.MinHash(num_perm=PERMUTATIONS)
        own = words("\n".join(document.paragraphs))
        sketch.update_batch([" ".join(pair).encode() for pair in pairwise(own)])
        alike = [(sketch.jaccard(known[other][0]), known[other][1]) for other in sorted(index.query(sketch))]
        best = max(alike, key=lambda one: one[0], default=(0.0, key))
        group = best[1] if best[0] >= SIMILAR else key
        known[key] = sketch, group
        index.insert(key, sketch)
        return group

    held = min(count, SAMPLE)
    for number in range(count - held, count):
        add(f"background/{number}", wire.article(number, BEGIN))
    stream = wire.stream(documents, BEGIN)
    begun = time.process_time()
    groups = tuple(add(f"stream/{number}", document) for number, document in enumerate(stream))
    seconds = time.process_time() - begun
    told = tuple(group == f"stream/{number}" for number, group in enumerate(groups))
    return Compared(grouping=Grouping(groups=groups, told=told), held=held, seconds=seconds, memory=_peak_memory())


def quality(stream: Sequence[WireDocument], found: Grouping, name: str) -> list[Figure]:
    """Return how well a stream was grouped: pairs of copies, what is told of a dispatch, and the worst mistakes."""
    true = [document.dispatch for document in stream]
    both = _pairs(zip(true, found.groups, strict=True))
    sizes = Counter(true)
    told = sum(one for one, dispatch in zip(found.told, true, strict=True) if sizes[dispatch] > 1)
    figures = [
        Figure(name=f"{name}: pair precision", value=both / max(1, _pairs(found.groups)), unit=""),
        Figure(name=f"{name}: pair recall", value=both / max(1, _pairs(true)), unit=""),
        Figure(
            name=f"{name}: alerts a dispatch that has copies",
            value=told / max(1, sum(size > 1 for size in sizes.values())),
            unit="",
        ),
    ]
    groups_of: dict[str, set[str]] = {}
    for dispatch, group in zip(true, found.groups, strict=True):
        groups_of.setdefault(dispatch, set()).add(group)
    for kind in (Kind.FOLLOW_UP, Kind.REPORT):
        alike = [
            (document.resembles, group)
            for document, group in zip(stream, found.groups, strict=True)
            if document.kind is kind and document.resembles is not None
        ]
        swallowed = sum(group in groups_of.get(other, ()) for other, group in alike)
        figures.append(Figure(name=f"{name}: {kind}s taken for copies, of {len(alike):,}", value=swallowed, unit=""))
    return figures


def _pairs(groups: Iterable[object]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


def archive_figures(filled: Filled, stream: Sequence[WireDocument]) -> list[Figure]:
    """Return the figures of one archive."""
    name, count = f"{filled.articles:,} stored", len(stream)
    stored = filled.articles + count
    marks = quantiles(filled.clock, n=20, method="inclusive")
    return [
        Figure(name=f"{name}: filled", value=filled.articles / filled.filling, unit="articles/s of processor"),
        Figure(
            name=f"{name}: saved and placed", value=count / sum(filled.processor), unit="articles/s of processor",
            least=LEAST_RATE,
        ),
        Figure(name=f"{name}: placed alone", value=count / sum(filled.placing), unit="articles/s of processor"),
        Figure(name=f"{name}: saved and placed, by the clock", value=count / sum(filled.clock), unit="articles/s"),
        Figure(name=f"{name}: an article, median", value=1e3 * marks[9], unit="ms"),
        Figure(name=f"{name}: an article, 95 %", value=1e3 * marks[18], unit="ms"),
        Figure(name=f"{name}: memory", value=filled.memory / _MEBIBYTE, unit="MiB", most=MOST_MEMORY),
        Figure(
            name=f"{name}: fingerprints and names on disk", value=filled.finding / max(1, filled.findable),
            unit="bytes an article", most=MOST_BYTES,
        ),
        Figure(name=f"{name}: the same over all articles", value=filled.finding / stored, unit="bytes an article"),
        Figure(name=f"{name}: the whole archive", value=filled.disk / stored, unit="bytes an article"),
        Figure(name=f"{name}: of that its text", value=filled.text / stored, unit="bytes an article"),
        Figure(name=f"{name}: longest letting go of old fingerprints", value=filled.forgetting, unit="s"),
        *quality(stream, filled.grouping, name),
        Figure(name=f"{name}: taken for copies of the background", value=filled.lost, unit=""),
    ]  # fmt: skip


def measure(sizes: Sequence[int] = (ARTICLES,), documents: int = DOCUMENTS, seed: int = 1) -> list[Figure]:
    """Return the figures of an archive for each of ``sizes``, how they compare, and those of MinHash if installed."""
    stream = Wire(seed).stream(documents, BEGIN)
    filled = [_apart(measure_archive, size, documents, seed) for size in sizes]
    figures = [figure for one in filled for figure in archive_figures(one, stream)]
    for one in filled[1:]:
        slower = sum(one.processor) / sum(filled[0].processor)
        name = f"{one.articles:,} stored beside {filled[0].articles:,}"
        figures.append(Figure(name=name, value=slower, unit="times slower", most=MOST_SLOWDOWN))
    if sizes and importlib.util.find_spec("datasketch") is not None:
        compared = _apart(measure_minhash, max(sizes), documents, seed)
        name = f"MinHash LSH, {compared.held:,} held"
        figures += [
            Figure(name=name, value=documents / compared.seconds, unit="documents/s of processor"),
            Figure(name=f"{name}: memory", value=compared.memory / _MEBIBYTE, unit="MiB"),
            *quality(stream, compared.grouping, name),
        ]
    return figures


def _apart(work: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
    """Do a piece of work in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def report(figures: Sequence[Figure]) -> str:
    """Return the figures a line each, and what could not be compared."""
    lines = [figure.line for figure in figures]
    if importlib.util.find_spec("datasketch") is None:
        lines.append("MinHash LSH is not measured: the package datasketch is not installed")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(report(measure([int(size) for size in sys.argv[1:]] or [ARTICLES])) + "\n")
