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
    # Both in their order: each search begins where the last one ended.
    near = old.ordered.searchsorted(new.ordered)
    found = (old.ordered.take(near, mode="clip") == new.ordered).nonzero()[0]
    here = new.order[found]
    in_place = here.argsort()
    return here[in_place], old.order[near[found[in_place]]]


def distinct(length: int, places: Places) -> Places:
    """Return places below ``length`` in their order, each once."""
    held = np.zeros(length, dtype=np.bool_)
    held[places] = True
    return held.nonzero()[0]


def stretches(places: Places) -> tuple[Places, Places]:
    """Return where the text covered by shingles at ``places`` begins and ends, small gaps filled.

    Args:
        places: in their order, each once, at least one.
    """
    apart = (places[1:] - places[:-1] > SHINGLE + GAP).nonzero()[0]
    begins = np.concatenate((places[:1], places[apart + 1]))
    ends = np.concatenate((places[apart], places[-1:])) + SHINGLE
    return begins, ends


def covered(length: int, places: Places) -> Flags:
    """Return for each of ``length`` words whether a shingle at one of ``places`` holds it, small gaps filled."""
    if not len(places):
        return np.zeros(length, dtype=np.bool_)
    begins, ends = stretches(places)
    steps = np.zeros(length + 1, dtype=np.int8)
    steps[begins] = 1
    steps[ends] = -1
    return np.add.accumulate(steps[:-1], dtype=np.int8).view(np.bool_)


def covered_by(new: Profile, known: Iterable[Profile]) -> Flags:
    """Return for each word of ``new`` whether any of the texts ``known`` says it in the same run of words."""
    places = [shared(new, old)[0] for old in known]
    if len(places) == 1:
        return covered(len(new), places[0])
    joined = np.concatenate(places) if places else np.zeros(0, dtype=np.intp)
    return covered(len(new), distinct(len(new), joined))


def share(flags: Flags) -> float:
    """Return the covered share, 0 for an empty text."""
    return np.count_nonzero(flags) / len(flags) if len(flags) else 0.0
