"""How much of one text another has already said, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from detection.stories.fingerprint import SHINGLE

#: uncovered words between covered ones that still count as covered: a corrected word, a new figure
GAP = 2


Shingle: TypeAlias = tuple[str, ...]


def shingles(words: Sequence[str]) -> Iterator[Shingle]:
    """Yield every run of :data:`SHINGLE` words of a text."""
    return zip(*(words[first:] for first in range(SHINGLE)), strict=False)


def covered(new: Sequence[str], known: Sequence[str]) -> list[bool]:
    """Tell for each word of ``new`` whether it stands in a run of words that ``known`` has as well."""
    return covered_by(new, set(shingles(known)))


def covered_by(new: Sequence[str], known: AbstractSet[Shingle]) -> list[bool]:
    """Tell the same from the shingles of the known text, or those of them that ``new`` has too."""
    flags = [False] * len(new)
    for index, shingle in enumerate(shingles(new)):
        if shingle in known:
            flags[index : index + SHINGLE] = [True] * SHINGLE
    _fill_gaps(flags)
    return flags


def share(flags: Sequence[bool]) -> float:
    """Return the covered share, 0 for an empty text."""
    return sum(flags) / len(flags) if flags else 0.0


def _fill_gaps(flags: list[bool]) -> None:
    last = None
    for index, flag in enumerate(flags):
        if not flag:
            continue
        if last is not None and 1 < index - last <= GAP + 1:
            flags[last + 1 : index] = [True] * (index - last - 1)
        last = index
