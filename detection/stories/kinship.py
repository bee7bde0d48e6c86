"""How likely two articles in other words tell the same event.

A logistic model of nine things a reader compares. The weights were fitted on pairs out of 300 labelled articles on 61
events (``tests/data/events.jsonl``); each of its halves was grouped with the weights of the other to see that they
carry over (``docs/stories.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

from detection.stories.sketch import Happening, Sketch, accompanies, is_private

#: reports of one event lie within so much time
SAME_EVENT = timedelta(hours=96)
#: those that tell the same act within this
SAME_ACT = timedelta(days=7)
#: mean score of a story's articles from which another one belongs to it
BELONGS = -0.7

#: articles among which a name is looked up; one that few of them hold tells much
_ARTICLES = 1_000
#: information of shared names, in nats, that says enough
_ENOUGH = 30.0
#: share of a state among those named from which an article speaks of it
_SPOKEN_OF = 0.05
#: information of the names in common, in nats, by which an article that does not name both states has to do with a
#: story; half of it where it names one of them
_PERSONAL = 10.0
_HOURS = SAME_EVENT.total_seconds() / 3600

_BIAS = -2.4
_NAMES = 3.5
_STATES = 3.2
_LEADING_STATES = 2.6
_SAME_ACT = 1.6
_OTHER_ACTS = -0.8
_OTHER_HEADLINE = -0.9
_UNDOING = -0.7
_TIME = -9.0
#: the same act told again days later is no other event
_TIME_OF_SAME_ACT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article of a story."""

    sketch: Sketch
    at: datetime


def features(one: Member, other: Member, names: Mapping[int, int]) -> tuple[float, ...]:
    """Return what two articles have in common, each 0–1, in the order of :data:`WEIGHTS`.

    Args:
        one: article.
        other: article.
        names: in how many articles each shared name stands.
    """
    shared = one.sketch.names & other.sketch.names
    told = _told_by(shared, names)
    both = bool(one.sketch.news and other.sketch.news)
    same = _tell_the_same(one, other)
    hours = min(abs((one.at - other.at).total_seconds()) / 3600, _HOURS) / _HOURS
    return (
        min(told, _ENOUGH) / _ENOUGH,
        _overlap(one.sketch.states, other.sketch.states),
        _overlap(one.sketch.leading_states, other.sketch.leading_states),
        float(same),
        float(both and not same and not _related(one.sketch, other.sketch)),
        float(_headlines_differ(one.sketch, other.sketch)),
        abs(one.sketch.undoing - other.sketch.undoing) / 2,
        hours,
        hours * same,
    )


#: of :func:`features`
WEIGHTS = (
    _NAMES, _STATES, _LEADING_STATES, _SAME_ACT, _OTHER_ACTS, _OTHER_HEADLINE, _UNDOING, _TIME, _TIME_OF_SAME_ACT,
)  # fmt: skip


def kinship(one: Member, other: Member, names: Mapping[int, int]) -> float:
    """Return the log-odds that two articles tell the same event, see :func:`features`."""
    values = features(one, other, names)
    return _BIAS + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))


def same_event(new: Member, stories: Mapping[int, Sequence[Member]], names: Mapping[int, int]) -> int | None:
    """Return the story whose articles tell the same event, None when none does.

    A story never takes what its headlines contradict: an act and its end, an act and its denial.
    """
    best: tuple[float, int] | None = None
    for story, members in stories.items():
        near = [one for one in members if _may_meet(new, one)]
        if not near or not _touches(new, near, names):
            continue
        if any(opposed(new.sketch, one.sketch) for one in near) or _tells_another(new, near):
            continue
        score = sum(kinship(new, one, names) for one in near) / len(near)
        if score >= BELONGS and (best is None or (score, -story) > best):
            best = (score, -story)
    return -best[1] if best else None


