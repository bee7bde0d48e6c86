"""Which stories have an article that the full-text index finds, without asking it about one article after the other.

An expression that finds few articles is asked once. One that finds many is asked about the stories of a list, from its
top, for all of their articles at once: the articles of stories that follow on one another in a list lie close together
in the index, which answers for a range of them in one go.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlite_utils import Database

from storage.listed import batched, listed

_Story = TypeVar("_Story")

#: the newest hits that are looked at before it is decided how to find the rest; as many more as come in so many seconds
NEWEST, MOST_NEWEST, _QUICKLY = 300, 6_000, 0.01
#: hits that are few enough to be named one by one in a statement
FEW = 300
#: hits of a beginning from which on it is quicker to walk the list of stories
COMMON = 20_000
#: pages of the index from which on a beginning stands for most of the archive
HEAVY = 1_000
#: seconds that a story takes to be passed on the way down a list, and a hit to be looked up; articles a story
_PASSED, _LOOKED_UP, _ARTICLES = 10e-6, 6e-6, 4
#: texts between two articles from which on the index is asked about either by itself, and how often it is asked at most
_GAP, _RANGES = 2_000, 12
#: stories in a statement
_TOGETHER = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the newest texts that an expression finds tell of all of them."""

    #: the ids of the newest ones; none where the rest is asked for all the same
    newest: tuple[int, ...]
    #: there are no others, and they are few enough to be named
    complete: bool
    #: the newest of all, None where that is not known or hardly any text is newer
    last: int | None
    #: walking the list of stories finds a page of it sooner than asking the whole index does
    walk: bool


def probe(database: Database, expression: str, limit: int) -> Probe:
    """Look at the newest texts that an expression finds, and decide how to find a page of so many stories.

    Raises:
        sqlite3.OperationalError: the expression is not one FTS5 reads.
    """
    if has_beginnings(expression):
        # What a beginning stands for is gathered before anything is given, so only the number of hits counts.
        return Probe(newest=(), complete=False, last=None, walk=_has_many_hits(database, expression))
    newest, seconds, complete = _newest(database, expression)
    if complete:
        few = len(newest) <= FEW
        return Probe(newest=newest if few else (), complete=few, last=None, walk=False)
    texts = int(database.execute("SELECT max(id) FROM revision").fetchone()[0])
    walk = is_walk_shorter(limit=limit, hits=len(newest), among=texts - newest[-1] + 1, texts=texts, seconds=seconds)
    last = newest[0] if texts - newest[0] > _GAP else None
    return Probe(newest=newest, complete=False, last=last, walk=walk)


def _newest(database: Database, expression: str) -> tuple[tuple[int, ...], float, bool]:
    """Return the newest texts that an expression finds, what they took, and whether there are no others."""
    # Time of this thread alone: what else the machine does makes no way the shorter one.
    begun, newest = time.thread_time(), []
    rows = database.execute(
        "SELECT rowid FROM revision_search WHERE revision_search MATCH ? ORDER BY rowid DESC", (expression,)
    )
    try:
        while some := rows.fetchmany(NEWEST):
            newest += [int(row[0]) for row in some]
            seconds = time.thread_time() - begun
            if len(some) == NEWEST and (seconds > _QUICKLY or len(newest) >= MOST_NEWEST):
                return tuple(newest), seconds, False
    finally:
        rows.close()
    return tuple(newest), time.thread_time() - begun, True


def is_walk_shorter(*, limit: int, hits: int, among: int, texts: int, seconds: float) -> bool:
    """Whether a list is walked sooner for some stories than the whole index is asked.

    Args:
        limit: stories that are wanted.
        hits: texts that were found.
        among: the newest texts, among which they are.
        texts: all of them.
        seconds: what finding those took.
    """
    share = hits / among
    walking = limit / (share * _ARTICLES) * _PASSED
    asking = seconds * texts / among + share * texts * _LOOKED_UP
    return walking < asking


def has_beginnings(expression: str) -> bool:
    """Whether an expression asks for words that begin so: what they stand for is gathered before anything is given."""
    return "*" in expression


def is_heavy(database: Database, beginning: str) -> bool:
    """Whether a beginning of words, folded, stands for so much that the index is better not asked.

    The pages between its first and its last word say so, by the table in which FTS5 keeps the first word of pages
    (``%_idx``, of ``fts5_index.c``); the index of words is the one whose terms begin with ``0``.
    """
    first = b"0" + beginning.encode("utf-8")
    end = first[:-1] + bytes((first[-1] + 1,))
    return sum(_pages_before(database, part, end) - _pages_before(database, part, first)
               for part in _parts(database)) >= HEAVY  # fmt: skip


