"""Fills an archive with a made-up press of any size, for measuring what placing costs in a full one.

What an archive of so many articles holds is written in bulk: every article with its text in the full-text index and a
story of its own, and, as far back as they are kept, the fingerprints and names under which it is found. Articles are
made in a second process while the first one writes, a million of them in about twenty minutes.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlite_utils import Database

from detection.stories import fingerprints, profile, sketch
from scheduler.maintenance import FINGERPRINTS_KEPT
from storage import stories
from storage.database import transaction
from storage.times import to_text
from tests.wire_stream import Wire, WireDocument

#: articles in a transaction, and transactions made ahead
CHUNK, AHEAD = 1_000, 4
#: how long before fingerprints are let go articles are given some, so that there is something to let go
_MARGIN = timedelta(days=2 * stories.PERIOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An article of the background, and what finds it."""

    document: WireDocument
    prints: tuple[int, ...]
    names: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which articles of which press come when."""

    seed: int
    begin: datetime
    #: articles in a day
    a_day: int
    #: before it an article is found by nothing
    findable_from: datetime

    def at(self, number: int) -> datetime:
        """Return when an article came."""
        return self.begin + timedelta(days=number / self.a_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written."""

    #: bytes of titles and paragraphs
    text: int
    #: the longest letting go of old fingerprints, in seconds
    forgetting: float


def fill(database: Database, seed: int, begin: datetime, count: int, a_day: int) -> Written:
    """Write ``count`` articles into an empty archive that has the outlets."""
    end = begin + timedelta(days=count / a_day)
    plan = Plan(seed=seed, begin=begin, a_day=a_day, findable_from=end - FINGERPRINTS_KEPT - _MARGIN)
    longest, day, text = 0.0, begin.date(), 0
    for first, made in _chunks(plan, count):
        with transaction(database):
            _write(database, first, made)
        text += sum(one.document.size for one in made)
        last = made[-1].document.at
        if last.date() != day:
            day, begun = last.date(), time.perf_counter()
            with transaction(database):
                stories.forget_fingerprints(database, last - FINGERPRINTS_KEPT)
            longest = max(longest, time.perf_counter() - begun)
    return Written(text=text, forgetting=longest)


def _chunks(plan: Plan, count: int) -> Iterator[tuple[int, list[Made]]]:
    """Yield articles in their order, with the number of the first, a few chunks made ahead."""
    waiting: deque[tuple[int, Future[list[Made]]]] = deque()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        for first in range(0, count, CHUNK):
            waiting.append((first, pool.submit(_make, plan, first, min(first + CHUNK, count))))
            if len(waiting) > AHEAD:
                number, future = waiting.popleft()
                yield number, future.result()
        for number, future in waiting:
            yield number, future.result()


def _make(plan: Plan, first: int, last: int) -> list[Made]:
    return [_made(plan, number) for number in range(first, last)]


def _made(plan: Plan, number: int) -> Made:
    document = _wire(plan.seed).article(number, plan.at(number))
    if document.at < plan.findable_from:
        return Made(document=document, prints=(), names=())
    about = sketch(document.title, "\n".join(document.paragraphs), ())
    return Made(
        document=document,
        prints=tuple(fingerprints(profile(document.paragraphs))),
        names=tuple(about.names) if about else (),
    )


@lru_cache(maxsize=1)
def _wire(seed: int) -> Wire:
    return Wire(seed)


def _write(database: Database, first: int, made: Sequence[Made]) -> None:
    """Write articles under the numbers that follow on ``first``; each is its own story."""
    documents = [(number, one.document, to_text(one.document.at)) for number, one in enumerate(made, first + 1)]
    database.conn.executemany(
        "INSERT INTO story (id, headline, first_seen_at, last_seen_at, thread_id) VALUES (?, ?, ?, ?, ?)",
        ((number, one.title, at, at, number) for number, one, at in documents),
    )
    database.conn.executemany(
        """
        INSERT INTO article (id, key, source_id, url, language, authors, origin, partial, published_at, first_seen_at,
            effective_at, revision_id, story_id, novel) VALUES (?, ?, ?, ?, 'fr', '[]', ?, 0, ?, ?, ?, ?, ?, ?)
        """,
        (
            (
                number, f"background/{number}", one.outlet, f"https://{one.outlet}.example/background/{number}",
                one.outlet, at, at, at, number, number, json.dumps(list(range(len(one.paragraphs)))),
            )
            for number, one, at in documents
        ),
    )  # fmt: skip
    database.conn.executemany(
        """
        INSERT INTO revision (id, article_id, number, title, lede, body, content_hash, fetched_at)
        VALUES (?, ?, 1, ?, '', ?, ?, ?)
        """,
        (
            (number, number, one.title, body, hashlib.sha256(f"{one.title}\x00{body}".encode()).hexdigest(), at)
            for number, one, at in documents
            for body in ("\n".join(one.paragraphs),)
        ),
    )
    for number, one in enumerate(made, first + 1):
        if one.prints:
            stories.save_fingerprints(database, number, one.document.at, one.prints)
        if one.names:
            stories.save_names(database, number, one.document.at, one.names)
