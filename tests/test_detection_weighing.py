"""Severity modifiers and confidence."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.engine import Document, detect, load_rules
from storage.types import Signal

PUBLISHED = datetime(2026, 3, 1, tzinfo=UTC)


def _signals(text: str, title: str = "", language: str = "fr") -> list[Signal]:
    document = Document(title=title, text=text, published_at=PUBLISHED, language=language)
    return list(detect(document, load_rules(), learned=False).signals)


@pytest.mark.parametrize(
    ("text", "severity", "modifiers"),
    [
        ("Le Mali expulse deux diplomates français.", 4, ()),
        ("Le Mali expulse cinq diplomates français.", 5, ("many",)),
        ("Le Mali expulse 12 diplomates français.", 5, ("many",)),
        ("Le Mali expulse sous 72 heures deux diplomates français.", 4, ()),
        ("Le Mali expulse un diplomate français, arrivé il y a trois mois.", 4, ()),
    ],
)
def test_three_diplomats_weigh_more(text: str, severity: int, modifiers: tuple[str, ...]) -> None:
    (signal,) = _signals(text)
    assert (signal.severity, signal.modifiers) == (severity, modifiers)


def test_an_answer_in_kind_raises_both_acts() -> None:
    signals = _signals(
        "La France expulse deux diplomates maliens. Le Mali expulse à son tour deux diplomates français."
    )
    assert {(one.actor, one.severity, one.modifiers) for one in signals} == {
        ("FRA", 5, ("reciprocal",)),
        ("MLI", 5, ("reciprocal",)),
    }


def test_acts_of_other_kinds_answer_nothing() -> None:
    signals = _signals("La France suspend son aide au Mali. Le Mali expulse deux diplomates français.")
    assert all(not one.modifiers for one in signals)


def test_background_is_less_sure_than_news() -> None:
    filler = "Le marché de Bamako reste animé. " * 12
    (early,) = _signals("Le Mali expulse deux diplomates français. " + filler)
    (late,) = _signals(filler + "Le Mali expulse deux diplomates français.")
    assert early.confidence > late.confidence


def test_a_side_from_the_context_is_less_sure() -> None:
    (whole,) = _signals("Le Mali expulse deux diplomates français.")
    (filled,) = _signals("Deux diplomates français ont été expulsés mardi.", title="Mali")
    assert (filled.actor, filled.target) == ("MLI", "FRA")
    assert whole.confidence > filled.confidence


@given(
    st.lists(
        st.sampled_from(["Le Mali expulse trois diplomates français.", "Paris", "rappelle", "son ambassadeur", "."])
    )
)
def test_figures_stay_in_their_bounds(pieces: list[str]) -> None:
    for signal in _signals(" ".join(pieces)):
        assert 1 <= signal.severity <= 5
        assert 0 <= signal.confidence <= 1
