"""Words and pieces of words as places in a vector.

Hashing instead of a vocabulary (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): the
model is one array, and a word that training never met still shares its pieces with words that it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from math import log, sqrt
from zlib import crc32

#: places of the vector
SIZE = 1 << 16
#: lengths of the pieces of a word, its ends marked by blanks
PIECES = (3, 4, 5)

Features = dict[int, float]


def _place(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass")) & (SIZE - 1)


@lru_cache(maxsize=32_768)
def _pieces(word: str) -> tuple[int, ...]:
    """Return the places of a word's pieces; a state has none."""
    if word.startswith("<"):
        return ()
    padded = f" {word} "
    return tuple(
        _place(f"p{padded[first : first + length]}")
        for length in PIECES
        for first in range(max(len(padded) - length + 1, 0))
    )


@lru_cache(maxsize=32_768)
def _words(first: str, second: str) -> tuple[int, int]:
    """Return the places of a word, and of it with the next one."""
    return _place(f"w{first}"), _place(f"b{first} {second}")


def features(words: Sequence[str]) -> Features:
    """Return what the model looks at: pieces and words, each kind of length one."""
    pieces: Counter[int] = Counter()
    whole: Counter[int] = Counter()
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        pieces.update(_pieces(word))
        whole.update(_words(word, following))
    found: Features = {}
    for counts in (pieces, whole):
        weights = {place: 1 + log(count) for place, count in counts.items()}
        length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        for place, weight in weights.items():
            found[place] = found.get(place, 0.0) + weight / length
    return found
