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
    links: dict[tuple[int, int], tuple[float, int]] = {}
    for b in range(several, len(clusters)):
        for a in range(b):
            links[a, b] = _link(clusters[a], clusters[b], affinities)
    # Of hundreds of pairs few are near: only these are looked at for the surest.
    near: dict[tuple[int, int], float] = {}
    for pair in links:
        _weigh(pair, links, acts, near)
    while near:
        kept, gone = max(near, key=lambda pair: (near[pair], pair))
        acts[kept] = True
        clusters[kept] += clusters[gone]
        clusters[gone] = []
        del links[kept, gone], near[kept, gone]
        for other, held in enumerate(clusters):
            if held and other != kept:
                old, pair = (min(other, gone), max(other, gone)), (min(other, kept), max(other, kept))
                moved = links.pop(old, None)
                near.pop(old, None)
                if pair in links and moved is not None:
                    links[pair] = (links[pair][0] + moved[0], links[pair][1] + moved[1])
                else:
                    links.pop(pair, None)
                _weigh(pair, links, acts, near)
    return [held for held in clusters if held]


def _link(
    some: Sequence[Key], others: Sequence[Key], affinities: Callable[[Key, Key], float | None]
) -> tuple[float, int]:
    """Return the sum of affinities between two groups and how many there are."""
    if len(some) == len(others) == 1:
        only = affinities(some[0], others[0])
        return (0.0, 0) if only is None else (only, 1)
    found = [value for one in some for other in others if (value := affinities(one, other)) is not None]
    return sum(found), len(found)


def _weigh(
    pair: tuple[int, int],
    links: Mapping[tuple[int, int], tuple[float, int]],
    acts: Sequence[bool],
    near: dict[tuple[int, int], float],
) -> None:
    """Keep the mean of two groups as long as they may be one."""
    total, count = links.get(pair, (0.0, 0))
    mean = total / count if count and (acts[pair[0]] or acts[pair[1]]) else APART
    if mean >= BELONGS:
        near[pair] = mean
    else:
        near.pop(pair, None)


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
