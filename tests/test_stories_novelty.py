"""Which paragraphs bring something new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.stories import profile
from detection.stories.coverage import shared
from detection.stories.novelty import LEAST, RUN, in_common, novel_paragraphs
from detection.stories.origin import origin_of
from detection.stories.words import words
from tests.story_texts import DISPATCH, OTHER_EVENT, TEASER

SAID = [profile(DISPATCH)]


def novel(paragraphs: tuple[str, ...], telling: frozenset[int] = frozenset()) -> tuple[int, ...]:
    return novel_paragraphs(profile(paragraphs), SAID, telling)


def filler(stem: str, count: int) -> str:
    """Return words that no other text has."""
    return " ".join(f"{stem}x{number}" for number in range(count))


def rewritten(paragraph: str) -> str:
    """Return a paragraph of which every third word is another, so that no run of words is left."""
    return " ".join(f"mot{place}x" if place % 3 == 1 else word for place, word in enumerate(words(paragraph)))


def test_only_paragraphs_not_said_before_are_new() -> None:
    assert novel((DISPATCH[0], *OTHER_EVENT[:2], DISPATCH[3])) == (1, 2)
    assert novel(DISPATCH) == ()
    assert novel_paragraphs(profile(DISPATCH), []) == (0, 1, 2, 3, 4)
    assert novel(("", " – ", *OTHER_EVENT)) == (2, 3, 4)


def test_furniture_and_a_few_words_are_nothing_new() -> None:
    assert novel((TEASER, *DISPATCH, "(afp/ats)", "Suivez-nous sur les réseaux sociaux.")) == ()
    assert novel((*DISPATCH, "Le marché est calme.")) == ()


def test_paragraphs_in_other_words_are_nothing_new() -> None:
    changed = tuple(rewritten(paragraph) for paragraph in DISPATCH[1:3])
    assert not len(shared(profile(changed), SAID[0])[0])
    assert sum(len(words(paragraph)) for paragraph in changed) >= LEAST
    assert novel((DISPATCH[0], *changed, *DISPATCH[3:])) == ()
    assert novel((DISPATCH[0], *changed, *DISPATCH[3:]), frozenset({1, 2})) == ()
    assert novel((DISPATCH[0], *OTHER_EVENT[:2], *DISPATCH[3:])) == (1, 2)


def test_a_text_with_nothing_said_before_is_new_however_short() -> None:
    assert len(words(OTHER_EVENT[2])) < LEAST
    assert novel((OTHER_EVENT[2],)) == (0,)
    assert novel(("Bamako se tait.",)) == (0,)
    assert novel(()) == ()


def test_one_paragraph_of_some_words_is_an_editor_s_touch() -> None:
    assert RUN <= len(words(OTHER_EVENT[1])) < LEAST
    assert novel((*DISPATCH, OTHER_EVENT[1])) == ()
    assert novel((*DISPATCH, OTHER_EVENT[1]), frozenset({5})) == (5,)


def test_many_touches_are_no_news() -> None:
    added = tuple(f"{paragraph} {filler(f'ajout{place}', RUN // 2)}" for place, paragraph in enumerate(DISPATCH))
    assert len(DISPATCH) * (RUN // 2) >= LEAST
    assert novel(added) == ()


@pytest.mark.parametrize(("share", "new"), [(RUN // 2, (0, 1)), (RUN // 2 - 1, (1,))])
def test_a_run_counts_for_every_paragraph_that_holds_much_of_it(share: int, new: tuple[int, ...]) -> None:
    opening = f"{DISPATCH[0]} {filler('fin', share)}"
    assert novel((opening, filler("suite", LEAST), *DISPATCH[1:])) == new


def test_what_only_moved_is_nothing_new_even_where_it_tells_an_act() -> None:
    assert novel((DISPATCH[3], DISPATCH[0], DISPATCH[1]), frozenset({0, 1, 2})) == ()


@given(st.permutations([*DISPATCH, *OTHER_EVENT]))
def test_what_several_articles_said_together_is_known(paragraphs: list[str]) -> None:
    known = [*SAID, profile(OTHER_EVENT)]
    assert novel_paragraphs(profile(paragraphs), known) == ()


def test_a_paragraph_that_tells_an_act_counts_however_short() -> None:
    answer = "Paris répond en rappelant son ambassadeur."
    assert novel((*DISPATCH, answer)) == ()
    assert novel((*DISPATCH, answer), frozenset({5})) == (5,)
    assert novel(DISPATCH, frozenset({0})) == ()


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
