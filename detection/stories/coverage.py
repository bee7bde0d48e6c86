"""How much of one text another has already said, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from detection.stories.profile import SHINGLE, Flags, Places, Profile

#: uncovered words between covered ones that still count as covered: a corrected word, a new figure
GAP = 6


def shared(new: Profile, old: Profile) -> tuple[Places, Places]:
    """Return the places of the shingles of ``new`` that ``old`` has too, and their first places there."""
    if not len(new.shingles) or not len(old.shingles):
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing
    near = np.searchsorted(old.ordered, new.shingles)
    near[near == len(old.ordered)] = 0
    found = np.flatnonzero(old.ordered[near] == new.shingles)
    return found, old.order[near[found]]


def covered(length: int, places: Places) -> Flags:
    """Return for each of ``length`` words whether a shingle at one of ``places`` holds it, small gaps filled."""
    depth = np.zeros(length + 1, dtype=np.int32)
    np.add.at(depth, places, 1)
    np.add.at(depth, places + SHINGLE, -1)
    flags: Flags = np.cumsum(depth)[:length] > 0
    inside = np.flatnonzero(flags)
    steps = np.diff(inside)
    for at in np.flatnonzero((steps > 1) & (steps <= GAP + 1)):
        flags[inside[at] : inside[at + 1]] = True
    return flags


def covered_by(new: Profile, known: Iterable[Profile]) -> Flags:
    """Return for each word of ``new`` whether any of the texts ``known`` says it in the same run of words."""
    places = [shared(new, old)[0] for old in known]
    joined = np.unique(np.concatenate(places)) if places else np.zeros(0, dtype=np.intp)
    return covered(len(new), joined)


def share(flags: Flags) -> float:
    """Return the covered share, 0 for an empty text."""
    return float(flags.mean()) if len(flags) else 0.0
