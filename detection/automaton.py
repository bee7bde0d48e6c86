"""The presearch: one automaton pass that says whether a text holds any word a rule needs.

Of each rule line the group with the rarest words is its *anchor*. They are looked for as
words in the folded text; matching proper then reads only sentences that hold one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from detection.countries import state_words
from detection.notation import NotationError
from detection.patterns import Line, Phrase, PhraseIndex

MIN_LITERAL = 3
#: whatever :func:`detection.text.tokenize` takes for no letter, spaces left out
_BETWEEN_WORDS = re.compile(r"[^\w ]|[\d_]")
#: the same of ASCII, which is put apart many times faster by a table
_ASCII_BETWEEN = {code: " " for code in range(128) if _BETWEEN_WORDS.match(chr(code))}


def _rarest_word(phrase: Phrase) -> str:
    """Return the word of a phrase to look for, empty when it has none: a long one, and no state if there is another."""
    rarity, word = max(((_rarity(word), word) for word in phrase), key=_by_rarity)
    return word if rarity > _NEVER else ""


#: (whether a word is long and names no state, letters known of it)
_Rarity = tuple[bool, int]
#: how rare a word is that cannot be looked for
_NEVER: _Rarity = (False, -1)


def _by_rarity(rated: tuple[_Rarity, str]) -> _Rarity:
    return rated[0]


@lru_cache(maxsize=100_000)
def _rarity(word: str) -> _Rarity:
    """Return how rare a word is; of many thousand phrases the words are the same few thousand."""
    # The presearch takes digits for gaps.
    if word.startswith("@") or any(map(str.isdigit, word)):
        return _NEVER
    return _size(word) >= MIN_LITERAL and word not in state_words(), _size(word)


def _size(word: str) -> int:
    """Return how many letters of a word are known."""
    return len(word.removesuffix("*"))


@lru_cache(maxsize=10_000)
def _rarest_words(phrases: frozenset[Phrase]) -> frozenset[str]:
    """Return the word to look for of each phrase of a group, once for all lines that share the group."""
    return frozenset(map(_rarest_word, phrases))


def anchor(line: Line, index: PhraseIndex) -> tuple[int, frozenset[str]]:
    """Return the group of a line that is hardest to find, and words (or ``stem*``) of which every match holds one.

    Raises:
        NotationError: no group of the line has a word of three letters in each of its phrases.
    """
    best, literals, best_score = line.groups[0], frozenset[str](), (0, 0)
    for group in line.groups:
        own = _rarest_words(index.phrases(group))
        score = (min(map(_size, own)), -len(own))
        if score > best_score:
            best, literals, best_score = group, own, score
    shortest = 2 if any(not literal.isascii() for literal in literals) else MIN_LITERAL
    if best_score[0] < shortest:
        raise NotationError(
            f"{line.source!r} has no group whose every phrase holds a word of {MIN_LITERAL} letters; "
            "such a line would be looked for in every text: add a longer word"
        )
    return best, literals


class Presearch:
    """Finds the anchors of a rule set in folded text, as words."""

    def __init__(self, literals: Iterable[str]) -> None:
        # A space on either side keeps « ban » apart from « bananier »; a beginning may go on.
        patterns = sorted({f" {word}".removesuffix("*") if word.endswith("*") else f" {word} " for word in literals})
        self._automaton = AhoCorasick(patterns, matchkind=MatchKind.Standard) if patterns else None

    def offsets(self, folded: str) -> list[int]:
        """Return where anchors begin; empty when there is nothing to detect."""
        if self._automaton is None:
            return []
        # With a space before it, a pattern's offset is that of its word in the text.
        apart = folded.translate(_ASCII_BETWEEN) if folded.isascii() else _BETWEEN_WORDS.sub(" ", folded)
        spaced = f" {apart} "
        return [start for _, start, _ in self._automaton.find_matches_as_indexes(spaced, overlapping=True)]
