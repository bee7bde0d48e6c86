"""Which texts are one dispatch, and which only look like it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.stories import find_copy, profile
from detection.stories.acts import contradict, other_acts
from detection.stories.copies import LATE, UNTOUCHED, Copied
from detection.stories.likeness import COPY, CUT, SHIFT, Relation, compare, relation
from storage.types import Signal, Status
from tests.story_texts import DENIED, DISPATCH, ENDED, EXPELLED, FORM, NOW, OTHER_EVENT, TEASER, candidate

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


def filler(stem: str, count: int) -> str:
    """Return words that no other text has."""
    return " ".join(f"{stem}x{number}" for number in range(count))


def report(*figures: object) -> tuple[str, ...]:
    """Return a report in a set form with one figure a paragraph."""
    return tuple(
        f"le poste {filler(f'poste{place}', 5)} en compte {figure} selon le relevé {filler(f'fin{place}', 5)}"
        for place, figure in enumerate(figures)
    )


@pytest.mark.parametrize(
    "paragraphs",
    [
        DISPATCH,
        DISPATCH[:3],
        DISPATCH[:1] + DISPATCH[2:4],
        (DISPATCH[3], DISPATCH[0], DISPATCH[1]),
        ("Deux Français priés de partir", *DISPATCH),
        (TEASER, *DISPATCH, "Abonnez-vous à notre lettre du matin et recevez l’essentiel de l’actualité."),
        tuple(paragraph.upper() for paragraph in DISPATCH),
        tuple(paragraph.replace("lundi", "hier").replace("Bamako", "la capitale") for paragraph in DISPATCH),
        (" ".join(DISPATCH).replace("’", "'"),),
        edited(DISPATCH, 0.1),
        (*edited(DISPATCH[:1], 0.4), *DISPATCH[1:]),
        (TEASER, *edited((DISPATCH[0], *DISPATCH[2:]), 0.08)),
    ],
    ids=[
        "same",
        "cut",
        "gap",
        "moved",
        "headline",
        "furniture",
        "capitals",
        "touched",
        "one",
        "edited",
        "lead",
        "hard",
    ],
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


@pytest.mark.parametrize("seed", range(12))
def test_a_text_with_a_word_in_ten_changed_is_a_copy(seed: int) -> None:
    assert copied(edited(LONG, 0.1, seed), of=LONG) is not None


def test_two_papers_that_cut_different_paragraphs_print_one_dispatch() -> None:
    common = DISPATCH[:2]
    one, two = (*common, filler("un", 40)), (*common, filler("deux", 48))
    likeness = compare(profile(one), profile(two))
    assert likeness is not None
    assert CUT <= likeness.of_old < likeness.of_new < COPY
    assert copied(one, of=two) is not None


def test_as_much_in_common_below_another_beginning_is_no_copy() -> None:
    new, old = (*OTHER_EVENT[:2], *DISPATCH[:3]), (*DISPATCH[:3], filler("deux", 60))
    likeness = compare(profile(new), profile(old))
    assert likeness is not None
    assert CUT <= likeness.of_old < likeness.of_new < COPY
    assert copied(new, of=old) is None


def test_the_full_text_shows_that_two_cut_versions_are_one_dispatch() -> None:
    early, late = candidate(DISPATCH[:3]), candidate(DISPATCH[:1] + DISPATCH[3:], article=2)
    found = find_copy(profile(DISPATCH), (), NOW, [early, late])
    assert found is not None
    assert {found.candidate.dispatch, *found.same} == {1, 2}
    alone = find_copy(profile(DISPATCH), (), NOW, [early])
    assert alone is not None
    assert alone.same == ()


def test_a_turn_of_phrase_that_both_have_is_no_beginning() -> None:
    """A follow-up with five words of yesterday's dispatch in its news still begins below it."""
    phrase = " ".join(DISPATCH[0].split()[:5])
    own = (f"{filler('avant', 20)} {phrase} {filler('ensuite', 90)}", *DISPATCH[1:])
    likeness = compare(profile(own), profile(DISPATCH))
    assert likeness is not None
    assert likeness.begins_in_new > 100
    assert copied(own) is None


def test_a_passage_deep_in_another_text_is_no_copy_of_it() -> None:
    assert copied(DISPATCH[:3], of=(*OTHER_EVENT, *DISPATCH[:3])) is None
    assert copied((*OTHER_EVENT, *DISPATCH[:2]), of=DISPATCH[:2]) is None
    assert copied((filler("titre", SHIFT - 10), *DISPATCH[:2]), of=DISPATCH[:2]) is not None


@pytest.mark.parametrize(("words", "copy"), [(150, True), (250, False)])
def test_a_long_text_that_only_opens_with_a_brief_is_no_longer_version(words: int, copy: bool) -> None:
    assert (copied((DISPATCH[0], filler("suite", words)), of=DISPATCH[:1]) is not None) is copy


@pytest.mark.parametrize("text", [(), ("trois mots seulement",), ("", "–")])
def test_texts_too_short_to_compare_are_no_copies_of_each_other(text: tuple[str, ...]) -> None:
    assert copied(text, of=text) is None


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


