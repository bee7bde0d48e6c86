"""States in text, and the data behind them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detection.countries import countries, country_name, find_mentions, may_name_state
from detection.taxonomy import event_types, type_label
from detection.text import fold, tokenize, written_out


def _codes(text: str) -> list[str]:
    return [mention.code for mention in find_mentions(tokenize(fold(text)), text)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Le Quai d’Orsay répond à Koulouba", ["FRA", "MLI"]),
        ("des diplomates maliennes et nigériens", ["MLI", "NER"]),
        ("Nigerian and Nigerien envoys", ["NGA", "NER"]),
        ("la Guinée-Bissau, la Guinée équatoriale et la Guinée", ["GNB", "GNQ", "GIN"]),
        ("the US and the UN told us", ["USA", "UN"]),
        ("l’UE, l’ONU et la Cédéao", ["EU", "UN", "ECOWAS"]),
        ("le Paris Saint-Germain et l’accord de Paris", []),
        ("l’ancienne puissance coloniale", ["FRA"]),
        ("Soudan du Sud et Soudan", ["SSD", "SDN"]),
        ("une coopération franco-malienne", ["FRA", "MLI"]),
        ("Bruxelles s’inquiète", ["EU"]),
        ("La Belgique proteste, Bruxelles aussi", ["BEL", "BEL"]),
    ],
)
def test_mentions(text: str, codes: list[str]) -> None:
    assert _codes(text) == codes


_PIECES = ["Mali", "Paris", "l’ÉU", "U.N.", "US", "E\u0301U", "ma\u00adli", "المالي", "Франция", "quai d’Orsay"]
_PIECES += ["romantique", "machine", "un", "junte", " ", "-", "’", ".", "œ", "É", "x", "é"]


@given(st.lists(st.sampled_from(_PIECES)).map("".join) | st.text())
@example("UÆ")
@example("ÆS")
def test_the_presearch_overlooks_no_state(text: str) -> None:
    folded = fold(text)
    if find_mentions(tokenize(folded), text):
        assert may_name_state(text, folded, written_out(folded))
    if len({mention.code for mention in find_mentions(tokenize(folded), text)}) > 1:
        assert may_name_state(text, folded, written_out(folded), count=2)


@pytest.mark.parametrize("text", ["Une machine romantique à normaliser", "UNE ANOMALIE", "Un élu, us et coutumes", ""])
def test_the_presearch_does_not_fall_for_parts_of_words(text: str) -> None:
    assert not may_name_state(text, fold(text), written_out(fold(text)))


def test_the_junta_is_that_of_the_country_the_text_is_about() -> None:
    assert _codes("La junte parle. Le Niger attend.") == ["NER", "NER"]
    assert _codes("Au Mali, la junte parle.") == ["MLI", "MLI"]
    assert _codes("La junte parle.") == []


def test_a_line_in_capitals_holds_no_abbreviation_by_chance() -> None:
    assert _codes("UN DIPLOMATE EXPULSÉ DU MALI") == ["MLI"]
    assert _codes("LE MALI SAISIT LES BIENS D’UN GROUPE FRANÇAIS") == ["MLI", "FRA"]
    assert _codes("L’UN DES DIPLOMATES QUITTE LE MALI") == ["MLI"]


def test_in_a_line_in_capitals_the_article_tells_an_abbreviation() -> None:
    assert _codes("MALI TAKES FRANCE TO THE UN") == ["MLI", "FRA", "UN"]
    assert _codes("LE MALI QUITTE L’UA") == ["MLI", "AU"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Le MAECI convoque l’ambassadeur", ["MLI"]),
        ("À Niamey, le MAECI convoque l’ambassadeur", ["NER", "NER"]),
        ("Mali calls in French envoy", ["MLI", "FRA"]),
        ("Goita spoke in French", ["MLI"]),
    ],
)
def test_who_is_meant(text: str, codes: list[str]) -> None:
    assert _codes(text) == codes


def test_a_dateline_names_a_state_only_for_want_of_others() -> None:
    tokens = tokenize(fold("Dakar. La junte malienne expulse un Français"))
    text = "Dakar. La junte malienne expulse un Français"
    assert [one.code for one in find_mentions(tokens, text, frozenset({0}))] == ["MLI", "MLI", "FRA"]
    alone = "Bamako. Un Français expulsé"
    assert [one.code for one in find_mentions(tokenize(fold(alone)), alone, frozenset({0}))] == ["MLI", "FRA"]


def test_names_for_people_to_read() -> None:
    assert country_name("MLI", "fr", article=True) == "le Mali"
    assert country_name("DZA", "fr", article=True) == "l’Algérie"
    assert country_name("USA") == "United States"
    assert country_name("XYZ") == "XYZ"
    assert country_name(None) == "?"


def test_the_ladder_is_complete() -> None:
    types = event_types()
    assert len(types) == 28
    assert sum(not one.auxiliary for one in types.values()) == 25
    assert all(one.labels["fr"] and "'" not in one.labels["fr"] for one in types.values())
    assert types["sever_relations"].severity == 5
    assert types["removal_individual"].severity == 1
    assert type_label("expel_diplomats", "fr") == "expulsion de diplomates"
    assert type_label("of_another_version") == "of another version"


def test_the_states_of_the_region_are_known() -> None:
    wanted = "FRA MLI NER BFA TCD SEN CIV DZA MAR TUN MRT TGO BEN GIN GHA NGA CMR CAF COD RWA RUS UKR USA GBR DEU BEL"
    wanted += " CHE ESP ITA SWE CHN TUR IRN ISR SYR EGY LBY SDN UN EU ECOWAS AES AU"
    assert set(wanted.split()) <= countries().keys()


@pytest.mark.parametrize(
    ("text", "two"), [("Le Mali et les Maliens", False), ("Le Mali et Paris", True), ("Il pleut", False)]
)
def test_whether_two_states_are_named_is_seen_before_reading(text: str, two: bool) -> None:
    assert may_name_state(text, fold(text), written_out(fold(text)), count=2) is two
