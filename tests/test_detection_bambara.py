"""Bambara seeds: identified, found with and without its own letters, and kept from other languages."""

import pytest

from detection.engine import Document, detect, load_rules
from detection.language import identify_language
from detection.taxonomy import event_types


@pytest.mark.parametrize(
    "text",
    [
        "Mali ye Faransi lasigiden gɛn ka bɔ jamana kɔnɔ.",
        "Jamana ka fanga ko u ye kuma min fɔ, o ye tiɲɛ ye.",
        "Mali ye Faransi ma ko u ka lasigiden ka bo, u ye o ke.",
    ],
)
def test_bambara_is_identified(text: str) -> None:
    assert identify_language(text) == "bm"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Le Mali ne dira ni oui ni non à la demande de la France, a dit le ministre.", "fr"),
        ("Mali and France will be at odds over the envoy, the minister said on Friday.", "en"),
    ],
)
def test_other_languages_stay_what_they_are(text: str, language: str) -> None:
    assert identify_language(text) == language


@pytest.mark.parametrize("word", ["gɛn", "gen", "labɔ", "labo"])
def test_letters_may_be_typed_plainly(word: str) -> None:
    found = detect(Document(title=f"Mali ye Faransi lasigiden {word}", text="", language="bm"), load_rules()).signals
    assert [(one.type, one.actor, one.target) for one in found] == [("expel_ambassador", "MLI", "FRA")]


@pytest.mark.parametrize("language", ["ar", "ru"])
def test_arabic_and_russian_have_every_type_with_a_test(language: str) -> None:
    rules = [rule.entry for rule in load_rules().languages[language].rules]
    assert {rule.type for rule in rules} == set(event_types())
    assert all(rule.test for rule in rules)
