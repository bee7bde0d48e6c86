"""A text asked about once gives the answers of one whose words were cut for many queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.query import Subject, matches, parse
from detection.query.evaluate import places
from detection.query.nodes import Phrase
from detection.query.seeking import occurs
from detection.query.seeking import places as sought
from detection.query.words import index, word_offsets

#: letters with and without accents, ligatures, signs that part words, and no mark by itself
SIGNS = "aàeéEÉnoœOŒæÆ'’- .,\n«»\u00a0ßيً가"
MARKS = "\u0301\u0327"
WORDS = st.sampled_from(["a", "e", "é", "no", "oe", "œ", "aœ", "oæ", "an", "ae", "aeoe", "eo"])
PHRASES = st.one_of(
    WORDS,
    WORDS.map(lambda word: f"{word}*"),
    st.tuples(WORDS, WORDS).map(lambda two: f'"{two[0]} {two[1]}"'),
    st.tuples(WORDS, WORDS).map(lambda two: f'"{two[0]} {two[1]}*"'),
    WORDS.map(lambda word: f'"{word} {word} {word}"'),
)


def phrase_of(query: str) -> Phrase:
    root = parse(query).root
    assert isinstance(root, Phrase)
    return root


@given(PHRASES, st.text(SIGNS, max_size=60))
def test_a_phrase_is_found_where_the_words_say(query: str, text: str) -> None:
    phrase, offsets = phrase_of(query), word_offsets(text)
    expected = [(offsets[at][0], offsets[at + len(phrase.words) - 1][1]) for at in places(phrase, index(text))]
    assert sought(phrase, text) == expected
    assert occurs(phrase, text) == bool(expected)


@given(PHRASES, st.text(SIGNS + MARKS, max_size=60), st.text(SIGNS + MARKS, max_size=20))
def test_a_query_holds_alike_however_it_is_asked(query: str, text: str, title: str) -> None:
    subject = Subject(title=title, text=text, source_id="rfi")
    for one in (query, f"{query} -no", f"text:no OR {query}", f"title:a ({query})"):
        assert matches(parse(one), subject, once=True) == matches(parse(one), subject)


def test_what_only_its_words_can_tell_is_left_open() -> None:
    assert sought(phrase_of("=Mali"), "le Mali") is None
    assert occurs(phrase_of("ete"), "l'e\u0301te\u0301") is None


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ('"a a"', "a a a", ["a a", "a a"]),
        ("mano*", "manœuvre, mano, minœ", ["manœuvre", "mano"]),
        ("manoeuv*", "la Manœuvre, des MANOEUVRES", ["Manœuvre", "MANOEUVRES"]),
        ('"note verbale"', "« Note » – verbale", ["Note » – verbale"]),
        ("mali", "Mali, malien, Mali", ["Mali", "Mali"]),
    ],
)
def test_phrases_overlap_and_end_with_their_words(query: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sought(phrase_of(query), text) or ()] == expected
