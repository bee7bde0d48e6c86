"""Typography, dates of change and teasers are no revision; a changed word always is."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storage.comparing import Change, Reading, comparison_key, is_furniture, judge, words

FULL = Reading(
    title="Bamako expulse deux diplomates",
    lede="Ils ont quarante-huit heures pour partir.",
    paragraphs=(
        "Le ministère l’a annoncé lundi : « Les deux agents sont déclarés persona non grata », dit le communiqué.",
        "L’ambassade n’a pas réagi. Quelque 10 000 ressortissants vivent dans le pays depuis plus de dix ans.",
        "Trois notes étaient restées sans réponse depuis janvier, selon une source proche du dossier à Bamako.",
    ),
)
WORDS = st.text(st.sampled_from("abcdefgéèœçàîûMLQ"), min_size=2, max_size=8).filter(
    lambda word: not is_furniture(word)
)
SENTENCE = st.lists(WORDS, min_size=3, max_size=12)
#: what a system of publication writes for one and the same character
VARIANTS = {
    "'": "’ʼ‘", "’": "'", "«": "“\"", "»": "”\"", '"': "“”«»", " ": "\u00a0\u202f", "-": "–—‑", "…": "...",
}  # fmt: skip


def key(reading: Reading) -> str:
    return comparison_key(reading.title, reading.lede, reading.paragraphs)


@st.composite
def retouched(draw: st.DrawFn, text: str) -> str:
    """The same words in another typography."""
    out = []
    for character in text:
        choice = draw(st.integers(0, 3))
        variants = VARIANTS.get(character)
        out.append(draw(st.sampled_from(variants)) if variants and choice else character)
        if choice == 3 and character == " ":
            out.append(draw(st.sampled_from([" ", "\u2009", "\u200b"])))
        if choice == 2 and character.isalpha():
            out.append(draw(st.sampled_from(["", "\u00ad", "\u200d", "\ufeff"])))
    shown = "".join(out)
    shown = shown.upper() if draw(st.booleans()) else shown
    return unicodedata.normalize("NFD" if draw(st.booleans()) else "NFC", shown)


@settings(max_examples=40)
@given(st.data())
def test_typography_never_makes_a_revision(data: st.DataObject) -> None:
    sentences = data.draw(st.lists(SENTENCE, min_size=2, max_size=4))
    joints = st.sampled_from([" ", " - ", "’", "'", ", « ", " » ", " : ", "… "])
    texts = ["".join(f"{word}{data.draw(joints)}" for word in sentence).strip() for sentence in sentences]
    old = Reading(title=texts[0], lede="", paragraphs=tuple(texts[1:]))
    changed = [data.draw(retouched(text)) for text in texts]
    new = Reading(title=changed[0], lede="", paragraphs=tuple(changed[1:]))
    assert key(old) == key(new)
    assert not judge(old, new).is_revision


@given(st.lists(SENTENCE, min_size=2, max_size=4), st.data(), WORDS)
def test_a_changed_word_always_makes_a_revision(sentences: list[list[str]], data: st.DataObject, other: str) -> None:
    line = data.draw(st.integers(0, len(sentences) - 1))
    place = data.draw(st.integers(0, len(sentences[line]) - 1))
    changed = [list(sentence) for sentence in sentences]
    changed[line][place] = other
    assume(words(other) != words(sentences[line][place]))
    old, new = (
        Reading(title=" ".join(text[0]), lede="", paragraphs=tuple(" ".join(sentence) for sentence in text[1:]))
        for text in (sentences, changed)
    )
    assert key(old) != key(new)
    assert judge(old, new) is Change.EDITED


@pytest.mark.parametrize(
    "line",
    [
        "10 mars", "Le 12 mars 2026.", "19/09/2025", "Mis à jour le 12 mars 2026 à 10h15",
        "Publié le 12/03/2026 - 10:15", "Mise à jour : il y a 5 minutes",
        "Modifié hier à 9 h", "Last updated on March 12, 2026 at 10:15 GMT", "Published 2 hours ago",
        "Publié le : 19/09/2025 - 08:12 Modifié le : 19/09/2025 - 09:40",
        "Lire aussi Paris suspend sa coopération avec Bamako", "À lire aussi : la crise en cinq dates",
        "Read more: the crisis",
        "Notre article sur le sujet : Paris et Bamako", "PUBLICITÉ", "La suite après cette publicité",
        "Temps de lecture : 3 min.", "Lecture 4 min", "3 min read", "12 commentaires",
        "Suivez-nous sur les réseaux", "Inscrivez-vous à notre lettre du matin",
    ],
)  # fmt: skip
def test_furniture_comes_and_goes_without_a_revision(line: str) -> None:
    assert is_furniture(line)
    with_line = replace(FULL, paragraphs=(FULL.paragraphs[0], line, *FULL.paragraphs[1:]))
    assert key(with_line) == key(FULL)
    assert judge(FULL, with_line) is Change.TYPOGRAPHY


@pytest.mark.parametrize(
    "line",
    [
        "Publié jeudi, le rapport accuse Bamako.",
        "Mis à jour, le bilan passe à douze morts.", "Lire un roman à Bamako.",
        "Voir Bamako et mourir.", "Publié par le ministère le 12 mars, il expulse deux agents.",
        "12", "Le 12 mars, Paris cède.", "Mars", "Annonce du ministère", "Trois commentaires de Paris",
    ],
)  # fmt: skip
def test_prose_is_no_furniture(line: str) -> None:
    assert not is_furniture(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Paris a accusé Bamako", "Paris a accuse Bamako"),
        ("Bamako expulse deux agents ?", "Bamako expulse deux agents"),
        ("une hausse de 5 %", "une hausse de 5"),
        ("10 000 soldats", "1 000 soldats"),
        ("12 morts", "13 morts"),
        ("persona non grata", "persona grata"),
    ],
)
def test_small_things_that_say_something_are_words(old: str, new: str) -> None:
    assert words(old) != words(new)


def test_figures_and_ligatures_have_many_spellings() -> None:
    assert words("10 000 œuvres") == words("10\u202f000 oeuvres") == words("10’000 Œuvres") == ("10000", "oeuvres")
    assert words("en 2025 12 agents") == ("en", "2025", "12", "agents")


def test_redesigns_move_standfirst_and_paragraph_ends() -> None:
    moved = replace(FULL, lede="", paragraphs=(FULL.lede, " ".join(FULL.paragraphs)))
    assert judge(FULL, moved) is Change.TYPOGRAPHY


def test_partial_and_full_texts() -> None:
    brief = Reading(
        title="Bamako expulse", lede="", paragraphs=("Deux diplomates sont priés de partir.",), partial=True
    )
    teaser = replace(brief, paragraphs=("Deux diplomates doivent partir. Abonnés seulement.",))
    longer = replace(brief, paragraphs=(*FULL.paragraphs,))
    assert judge(brief, FULL) is Change.COMPLETED
    assert judge(FULL, brief) is Change.TEASER
    assert judge(brief, teaser) is Change.TEASER
    assert judge(brief, longer) is Change.EDITED
    assert judge(brief, replace(brief, title="Bamako rappelle son ambassadeur")) is Change.EDITED
    assert judge(brief, replace(brief, partial=False)) is Change.COMPLETED
    assert judge(brief, brief) is Change.SAME


def test_a_text_cut_to_its_beginning_met_a_wall() -> None:
    cut = replace(FULL, paragraphs=(FULL.paragraphs[0][:70],))
    assert judge(FULL, cut) is Change.SHRUNKEN
    assert judge(FULL, replace(FULL, lede="", paragraphs=())) is Change.SHRUNKEN
    taken_back = replace(FULL, lede="", paragraphs=("Le contenu de cet article a été retiré par la rédaction.",))
    assert judge(FULL, taken_back) is Change.EDITED
    shorter = replace(FULL, paragraphs=FULL.paragraphs[:2])
    assert judge(FULL, shorter) is Change.EDITED
