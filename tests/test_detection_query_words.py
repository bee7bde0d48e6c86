"""The words of a text are those of SQLite's full-text index, character for character."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.query.words import fold_words, index, printed_words, spelled_out
from storage.schema import TOKENIZER

SURROGATES = range(0xD800, 0xE000)
FRENCH = st.text(
    alphabet="aàâäbcçdeéèêëfiîïlmnoôœöuùûüyÿæ AEÉÈÇŒ’'-«»\u00a0\u202f,.…0123\u0301\u0327\u0308", max_size=60
)


def words_in_index(texts: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the words FTS5 stores for each text, in order."""
    texts = list(texts)
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE VIRTUAL TABLE t USING fts5 (x, tokenize='{TOKENIZER}')")
        database.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
        database.executemany("INSERT INTO t (rowid, x) VALUES (?, ?)", enumerate(texts))
        found: list[list[str]] = [[] for _ in texts]
        for document, word in database.execute("SELECT doc, term FROM v ORDER BY doc, offset"):
            found[document].append(word)
    finally:
        database.close()
    return [tuple(words) for words in found]


@pytest.mark.parametrize("plane", range(17))
def test_every_character_parts_and_folds_as_in_the_index(plane: int) -> None:
    codes = range(plane << 16, (plane + 1) << 16)
    characters = [chr(code) for code in codes if code not in SURROGATES]
    # Alone, inside a word, and after a separator: marks behave differently in each.
    lines = [f"{character} q{character}z -{character}q" for character in characters]
    texts = [" ".join(lines[at : at + 500]) for at in range(0, len(lines), 500)]
    for text, stored in zip(texts, words_in_index(texts), strict=True):
        assert fold_words(text) == stored


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80) | FRENCH, max_size=20))
def test_any_text_gives_the_words_of_the_index(texts: list[str]) -> None:
    assert [fold_words(text) for text in texts] == words_in_index(texts)


def test_french_text() -> None:
    text = "L’Élysée « rappelle » l'ambassadeur à Ménaka\u00a0: 12\u202f500 soldats, cœur du Sahel…"
    assert fold_words(text) == (
        "l", "elysee", "rappelle", "l", "ambassadeur", "a", "menaka", "12", "500", "soldats", "cœur", "du", "sahel",
    )  # fmt: skip
    assert fold_words(unicodedata.normalize("NFD", text)) == fold_words(text)
    assert fold_words(text.upper()) == fold_words(text)


def test_a_lone_surrogate_parts_words() -> None:
    assert fold_words("ma\ud800li") == ("ma", "li")


@given(st.text(max_size=80) | FRENCH)
def test_printed_words_stand_in_parallel(text: str) -> None:
    printed = printed_words(text)
    assert len(printed) == len(fold_words(text))
    assert all(unicodedata.is_normalized("NFC", word) for word in printed)


@given(st.text(max_size=80) | FRENCH)
def test_folding_twice_changes_nothing(text: str) -> None:
    words = fold_words(text)
    assert fold_words(" ".join(words)) == words


def test_ligatures_are_spelled_out_for_matching_only() -> None:
    assert fold_words("Manœuvre, ex æquo") == ("manœuvre", "ex", "æquo")
    assert index("Manœuvre, ex æquo").words == ("manoeuvre", "ex", "aequo")
    assert spelled_out("coeur") == "coeur"


def test_index_knows_every_place() -> None:
    text = index("Mali, Niger, MALI")
    assert [text.places(word) for word in ("mali", "niger", "mal")] == [(0, 2), (1,), ()]
    assert text.places("mali") == (0, 2)
    assert text.printed == ("Mali", "Niger", "MALI")
