"""Words and pieces of words as places in a vector.

Hashing instead of a vocabulary (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): the
model is one array, and a word that training never met still shares its pieces with words that it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

#: places of the vector
SIZE = 1 << 16
#: lengths of the pieces of a word, its ends marked by blanks
PIECES = (3, 4, 5)

_Places: TypeAlias = NDArray[np.int64]


class Features(NamedTuple):
    """A sparse vector; a place that stands twice counts with the sum of its values."""

    #: (n,) each below :data:`SIZE`
    places: _Places
    #: (n,) value at each place
    values: NDArray[np.float32]


def _place(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass")) & (SIZE - 1)


def _packed(texts: Iterable[str]) -> bytes:
    """Return the places of texts as they stand in an array: a lead's are joined without a look at each."""
    return np.fromiter((_place(text) for text in texts), dtype=np.uint16).tobytes()


@lru_cache(maxsize=32_768)
def _pieces(word: str) -> bytes:
    """Return the places of a word's pieces; a state has none."""
    if word.startswith("<"):
        return b""
    padded = f" {word} "
    return _packed(
        f"p{padded[first : first + length]}" for length in PIECES for first in range(max(len(padded) - length + 1, 0))
    )


@lru_cache(maxsize=32_768)
def _words(first: str, second: str) -> bytes:
    """Return the places of a word, and of it with the next one."""
    return _packed((f"w{first}", f"b{first} {second}"))


def _counted(places: Iterable[bytes]) -> Features:
    """Return places with the logarithm of their counts, as a vector of length one."""
    every = np.sort(np.frombuffer(b"".join(places), dtype=np.uint16), kind="stable")
    new = np.ones(every.size + 1, dtype=np.bool_)
    np.not_equal(every[1:], every[:-1], out=new[1:-1])
    begins = np.flatnonzero(new)
    found, counts = every[begins[:-1]].astype(np.int64), np.diff(begins)
    weights = 1 + np.log(counts)
    return Features(found, (weights / (np.sqrt(weights @ weights) or 1.0)).astype(np.float32))


def features(words: Sequence[str]) -> Features:
    """Return what the model looks at: pieces and words, each kind of length one."""
    pieces = _counted(map(_pieces, words))
    pairs = zip_longest(words, words[1:], fillvalue="")
    whole = _counted(_words(*pair) for pair in pairs)
    return Features(np.concatenate((pieces.places, whole.places)), np.concatenate((pieces.values, whole.values)))
