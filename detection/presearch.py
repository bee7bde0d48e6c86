"""A look at a text, before it is cut into words, for names of states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache

from ahocorasick_rs import AhoCorasick

from detection.text import IGNORABLE, fold, written_out


class Presearch:
    """Says without tokens whether a text may name a state; it never overlooks one."""

    def __init__(self, words: Mapping[str, AbstractSet[str]], capitals: Iterable[tuple[str, ...]]) -> None:
        """Take the longest word of each name with the codes it stands for, and names that are printed in capitals."""
        literals = sorted(words)
        self._words = AhoCorasick(literals)
        self._codes = [words[literal] for literal in literals]
        known = sorted(set(capitals))
        self._capitals = re.compile("|".join(map(_in_capitals, known)))
        # Trying every code at every letter takes longer than all the rest: few letters can begin one.
        starts = sorted({start for name in known for start in (name[0][0], name[0][:2])})
        initials = "".join(map(_capital, starts))
        self._initials = re.compile(f"[{initials}]")

    def finds(self, text: str, folded: str, searched: str, count: int) -> bool:
        """Look in a printed text, in the same text folded, and that written out."""
        named: set[str] = set()
        for number, start, end in self._words.find_matches_as_indexes(searched, overlapping=True):
            alone = not (searched[start - 1 : start].isalpha() or searched[end : end + 1].isalpha())
            if alone or not searched[start:end].isascii():
                named |= self._codes[number]
                if len(named) >= count:
                    return True
        return self._finds_capitals(text) or IGNORABLE in folded

    def _finds_capitals(self, text: str) -> bool:
        for initial in self._initials.finditer(text):
            at = initial.start()
            if not text[at - 1 : at].isalpha() and self._capitals.match(text, at):
                return True
        return False


#: blocks with the capital letters that fold to plain ones: Latin, its additions, full width
_CAPITALS = (*range(0x41, 0x250), *range(0x1E00, 0x1F00), *range(0xFF21, 0xFF3B))


@cache
def _capital(letters: str) -> str:
    """Return the single capitals that are read as one or two letters: É for e, Æ for ae."""
    return "".join(chr(code) for code in _CAPITALS if chr(code).isupper() and written_out(fold(chr(code))) == letters)


def _in_capitals(words: tuple[str, ...]) -> str:
    """Return a pattern for words printed in capitals, whatever the accents and what stands between them."""
    letters = r"[\W\d_]*".join(map(_word_in_capitals, words))
    return rf"(?<![^\W\d_]){letters}(?![^\W\d_])"


def _word_in_capitals(word: str) -> str:
    """Return a pattern for one word; what stands for two letters at once may take their place."""
    if not word:
        return ""
    pattern = f"[{_capital(word[0])}]{_word_in_capitals(word[1:])}"
    both = _capital(word[:2]) if len(word) > 1 else ""
    return f"(?:{pattern}|[{both}]{_word_in_capitals(word[2:])})" if both else pattern
