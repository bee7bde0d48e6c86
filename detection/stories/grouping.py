"""Which of several articles tell one event: average linkage over their kinship, one pair at a time, the surest first.

The answer depends on the articles alone and not on the order in which they arrived: when an article arrives, those
around it are grouped anew, so that two stories opened apart become one when a third report shows that they are, and a
report that stood in the wrong story for want of a better one goes where it belongs. Average linkage
(Sokal and Michener, 1958) neither chains like single linkage nor waits for the unlikeliest pair like complete linkage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from detection.stories.kinship import Member, kinship, may_meet, opposed

Key = TypeVar("Key", bound=Hashable)

#: mean kinship, in log-odds, from which articles tell one event
BELONGS = -2.0
#: stands between articles that contradict each other, and between all that would be grouped with them
APART = float("-inf")


def affinity(one: Member, other: Member, names: Mapping[int, int]) -> float | None:
    """Return the kinship of two articles, :data:`APART` when they contradict each other, None when too far in time.

    Args:
        one: article.
        other: article.
        names: in how many articles each shared name stands.
    """
    if not may_meet(one, other):
        return None
    return APART if opposed(one.sketch, other.sketch) else kinship(one, other, names)


def group(
    articles: Sequence[Key],
    affinities: Callable[[Key, Key], float | None],
    fixed: Iterable[Sequence[Key]] = (),
    acting: AbstractSet[Key] | None = None,
) -> list[list[Key]]:
    """Return the articles by the events they tell.

    An event is told by an act: articles that tell none gather around one that does, never among themselves, for on a
    day when a thousand articles speak of Mali many of them resemble each other.

    Args:
        articles: ids, none twice, at best in an order that does not depend on that of arrival.
        affinities: of two articles, see :func:`affinity`.
        fixed: articles that somebody has put together: they stay so, and two such groups never meet.
        acting: those that tell an act, None for all.
    """
    clusters = [[*held] for held in fixed]
    loose = set(articles).difference(*clusters)
    several = len(clusters)
    clusters += [[one] for one in articles if one in loose]
    acts = [acting is None or not acting.isdisjoint(held) for held in clusters]
    links = _Links(len(clusters))
    for b in range(several, len(clusters)):
        for a in range(b):
            links.put(a, b, *_link(clusters[a], clusters[b], affinities), acting=acts[a] or acts[b])
    while (best := links.surest()) is not None:
        kept, gone = best
        acts[kept] = True
        clusters[kept] += clusters[gone]
        clusters[gone] = []
        links.merge(kept, gone, [other for other, held in enumerate(clusters) if held and other != kept])
    return [held for held in clusters if held]


class _Links:
    """The affinities between groups: sums and how many, and of these the means from which two groups are one."""

    def __init__(self, count: int) -> None:
        self._sums = [[0.0] * count for _ in range(count)]
        #: None between groups that never meet
        self._counts: list[list[int | None]] = [[None] * count for _ in range(count)]
        # Of hundreds of pairs few are near: only these are looked at for the surest.
        self._near: dict[tuple[int, int], float] = {}

    def put(self, a: int, b: int, total: float, count: int | None, *, acting: bool) -> None:
        """Enter what lies between two groups, the lower number first."""
        self._sums[a][b] = self._sums[b][a] = total
        self._counts[a][b] = self._counts[b][a] = count
        if acting and count and total / count >= BELONGS:
            self._near[a, b] = total / count
        else:
            self._near.pop((a, b), None)

    def surest(self) -> tuple[int, int] | None:
        """Return the two groups that are most surely one, None when no two are."""
        return max(self._near, key=lambda pair: (self._near[pair], pair), default=None)

    def merge(self, kept: int, gone: int, others: Iterable[int]) -> None:
        """Make one of two groups, the first of which tells an act from now on."""
        del self._near[kept, gone]
        sums, more_sums, counts, more = self._sums[kept], self._sums[gone], self._counts[kept], self._counts[gone]
        for other in others:
            self._near.pop((other, gone) if other < gone else (gone, other), None)
            mine, theirs = counts[other], more[other]
            both = None if mine is None or theirs is None else mine + theirs
            a, b = (other, kept) if other < kept else (kept, other)
            self.put(a, b, sums[other] + more_sums[other], both, acting=True)


def _link(
    some: Sequence[Key], others: Sequence[Key], affinities: Callable[[Key, Key], float | None]
) -> tuple[float, int]:
    """Return the sum of affinities between two groups and how many there are."""
    if len(some) == len(others) == 1:
        only = affinities(some[0], others[0])
        return (0.0, 0) if only is None else (only, 1)
    found = [value for one in some for other in others if (value := affinities(one, other)) is not None]
    return sum(found), len(found)


def settle(groups: Iterable[Sequence[Key]], told_in: Mapping[Key, int]) -> list[tuple[list[Key], int | None]]:
    """Return the story of each group: the one that holds most of its articles, the older of two; None for a new one.

    Args:
        groups: of articles that tell one event.
        told_in: the story of each article; one that has just arrived is in none.
    """
    held = [[*articles] for articles in groups]
    claims = sorted(
        (-count, story, place)
        for place, articles in enumerate(held)
        for story, count in Counter(told_in[one] for one in articles if one in told_in).items()
    )
    stories: dict[int, int] = {}
    for _, story, place in claims:
        if place not in stories and story not in stories.values():
            stories[place] = story
    return [(articles, stories.get(place)) for place, articles in enumerate(held)]