@pytest.mark.parametrize(
    ("old", "new", "copy"),
    [
        ((1, 2, 3, 4, 5, 6, 7, 8), (1, 2, 3, 4, 5, 6, 7, 90), True),
        ((1, 2, 3, 4, 5, 6, 7, 8), (1, 2, 3, 4, 5, 6, 70, 90), True),
        ((1, 2, 3, 4, 5, 6, 7, 8), (1, 2, 3, 4, 5, 60, 70, 90), False),
        ((1, 2, 3), (1, 20, 30), False),
        ((1, 2), (1, 20), True),
    ],
)
def test_so_many_changed_figures_make_another_report(old: tuple[int, ...], new: tuple[int, ...], copy: bool) -> None:
    changed = sum(one != other for one, other in zip(old, new, strict=True))
    likeness = compare(profile(report(*new)), profile(report(*old)))
    assert likeness is not None
    assert (likeness.same_figures, likeness.changed_figures) == (len(old) - changed, changed)
    assert (copied(report(*new), of=report(*old)) is not None) is copy


def test_the_same_report_of_another_day_is_no_late_copy() -> None:
    stored = candidate(report("lundi"), at=NOW - LATE - timedelta(hours=1))
    assert find_copy(profile(report("mardi")), (), NOW, [stored]) is None
    assert find_copy(profile(report("lundi")), (), NOW, [stored]) is not None


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


def test_a_late_copy_much_edited_is_known_by_its_figures() -> None:
    figures = "Le relevé compte 12 camions, 30 citernes et 48 voitures au poste de la frontière."
    text = (*LONG, figures)
    later = (*edited(LONG, 0.2, seed=1), figures)
    likeness = compare(profile(later), profile(text))
    assert likeness is not None
    assert likeness.intact is not None
    assert likeness.intact < UNTOUCHED
    stored = candidate(text, at=NOW - LATE - timedelta(hours=2))
    assert find_copy(profile(later), (), NOW, [stored]) is not None


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


def test_the_dispatch_that_says_most_comes_before_one_in_more_copies() -> None:
    cut = (*DISPATCH[:2], DISPATCH[3])
    stored = (candidate(cut, article=1), candidate(cut, article=5, copy_of=1), candidate(DISPATCH, article=2))
    for order in permutations(stored):
        found = find_copy(profile(DISPATCH), (), NOW, order)
        assert found is not None
        assert (found.candidate.dispatch, found.coverage) == (2, 1.0)


TEXTS = st.sampled_from([DISPATCH, DISPATCH[:2], DISPATCH[:4], LONG, OTHER_EVENT, edited(DISPATCH, 0.2)])


@given(
    TEXTS,
    st.lists(
        st.tuples(TEXTS, st.sampled_from([None, 1, 2]), st.sampled_from([(), (EXPELLED,), (DENIED,)])), max_size=6
    ),
    st.randoms(use_true_random=False),
)
def test_the_answer_hangs_on_no_order(
    text: tuple[str, ...],
    known: list[tuple[tuple[str, ...], int | None, tuple[Signal, ...]]],
    chance: random.Random,
) -> None:
    stored = [
        candidate(own, *signals, article=number + 10, copy_of=copy_of)
        for number, (own, copy_of, signals) in enumerate(known)
    ]
    shuffled = list(stored)
    chance.shuffle(shuffled)
    one, two = (find_copy(profile(text), (EXPELLED,), NOW, order) for order in (stored, shuffled))
    assert (one and (one.candidate.article_id, one.coverage)) == (two and (two.candidate.article_id, two.coverage))
    assert one is None or DENIED not in one.candidate.signals


@pytest.mark.parametrize("undone", [DENIED, ENDED])
def test_text_that_contradicts_is_no_copy_however_alike(undone: Signal) -> None:
    text = profile(DISPATCH)
    assert find_copy(text, [undone], NOW, [candidate(DISPATCH, EXPELLED)]) is None
    assert find_copy(text, [EXPELLED], NOW, [candidate(DISPATCH, undone)]) is None
    assert find_copy(text, [undone], NOW, [candidate(DISPATCH, undone)]) is not None


def test_the_same_words_on_other_states_are_no_copy() -> None:
    elsewhere = replace(EXPELLED, actor="NER")
    assert find_copy(profile(DISPATCH), [elsewhere], NOW, [candidate(DISPATCH, EXPELLED)]) is None


def test_acts_differ_only_when_both_texts_assert_some_and_share_none() -> None:
    summoned = replace(EXPELLED, type="summon_ambassador")
    assert other_acts([EXPELLED], [summoned])
    assert not other_acts([EXPELLED, summoned], [summoned])
    assert not other_acts([], [EXPELLED])
    assert not other_acts([DENIED], [EXPELLED])
    assert not other_acts([replace(summoned, status=Status.PAST)], [EXPELLED])


def test_a_text_that_reports_both_sides_contradicts_nobody() -> None:
    assert not contradict([EXPELLED, DENIED], [EXPELLED])
    assert not contradict([EXPELLED, DENIED], [DENIED])
    assert contradict([replace(EXPELLED, type="summon_ambassador"), DENIED], [EXPELLED])


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


@given(SIGNALS, SIGNALS)
def test_contradiction_is_mutual_and_never_with_oneself(one: list[Signal], other: list[Signal]) -> None:
    assert contradict(one, other) == contradict(other, one)
    assert not contradict(one, one)
    assert other_acts(one, other) == other_acts(other, one)
    assert not other_acts(one, one)


@given(SIGNALS)
def test_reprint_is_a_copy_whatever_it_says(signals: list[Signal]) -> None:
    """Also of a text that reports an act and its denial."""
    assert find_copy(profile(DISPATCH), signals, NOW, [candidate(DISPATCH, *signals)]) is not None


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_makes_comparing_fail(one: str, two: str) -> None:
    likeness = compare(profile((one,)), profile((two,)))
    if likeness is not None:
        assert 0 < likeness.of_new <= 1
        assert relation(likeness, late=True) in Relation
