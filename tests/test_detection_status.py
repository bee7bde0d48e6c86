"""How real an act is: cues, dates, and what the whole text says."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.dates import find_dates, is_background
from detection.engine import Document, detect, load_rules
from detection.text import words_of
from storage.types import Status

PUBLISHED = datetime(2025, 9, 19, 12, tzinfo=UTC)


def _statuses(text: str, *, title: str = "", language: str = "fr", type_id: str = "expel_diplomats") -> set[Status]:
    document = Document(title=title, text=text, published_at=PUBLISHED, language=language)
    return {signal.status for signal in detect(document, load_rules()).signals if signal.type == type_id}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Le Mali expulse deux diplomates français.", Status.ASSERTED),
        ("Le Mali n’a pas expulsé deux diplomates français.", Status.DENIED),
        ("Le Mali n’a pas hésité à expulser deux diplomates français.", Status.ASSERTED),
        ("Le Mali dément avoir expulsé deux diplomates français.", Status.DENIED),
        ("Le Mali menace d’expulser deux diplomates français.", Status.THREATENED),
        ("Le Mali aurait expulsé deux diplomates français.", Status.HYPOTHETICAL),
        ("Le Mali a annoncé qu’il expulserait deux diplomates français.", Status.ASSERTED),
        ("Si la crise dure, le Mali va expulser deux diplomates français.", Status.HYPOTHETICAL),
        ("Le Mali va-t-il expulser des diplomates français ?", Status.HYPOTHETICAL),
        ("Le Mali avait expulsé deux diplomates français.", Status.PAST),
        ("Il y a trois ans, le Mali expulsait deux diplomates français.", Status.PAST),
        ("En mai 2024, le Mali a expulsé deux diplomates français.", Status.PAST),
        ("Le 17 septembre, le Mali a expulsé deux diplomates français.", Status.ASSERTED),
        ("Les deux diplomates français ne sont plus les bienvenus au Mali.", Status.ASSERTED),
        ("Expulser des diplomates français, ce serait une faute pour le Mali.", Status.HYPOTHETICAL),
        ("Rentrés avant d’être expulsés, deux diplomates français parlent du Mali.", Status.PAST),
        ("Au mois de juillet, le Mali a expulsé deux diplomates français.", Status.PAST),
        ("Depuis août, le Mali a expulsé deux diplomates français.", Status.PAST),
        # What opens the sentence as a clause of its own speaks of all that follows.
        ("À l’époque, le Mali expulse deux diplomates français.", Status.PAST),
        ("Rumeur : le Mali expulse deux diplomates français.", Status.HYPOTHETICAL),
        ("Au printemps 2019, le Mali expulse deux diplomates français.", Status.PAST),
        ("Après une réunion, le Mali expulse deux diplomates français.", Status.ASSERTED),
        ("Avant l’aube, le Mali expulse deux diplomates français.", Status.ASSERTED),
    ],
)
def test_french(text: str, status: Status) -> None:
    assert _statuses(text) == {status}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Mali expelled two French diplomats.", Status.ASSERTED),
        ("Mali has not expelled two French diplomats.", Status.DENIED),
        ("Mali did not hesitate to expel two French diplomats.", Status.ASSERTED),
        ("Mali denied expelling two French diplomats.", Status.DENIED),
        ("Mali threatened to expel two French diplomats.", Status.THREATENED),
        ("Mali may expel two French diplomats.", Status.HYPOTHETICAL),
        ("Mali had expelled two French diplomats.", Status.PAST),
        ("Mali expelled two French diplomats in March 2021.", Status.PAST),
        ("Two French diplomats are no longer welcome in Mali.", Status.ASSERTED),
        ("Reportedly, Mali expelled two French diplomats.", Status.HYPOTHETICAL),
        ("At the time, Mali expelled two French diplomats.", Status.PAST),
        ("In the spring of 2019, Mali expelled two French diplomats.", Status.PAST),
        ("Mali expelled two French diplomats in August.", Status.PAST),
        ("Mali expelled two French diplomats. France rejects the accusation.", Status.ASSERTED),
    ],
)
def test_english(text: str, status: Status) -> None:
    assert _statuses(text, language="en") == {status}


def test_a_cue_that_says_more_than_its_mask_counts() -> None:
    assert _statuses("Bamako n’exclut pas d’expulser deux diplomates français.") == {Status.HYPOTHETICAL}
    assert _statuses("Bamako n’a pas tardé : il expulse deux diplomates français.") == {Status.ASSERTED}


def test_a_clause_bounds_the_reach_of_a_cue() -> None:
    text = "Le Mali expulse deux diplomates français, mais il n’a pas rappelé son ambassadeur à Paris."
    assert _statuses(text) == {Status.ASSERTED}
    assert _statuses(text, type_id="recall_ambassador") == {Status.DENIED}


def test_a_title_that_denies_governs_the_text() -> None:
    text = "Un site avait affirmé jeudi le contraire. Le Mali a expulsé deux diplomates français, lisait-on."
    assert Status.ASSERTED not in _statuses(text, title="Bamako dément avoir expulsé des diplomates français")


def test_a_rumour_in_the_opening_overrides_the_title() -> None:
    text = "Des messages non vérifiés circulent depuis jeudi. Aucune source officielle ne s’est exprimée."
    assert _statuses(text, title="Le Mali expulse deux diplomates français") == {Status.HYPOTHETICAL}


def test_an_old_date_belongs_to_the_act_it_stands_with() -> None:
    text = "La France a suspendu sa coopération avec le Mali après l’arrestation en août d’un agent français."
    assert _statuses(text, type_id="suspend_cooperation") == {Status.ASSERTED}
    assert _statuses(text, type_id="detain_national") == {Status.PAST}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("le 15 août 2025", 1),
        ("in August 2024", 1),
        ("en 2020 et en 2021", 2),
        ("l’accord de 2014", 0),
        ("le traité signé en mai 2014", 0),
        ("the pact, signed in 2014", 0),
        ("d’ici au 5 mai", 0),
        ("she may go", 0),
    ],
)
def test_find_dates(text: str, count: int) -> None:
    words = words_of(text)
    assert len(find_dates(words, 0, len(words))) == count


@pytest.mark.parametrize(
    ("text", "published", "background"),
    [
        ("le 15 août", date(2025, 9, 19), True),
        ("le 10 septembre", date(2025, 9, 19), False),
        ("le 28 décembre", date(2026, 1, 3), False),
        ("en août", date(2025, 9, 19), True),
        ("en 2025", date(2025, 9, 19), False),
        ("en 2020", None, True),
        ("le 15 août", None, False),
        ("le 29 février 2023", date(2023, 3, 2), False),
    ],
)
def test_background(text: str, published: date | None, background: bool) -> None:
    words = words_of(text)
    (stated,) = find_dates(words, 0, len(words))
    assert is_background(stated, published) is background


@given(
    st.lists(
        st.sampled_from(
            [
                "le",
                "31",
                "février",
                "2023",
                "29",
                "mai",
                "9999",
                "0",
                "en",
                "ce",
                "août",
                "1er",
                "may",
                "st",
                "in",
                "ici",
            ]
        ),
        max_size=12,
    ),
    st.dates(),
)
def test_no_date_raises(words: list[str], published: date) -> None:
    folded = words_of(" ".join(words))
    for stated in find_dates(folded, 0, len(folded)):
        is_background(stated, published)


def _told(text: str, title: str = "") -> list[tuple[str | None, Status]]:
    document = Document(title=title, text=text, published_at=PUBLISHED, language="fr")
    return [(signal.actor, signal.status) for signal in detect(document, load_rules()).signals]


def test_a_story_in_the_imperfect_stays_in_the_past() -> None:
    opening = "Il y a un an, la France expulsait deux diplomates maliens. "
    assert _told(f"{opening}Le Mali répondait en expulsant cinq diplomates français.") == [
        ("FRA", Status.PAST),
        ("MLI", Status.PAST),
    ]
    for today in ("Vendredi, le Mali expulsait cinq diplomates français.", "Le Mali expulse cinq diplomates français."):
        assert _told(f"{opening}{today}") == [("FRA", Status.PAST), ("MLI", Status.ASSERTED)]


def test_a_retrospective_title_puts_the_whole_text_in_the_past() -> None:
    act = "Le Mali expulse deux diplomates français."
    assert _told(act, "Il y a un an, la rupture") == [("MLI", Status.PAST)]
    assert _told(act, "L’homme arrivé il y a deux ans doit partir") == [("MLI", Status.ASSERTED)]
    assert _told(f"Il y a un an, tout allait bien. {act}") == [("MLI", Status.ASSERTED)]


def test_a_quoted_lack_of_decision_takes_nothing_back() -> None:
    quote = "« Aucune décision de justice ne le permet », affirme l’ambassade."
    assert _told(f"Le Mali expulse deux diplomates français. {quote}") == [("MLI", Status.ASSERTED)]
    undecided = "Aucune décision n’a encore été prise, assure le ministère."
    assert _told(f"Le Mali expulse deux diplomates français. {undecided}") == [("MLI", Status.HYPOTHETICAL)]


@pytest.mark.parametrize(
    "text",
    [
        "Le Mali rétablit ses relations diplomatiques avec la France.",
        "La France dégèle les avoirs de dirigeants maliens.",
        "Le Mali lève la suspension de RFI.",
        "Le Mali libère deux Français.",
        "La France renvoie son ambassadeur au Mali.",
    ],
)
def test_what_is_taken_back_is_asserted_by_neither_path(text: str) -> None:
    document = Document(title="", text=text, published_at=PUBLISHED, language="fr")
    assert not [one for one in detect(document, load_rules()).signals if one.status is Status.ASSERTED]
