"""Folding and tokens: offsets must hold and spellings must not matter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.text import fold, tokenize, words_of


@given(st.text())
def test_folding_keeps_the_length_and_is_idempotent(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(st.characters())
def test_every_character_folds_to_one(character: str) -> None:
    assert len(fold(character)) == 1


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("L’Élysée", "l'elysee"),
        ("72\u00a0h\u202fdu", "72 h du"),
        ("« Ça » “x”", '" ca " "x"'),
        ("a–b—c‑d", "a-b-c-d"),
        ("İstanbul", "istanbul"),
        ("ПАРИЖ", "париж"),
        ("الفرنسية", "الفرنسيه"),
    ],
)
def test_fold(printed: str, folded: str) -> None:
    assert fold(printed) == folded


@given(st.text(alphabet="éèàçôïüŒœÉaz -’'ßœäЁй", max_size=60))
def test_composed_and_decomposed_text_give_the_same_words(text: str) -> None:
    assert words_of(unicodedata.normalize("NFC", text)) == words_of(unicodedata.normalize("NFD", text))


def test_ligatures_are_written_out_in_words() -> None:
    assert words_of("mises en œuvre") == words_of("mises en oeuvre")
    assert words_of("co\u00adopération") == ("cooperation",)


@given(st.text())
def test_tokens_point_into_the_text(text: str) -> None:
    folded = fold(text)
    tokens = tokenize(folded)
    assert len(tokens.words) == len(tokens.starts) == len(tokens.ends)
    previous = 0
    for word, start, end in zip(tokens.words, tokens.starts, tokens.ends, strict=True):
        assert previous <= start < end <= len(text)
        assert words_of(text[start:end]) == (word,)
        previous = end


def test_apostrophes_hyphens_and_units_separate() -> None:
    assert words_of("l’ambassadeur persona-non-grata sous 72h") == (
        "l",
        "ambassadeur",
        "persona",
        "non",
        "grata",
        "sous",
        "72",
        "h",
    )
