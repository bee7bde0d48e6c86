"""Fingerprints that find look-alikes: winnowed four-word shingles.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003):
of every ``WINDOW`` neighbouring shingles the one with the smallest hash is kept, so two texts that share a
run of ``SHINGLE + WINDOW - 1`` words share a fingerprint. Fingerprints only *retrieve*; the decision is
word coverage (:mod:`detection.stories.coverage`).
"""

from __future__ import annotations

from hashlib import blake2b

#: words in a shingle
SHINGLE = 4
#: neighbouring shingles of which one is kept
WINDOW = 6


def fingerprints(words: tuple[str, ...]) -> frozenset[int]:
    """Return the fingerprints of a text as signed 64-bit numbers, which is what SQLite stores."""
    hashes = [_hash(words[index : index + SHINGLE]) for index in range(len(words) - SHINGLE + 1)]
    if len(hashes) <= WINDOW:
        return frozenset({min(hashes)}) if hashes else frozenset()
    return frozenset(min(hashes[index : index + WINDOW]) for index in range(len(hashes) - WINDOW + 1))


def _hash(shingle: tuple[str, ...]) -> int:
    digest = blake2b("\x00".join(shingle).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