def same_affair(new: Member, stories: Mapping[int, Sequence[Member]]) -> int | None:
    """Return the story of acts between the same two states that is nearest in time, None when there is none."""
    sides = _sides(act for act in new.sketch.news if not is_private(act.family))
    found = [
        (abs(one.at - new.at), story)
        for story, members in stories.items()
        for one in members
        if any(act.sides in sides and not is_private(act.family) for act in one.sketch.news)
    ]
    return min(found)[1] if found else None


def denies(one: Sketch, other: Sketch) -> bool:
    """Whether one denies in its headline what the other's reports as done."""
    return any(
        a.denied and b.polarity > 0 and a.type == b.type and a.sides == b.sides
        for a in one.headline
        for b in other.headline
    )


def opposed(one: Sketch, other: Sketch) -> bool:
    """Whether headlines contradict each other.

    One undoes or denies what the other reports as done, or they tell acts between other states.
    """
    undone = any(
        a.type == b.type and a.polarity * b.polarity < 0 and a.sides == b.sides
        for a in one.headline
        for b in other.headline
    )
    sides, others = _sides(one.headline), _sides(other.headline)
    return undone or (bool(sides) and bool(others) and not sides & others)


def _sides(happenings: Iterable[Happening]) -> set[frozenset[str | None]]:
    return {act.sides for act in happenings if None not in act.sides}


def _touches(new: Member, members: Sequence[Member], names: Mapping[int, int]) -> bool:
    """Whether an article has to do with a story's acts at all.

    Articles on one state, published within hours, are no event; only acts make one. An article tells an act between the
    same states, or names both of them, or names the persons of whom the story speaks.
    """
    sides = _sides(act for one in members for act in one.sketch.news)
    own = _sides(new.sketch.news)
    if sides and own:
        return bool(own & sides)
    here, there = _named(new.sketch), set.union(*(_named(one.sketch) for one in members))
    told, about = (sides, here) if sides else (own, there)
    if any(pair <= about for pair in told):
        return True
    shared = {name for one in members for name in one.sketch.names} & new.sketch.names
    persons = _told_by(shared, names)
    if any(pair & about for pair in told):
        return persons >= _PERSONAL / 2
    return persons >= _PERSONAL and (bool(told) or len(here & there) > 1)


def _named(known: Sketch) -> set[str]:
    return {code for code, share in known.states.items() if share >= _SPOKEN_OF}


def information(articles: int) -> float:
    """Return what a name tells, in nats, that so many articles hold."""
    return max(0.0, log(_ARTICLES / max(1, articles)))


def _told_by(shared: Iterable[int], names: Mapping[int, int]) -> float:
    return sum(information(names.get(name, 1)) for name in shared)


def _tells_another(new: Member, members: Sequence[Member]) -> bool:
    """Whether an article's headline tells an act that a story does not, whose headlines tell acts of their own."""
    told = _acts(act for one in members for act in one.sketch.headline)
    known = told | _acts(act for one in members for act in one.sketch.news)
    own = _acts(new.sketch.headline)
    return bool(own) and bool(told) and not own & known


def _acts(happenings: Iterable[Happening]) -> set[tuple[str, str | None, str | None]]:
    return {one.act for one in happenings if not accompanies(one.family)}


def _may_meet(one: Member, other: Member) -> bool:
    apart = abs(one.at - other.at)
    return apart <= SAME_EVENT or (apart <= SAME_ACT and _tell_the_same(one, other))


def _tell_the_same(one: Member, other: Member) -> bool:
    """Whether two articles tell an act of one family in the same way: as done, as undone, or as neither."""
    acts = {(act.act, act.polarity) for act in one.sketch.news}
    return any((act.act, act.polarity) in acts for act in other.sketch.news)


def _related(one: Sketch, other: Sketch) -> bool:
    """Whether some act of one is the act of the other but for its standing."""
    return not {act.act for act in one.news}.isdisjoint(act.act for act in other.news)


def _headlines_differ(one: Sketch, other: Sketch) -> bool:
    acts, others = {act.act for act in one.headline}, {act.act for act in other.headline}
    return bool(acts) and bool(others) and not acts & others


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(min(share, other.get(code, 0.0)) for code, share in one.items())
