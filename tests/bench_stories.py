"""How fast an article finds its story in a full archive, what that costs in memory and on disk, and how well it does.

``python -m tests.bench_stories [ARTICLES ...]`` fills an archive for each number, the articles of the last day by the
way of every article but without detection, those before in bulk. Then it places a stream of dispatches, copies,
follow-ups and others one by one: in turn sixteen in a durable transaction each, and sixteen that share one, as they do
in the service when writes wait for one another. Every archive has a process of its own, so that memory is its own too.
Beside it MinHash LSH, in memory, when the package ``datasketch`` is installed.
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles
from typing import ParamSpec, TypeVar

from sqlite_utils import Database

from detection.stories.words import words
from scheduler.archive import MOST_TOGETHER
from scheduler.placing import Placed, put_into_story
from storage import articles, sources
from storage.database import open_writer, transaction
from storage.types import Article
from tests import archive_fill
from tests.figure import Figure
from tests.wire_stream import OUTLETS, Kind, Wire, WireDocument

ARTICLES = 20_000
DOCUMENTS = 5_000
#: articles that come in a day; so many of the background are placed and not written in bulk
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
    #: seconds of the clock to fill the archive, and of the longest letting go of old fingerprints
    filling: float
    forgetting: float
    #: for each document of a transaction of its own: seconds of the clock
    clock: tuple[float, ...]
    #: seconds of processor time of a document: with a commit of its own, with its share of one, and in placing alone
    alone: float
    together: float
    placing: float
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
    in_bulk = max(0, count - A_DAY)
    written = archive_fill.fill(database, wire.seed, BEGIN, in_bulk, A_DAY)
    now, text = BEGIN, written.text
    for first in range(in_bulk, count, BATCH):
        batch = [
            wire.article(number, BEGIN + timedelta(days=number / A_DAY))
            for number in range(first, min(first + BATCH, count))
        ]
        with transaction(database):
            for number, document in enumerate(batch, first + 1):
                _put(database, document, f"background/{number}")
        now = batch[-1].at
        text += sum(document.size for document in batch)
    return now, written.forgetting, text


def measure_archive(count: int, documents: int, seed: int = 1) -> Filled:
    """Fill an archive with ``count`` articles, place a stream in it, and return what that took."""
    wire = Wire(seed)
    with tempfile.TemporaryDirectory() as folder:
        database = open_writer(Path(folder))
        try:
            begun = time.perf_counter()
            now, forgetting, text = fill(database, wire, count)
            filling = time.perf_counter() - begun
            stream = wire.stream(documents, now)
            put: list[_Put] = []
            taken: dict[bool, list[float]] = {True: [], False: []}
            for number, some in enumerate(_batches(stream)):
                together, begun = bool(number % 2), time.process_time()
                put += (_put_together if together else _put_alone)(database, some)
                taken[together].append((time.process_time() - begun) / len(some))
            memory = _peak_memory()
            disk = _pages(database, "page_count") - _pages(database, "freelist_count")
            findable = database.execute("SELECT count(DISTINCT article_id) FROM fingerprint").fetchone()[0]
            return Filled(
                articles=count,
                grouping=Grouping(
                    groups=tuple(str(one.placed.copy_of or one.article_id) for one in put),
                    told=tuple(one.placed.copy_of is None or bool(one.placed.novel_paragraphs) for one in put),
                ),
                lost=sum(0 < (one.placed.copy_of or 0) < put[0].article_id for one in put),
                filling=filling,
                forgetting=forgetting,
                clock=tuple(one.clock for one in put if one.clock is not None),
                alone=fmean(taken[False]),
                together=fmean(taken[True]),
                placing=fmean(one.placing for one in put),
                memory=memory,
                disk=disk,
                finding=_bytes_that_find(database),
                text=text + sum(document.size for document in stream),
                findable=findable,
            )
        finally:
            database.conn.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    """A document that was stored and placed."""

    article_id: int
    placed: Placed
    #: seconds of processor time that placing took
    placing: float
    #: seconds of the clock, with its commit, where it had one of its own
    clock: float | None = None


def _put_alone(database: Database, documents: Sequence[tuple[int, WireDocument]]) -> list[_Put]:
    """Put documents, each in a transaction of its own."""
    found = []
    for number, document in documents:
        begun = time.perf_counter()
        with transaction(database):
            put = _put(database, document, f"stream/{number}")
        found.append(replace(put, clock=time.perf_counter() - begun))
    return found


def _put_together(database: Database, documents: Sequence[tuple[int, WireDocument]]) -> list[_Put]:
    """Put documents in one transaction, as :class:`scheduler.archive.Archive` does with writes that wait."""
    found = []
    with transaction(database):
        for number, document in documents:
            database.conn.execute("SAVEPOINT one")
            found.append(_put(database, document, f"stream/{number}"))
            database.conn.execute("RELEASE one")
    return found


def _put(database: Database, document: WireDocument, key: str) -> _Put:
    """Store and place a document."""
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
    return _Put(article_id=saved.article_id, placed=placed, placing=time.process_time() - begun)


def _batches(stream: Sequence[WireDocument]) -> Iterator[list[tuple[int, WireDocument]]]:
    numbered = list(enumerate(stream))
    return (numbered[first : first + MOST_TOGETHER] for first in range(0, len(numbered), MOST_TOGETHER))


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
        Figure(name=f"{name}: filled", value=filled.articles / filled.filling, unit="articles/s"),
        Figure(
            name=f"{name}: placed", value=1 / filled.placing, unit="articles/s of processor", least=LEAST_RATE,
        ),
        Figure(
            name=f"{name}: saved and placed, {MOST_TOGETHER} a commit", value=1 / filled.together,
            unit="articles/s of processor",
        ),
        Figure(name=f"{name}: saved and placed, a commit each", value=1 / filled.alone, unit="articles/s of processor"),
        Figure(name=f"{name}: the same by the clock", value=1 / fmean(filled.clock), unit="articles/s"),
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
        slower = one.together / filled[0].together
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
