"""Arabic as printed, and what Arabic and Russian sentences say of sides and dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.arabic import is_arabic, written_forms
from detection.countries import find_mentions, fused_preposition
from detection.engine import Document, detect, load_rules
from detection.text import fold, tokenize

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def _forms(word: str) -> dict[str, str]:
    return dict(written_forms(fold(word)))


def test_conjunctions_prepositions_and_the_article_are_written_on() -> None:
    forms = _forms("سفير")
    assert {"سفير", "وسفير", "فسفير", "بسفير", "السفير", "والسفير"} <= forms.keys()
    assert forms["للسفير"] == "ل"
    assert forms["بالسفير"] == "ب"
    assert forms["السفير"] == ""


def test_a_verb_of_the_present_takes_the_future() -> None:
    assert "ستطرد" in _forms("تطرد")
    assert "سسفير" not in _forms("سفير")


def test_small_words_take_conjunctions_only() -> None:
    assert set(_forms("لم")) == {"لم", "ولم", "فلم"}


def test_the_article_melts_into_the_preposition() -> None:
    assert "للجزاير" in _forms("الجزائر")
    assert "الالجزاير" not in _forms("الجزائر")


@given(st.text(LETTERS, min_size=1, max_size=12), st.booleans())
def test_every_form_ends_as_the_word_does(word: str, article: bool) -> None:
    forms = dict(written_forms(word, article=article))
    assert word in forms
    assert all(form.endswith(word.removeprefix("ال")) and is_arabic(form) for form in forms)


@pytest.mark.parametrize(
    ("printed", "code", "preposition"),
    [
        ("بمالي", "MLI", "ب"),
        ("لفرنسا", "FRA", "ل"),
        ("وباماكو", "MLI", ""),
        ("باماكو", "MLI", ""),
        ("باريس", "FRA", ""),
        ("للفرنسيين", "FRA", "ل"),
        ("الماليين", "MLI", ""),
        ("للجزائر", "DZA", "ل"),
    ],
)
def test_states_are_known_with_what_is_written_onto_them(printed: str, code: str, preposition: str) -> None:
    tokens = tokenize(fold(printed))
    assert [mention.code for mention in find_mentions(tokens, printed)] == [code]
    assert fused_preposition(tokens.words[0]) == preposition


@pytest.mark.parametrize("printed", ["وزارة المالية", "باريس سان جيرمان", "Пари Сен-Жермен", "نهر النيجر"])
def test_look_alikes_name_no_state(printed: str) -> None:
    assert find_mentions(tokenize(fold(printed)), printed) == ()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "طردت مالي السفير الفرنسي.", ("expel_ambassador", "MLI", "FRA", "asserted")),
        ("ar", "طَرَدَتْ ماليْ السّفيرَ الفرنسيَّ.", ("expel_ambassador", "MLI", "FRA", "asserted")),
        ("ar", "استدعت وزارة الخارجية المالية سفير فرنسا.", ("summon_ambassador", "MLI", "FRA", "asserted")),
        ("ar", "وستغلق فرنسا سفارتها بمالي.", ("close_mission", "FRA", "MLI", "asserted")),
        ("ar", "في عام 2022 طردت مالي السفير الفرنسي.", ("expel_ambassador", "MLI", "FRA", "past")),
        ("ar", "في 31 يناير 2022 طردت مالي السفير الفرنسي.", ("expel_ambassador", "MLI", "FRA", "past")),
        ("ar", "هل طردت مالي السفير الفرنسي؟", ("expel_ambassador", "MLI", "FRA", "hypothetical")),
        ("ar", "النيجر تطرد السفير الفرنسي.", ("expel_ambassador", "NER", "FRA", "asserted")),
        ("ru", "Мали выслало посла Франции.", ("expel_ambassador", "MLI", "FRA", "asserted")),
        ("ru", "Посол Франции выслан властями Мали.", ("expel_ambassador", "MLI", "FRA", "asserted")),
        ("ru", "31 января 2022 года Мали выслало посла Франции.", ("expel_ambassador", "MLI", "FRA", "past")),
        (
            "ru",
            "Арестован французский инженер, задержанный малийскими силами.",
            ("detain_national", "MLI", "FRA", "asserted"),
        ),
    ],
)
def test_sides_and_dates(language: str, text: str, expected: tuple[str, str, str, str]) -> None:
    published = datetime(2026, 2, 18, tzinfo=UTC)
    document = Document(title="", text=text, language=language, published_at=published)
    signals = detect(document, load_rules()).signals
    assert expected in {(one.type, one.actor, one.target, str(one.status)) for one in signals}
