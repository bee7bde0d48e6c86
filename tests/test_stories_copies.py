"""Which texts are one dispatch, and which only look like it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.stories import find_copy, profile
from detection.stories.acts import contradict
from detection.stories.copies import LATE, Copied
from detection.stories.likeness import Relation, compare, relation
from storage.types import Signal, Status
from tests.story_texts import (
    DENIED,
    DISPATCH,
    ENDED,
    EXPELLED,
    FORM,
    NOW,
    OTHER_EVENT,
    TEASER,
    candidate,
)

LONG = (*DISPATCH, *OTHER_EVENT)


def copied(paragraphs: tuple[str, ...], *signals: Signal, of: tuple[str, ...] = DISPATCH) -> Copied | None:
    return find_copy(profile(paragraphs), signals, NOW, [candidate(of)])


def edited(paragraphs: tuple[str, ...], rate: float, seed: int = 7) -> tuple[str, ...]:
    """Return a text with a share of its words replaced."""
    chance = random.Random(seed)
    return tuple(
        " ".join(f"mot{chance.randrange(999)}x" if chance.random() < rate else word for word in paragraph.split())
        for paragraph in paragraphs
    )


@pytest.mark.parametrize(
    "paragraphs",
    [
        DISPATCH,
        DISPATCH[:3],
        DISPATCH[:1] + DISPATCH[2:4],
        ("Deux Français priés de partir", *DISPATCH),
        (TEASER, *DISPATCH, "Abonnez-vous à notre lettre du matin et recevez l’essentiel de l’actualité."),
        tuple(paragraph.upper() for paragraph in DISPATCH),
        tuple(paragraph.replace("lundi", "hier").replace("Bamako", "la capitale") for paragraph in DISPATCH),
        (" ".join(DISPATCH).replace("’", "'"),),
        edited(DISPATCH, 0.1),
        (*edited(DISPATCH[:1], 0.4), *DISPATCH[1:]),
        (TEASER, *edited((DISPATCH[0], *DISPATCH[2:]), 0.08)),
    ],
    ids=["same", "cut", "gap", "headline", "furniture", "capitals", "touched", "one", "edited", "lead", "hard"],
)
def test_reprint_is_a_copy(paragraphs: tuple[str, ...]) -> None:
    found = copied(paragraphs)
    assert found is not None
    assert found.candidate.article_id == 1
    assert found.coverage >= 0.5


def test_a_brief_and_its_full_text_are_one_dispatch_in_either_order() -> None:
    assert copied(DISPATCH[:2]) is not None
    assert copied(LONG, of=DISPATCH[:3]) is not None
    likeness = compare(profile(LONG), profile(DISPATCH[:3]))
    assert likeness is not None
    assert relation(likeness, late=False) is Relation.LONGER


@pytest.mark.parametrize(
    "paragraphs",
    [
        OTHER_EVENT,
        (),
        ("Bamako expulse",),
        (*OTHER_EVENT, *DISPATCH[3:]),
        (*OTHER_EVENT, DISPATCH[4]),
    ],
    ids=["other event", "empty", "two words", "follow-up", "one paragraph"],
)
def test_other_text_is_no_copy(paragraphs: tuple[str, ...]) -> None:
    assert copied(paragraphs) is None


def test_a_follow_up_is_no_copy_though_yesterday_s_dispatch_came_second() -> None:
    follow_up = (*OTHER_EVENT, *DISPATCH[:3])
    assert find_copy(profile(DISPATCH), (), NOW, [candidate(follow_up)]) is None


def test_same_form_with_other_figures_is_another_report() -> None:
    old = (FORM.format(388, 120, 61, 1275),)
    assert copied((FORM.format(412, 97, 58, 1310),), of=old) is None
    assert copied((FORM.format(388, 120, 61, 1276),), of=old) is not None
    likeness = compare(profile((FORM.format(412, 97, 58, 1310),)), profile(old))
    assert likeness is not None
    assert (likeness.same_figures, likeness.changed_figures) == (0, 4)


def test_a_day_later_one_other_figure_is_enough() -> None:
    old = (FORM.format("de nombreux", "peu de", "trois", 1275),)
    new = profile((FORM.format("de nombreux", "peu de", "trois", 1310),))
    stored = candidate(old, at=NOW - LATE - timedelta(hours=1))
    assert find_copy(new, (), NOW, [stored]) is None
    assert find_copy(new, (), NOW - LATE, [stored]) is not None


def test_a_form_without_figures_filled_in_again_is_no_late_copy() -> None:
    text = tuple(paragraph.replace("lundi", "hier").replace("quarante-huit", "peu d") for paragraph in LONG)
    later = profile(edited(text, 0.15, seed=1))
    stored = candidate(text, at=NOW - LATE - timedelta(hours=2))
    assert find_copy(later, (), NOW, [stored]) is None
    assert find_copy(later, (), NOW - LATE, [stored]) is not None
    assert find_copy(profile(edited(text, 0.02)), (), NOW, [stored]) is not None


def test_a_digest_is_a_copy_of_none_of_its_dispatches() -> None:
    digest = profile((*DISPATCH[:2], *OTHER_EVENT[:2], FORM.format(1, 2, 3, 4)))
    stored = [candidate(DISPATCH[:2], article=1), candidate(OTHER_EVENT, article=2)]
    assert find_copy(digest, (), NOW, stored[:1]) is not None
    assert find_copy(digest, (), NOW, stored) is None


def test_a_copy_of_a_copy_belongs_to_the_original() -> None:
    found = find_copy(profile(DISPATCH), (), NOW, [candidate(DISPATCH, article=7, copy_of=3)])
    assert found is not None
    assert found.candidate.dispatch == 3


def test_the_best_dispatch_is_found_in_whatever_order_they_come() -> None:
    stored = (
        candidate(OTHER_EVENT, article=1),
        candidate(edited(DISPATCH, 0.2), article=2),
        candidate(DISPATCH, article=3),
        candidate(DISPATCH, article=4),
        candidate(DISPATCH, article=5, copy_of=4),
    )
    for order in permutations(stored):
        found = find_copy(profile(DISPATCH), (), NOW, order)
        assert found is not None
        assert found.candidate.dispatch == 4


@pytest.mark.parametrize("undone", [DENIED, ENDED])
def test_text_that_contradicts_is_no_copy_however_alike(undone: Signal) -> None:
    text = profile(DISPATCH)
    assert find_copy(text, [undone], NOW, [candidate(DISPATCH, EXPELLED)]) is None
    assert find_copy(text, [EXPELLED], NOW, [candidate(DISPATCH, undone)]) is None
    assert find_copy(text, [undone], NOW, [candidate(DISPATCH, undone)]) is not None


def test_the_same_words_on_other_states_are_no_copy() -> None:
    elsewhere = replace(EXPELLED, actor="NER")
    assert find_copy(profile(DISPATCH), [elsewhere], NOW, [candidate(DISPATCH, EXPELLED)]) is None


def test_contradiction_is_seen_though_a_text_leaves_a_side_out() -> None:
    assert contradict([replace(DENIED, actor=None)], [EXPELLED])
    assert not contradict([replace(DENIED, actor="NER")], [EXPELLED])
    assert not contradict([replace(DENIED, type="recall_ambassador")], [EXPELLED])


@pytest.mark.parametrize("status", [Status.THREATENED, Status.HYPOTHETICAL, Status.PAST])
def test_other_statuses_contradict_nothing(status: Status) -> None:
    assert not contradict([replace(EXPELLED, status=status)], [EXPELLED])
    assert not contradict([replace(EXPELLED, status=status)], [DENIED])


SIGNALS = st.lists(
    st.builds(
        replace,
        st.just(EXPELLED),
        type=st.sampled_from(["expel_diplomats", "summon_ambassador"]),
        actor=st.sampled_from(["MLI", "FRA", None]),
        target=st.sampled_from(["MLI", "FRA", None]),
        status=st.sampled_from(list(Status)),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(SIGNALS, SIGNALS)
def test_contradiction_is_mutual_and_never_with_oneself(one: list[Signal], other: list[Signal]) -> None:
    assert contradict(one, other) == contradict(other, one)
    assert not contradict(one, one)


@settings(deadline=None)
@given(SIGNALS)
def test_reprint_is_a_copy_whatever_it_says(signals: list[Signal]) -> None:
    """Also of a text that reports an act and its denial."""
    assert find_copy(profile(DISPATCH), signals, NOW, [candidate(DISPATCH, *signals)]) is not None


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_makes_comparing_fail(one: str, two: str) -> None:
    likeness = compare(profile((one,)), profile((two,)))
    if likeness is not None:
        assert 0 < likeness.of_new <= 1
        assert relation(likeness, late=True) in Relation
