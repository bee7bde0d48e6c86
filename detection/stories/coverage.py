"""How much of one text another has already said, in words."""

from __future__ import annotations

from collections.abc import Sequence

from detection.stories.fingerprint import SHINGLE

#: uncovered words between covered ones that still count as covered: a corrected word, a new figure
GAP = 2


def covered(new: Sequence[str], known: Sequence[str]) -> list[bool]:
    """Tell for each word of ``new`` whether it stands in a run of words that ``known`` has as well."""
    shingles = {tuple(known[index : index + SHINGLE]) for index in range(len(known) - SHINGLE + 1)}
    flags = [False] * len(new)
    for index in range(len(new) - SHINGLE + 1):
        if tuple(new[index : index + SHINGLE]) in shingles:
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
