"""Fingerprints that find look-alikes: winnowed shingles.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003):
of every ``WINDOW`` neighbouring shingles the one with the smallest hash is kept, so two texts that share a
run of ``SHINGLE + WINDOW - 1`` words share a fingerprint. Fingerprints only *retrieve*; the decision is
:mod:`detection.stories.likeness`.
"""

from __future__ import annotations

import numpy as np

from detection.stories.profile import Profile

#: neighbouring shingles of which one is kept. Every fingerprint of an article touches another place of their index,
#: which is what storing costs most: no more of them than it takes to find a copy
WINDOW = 14
#: bits of a fingerprint: six bytes in SQLite, and two texts in a million share one by chance
_BITS = np.uint64(64 - 47)


def fingerprints(text: Profile) -> frozenset[int]:
    """Return the fingerprints of a text: whole numbers of 47 bits."""
    shingles = text.shingles
    if not len(shingles):
        return frozenset()
    window = min(WINDOW, len(shingles))
    least = shingles[: len(shingles) - window + 1].copy()
    for first in range(1, window):
        np.minimum(least, shingles[first : first + len(least)], out=least)
    return frozenset((least >> _BITS).astype(np.int64).tolist())
