"""Lists in statements are of few lengths, and hold the same values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storage.listed import listed


@given(st.lists(st.integers(0, 100), max_size=50))
def test_a_list_finds_what_it_holds(values: list[int]) -> None:
    marks, filled = listed(values)
    database = Database(memory=True)
    found = database.execute(
        f"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n WHERE i IN ({marks})",  # noqa: E501
        filled,
    )
    assert {row[0] for row in found} == set(values)
    database.conn.close()


def test_lists_are_of_few_lengths() -> None:
    lengths = {len(listed(range(count))[1]) for count in range(1, 100)}
    assert len(lengths) == 7
    assert listed(()) == ("", ())
