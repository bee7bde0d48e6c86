"""The presearch: one automaton pass that says whether a text holds any word a rule needs.

Of each rule line the group with the rarest words is its *anchor*. Words are looked for as plain
substrings of the folded text; matching proper then reads only sentences that hold one.
"""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, MatchKind

from detection.notation import NotationError
from detection.patterns import Line, Phrase, PhraseIndex

MIN_LITERAL = 3


def _longest_literal(phrase: Phrase) -> str:
    literals = [word.removesuffix("*") for word in phrase if not word.startswith("@")]
    return max(literals, key=len, default="")


def anchors(line: Line, index: PhraseIndex) -> frozenset[str]:
    """Return literals of which every match of the line holds at least one.

    Raises:
        NotationError: no group of the line has a word of three letters in each of its phrases.
    """
    best: frozenset[str] = frozenset()
    best_score = (0, 0)
    for group in line.groups:
        literals = frozenset(_longest_literal(phrase) for phrase in index.phrases(group))
        score = (min(map(len, literals)), -len(literals))
        if score > best_score:
            best, best_score = literals, score
    shortest = 2 if any(not literal.isascii() for literal in best) else MIN_LITERAL
    if best_score[0] < shortest:
        raise NotationError(f"{line.source!r} has no group whose every phrase holds a word of {MIN_LITERAL} letters")
    return best


class Presearch:
    """Finds the anchors of a rule set in folded text."""

    def __init__(self, literals: Iterable[str]) -> None:
        unique = set(literals)
        # A literal that holds another one adds nothing: the shorter is always found with it.
        pruned = [word for word in unique if not any(word[a:b] in unique for a, b in _proper_parts(word))]
        self._automaton = AhoCorasick(sorted(pruned), matchkind=MatchKind.Standard) if pruned else None

    def offsets(self, folded: str) -> list[int]:
        """Return where anchors begin, in order; empty when there is nothing to detect."""
        if self._automaton is None:
            return []
        return [start for _, start, _ in self._automaton.find_matches_as_indexes(folded)]


def _proper_parts(word: str) -> Iterable[tuple[int, int]]:
    size = len(word)
    return ((a, b) for a in range(size) for b in range(a + 2, size + 1) if b - a < size)
