"""A text as comparing texts sees it: the hashes of its words and of every run of four.

Arrays, because a dispatch is compared with dozens of look-alikes the moment it arrives.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detection.stories.words import words, words_of_each

#: words in a shingle
SHINGLE = 4

Hashes: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]

_FILE = Path(__file__).with_name("furniture.toml")
#: a day named stands for a date: « la Bourse de mardi » is not that of Monday
_DAYS = frozenset(
    words(
        "lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday"
    )
)
_SHIFT = np.uint64(29)
#: odd, so that multiplying loses nothing (the mixing steps of SplitMix64 and xxHash)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The words of a text in order, without its furniture."""

    #: (n,) one for each word
    hashes: Hashes
    #: (n - 3,) one for each run of :data:`SHINGLE` words
    shingles: Hashes
    #: (n - 3,) the places of ``shingles`` in their order of size, and themselves in that order
    order: NDArray[np.int32]
    ordered: Hashes
    #: (n,) whether a word is a number or a day of the week
    figures: Flags
    #: words until after each paragraph that is kept, and its place among those given
    ends: tuple[int, ...]
    paragraphs: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.hashes)


def profile(paragraphs: Sequence[str]) -> Profile:
    """Return the profile of a text given by its paragraphs; one that is nothing but furniture is kept whole."""
    texts = [(place, own) for place, own in enumerate(words_of_each(paragraphs)) if own]
    kept = [(place, own) for place, own in texts if not is_furniture(own)] or texts
    whole = [word for _, own in kept for word in own]
    hashes, figures = _numbered(whole)
    shingles = _shingles(hashes)
    order = np.argsort(shingles, kind="stable").astype(np.int32)
    return Profile(
        hashes=hashes,
        shingles=shingles,
        order=order,
        ordered=shingles[order],
        figures=figures,
        ends=tuple(np.cumsum([len(own) for _, own in kept]).tolist()),
        paragraphs=tuple(place for place, _ in kept),
    )


def is_furniture(own: Sequence[str]) -> bool:
    """Whether the words of a paragraph are those of a teaser, a credit or a call to subscribe."""
    most, openings = _furniture()
    return len(own) <= most and any(tuple(own[:size]) in openings for size in range(1, 7))


@cache
def _furniture() -> tuple[int, frozenset[tuple[str, ...]]]:
    data = tomllib.loads(_FILE.read_text("utf-8"))
    openings = frozenset(words(phrase) for key in ("fr", "en") for phrase in data[key])
    return int(data["most_words"]), openings


def _numbered(whole: Sequence[str]) -> tuple[Hashes, Flags]:
    """Return the hash of each word, and whether it is a figure or a day of the week."""
    if len(_RECORDS) > _MOST_WORDS:
        _RECORDS.clear()
    records = np.frombuffer(b"".join(map(_RECORDS.__getitem__, whole)), dtype=_RECORD)
    return records["hash"].astype(np.uint64), records["figure"].astype(np.bool_)


def _shingles(hashes: Hashes) -> Hashes:
    """Return the hash of each shingle, made of those of its words and their order."""
    count = max(0, len(hashes) - SHINGLE + 1)
    mixed = np.zeros(count, dtype=np.uint64)
    for first in range(SHINGLE):
        mixed = ((mixed ^ (mixed >> _SHIFT)) * _STEP) + hashes[first : first + count]
    return (mixed ^ (mixed >> _SHIFT)) * _MIX


_RECORD = np.dtype([("hash", ">u8"), ("figure", "?")])
_MOST_WORDS = 131_072


class _Records(dict[str, bytes]):
    """Words as :data:`_RECORD`, worked out once each."""

    def __missing__(self, word: str) -> bytes:
        figure = word[0].isdigit() or word in _DAYS
        record = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() + bytes((figure,))
        self[word] = record
        return record


_RECORDS = _Records()
