"""What a search marks in an article: what it matched by, and nothing else."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.query import Subject, matches, parse, spans
from detection.query.regex import fold_letters, found_at
from detection.query.words import fold_words, index, spelled_out, word_offsets

#: letters with and without accents, ligatures, marks by themselves, signs that part words
SIGNS = "aàeéEÉnñoœOŒæ'’- .,\n«»\u00a0\u0301\u0327ßøيّ가"
TEXTS = st.text(SIGNS, max_size=60)
WORDS = st.sampled_from(["a", "e", "é", "no", "oe", "œ", "an", "ae", "eo"])
CONDITIONS = st.one_of(
    WORDS,
    WORDS.map(lambda word: f"={word}"),
    st.tuples(WORDS, WORDS).map(lambda two: f'"{two[0]} {two[1]}"'),
    st.sampled_from(["ae", "no", "eo", "oe"]).map(lambda word: f"{word}*"),
    st.tuples(WORDS, st.integers(0, 4), WORDS).map(lambda near: f"{near[0]} NEAR/{near[1]} {near[2]}"),
    st.sampled_from(["/e+/", "/oe/", "/n.o/", "/'a/", "/[^a]e/", "/o\\b/"]),
)


def marked(query: str, text: str, title: str = "") -> list[str]:
    """Return what is marked in a text."""
    found = spans(parse(query), Subject(title=title, text=text, source_id="rfi"))
    return [title[start:end] for start, end in found.title] + [text[start:end] for start, end in found.text]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("elysee", "À l’Élysée, l’ÉLYSÉE", ["Élysée", "ÉLYSÉE"]),
        ("manoeuvre", "Une manœuvre, des manœuvres", ["manœuvre"]),
        ("mano*", "Une manœuvre, des manœuvres", ["manœuvre", "manœuvres"]),
        ("=Mali", "le Mali, malien, MALI", ["Mali"]),
        ('"note verbale"', "la note  verbale ; note, verbale", ["note  verbale", "note, verbale"]),
        ('"note verb*"', "la note verbale", ["note verbale"]),
        ("mali NEAR/2 paris", "Mali a dit Paris ; à deux mots près, le Mali", ["Mali", "Paris"]),
        ("mali -football", "Mali, football", ["Mali"]),
        ("mali OR football", "au Mali", ["Mali"]),
        ("(mali niger) OR tchad", "Mali et Tchad", ["Tchad"]),
        ("(mali -tchad) OR niger", "Mali, Tchad et Niger", ["Niger"]),
        ("mali /expuls(e|ion)/", "Le Mali EXPULSE : expulsions", ["Mali", "EXPULSE", "expulsion"]),
        ("/coeur d'/", "au cœur d’un cœur d’été", ["cœur d’", "cœur d’"]),
        ("/cle/", unicodedata.normalize("NFD", "la clé"), [unicodedata.normalize("NFD", "clé")]),
        ("type:accuse", "accuse", []),
        ("author:diarra mali", "Diarra au Mali", ["Mali"]),
    ],
)
def test_marks_what_was_asked_for(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text) == expected


def test_a_field_is_marked_in_its_field() -> None:
    assert marked("title:mali", "Mali", title="Le Mali") == ["Mali"]
    assert marked("text:mali", "Bamako", title="Le Mali") == []


def test_words_that_overlap_are_one_mark() -> None:
    assert marked('"a b" "b c"', "a b c") == ["a b c"]


@given(TEXTS)
def test_every_word_of_the_index_has_its_place(text: str) -> None:
    offsets = word_offsets(text)
    assert (
        tuple(spelled_out(word) for start, end in offsets for word in fold_words(text[start:end])) == index(text).words
    )


@given(CONDITIONS, TEXTS)
def test_a_condition_holds_where_it_is_marked_and_nowhere_else(query: str, text: str) -> None:
    read, subject = parse(query), Subject(title="", text=text, source_id="rfi")
    found = spans(read, subject).text
    assert bool(found) == matches(read, subject)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(end <= start for (_, end), (start, _) in pairwise(found))
    if "NEAR" in query or query.startswith("/"):
        return
    for start, end in found:
        assert matches(read, Subject(title="", text=text[start:end], source_id="rfi"))
    rest = list(text)
    for start, end in found:
        rest[start:end] = "." * (end - start)
    # Words that overlapped became one mark, so what is left holds none.
    assert not matches(read, Subject(title="", text="".join(rest), source_id="rfi"))


@given(st.sampled_from(["e", "oe", "o'", "[ae]n", "n", "\\S+"]), TEXTS)
def test_a_regular_expression_is_marked_where_it_stands(pattern: str, text: str) -> None:
    for start, end in found_at(pattern, text, 50):
        assert 0 <= start < end <= len(text)
        if pattern != "\\S+":
            assert any(letter in fold_letters(text[start:end]).casefold() for letter in "aeno")
