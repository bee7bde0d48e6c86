"""Fingerprints that find look-alikes: winnowed four-word shingles.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003):
of every ``WINDOW`` neighbouring shingles the one with the smallest hash is kept, so two texts that share a
run of ``SHINGLE + WINDOW - 1`` words share a fingerprint. Fingerprints only *retrieve*; the decision is
word coverage (:mod:`detection.stories.coverage`).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: words in a shingle
SHINGLE = 4
#: neighbouring shingles of which one is kept. Every fingerprint of an article touches another place of their index,
#: which is what storing costs most: no more of them than it takes to find a copy
WINDOW = 12

_Hashes: TypeAlias = NDArray[np.uint64]
_SHIFT = np.uint64(29)
#: odd, so that multiplying loses nothing (the mixing steps of SplitMix64 and xxHash)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xC2B2AE3D27D4EB4F)


def fingerprints(words: tuple[str, ...]) -> frozenset[int]:
    """Return the fingerprints of a text as signed 64-bit numbers, which is what SQLite stores."""
    if len(words) < SHINGLE:
        return frozenset()
    hashes = _hashes(words)
    window = min(WINDOW, len(hashes))
    least = hashes[: len(hashes) - window + 1].copy()
    for first in range(1, window):
        np.minimum(least, hashes[first : first + len(least)], out=least)
    return frozenset(least.view(np.int64).tolist())


def _hashes(words: tuple[str, ...]) -> _Hashes:
    """Return the hash of each shingle, made of those of its words and their order."""
    each = np.fromiter(map(_hash, words), dtype=np.uint64, count=len(words))
    count = len(words) - SHINGLE + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for first in range(SHINGLE):
        mixed = ((mixed ^ (mixed >> _SHIFT)) * _STEP) + each[first : first + count]
    return (mixed ^ (mixed >> _SHIFT)) * _MIX


@lru_cache(maxsize=65_536)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
