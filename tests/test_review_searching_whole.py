"""Every list and every search finds exactly what reading the whole archive finds, whichever way it takes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlite_utils import Database

from detection.query import Subject, matches, parse
from review import searching
from review.searching import Subjects, find_stories, read_search
from storage import articles, hits, story_filter
from storage.database import open_reader
from storage.reading import StoryFilter
from storage.types import Signal
from tests import archive_rows
from tests.archive_press import ACTS, PAIRS, Press

END = datetime(2026, 9, 1, tzinfo=UTC)
#: lists and searches at random
CASES = 60


@dataclass(frozen=True, slots=True)
class Whole:
    """An archive, and all that is in it."""

    database: Database
    #: stories in the order of the list, each with its articles
    stories: tuple[tuple[int, tuple[Subject, ...]], ...]
    words: tuple[str, ...]
    phrases: tuple[str, ...]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    archive_rows.fill(folder, Press(500, END, seed=4, sentences=150))
    database = open_reader(folder)
    subjects = Subjects(database, parse("tag:x severity:1"))
    found: dict[int, list[Subject]] = {}
    words: set[str] = set()
    phrases: set[str] = set()
    for (article_id,) in database.execute("SELECT id FROM article").fetchall():
        article = articles.get(database, article_id)
        assert article.story_id is not None
        found.setdefault(article.story_id, []).append(subjects.of(article))
        inside, across = article.body.split()[:8], article.lede.split()[-2:] + article.body.split()[:2]
        words.update(word.strip(".,:") for word in inside)
        for run in (inside[2:4], inside[3:6], across, across[1:3]):
            phrases.add(" ".join(word.strip(".,:") for word in run))
    order = [row[0] for row in database.execute("SELECT id FROM story ORDER BY last_seen_at DESC, id DESC")]
    chance = random.Random(1)
    yield Whole(
        database,
        tuple((story_id, tuple(found.get(story_id, ()))) for story_id in order),
        tuple(chance.sample(sorted(word for word in words if word.isalpha()), 60)),
        tuple(chance.sample(sorted(phrases), 60)),
    )
    database.conn.close()


_TESTS = (
    *(f"type:{kind}" for kind, _, _ in ACTS[:5]), "type:e*", "type:hostage_taking", "severity:>=4", "severity:<3",
    "actor:FRA", "target:ml*", "status:denied", "source:press-00", "source:PRESS-0*", "lang:fr", "lang:de",
    "country:MLI", "since:2025-06-01", "until:2025-06-01", 'tag:"consulaire"', "author:diarra", "origin:afp",
)  # fmt: skip


def _query(chance: random.Random, whole: Whole) -> str:
    """Return a query at random."""

    def leaf() -> str:
        word = chance.choice(whole.words)
        return chance.choice(
            (
                word, f"{word[:4]}*", f'"{chance.choice(whole.phrases)}"', f"title:{word}",
                f"({word} NEAR/5 {chance.choice(whole.words)})", chance.choice(_TESTS), chance.choice(_TESTS),
            )
        )  # fmt: skip

    parts = [leaf() for _ in range(chance.randint(1, 3))]
    return chance.choice((" ".join(parts), f"({' OR '.join(parts)})", " NOT ".join(parts)))


def _signal_holds(signal: Signal, wanted: StoryFilter) -> bool:
    return (
        (wanted.min_severity is None or signal.severity >= wanted.min_severity)
        and wanted.type in (None, signal.type)
        and (wanted.pair is None or set(wanted.pair) == {signal.actor, signal.target})
        and wanted.status in (None, signal.status)
    )


def _story_holds(subjects: tuple[Subject, ...], wanted: StoryFilter) -> bool:
    own = [
        subject
        for subject in subjects
        if wanted.source_id in (None, subject.source_id) and wanted.language in (None, subject.language)
    ]
    acts = wanted.with_signals or any((wanted.min_severity, wanted.type, wanted.pair, wanted.status))
    return any(not acts or any(_signal_holds(signal, wanted) for signal in subject.signals) for subject in own)


@pytest.mark.parametrize("seed", range(CASES))
def test_a_list_is_what_reading_everything_gives(whole: Whole, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    common = chance.choice((1, 40, 20_000))
    for module, name, value in (
        (hits, "COMMON", common), (hits, "NEWEST", min(common, 300)), (hits, "MOST_NEWEST", common),
        (hits, "HEAVY", chance.choice((0, 1_000))), (hits, "is_walk_shorter", lambda **_: seed % 2 == 0),
        (story_filter, "_WALK", (7, 28, 112, 448)[: chance.choice((2, 4))]), (hits, "FEW", chance.choice((0, 300))),
        (story_filter, "_WALK_FOR_BEGINNINGS", (7, chance.choice((28, 448)))),
        (hits, "_GAP", chance.choice((0, 2_000))),
        (story_filter, "_RARE_SIGNALS", common), (story_filter, "_RARE_ARTICLES", common),
        (searching, "_BATCH", 5),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    wanted = StoryFilter(
        with_signals=chance.random() < 0.5,
        min_severity=chance.choice((None, None, 3)),
        type=chance.choice((None, None, "accuse", "sever_relations")),
        pair=chance.choice((None, None, None, *PAIRS[:3])),
        source_id=chance.choice((None, None, None, "press-00", "press-80")),
        language=chance.choice((None, None, None, "fr", "ar")),
        limit=chance.randint(1, 60),
    )
    search = None if chance.random() < 0.2 else read_search(_query(chance, whole))
    expected = [
        story_id
        for story_id, subjects in whole.stories
        if _story_holds(subjects, wanted)
        and (search is None or any(matches(search.query, subject) for subject in subjects))
    ]
    found: list[int] = []
    before = None
    while True:
        page = find_stories(whole.database, replace(wanted, before=before), search)
        assert len(page.rows) <= wanted.limit
        found += [row.story.id for row in page.rows]
        before = page.next
        if before is None:
            break
    assert found == expected, search and search.query.text


def test_ranges_take_in_all_and_little_else() -> None:
    numbers = [1, 2, 3, 9_000, 9_001, 30_000, 90_000]
    assert list(hits.split(numbers, 12)) == [(1, 3), (9_000, 9_001), (30_000, 30_000), (90_000, 90_000)]
    assert list(hits.split(numbers, 2)) == [(1, 30_000), (90_000, 90_000)]
    assert list(hits.split(numbers, 1)) == [(1, 90_000)]
    assert list(hits.split([], 3)) == []
