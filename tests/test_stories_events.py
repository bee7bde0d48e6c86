"""What an article is about, and which articles tell one event."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.engine import Document, detect, load_rules
from detection.stories import Member, Sketch, same_event, sketch
from detection.stories.kinship import (
    SAME_ACT,
    WEIGHTS,
    denies,
    features,
    kinship,
    opposed,
    same_affair,
)
from storage.types import Signal, Status
from tests.story_texts import NOW

HOUR = timedelta(hours=1)


def member(title: str, text: str = "", language: str = "fr", at: timedelta = timedelta(0)) -> Member:
    document = Document(title=title, text=text, published_at=NOW + at, language=language)
    made = sketch(title, text, detect(document, load_rules()).signals)
    assert made is not None
    return Member(sketch=made, at=NOW + at)


EXPULSION = member(
    "Le Mali expulse deux diplomates français",
    "Bamako a déclaré lundi persona non grata deux conseillers de l’ambassade de France, Luc Berthier et Anne Colin.",
)


def joins(new: Member, *members: Member) -> bool:
    return same_event(new, {1: members}, {}) == 1


def test_a_sketch_keeps_acts_states_and_names() -> None:
    made = EXPULSION.sketch
    assert {(act.family, act.actor, act.target, act.polarity) for act in made.headline} == {
        ("expulsion", "MLI", "FRA", 1)
    }
    assert made.news == made.headline
    assert set(made.states) == {"MLI", "FRA"}
    assert sum(made.states.values()) == pytest.approx(1)
    assert len(made.names) >= 4
    assert made.undoing == 0


def test_a_name_is_known_by_its_beginning_and_states_are_none() -> None:
    one = member("Bamako", "L’avocat de Berthier a parlé à Bamako de Mali et de Luc Berthier.")
    two = member("Bamako", "Des proches de Berthier’s famille étaient à Bamako.")
    assert one.sketch.names & two.sketch.names
    assert not member("Bamako", "Le Mali et la France se parlent à Bamako.").sketch.names


def test_a_title_in_capitals_names_nobody() -> None:
    loud = member("LE MALI EXPULSE DEUX DIPLOMATES", "Rien à ajouter.")
    cased = member("Mali Expels Two French Envoys In Latest Diplomatic Row", "Nothing to add.", "en")
    assert not loud.sketch.names
    assert not cased.sketch.names


def test_words_of_an_end_are_counted_in_the_beginning_only() -> None:
    assert member("Le Mali lève la suspension de RFI", "La reprise est immédiate.").sketch.undoing == 2
    late = member("Le Mali parle", "Rien de neuf.\nPlus tard, la reprise, le retour et la levée seront évoqués.")
    assert late.sketch.undoing == 0


def test_a_text_without_a_state_is_about_no_event_of_ours() -> None:
    assert sketch("Le marché du dimanche", "Les maraîchers ont vendu leurs tomates.", ()) is None
    assert sketch("", "", ()) is None


SIGNALS = st.lists(
    st.builds(
        Signal,
        type=st.sampled_from(["expel_diplomats", "accuse", "unknown"]),
        severity=st.integers(1, 5),
        actor=st.sampled_from(["MLI", "FRA", None]),
        target=st.sampled_from(["MLI", "FRA", None]),
        status=st.sampled_from(list(Status)),
        sentence=st.just("…"),
        start=st.integers(0, 10_000),
        end=st.just(1),
        rule=st.just("r"),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=300), SIGNALS)
def test_any_text_can_be_sketched(title: str, text: str, signals: list[Signal]) -> None:
    made = sketch(f"Mali {title}", text, signals)
    assert made is None or isinstance(made, Sketch)
    if made is not None:
        one = Member(sketch=made, at=NOW)
        values = features(one, EXPULSION, {})
        assert values == features(EXPULSION, one, {})
        assert len(values) == len(WEIGHTS)
        assert all(0 <= value <= 1 for value in values)
        assert kinship(one, EXPULSION, {}) == pytest.approx(kinship(EXPULSION, one, {}))


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [
        ("Deux Français priés de quitter Bamako", "Le Mali a expulsé deux diplomates français.", "fr"),
        ("Mali expels two French diplomats", "Bamako told Luc Berthier and Anne Colin to leave.", "en"),
        ("La junte malienne hausse le ton contre Paris", "Berthier et Colin ont fait leurs valises.", "fr"),
    ],
)
def test_reports_of_one_event_share_its_story(title: str, text: str, language: str) -> None:
    assert joins(member(title, text, language, 3 * HOUR), EXPULSION)


@pytest.mark.parametrize(
    ("title", "at"),
    [
        ("Le Niger expulse deux diplomates français", 1),
        ("Le Mali dément avoir expulsé deux diplomates français", 1),
        ("La France rappelle son ambassadeur au Mali", 1),
        ("La France expulse deux diplomates maliens", 1),
        ("Mali : le prix du coton au plus haut depuis la Côte d’Ivoire", 90),
    ],
    ids=["other state", "denial", "other act", "other way round", "other news"],
)
def test_what_is_another_event_opens_a_story(title: str, at: int) -> None:
    assert not joins(member(title, at=at * HOUR), EXPULSION)


def test_an_act_and_its_end_never_share_a_story() -> None:
    closed = member("Le Mali ferme son espace aérien aux avions français")
    reopened = member("Le Mali rouvre son espace aérien aux avions français", at=HOUR)
    assert opposed(closed.sketch, reopened.sketch)
    assert opposed(reopened.sketch, closed.sketch)
    assert not joins(reopened, closed)
    assert not denies(reopened.sketch, closed.sketch)


def test_a_denial_says_so() -> None:
    denial = member("Le Mali dément avoir expulsé deux diplomates français")
    assert denies(denial.sketch, EXPULSION.sketch)
    assert not denies(EXPULSION.sketch, denial.sketch)


def test_the_same_act_told_again_days_later_is_no_other_event() -> None:
    again = member("Le Mali expulse deux diplomates français", at=timedelta(days=3))
    later = member("Le Mali expulse deux diplomates français", at=SAME_ACT + HOUR)
    assert joins(again, EXPULSION)
    assert not joins(later, EXPULSION)


def test_the_nearest_of_several_stories_is_chosen() -> None:
    old = member("Le Mali expulse deux diplomates français", at=timedelta(days=-3))
    new = member("Le Mali expulse deux diplomates français", at=HOUR)
    assert same_event(new, {1: [old], 2: [EXPULSION]}, {}) == 2
    assert same_event(new, {}, {}) is None


def test_the_affair_is_the_nearest_story_of_acts_between_the_same_states() -> None:
    answer = member("La France rappelle son ambassadeur au Mali", at=2 * HOUR)
    elsewhere = member("Le Niger expulse deux diplomates français", at=2 * HOUR)
    assert same_affair(answer, {1: [EXPULSION], 2: [elsewhere]}) == 1
    assert same_affair(elsewhere, {1: [EXPULSION]}) is None
    lone = member("Lyon : un étudiant malien sous OQTF", "La préfecture du Rhône l’oblige à quitter le territoire.")
    assert lone.sketch.news
    assert same_affair(lone, {1: [EXPULSION]}) is None
    assert same_affair(member("Le Mali et la France"), {1: [EXPULSION]}) is None
