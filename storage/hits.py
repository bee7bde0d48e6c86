"""Which stories have an article that the full-text index finds, without asking it about one article after the other.

An expression that finds few articles is asked once. One that finds many is asked about the stories of a list, from its
top, for all of their articles at once: the articles of stories that follow on one another in a list lie close together
in the index, which answers for a range of them in one go.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

from sqlite_utils import Database

from storage.listed import batched, listed

#: with more hits than this it is quicker to walk the list of stories
COMMON = 20_000
#: texts up to which hits are counted rather than estimated
_FEW_TEXTS = 60_000
#: ranges of texts that are looked at to estimate how many hits there are, and texts in each
_SAMPLES, _SAMPLE = 12, 2_500
#: hits from which on an expression is walked for that takes so many seconds of the whole index
_SOME, _LONG = 1_000, 0.15
#: texts between two articles from which on the index is asked about either by itself, and how often it is asked at most
_GAP, _RANGES = 2_000, 12
#: stories in a statement
_TOGETHER = 800


def is_common(database: Database, expression: str) -> bool:
    """Whether walking the list of stories finds what an expression matches sooner than asking the whole index does.

    It does for an expression with more than some :data:`COMMON` hits, and for one with fewer that keeps the index busy,
    such as a phrase of words that stand everywhere.

    Raises:
        sqlite3.OperationalError: the expression is not one FTS5 reads.
    """
    texts = int(database.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()[0])
    # The beginning of a word costs the index as much for a few texts as for all of them.
    if texts <= _FEW_TEXTS or "*" in expression:
        return _has_many_hits(database, expression)
    step, begun = texts // _SAMPLES, time.perf_counter()
    found = [
        int(
            database.execute(
                "SELECT count(*) FROM revision_search WHERE revision_search MATCH ? AND rowid BETWEEN ? AND ?",
                (expression, last - _SAMPLE + 1, last),
            ).fetchone()[0]
        )
        for last in range(texts, texts - _SAMPLES * step, -step)
    ]
    share = texts / (_SAMPLES * _SAMPLE)
    likely, seconds = sum(found) * share, (time.perf_counter() - begun) * share
    if likely < COMMON:
        return likely >= _SOME and seconds > _LONG and _spread(found)
    # A name that only one large story holds is common in one place and nowhere else.
    return _spread(found) or _has_many_hits(database, expression)


def _has_many_hits(database: Database, expression: str) -> bool:
    row = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM revision_search WHERE revision_search MATCH ? LIMIT ?)",
        (expression, COMMON),
    ).fetchone()
    return int(row[0]) == COMMON


def _spread(found: Sequence[int]) -> bool:
    return sum(map(bool, found)) > len(found) / 2


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
    # The beginning of a word is asked about once, as it costs the index as much for a few texts as for all of them.
    for some in batched(story_ids, _TOGETHER if "*" not in expression else max(1, len(story_ids))):
        names = {f"story{number}": value for number, value in enumerate(listed(some)[1])}
        marks = ",".join(f":{name}" for name in names)
        for first, last in _ranges(database, some, _RANGES if "*" not in expression else 1):
            rows = database.execute(
                f"""
                SELECT DISTINCT a.story_id FROM revision_search CROSS JOIN article a
                WHERE revision_search MATCH :expression AND revision_search.rowid BETWEEN :first AND :last
                    AND {" AND ".join(["a.revision_id = revision_search.rowid", *conditions])}
                    AND a.story_id + 0 IN ({marks})
                """,  # noqa: S608 (placeholders and fixed clauses)
                {**values, **names, "expression": expression, "first": first, "last": last},
            )
            found.update(int(row[0]) for row in rows.fetchall())
    return found


def articles_with_hits(database: Database, expression: str, story_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return of some stories the articles that the expression finds, the first reported first."""
    found: dict[int, list[tuple[str, int]]] = {}
    for some in batched(story_ids, _TOGETHER):
        marks, wanted = listed(some)
        for first, last in _ranges(database, some, _RANGES if "*" not in expression else 1):
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
