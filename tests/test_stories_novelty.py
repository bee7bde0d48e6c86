"""Which paragraphs bring something new."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from detection.stories import profile
from detection.stories.novelty import in_common, novel_paragraphs
from detection.stories.origin import origin_of
from tests.story_texts import DISPATCH, OTHER_EVENT, TEASER

SAID = [profile(DISPATCH)]


def novel(paragraphs: tuple[str, ...], telling: frozenset[int] = frozenset()) -> tuple[int, ...]:
    return novel_paragraphs(profile(paragraphs), SAID, telling)


def test_only_paragraphs_not_said_before_are_new() -> None:
    assert novel((DISPATCH[0], *OTHER_EVENT[:2], DISPATCH[3])) == (1, 2)
    assert novel(DISPATCH) == ()
    assert novel_paragraphs(profile(DISPATCH), []) == (0, 1, 2, 3, 4)
    assert novel(("", " – ", *OTHER_EVENT)) == (2, 3, 4)


def test_furniture_and_a_few_words_are_nothing_new() -> None:
    assert novel((TEASER, *DISPATCH, "(afp/ats)", "Suivez-nous sur les réseaux sociaux.")) == ()
    assert novel((*DISPATCH, "Le marché est calme.")) == ()


def test_a_paragraph_in_other_words_is_nothing_new() -> None:
    chance = random.Random(3)
    words = DISPATCH[1].split()
    rewritten = " ".join(f"mot{chance.randrange(99)}" if chance.random() < 0.35 else word for word in words)
    assert novel((DISPATCH[0], rewritten + " " + rewritten.upper()[:0], *DISPATCH[2:])) == ()


def test_a_paragraph_that_tells_an_act_counts_however_short() -> None:
    answer = "Paris répond en rappelant son ambassadeur."
    assert novel((*DISPATCH, answer)) == ()
    assert novel((*DISPATCH, answer), frozenset({5})) == (5,)
    assert novel(DISPATCH, frozenset({0})) == ()


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.lists(st.text(max_size=60), max_size=3))
def test_new_paragraphs_are_some_of_those_given_in_order(paragraphs: list[str], said: list[str]) -> None:
    found = novel_paragraphs(profile(paragraphs), [profile((text,)) for text in said], frozenset({0, 1}))
    assert list(found) == sorted(set(found))
    assert all(place < len(paragraphs) for place in found)


@given(st.lists(st.integers(0, 4), max_size=30), st.lists(st.integers(0, 4), max_size=30))
def test_the_longest_common_sequence_is_that_of_the_plain_table(one: list[int], two: list[int]) -> None:
    table = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    assert in_common(one, two) == table[-1][-1]


def test_credit_comes_before_the_original_and_the_outlet_last() -> None:
    assert origin_of("AFL", "Le Fleuve", "Sahel Hebdo") == "AFL"
    assert origin_of(None, "Le Fleuve", "Sahel Hebdo") == "Sahel Hebdo"
    assert origin_of(None, "Le Fleuve") == "Le Fleuve"
