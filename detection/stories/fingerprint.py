"""Fingerprints that find look-alikes: winnowed four-word shingles.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003):
of every ``WINDOW`` neighbouring shingles the one with the smallest hash is kept, so two texts that share a
run of ``SHINGLE + WINDOW - 1`` words share a fingerprint. Fingerprints only *retrieve*; the decision is
word coverage (:mod:`detection.stories.coverage`).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import accumulate

#: words in a shingle
SHINGLE = 4
#: neighbouring shingles of which one is kept
WINDOW = 6


def fingerprints(words: tuple[str, ...]) -> frozenset[int]:
    """Return the fingerprints of a text as signed 64-bit numbers, which is what SQLite stores."""
    hashes = list(_hashes(words))
    if len(hashes) <= WINDOW:
        return frozenset({min(hashes)}) if hashes else frozenset()
    return frozenset(map(min, zip(*(hashes[first:] for first in range(WINDOW)), strict=False)))


def _hashes(words: tuple[str, ...]) -> Iterator[int]:
    """Yield the hash of each shingle: of its words, joined by zero bytes."""
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    text = b"\0".join(encoded)
    starts = list(accumulate((len(word) + 1 for word in encoded), initial=0))
    for first, last in zip(starts, starts[SHINGLE:], strict=False):
        yield int.from_bytes(blake2b(text[first : last - 1], digest_size=8).digest(), "big", signed=True)
