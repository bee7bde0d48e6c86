"""Agencies credited in texts that come without a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.agencies import agency_of, leaning_on

PLAIN = "Le gouvernement a annoncé mercredi une série de mesures."


@pytest.mark.parametrize(
    ("paragraphs", "agency"),
    [
        (("BAMAKO (AFP) — Le Mali a annoncé jeudi une mesure.", PLAIN), "AFP"),
        (("PARIS, March 18 (Xinhua) -- The French government has ended the measures.",), "Xinhua"),
        (("Bamako, 14 janv (AMAP) Le gouvernement a décidé la fermeture du poste.",), "AMAP"),
        (("MOSCOW, January 15. /TASS/. The Malian authorities have announced it.",), "TASS"),
        (("(APA) - Le régulateur a prononcé une interdiction.",), "APA"),
        ((PLAIN, "(afp/ats)"), "AFP/Keystone-ATS"),
        ((PLAIN, "Avec AFP"), "AFP"),
        ((PLAIN, "20 Minutes avec AFP"), "AFP"),
        (("Le Mali a annoncé une mesure, rapporte l’AFP.", PLAIN), "AFP"),
        (("Two people familiar with the matter told Reuters on Monday.",), "Reuters"),
        ((PLAIN, "Source : L'Essor"), "L'Essor"),
        ((PLAIN,), None),
        (("L’Agence française de développement (AFD) suspend ses projets.",), None),
        (("Les apatrides selon l’ap des droits.",), None),
        ((), None),
    ],
)
def test_the_agency_of_a_text(paragraphs: tuple[str, ...], agency: str | None) -> None:
    assert agency_of(paragraphs) == agency


def test_who_signed_comes_first() -> None:
    assert agency_of(("BAMAKO (AFP) — Le Mali a annoncé.",), ("Reuters",)) == "Reuters"
    assert agency_of((PLAIN,), ("Awa Diarra",)) is None


@given(st.lists(st.text(max_size=80), max_size=5))
def test_no_text_makes_it_fail(paragraphs: list[str]) -> None:
    agency_of(paragraphs)
    for paragraph in paragraphs:
        leaning_on(paragraph)
