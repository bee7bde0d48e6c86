"""Searches: what is typed becomes words, never syntax of the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from review.errors import SearchTextError
from review.searching import to_expression

TEXTS = {
    1: "Le Mali expulse l’ambassadeur de France",
    2: "La France rappelle son ambassadeur",
    3: "Élection au Niger",
    4: "persona non grata, dit Bamako",
    5: "non, la persona grata",
}


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (text, tokenize='unicode61 remove_diacritics 2')")
    connection.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", TEXTS.items())
    yield connection
    connection.close()


def found(index: sqlite3.Connection, text: str) -> set[int]:
    return {row[0] for row in index.execute("SELECT rowid FROM t WHERE t MATCH ?", (to_expression(text),))}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("ambassadeur", {1, 2}),
        ("AMBASSADEUR france", {1, 2}),
        ("ambassadeur -mali", {2}),
        ("élection OR mali", {1, 3}),
        ("ambassadeur mali OR rappelle", {1, 2}),
        ('"persona non grata"', {4}),
        ("« persona non grata »", {4}),
        ("“persona non grata”", {4}),
        ("persona non grata", {4, 5}),
        ("ambass*", {1, 2}),
        ('"son amb"*', {2}),
        ('persona -"non grata"', {5}),
        ("l’ambassadeur", {1}),
        ("mali — expulse", {1}),
        ("NOT", set()),
        ("text:mali", set()),
        ("mali AND", set()),
    ],
)
def test_search(index: sqlite3.Connection, text: str, rows: set[int]) -> None:
    assert found(index, text) == rows


@pytest.mark.parametrize(
    ("text", "position"), [('a"b', 1), ("OR", 0), ("x OR OR y", 5), ("-x", 0), ("—", 0), ("z*", 0), ("mali OR", 5)]
)
def test_faults_name_their_place(text: str, position: int) -> None:
    with pytest.raises(SearchTextError) as caught:
        to_expression(text)
    assert caught.value.position == position
    assert caught.value.text == text


@given(
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"*-()^:+OR «»{}\x00')), max_size=40)
)
@example('"" "')
@example('"*')
@example('-"a b" OR')
def test_whatever_is_typed_the_index_reads_it_or_the_fault_has_a_place(text: str) -> None:
    fault = 0
    try:
        expression: str | None = to_expression(text)
    except SearchTextError as error:
        fault = error.position
        expression = None
    assert 0 <= fault <= max(0, len(text) - 1)
    if expression is None:
        return
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (text)")
        connection.execute("SELECT * FROM t WHERE t MATCH ?", (expression,)).fetchall()
    finally:
        connection.close()
