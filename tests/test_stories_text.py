"""Texts as words, profiles, fingerprints and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.stories.coverage import GAP, covered_by, share, shared
from detection.stories.fingerprint import WINDOW, fingerprints
from detection.stories.profile import SHINGLE, is_furniture, profile
from detection.stories.words import words
from tests.story_texts import DISPATCH, TEASER

WORDS = st.lists(
    st.sampled_from(["le", "la", "de", "mali", "paris", "bamako", "dit", "expulse", "deux", "non", "trois"]),
    max_size=80,
).map(" ".join)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_has_a_profile(paragraphs: list[str]) -> None:
    made = profile(paragraphs)
    kept = [word for place in made.paragraphs for word in words(paragraphs[place])]
    assert len(made) == len(kept) == len(made.figures) == (made.ends[-1] if made.ends else 0)
    assert len(made.shingles) == max(0, len(kept) - SHINGLE + 1)
    assert list(made.ordered) == sorted(made.shingles)
    assert bool(fingerprints(made)) == (len(kept) >= SHINGLE)


def test_words_disregard_accents_case_and_typography() -> None:
    assert words("L’État « réagit » – 48 h") == words('L\'ETAT "reagit" - 48 h') == ("l", "etat", "reagit", "48", "h")
    assert words("re\u0301agit") == words("réagit")


@pytest.mark.parametrize("number", ["283000", "283 000", "283\u202f000", "283.000", "283'000", "283’000"])
def test_thousands_are_written_in_many_ways(number: str) -> None:
    assert words(f"{number} francs") == ("283000", "francs")


@given(st.text())
def test_words_are_their_own_words(text: str) -> None:
    assert all(words(word) == (word,) for word in words(text))


def test_numbers_and_days_are_figures() -> None:
    text = "La Bourse de mardi perd 3 points, le 10e jour de baisse. Friday: up two."
    made = profile((text,))
    assert [bool(flag) for flag in made.figures] == [word in {"mardi", "3", "10e", "friday"} for word in words(text)]


def test_a_list_of_numbers_is_no_number() -> None:
    assert words("12 345 6") == ("12345", "6")
    assert words("en 2025, 48 heures") == ("en", "2025", "48", "heures")


@pytest.mark.parametrize(
    ("paragraph", "furniture"),
    [
        (TEASER, True),
        ("À lire également : le ministre répond", True),
        ("Abonnez-vous à notre lettre du matin et recevez l’essentiel de l’actualité.", True),
        ("Publié à 12h33, mis à jour à 14h02.", True),
        ("(afp/ats)", True),
        ("Read also: Mali shuts consulate", True),
        (DISPATCH[0], False),
        ("Partir, disent-ils, serait renoncer.", False),
        ("Lire aussi " + "mot " * 60, False),
    ],
)
def test_furniture_is_no_news(paragraph: str, furniture: bool) -> None:
    assert is_furniture(words(paragraph)) is furniture


def test_furniture_is_left_out_unless_there_is_nothing_else() -> None:
    made = profile((TEASER, *DISPATCH, "(afp/ats)"))
    assert made.paragraphs == (1, 2, 3, 4, 5)
    assert list(made.hashes) == list(profile(DISPATCH).hashes)
    assert profile((TEASER,)).paragraphs == (0,)


@given(WORDS, WORDS, WORDS)
def test_a_common_run_gives_a_common_fingerprint(one: str, two: str, end: str) -> None:
    run = " ".join(f"mot{number}" for number in range(SHINGLE + WINDOW - 1))
    assert fingerprints(profile((f"{one} {run} {end}",))) & fingerprints(profile((f"{two} {run}",)))


def test_fingerprints_are_few_and_small() -> None:
    long = profile((" ".join(f"mot{number}" for number in range(5000)),))
    prints = fingerprints(long)
    assert len(long) == 5000
    # winnowing keeps two in WINDOW + 1 of random hashes
    assert len(prints) == pytest.approx(5000 * 2 / (WINDOW + 1), rel=0.1)
    assert len(prints) < 5000 * 0.2
    assert all(0 <= value < 2**47 for value in prints)
    short = [profile((f"mot{number} est le mot",)) for number in range(50)]
    assert 2**46 <= max(value for made in short for value in fingerprints(made)) < 2**47


def test_fingerprints_are_those_that_archives_hold() -> None:
    """A change here leaves every stored article without its copies."""
    assert fingerprints(profile(("Bamako expulse deux diplomates",))) == {140174921769040}


@given(WORDS)
def test_fingerprints_tell_the_words_and_not_their_paragraphs(text: str) -> None:
    assert fingerprints(profile((text,))) == fingerprints(profile(text.upper().split()))


@given(WORDS)
def test_a_text_covers_itself_from_a_shingle_on(text: str) -> None:
    made = profile((text,))
    assert share(covered_by(made, [made])) == (1.0 if len(made) >= SHINGLE else 0.0)


@given(WORDS, WORDS, WORDS)
def test_what_a_text_contains_stays_covered_whatever_stands_around_it(before: str, inner: str, after: str) -> None:
    made = profile((inner,))
    if len(made) >= SHINGLE:
        assert share(covered_by(made, [profile((before, inner, after))])) == 1.0


@given(WORDS, WORDS, WORDS)
def test_knowing_more_never_covers_less(new: str, known: str, more: str) -> None:
    made, first, second = profile((new,)), profile((known,)), profile((more,))
    less, all_ = covered_by(made, [first]), covered_by(made, [first, second])
    assert len(less) == len(all_) == len(made)
    assert not np.any(less & ~all_)
    assert not covered_by(made, []).any()


@given(WORDS, WORDS)
def test_shared_shingles_are_the_same_in_both(one: str, two: str) -> None:
    first, second = profile((one,)), profile((two,))
    here, there = shared(first, second)
    assert all(first.shingles[here] == second.shingles[there])
    assert set(first.shingles[here]) == set(first.shingles) & set(second.shingles)


@pytest.mark.parametrize(("changed", "bridged"), [(GAP, True), (GAP + 1, False)])
def test_a_few_changed_words_between_known_ones_count_as_known(changed: int, bridged: bool) -> None:
    old = [f"mot{number}" for number in range(40)]
    new = [*old[:15], *(f"autre{number}" for number in range(changed)), *old[15 + changed :]]
    flags = covered_by(profile((" ".join(new),)), [profile((" ".join(old),))])
    assert bool(flags.all()) is bridged
