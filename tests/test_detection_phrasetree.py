"""Phrases in a tree, held to a plain search for each of them."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.countries import Mention, MentionKind
from detection.phrasetree import DYNAMIC, NUMBER, Phrase, PhraseTree, Span

WORDS = st.sampled_from(["a", "ab", "abc", "abcd", "b", "72", "é", "ébc"])
PARTS = WORDS | st.sampled_from(["a*", "ab*", "abc*", "é*", NUMBER, "@people", "@state"])
GROUPS = st.lists(st.frozensets(st.lists(PARTS, min_size=1, max_size=3).map(tuple), min_size=1), max_size=6)


def _ends(phrase: Phrase, words: Sequence[str], at: int, last: int, mentions: Mapping[int, Mention]) -> int:
    """Return the index after a phrase that stands at a place, else 0."""
    for part in phrase:
        if at >= last:
            return 0
        word, mention = words[at], mentions.get(at)
        if part == NUMBER:
            fits, at = word.isdigit(), at + 1
        elif part.startswith("@"):
            fits = mention is not None and mention.kind in DYNAMIC[part]
            at = mention.last if mention is not None else at
        elif part.endswith("*"):
            fits, at = word.startswith(part[:-1]), at + 1
        else:
            fits, at = word == part, at + 1
        if not fits or at > last:
            return 0
    return at


def _tree(groups: Sequence[frozenset[Phrase]]) -> PhraseTree:
    tree = PhraseTree()
    for number, phrases in enumerate(groups):
        tree.add(number, phrases)
    return tree


@given(GROUPS, st.lists(WORDS, max_size=8), st.data())
def test_it_finds_what_a_search_for_each_phrase_finds(
    groups: list[frozenset[Phrase]], words: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(words)))
    last = data.draw(st.integers(first, len(words)))
    mentions = {
        at: Mention("MLI", data.draw(st.sampled_from([MentionKind.PEOPLE, MentionKind.NAME])), at, at + size)
        for at, size in data.draw(st.dictionaries(st.integers(0, 7), st.integers(1, 2))).items()
    }
    expected: dict[int, list[Span]] = {}
    for number, phrases in enumerate(groups):
        for at in range(first, last):
            end = max(_ends(phrase, words, at, last, mentions) for phrase in phrases)
            if end:
                expected.setdefault(number, []).append((at, end))
    hits = _tree(groups).scan(words, first, last, mentions)
    assert {number: list(spans) for number, spans in hits.items()} == expected


@pytest.mark.parametrize(
    ("phrases", "span"),
    [
        ({("quitter",), ("quitter", "le", "pays")}, (1, 4)),
        ({("quitter", "le", "mali"), ("quitter", "l*", "pays")}, (1, 4)),
        ({("quit*",)}, (1, 2)),
        ({("quitter", "le", "pays", "ce")}, None),
    ],
)
def test_the_longest_phrase_within_the_sentence_counts(phrases: set[Phrase], span: Span | None) -> None:
    words = ["doit", "quitter", "le", "pays", "ce", "soir"]
    hits = _tree([frozenset(phrases)]).scan(words, 0, 4, {})
    assert hits == ({0: (span,)} if span else {})


def test_a_group_added_after_a_reading_is_found_on_ways_already_walked() -> None:
    words = ["quitter", "le", "pays", "x" * 50]
    tree = _tree([frozenset({("quitter",), ("quitter", "le", "pays")})])
    assert tree.scan(words, 0, 4, {}) == {0: ((0, 3),)}
    tree.add(1, {("quitter", "le"), ("x" * 50,)})
    assert tree.scan(words, 0, 4, {}) == {0: ((0, 3),), 1: ((0, 2), (3, 4))}
