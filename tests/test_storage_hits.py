"""The index is asked in the way that is likely the shortest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from detection.query import beginnings, matches, parse, plan, without
from detection.query.evaluate import Subject
from storage import hits
from storage.database import open_writer

#: articles with a word of their own, and words that begin alike in all of them
TEXTS = 4_000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("hits")
    database = open_writer(folder)
    database.conn.execute("PRAGMA foreign_keys=OFF")
    database.conn.executemany(
        "INSERT INTO revision (id, article_id, number, title, lede, body, content_hash, fetched_at) "
        "VALUES (?, ?, 1, '', '', ?, '', '')",
        (
            (number, number, " ".join(f"mali{(number * step) % 9973}" for step in range(1, 40)) + f" seul{number}")
            for number in range(1, TEXTS)
        ),
    )
    yield database
    database.conn.close()


def test_pages_of_the_index_tell_what_a_beginning_stands_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "HEAVY", 20)
    assert hits.is_heavy(database, "mali")
    assert not hits.is_heavy(database, "mali12")
    assert not hits.is_heavy(database, "zz")


def test_few_hits_are_known_at_once(database: Database) -> None:
    found = hits.probe(database, "seul7", 50)
    assert (found.newest, found.complete) == ((7,), True)


def test_newest_hits_come_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "NEWEST", 2)
    monkeypatch.setattr(hits, "MOST_NEWEST", 2)
    found = hits.probe(database, "mali1 OR mali2 OR mali3", 50)
    assert not found.complete
    assert found.newest == tuple(sorted(found.newest, reverse=True))
    assert len(found.newest) == 2


def test_what_stands_everywhere_is_met_on_the_way_and_what_is_rare_is_looked_up() -> None:
    everywhere = hits.is_walk_shorter(limit=50, hits=300, among=300, texts=10**6, seconds=1e-4)
    rare = hits.is_walk_shorter(limit=50, hits=300, among=900_000, texts=10**6, seconds=0.05)
    assert (everywhere, rare) == (True, False)


WORDS = st.sampled_from(["mali", "malien", "france", "maliba", "coup"])


@given(
    st.lists(WORDS, max_size=6).map(" ".join),
    st.sampled_from(["mal*", "mal* NOT coup", "(mal* OR fra*)", "coup mal*", '"coup mal*"', "coup NEAR/2 mal*"]),
)
def test_a_beginning_that_no_index_is_asked_about_means_the_same(text: str, asked: str) -> None:
    query = parse(asked)
    assert "mal" in beginnings(query)
    unasked = without(query, {"mal"})
    subject = Subject(title="", text=text, source_id="rfi")
    assert matches(unasked, subject) == matches(query, subject)
    expression = plan(unasked).expression
    assert expression is None or "mal" not in expression
