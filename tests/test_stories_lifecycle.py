"""What agencies say of their own dispatches, and the timeline of firsts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.stories.firsts import firsts
from detection.stories.lifecycle import Lifecycle, lifecycle
from storage.types import Signal, Status

ACT = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="…", start=0, end=1,
    rule="r",
)  # fmt: skip
DENIED = replace(ACT, status=Status.DENIED)


@pytest.mark.parametrize(
    ("title", "text", "stage"),
    [
        ("URGENT - Le Mali expulse deux diplomates", "", Lifecycle.URGENT),
        ("ALERTE : le consulat fermé", "", Lifecycle.URGENT),
        ("CORRECTION : la France expulse deux diplomates, et non trois", "", Lifecycle.CORRECTION),
        ("Rectificatif. Mali : le nombre de diplomates", "", Lifecycle.CORRECTION),
        ("Corrected-Mali expels two French diplomats", "", Lifecycle.CORRECTION),
        ("Mali : deux diplomates", "Corrige le nombre de diplomates au premier paragraphe.", Lifecycle.CORRECTION),
        ("Mali expels envoys", "An earlier version of this story gave another number.", Lifecycle.CORRECTION),
        ("ANNULATION : Le Mali expulse deux diplomates", "", Lifecycle.CANCELLATION),
        ("Mali expels envoys", "This story has been withdrawn. Please disregard.", Lifecycle.CANCELLATION),
        ("Veuillez patienter", "Veuillez ne pas utiliser cette dépêche.", Lifecycle.CANCELLATION),
        ("Le Mali expulse deux diplomates", "Bamako a agi lundi.", Lifecycle.PLAIN),
        ("Mali : deux diplomates", "Bamako (AFP) - (Corrige la date au 2e paragraphe) Le Mali.", Lifecycle.CORRECTION),
        ("Mali : deux diplomates", "Il fallait lire : trois diplomates.", Lifecycle.CORRECTION),
        ("[KILL] Mali expels envoys", "", Lifecycle.CANCELLATION),
        ("Withdrawal of French troops from Mali begins", "", Lifecycle.PLAIN),
        ("Annulation de la visite du ministre français à Bamako", "", Lifecycle.PLAIN),
        ("Mise au point de Bamako sur l’expulsion", "", Lifecycle.PLAIN),
        ("Correction de trajectoire à Paris", "", Lifecycle.PLAIN),
        ("Paris change de ton", "Le ministre corrige le tir et rappelle son ambassadeur.", Lifecycle.PLAIN),
        ("Maison de correction : deux mineurs évadés", "", Lifecycle.PLAIN),
        ("Un besoin urgent de riz", "", Lifecycle.PLAIN),
    ],
)
def test_the_stage_of_a_dispatch(title: str, text: str, stage: Lifecycle) -> None:
    assert lifecycle(title, text) is stage


@given(st.text(), st.text())
def test_any_text_has_a_stage(title: str, text: str) -> None:
    assert lifecycle(title, text) in Lifecycle


def test_a_timeline_lists_who_said_what_first() -> None:
    found = firsts([(1, [ACT], (0, 1)), (2, [ACT], ()), (3, [ACT, DENIED], ()), (4, [], (2,)), (5, [DENIED], ())])
    assert [(first.article_id, first.signals, first.paragraphs) for first in found] == [
        (1, (ACT,), (0, 1)), (3, (DENIED,), ()), (4, (), (2,)),
    ]  # fmt: skip


def test_the_first_article_opens_the_timeline_whatever_it_says() -> None:
    assert [first.article_id for first in firsts([(7, [], ()), (8, [], ())])] == [7]
    assert firsts([]) == ()
