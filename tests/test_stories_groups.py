"""Which articles tell one event, once it is known how likely each two of them do."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from detection.stories.grouping import APART, BELONGS, group, settle

SURE, LIKELY, UNLIKELY = BELONGS + 3, BELONGS + 1, BELONGS - 1


def by_table(
    table: Mapping[frozenset[str], float | None], rest: float | None = UNLIKELY
) -> Callable[[str, str], float | None]:
    return lambda one, other: table.get(frozenset((one, other)), rest)


def test_what_tells_one_event_is_one_group() -> None:
    table = {frozenset("ab"): SURE, frozenset("cd"): SURE}
    assert group("abcde", by_table(table)) == [["a", "b"], ["c", "d"], ["e"]]
    assert group("", by_table({})) == []


def test_the_mean_decides_and_no_single_bridge() -> None:
    table = {frozenset("ab"): SURE, frozenset("cd"): SURE, frozenset("bc"): LIKELY}
    assert group("abcd", by_table(table, UNLIKELY - 1)) == [["a", "b"], ["c", "d"]]
    table |= {frozenset("ac"): LIKELY, frozenset("bd"): LIKELY}
    assert group("abcd", by_table(table, UNLIKELY)) == [["a", "b", "c", "d"]]


def test_what_contradicts_one_of_them_stands_apart_from_all() -> None:
    table = {frozenset("ab"): SURE, frozenset("bc"): LIKELY, frozenset("ac"): APART}
    assert group("abc", by_table(table)) == [["a", "b"], ["c"]]


def test_articles_too_far_apart_in_time_neither_bind_nor_part() -> None:
    table = {frozenset("ab"): SURE, frozenset("bc"): LIKELY, frozenset("ac"): None}
    assert group("abc", by_table(table)) == [["a", "b", "c"]]
    assert group("ab", by_table({}, None)) == [["a"], ["b"]]


def test_what_people_put_together_stays_and_never_meets() -> None:
    everything = by_table({}, SURE)
    groups = group("abcde", everything, fixed=[("a", "b"), ("c", "d")])
    assert len(groups) == 2
    assert {"a", "b"} <= set(groups[0])
    assert {"c", "d"} <= set(groups[1])
    assert group("ab", by_table({}, APART), fixed=["ab"]) == [["a", "b"]]


def test_articles_that_tell_no_act_gather_around_one_that_does() -> None:
    everything = by_table({}, SURE)
    assert group("abc", everything, acting=set()) == [["a"], ["b"], ["c"]]
    assert [set(held) for held in group("abc", everything, acting={"c"})] == [{"a", "b", "c"}]
    assert group("ab", everything, fixed=["ab"], acting=set()) == [["a", "b"]]


@given(st.integers(), st.permutations(range(8)))
def test_the_order_of_the_articles_changes_nothing(seed: int, shuffled: list[int]) -> None:
    """Where no two pairs are equally likely; :mod:`scheduler.kin` hands them over in the order of time besides."""
    chance = random.Random(seed)
    table: dict[frozenset[int], float | None] = {
        frozenset(pair): chance.choice((chance.uniform(BELONGS - 4, BELONGS + 4), APART, None))
        for pair in combinations(range(8), 2)
    }

    def of(one: int, other: int) -> float | None:
        return table[frozenset((one, other))]

    found = {frozenset(held) for held in group(range(8), of)}
    assert {frozenset(held) for held in group(shuffled, of)} == found
    assert sorted(one for held in found for one in held) == list(range(8))


def test_a_group_keeps_the_story_that_holds_most_of_it() -> None:
    assert settle([["a", "b", "c"]], {"a": 1, "b": 2, "c": 2}) == [(["a", "b", "c"], 2)]
    assert settle([["a", "b"]], {"a": 7, "b": 2}) == [(["a", "b"], 2)]
    assert settle([["a"]], {}) == [(["a"], None)]


def test_a_story_goes_to_one_group_only() -> None:
    groups = settle([["a"], ["b", "c"], ["d"]], {"a": 1, "b": 1, "c": 1})
    assert groups == [(["a"], None), (["b", "c"], 1), (["d"], None)]
