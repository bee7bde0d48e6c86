"""Which paragraphs of an article its story has not seen before."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from detection.stories.coverage import covered_by, shared
from detection.stories.profile import SHINGLE, Flags, Profile

#: uncovered words in a row that are news and not an editor's touch
RUN = 24
#: such words in all from which an article brings something new
LEAST = 40
#: share of a run's words that an older text has in the same order: then the run is that text, rewritten
REWRITTEN = 0.5
#: words of a run that are compared, and halves of their number that an older text is given to say the same
_LONGEST = 400
_ROOM = 3


def novel_paragraphs(
    new: Profile, known: Sequence[Profile], telling: AbstractSet[int] = frozenset()
) -> tuple[int, ...]:
    """Return the places of the paragraphs that bring something none of the texts ``known`` says.

    A text that nobody has said anything of is new as a whole. Otherwise a few words do not count: an article brings
    something new when runs of :data:`RUN` words or more, :data:`LEAST` of them together, stand in no text before.

    Args:
        new: the article.
        known: what its story has said.
        telling: places of paragraphs that tell an act; they count however short they are.
    """
    if not known:
        return new.paragraphs
    flags = covered_by(new, known)
    bounds = dict(zip(new.paragraphs, pairwise((0, *new.ends)), strict=True))
    runs = [run for run in _uncovered(new, flags) if not any(_rewrites(new, run, old) for old in known)]
    if sum(last - first for first, last in runs) < min(LEAST, len(new)):
        runs = []
    return tuple(
        place
        for place, (begin, end) in bounds.items()
        if _holds(runs, begin, end)
        or (
            place in telling and not any(_rewrites(new, (begin, end), old) for old in known) and _new(flags, begin, end)
        )
    )


def _holds(runs: Sequence[tuple[int, int]], begin: int, end: int) -> bool:
    """Whether a new run takes up half of a paragraph, or enough of a long one."""
    return any(2 * (min(last, end) - max(first, begin)) >= min(RUN, end - begin) for first, last in runs)


def _new(flags: Flags, begin: int, end: int) -> bool:
    return 2 * int(flags[begin:end].sum()) < end - begin


def _uncovered(new: Profile, flags: Flags) -> list[tuple[int, int]]:
    """Return the runs of uncovered words, from first to after the last, that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], flags, [True])).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, last) for first, last in runs if last - first >= min(RUN, len(new))]


def _rewrites(new: Profile, run: tuple[int, int], old: Profile) -> bool:
    """Whether an older text has, where a run belongs, most of its words in the same order."""
    here, there = shared(new, old)
    if not len(here):
        return False
    first, last = run[0], min(run[1], run[0] + _LONGEST)
    room = _ROOM * (last - first) // 2
    after = int(np.searchsorted(here, first))
    begins = [int(there[after - 1]) + SHINGLE] if after else [0]
    ends = [int(there[after])] if after < len(here) else [len(old)]
    windows = [(begin, begin + room) for begin in begins] + [(max(0, end - room), end) for end in ends]
    own = new.hashes[first:last].tolist()
    return any(
        in_common(own, old.hashes[begin:end].tolist()) >= REWRITTEN * len(own) for begin, end in windows if begin < end
    )


def in_common(one: Sequence[int], two: Sequence[int]) -> int:
    """Return the length of the longest sequence that two have in common, gaps allowed.

    Bit-parallel: Hyyrö, "Bit-parallel LCS-length computation revisited" (AWOCA 2004).
    """
    places: dict[int, int] = {}
    for at, value in enumerate(two):
        places[value] = places.get(value, 0) | 1 << at
    every = (1 << len(two)) - 1
    left = every
    for value in one:
        met = left & places.get(value, 0)
        left = ((left + met) | (left - met)) & every
    return len(two) - left.bit_count()
