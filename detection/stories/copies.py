"""Which dispatch an article copies, if it copies one.

A missed copy costs a second look; a wrong merge hides an event. So doubt always makes a text of its own, and
texts that contradict each other are never copies, however alike they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from detection.stories.acts import contradict, other_acts
from detection.stories.coverage import covered_by
from detection.stories.likeness import OPENING, Likeness, Relation, compare, compare_dispatches, relation
from detection.stories.profile import Profile
from storage.types import Signal

#: after so long a text in the same form is more likely the report of another day than a late copy
LATE = timedelta(hours=18)
#: share of untouched shingles below which a late text without figures is such a report: an editor changes one word in
#: ten at most, a report in a set form more
UNTOUCHED = 0.70
#: covered and untouched share of an older dispatch from which a new text says it whole
WHOLE, INTACT = 0.85, 0.8
#: words of a longer text that other dispatches say: then it is a digest of them all
DIGEST = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A stored article that may be the original, or a copy of the same original."""

    article_id: int
    story_id: int
    #: the article it copies itself
    copy_of: int | None
    #: when the original came
    dispatched_at: datetime
    profile: Profile
    signals: tuple[Signal, ...]

    @property
    def dispatch(self) -> int:
        """The article that all copies of one text point to."""
        return self.copy_of or self.article_id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copied:
    """The article that another one copies."""

    candidate: Candidate
    #: covered share of the copy
    coverage: float
    #: other dispatches that turn out to be the same one: each says hardly anything that this text does not
    same: tuple[int, ...] = ()


def find_copy(
    text: Profile, signals: Sequence[Signal], moment: datetime, candidates: Sequence[Candidate]
) -> Copied | None:
    """Return what a text copies, None when it is a text of its own.

    Of several dispatches the one that says most of it, then the one found in more copies, then the older. Two papers
    that cut different paragraphs hardly resemble each other; the full text shows that they print one dispatch.
    """
    dispatches: dict[int, list[tuple[Candidate, Likeness, Relation]]] = {}
    for candidate in candidates:
        likeness = compare_dispatches(text, candidate.profile)
        if likeness is None:
            continue
        found = relation(likeness, late=abs(moment - candidate.dispatched_at) > LATE)
        if found in {Relation.COPY, Relation.LONGER} and not (
            contradict(signals, candidate.signals) or other_acts(signals, candidate.signals)
        ):
            dispatches.setdefault(candidate.dispatch, []).append((candidate, likeness, found))
    best: tuple[tuple[float, int, int], Copied] | None = None
    within: list[int] = []
    for dispatch, alike in dispatches.items():
        if _is_form(alike, moment):
            continue
        if any(one.copy_of is None and _is_within(likeness) for one, likeness, _ in alike):
            within.append(dispatch)
        if _is_digest(text, alike, candidates):
            continue
        candidate, likeness, _ = max(alike, key=lambda one: (one[1].of_new, -one[0].article_id))
        rank = (round(likeness.of_new, 1), len(alike), -dispatch)
        if best is None or rank > best[0]:
            best = rank, Copied(candidate=candidate, coverage=likeness.of_new)
    if best is None:
        return None
    copied = best[1]
    return replace(copied, same=tuple(one for one in within if one != copied.candidate.dispatch))


def _is_within(likeness: Likeness) -> bool:
    """Whether the new text says the old one whole, untouched and with the same figures."""
    untouched = likeness.intact is None or likeness.intact >= INTACT
    return likeness.of_old >= WHOLE and untouched and not likeness.changed_figures


def _is_form(alike: Sequence[tuple[Candidate, Likeness, Relation]], moment: datetime) -> bool:
    """Whether a late text merely fills in the same form: no figures to tell, and touched everywhere."""
    if abs(moment - alike[0][0].dispatched_at) <= LATE:
        return False
    if not all(likeness.few_figures for _, likeness, _ in alike):
        return False  # the figures have told already
    intact = [likeness.intact for _, likeness, _ in alike if likeness.intact is not None]
    return bool(intact) and max(intact) < UNTOUCHED


def _quotes_beginning(text: Profile, old: Profile) -> bool:
    likeness = compare(text, old)
    return likeness is not None and likeness.opening_of_old >= OPENING


def _is_digest(
    text: Profile, alike: Sequence[tuple[Candidate, Likeness, Relation]], candidates: Sequence[Candidate]
) -> bool:
    """Whether a text that holds a dispatch and more takes the rest from other dispatches.

    A digest quotes how each of them begins. What it shares with the end of another one is their common background.
    """
    if any(found is Relation.COPY for _, _, found in alike):
        return False
    rest = ~np.logical_or.reduce([likeness.covered for _, likeness, _ in alike])
    own = {candidate.dispatch for candidate, _, _ in alike}
    others = {one.dispatch for one in candidates if one.dispatch not in own and _quotes_beginning(text, one.profile)}
    return any(
        int((covered_by(text, [one.profile for one in candidates if one.dispatch == other]) & rest).sum()) >= DIGEST
        for other in others
    )