def _parts(database: Database) -> Iterator[int]:
    """Yield the parts that the index consists of at the moment."""
    part = 0
    while part is not None:
        (part,) = database.execute("SELECT min(segid) FROM revision_search_idx WHERE segid > ?", (part,)).fetchone()
        if part is not None:
            yield part


def _pages_before(database: Database, part: int, term: bytes) -> int:
    row = database.execute(
        "SELECT pgno / 2 FROM revision_search_idx WHERE segid = ? AND term < ? ORDER BY term DESC LIMIT 1",
        (part, term),
    ).fetchone()
    return 0 if row is None else int(row[0])


def _has_many_hits(database: Database, expression: str) -> bool:
    row = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM revision_search WHERE revision_search MATCH ? LIMIT ?)",
        (expression, COMMON),
    ).fetchone()
    return int(row[0]) == COMMON


def portions(stories: Sequence[_Story], expression: str) -> Iterator[tuple[_Story, ...]]:
    """Yield stories, or what stands for them, as many as the index is asked about at once."""
    # A beginning costs the index as much for a few texts as for all of them.
    return batched(stories, max(1, len(stories)) if has_beginnings(expression) else _TOGETHER)


def _most_ranges(expression: str) -> int:
    return 1 if has_beginnings(expression) else _RANGES


def stories_with_hits(
    database: Database, expression: str, story_ids: Sequence[int], conditions: Sequence[str], values: dict[str, object]
) -> set[int]:
    """Return those of some stories that have an article which the expression finds and the conditions let through.

    Args:
        database: the archive.
        expression: what the index is asked.
        story_ids: of the stories.
        conditions: clauses over ``article a``.
        values: of their parameters.
    """
    found: set[int] = set()
    for some in portions(story_ids, expression):
        wanted = set(some)
        for first, last in _ranges(database, some, _most_ranges(expression)):
            # Naming thousands of stories in a statement takes longer than passing over some others.
            rows = database.execute(
                f"""
                SELECT DISTINCT a.story_id FROM revision_search CROSS JOIN article a
                WHERE revision_search MATCH :expression AND revision_search.rowid BETWEEN :first AND :last
                    AND {" AND ".join(["a.revision_id = revision_search.rowid", *conditions])}
                """,  # noqa: S608 (fixed clauses)
                {**values, "expression": expression, "first": first, "last": last},
            )
            found.update(row[0] for row in rows.fetchall() if row[0] in wanted)
    return found


def articles_with_hits(database: Database, expression: str, story_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return of some stories the articles that the expression finds, the first reported first."""
    found: dict[int, list[tuple[str, int]]] = {}
    for some in batched(story_ids, _TOGETHER):
        marks, wanted = listed(some)
        for first, last in _ranges(database, some, _most_ranges(expression)):
            rows = database.execute(
                f"""
                SELECT a.story_id, a.effective_at, a.id FROM revision_search CROSS JOIN article a
                WHERE revision_search MATCH ? AND revision_search.rowid BETWEEN ? AND ?
                    AND a.revision_id = revision_search.rowid AND a.story_id + 0 IN ({marks})
                """,  # noqa: S608 (placeholders)
                (expression, first, last, *wanted),
            )
            for story_id, at, article_id in rows.fetchall():
                found.setdefault(int(story_id), []).append((at, int(article_id)))
    return {story_id: [article_id for _, article_id in sorted(own)] for story_id, own in found.items()}


def texts_with_hits(database: Database, expression: str, revision_ids: Sequence[int]) -> set[int]:
    """Return those of some texts that the expression finds."""
    wanted = set(revision_ids)
    found: set[int] = set()
    for first, last in split(sorted(wanted), _most_ranges(expression)):
        rows = database.execute(
            "SELECT rowid FROM revision_search WHERE revision_search MATCH ? AND rowid BETWEEN ? AND ?",
            (expression, first, last),
        )
        found.update(int(row[0]) for row in rows.fetchall() if row[0] in wanted)
    return found


def _ranges(database: Database, story_ids: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Return ranges of texts that take in those of some stories, as few others as so many ranges can leave out."""
    marks, wanted = listed(story_ids)
    texts = sorted(
        row[0]
        for row in database.execute(
            f"SELECT revision_id FROM article WHERE story_id IN ({marks}) AND revision_id IS NOT NULL",  # noqa: S608 (placeholders)
            wanted,
        ).fetchall()
    )
    return list(split(texts, most))


def split(numbers: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of at most so many ranges that hold all of the numbers, which ascend."""
    if not numbers:
        return
    gaps = sorted(
        (later - earlier, place)
        for place, (earlier, later) in enumerate(itertools.pairwise(numbers), 1)
        if later - earlier > _GAP
    )
    begin = 0
    for place in sorted(place for _, place in gaps[max(0, len(gaps) - most + 1) :]):
        yield numbers[begin], numbers[place - 1]
        begin = place
    yield numbers[begin], numbers[-1]
