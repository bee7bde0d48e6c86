"""What the sentence of an act says of numbers and answers."""

from __future__ import annotations

import pytest

from detection.answering import answers, people
from storage.types import Signal, Status


def expulsion(sentence: str, actor: str, target: str, kind: str = "expel_diplomats") -> Signal:
    return Signal(
        type=kind, severity=4, actor=actor, target=target, status=Status.ASSERTED, sentence=sentence, start=0, end=1,
        rule="x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "actor", "target", "number"),
    [
        ("La France renvoie deux diplomates maliens.", "FRA", "MLI", 2),
        ("CORRECTION : la France expulse deux diplomates maliens, et non trois", "FRA", "MLI", 2),
        ("Le Mali déclare persona non grata cinq agents de l’ambassade de France.", "MLI", "FRA", 5),
        ("Paris donne 48 heures à 3 diplomates maliens", "FRA", "MLI", 3),
        ("France expelled two Malian diplomats and Mali sent five French embassy staff home.", "FRA", "MLI", 2),
        ("France expelled two Malian diplomats and Mali sent five French embassy staff home.", "MLI", "FRA", 5),
        ("Trois jours plus tard, le Mali les déclarait indésirables.", "MLI", "FRA", None),
        ("Bamako tells French embassy staff to go", "MLI", "FRA", None),
        ("Le Mali expulse un diplomate français", "MLI", "FRA", 1),
        ("Les accords de 2013 sont dénoncés et les diplomates français expulsés.", "MLI", "FRA", None),
    ],
)
def test_people_are_counted_on_the_side_that_is_hit(sentence: str, actor: str, target: str, number: int | None) -> None:
    assert people(expulsion(sentence, actor, target)) == number


def test_nobody_is_counted_where_nobody_is_expelled() -> None:
    assert people(expulsion("La France suspend deux agents de coopération", "FRA", "MLI", "suspend_aid")) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "En représailles, Bamako renvoie cinq agents.",
        "Le Mali réplique et expulse cinq Français",
        "Cinq agents priés de partir en réponse à la décision de Paris",
        "Paris répond à la détention de son agent.",
        "Au nom du principe de réciprocité, cinq visas sont annulés.",
        "Mali responds by declaring five staff persona non grata",
        "The aid was frozen in retaliation for the arrest.",
        "A tit-for-tat expulsion",
        "Москва выслала дипломатов в ответ на решение Парижа",
    ],
)
def test_answers_are_told_by_their_words(sentence: str) -> None:
    assert answers(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "La France expulse deux diplomates maliens.",
        "Le ministre répondra de ses actes devant la Cour",
        "Il est en Retournement complet",
        "The envoy is responsible for the mission",
    ],
)
def test_other_words_are_no_answer(sentence: str) -> None:
    assert not answers(sentence)
