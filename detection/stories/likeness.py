"""Whether two texts are one dispatch: the same words, from the same beginning, with the same figures.

The thresholds were measured on generated streams of copies, follow-ups, round-ups and reports in a set form
(``docs/stories.md``). A follow-up repeats half of yesterday's dispatch, but below its own news; a copy begins where
its original begins, or a few lines further down in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from detection.stories.coverage import GAP, covered, distinct, share, shared
from detection.stories.profile import SHINGLE, Flags, Places, Profile

#: covered share of the shorter text from which the two are one dispatch
COPY = 0.65
#: the same where the openings agree: two papers that cut different paragraphs
CUT = 0.5
#: least share of a longer text that its shorter version covers
LEAST_NEW = 0.1
#: words that make the opening, and its covered share from which two openings agree
OPENING_WORDS = 60
OPENING = 0.5
#: how many words deeper the common text may begin in one of the two
SHIFT = 40
#: words of which half must be common where the common text begins
BEGINNING = 12
#: changed figures, in number and share, that make equal wording another report: tolls, market reports
FIGURES = 3
FIGURES_SHARE = 0.35
FEW_FIGURES = 2
HALF = 0.5
#: words of common text from which the share of untouched shingles tells an editor from another report in the same form
LEAST_COMPARED = 40


class Relation(StrEnum):
    """What one text is to another."""

    #: different texts, or one that only quotes the other
    OTHER = "other"
    #: the same words, other figures: the report of another day
    OTHER_FIGURES = "other figures"
    #: one dispatch
    COPY = "copy"
    #: a longer text of which the other is the beginning, or some of it
    LONGER = "longer"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """What two texts have in common, the new one seen from the old."""

    #: for each word of the new text, whether the old one says it
    covered: Flags
    #: covered share of either
    of_new: float
    of_old: float
    #: covered share of either's first :data:`OPENING_WORDS`
    opening_of_new: float
    opening_of_old: float
    #: words before the common text in either
    begins_in_new: int
    begins_in_old: int
    #: figures at the same place of both: equal ones, and changed ones
    same_figures: int
    changed_figures: int
    #: share of untouched shingles in the common text below the opening; None when there is too little of it
    intact: float | None

    @property
    def few_figures(self) -> bool:
        """Whether there are too few figures to tell a report of another day."""
        return self.same_figures + self.changed_figures < FEW_FIGURES


def compare(new: Profile, old: Profile) -> Likeness | None:
    """Return what two texts have in common, None when no run of words."""
    here, there = shared(new, old)
    return _likeness(new, old, here, there) if len(here) else None


def compare_dispatches(new: Profile, old: Profile) -> Likeness | None:
    """Return what two texts have in common, None when that is plainly too little for one dispatch.

    Most look-alikes share a turn of phrase only; so many shingles cover at most so many words.
    """
    here, there = shared(new, old)
    most = (SHINGLE + GAP) * len(here)
    if not len(here) or (most < CUT * len(new) and most < COPY * len(old)):
        return None
    return _likeness(new, old, here, there)


def _likeness(new: Profile, old: Profile, here: Places, there: Places) -> Likeness:
    of_new, of_old = covered(len(new), here), covered(len(old), distinct(len(old), there))
    same, changed = _figures(new, old, of_new, here, there)
    return Likeness(
        covered=of_new,
        of_new=share(of_new),
        of_old=share(of_old),
        opening_of_new=share(of_new[:OPENING_WORDS]),
        opening_of_old=share(of_old[:OPENING_WORDS]),
        begins_in_new=_begin(of_new),
        begins_in_old=_begin(of_old),
        same_figures=same,
        changed_figures=changed,
        intact=_intact(len(new), of_new, here),
    )


def _begin(flags: Flags) -> int:
    """Return where the common text begins: a turn of phrase that both happen to have is no beginning."""
    told = np.concatenate(([0], np.cumsum(flags)))
    ends = np.minimum(np.arange(len(flags)) + BEGINNING, len(flags))
    dense = flags & (told[ends] - told[:-1] >= BEGINNING * HALF)
    return int((dense if dense.any() else flags).argmax())


def relation(likeness: Likeness, *, late: bool) -> Relation:
    """Say what the new text is to the old one.

    Args:
        likeness: of the two.
        late: the new one came a day later; copies come within hours, reports in a set form come daily.
    """
    if not _is_one_text(likeness):
        return Relation.OTHER
    if _other_figures(likeness, late=late):
        return Relation.OTHER_FIGURES
    return Relation.COPY if likeness.of_new >= CUT else Relation.LONGER


def _is_one_text(likeness: Likeness) -> bool:
    new_opens = likeness.opening_of_new >= OPENING or likeness.begins_in_new <= likeness.begins_in_old + SHIFT
    old_opens = likeness.opening_of_old >= OPENING or likeness.begins_in_old <= likeness.begins_in_new + SHIFT
    if likeness.of_new >= COPY:
        return likeness.of_old >= COPY or old_opens
    if likeness.of_old >= COPY:
        return new_opens and likeness.of_new >= LEAST_NEW
    return likeness.of_new >= CUT and likeness.opening_of_new >= OPENING and old_opens


def _other_figures(likeness: Likeness, *, late: bool) -> bool:
    changed = likeness.changed_figures
    of_all = changed / max(1, changed + likeness.same_figures)
    return (
        (changed >= FIGURES and of_all >= FIGURES_SHARE)
        or (changed >= FEW_FIGURES and of_all >= HALF)
        or (late and changed > 0 and of_all >= HALF)
    )


def _figures(new: Profile, old: Profile, flags: Flags, here: Places, there: Places) -> tuple[int, int]:
    """Return how many figures of the common text are the same in both, and how many changed.

    The counterpart of a figure stands as far from the nearest common shingle, before or after it, as the figure does.
    """
    same = changed = 0
    at = (new.figures & flags).nonzero()[0]
    if not len(at):
        return 0, 0
    moved = here - there
    # Before the first common shingle there is none, nor after the last: the nearest serves twice.
    before = moved[np.maximum(here.searchsorted(at, side="right") - 1, 0)]
    after = moved[np.minimum(here.searchsorted(at, side="left"), len(here) - 1)]
    for own, one, other in zip(new.hashes[at].tolist(), (at - before).tolist(), (at - after).tolist(), strict=True):
        known = [place for place in {one, other} if 0 <= place < len(old) and old.figures[place]]
        if any(old.hashes[place] == own for place in known):
            same += 1
        elif known:
            changed += 1
    return same, changed


def _intact(length: int, flags: Flags, here: Places) -> float | None:
    below = np.flatnonzero(flags[OPENING_WORDS : length - SHINGLE + 1]) + OPENING_WORDS
    if len(below) < LEAST_COMPARED:
        return None
    untouched = np.zeros(length, dtype=np.bool_)
    untouched[here] = True
    return float(untouched[below].mean())
