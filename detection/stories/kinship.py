"""How likely two articles in other words tell the same event.

A logistic model of what a reader compares. The weights were fitted on pairs out of labelled articles
(``tests/data/events.jsonl``); each world of theirs was grouped with the weights of another to see that they carry over
(``docs/stories.md``). What the likelihoods make of several articles says :mod:`detection.stories.grouping`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from detection.stories.acts import Act
from detection.stories.sketch import Happening, Sketch, accompanies, is_private

#: reports of one event lie within so much time
SAME_EVENT = timedelta(hours=96)
#: those that tell the same act within this
SAME_ACT = timedelta(days=7)
#: shared names that say enough
_ENOUGH = 5.0
#: a name that more articles of some days hold is in everybody's mouth, and what it counts then
_COMMON = 40
_COMMON_COUNTS = 0.2
_HOURS = SAME_EVENT.total_seconds() / 3600

_BIAS = -3.9
_NAMES = 3.9
_STATES = 3.6
_LEADING_STATES = 2.5
_SAME_ACT = 2.3
_OTHER_ACTS = -0.5
_OTHER_HEADLINE = -1.2
_UNDOING = -0.5
#: set by hand: so are an act, and the report of it and its answer
_EXCHANGE = -3.5
#: set by hand: who looks back on an act of years ago reports no event of today
_RETROSPECT = -4.0
#: acts without a direction
_MUTUAL = frozenset({"sever_relations"})
#: set by hand: a denial and what it denies are two events
_DENIAL = -3.5
_TIME = -9.0
#: the same act told again on another day is a follow-up that recalls it
_TIME_OF_SAME_ACT = -2.5
_TOPICS = 1.5
#: where an act is missing on one side, the subject says more
_TOPICS_WITHOUT_ACTS = 1.9
#: set by hand: two acts of one crisis on one day are two events, unless one only accompanies the other
_OTHER_DEED = -2.8
#: set by hand: an act and its answer are two events
_OTHER_WAY_ROUND = -1.25
#: set by hand: the same states on the same day are no event
_NOTHING_SHARED = -3.0
#: likeness of topics from which two articles have a subject in common, one of which tells an act, or neither
_SUBJECT, _SUBJECT_WITHOUT_ACTS = 0.15, 0.2


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
    told = sum(_COMMON_COUNTS if names.get(name, 1) > _COMMON else 1.0 for name in shared)
    both = bool(one.sketch.news and other.sketch.news)
    same = _tell_the_same(one, other)
    deeds, others = _deeds(one.sketch), _deeds(other.sketch)
    topics = _topics(one.sketch, other.sketch)
    hours = min(abs((one.at - other.at).total_seconds()) / 3600, _HOURS) / _HOURS
    return (
        min(told, _ENOUGH) / _ENOUGH,
        _overlap(one.sketch.states, other.sketch.states),
        _overlap(one.sketch.leading_states, other.sketch.leading_states),
        float(same),
        float(both and not same and not _related(one.sketch, other.sketch)),
        float(_differ(_acts(one.sketch), _acts(other.sketch))),
        float(_differ(deeds, others)),
        float(_differ({act[1:] for act in deeds}, {act[1:] for act in others})),
        float(both and one.sketch.exchange != other.sketch.exchange),
        abs(one.sketch.undoing - other.sketch.undoing) / 2,
        float(one.sketch.denying != other.sketch.denying),
        float(_looks_back(one) != _looks_back(other)),
        hours,
        hours * same,
        topics,
        0.0 if both else topics,
        float(not meet(one, other)),
    )


#: of :func:`features`
WEIGHTS = (
    _NAMES, _STATES, _LEADING_STATES, _SAME_ACT, _OTHER_ACTS, _OTHER_HEADLINE, _OTHER_DEED, _OTHER_WAY_ROUND, _EXCHANGE,
    _UNDOING, _DENIAL, _RETROSPECT, _TIME, _TIME_OF_SAME_ACT, _TOPICS, _TOPICS_WITHOUT_ACTS, _NOTHING_SHARED,
)  # fmt: skip


def _looks_back(one: Member) -> bool:
    """Whether an article's title looks back on what happened in an earlier year."""
    return one.sketch.looks_back_to is not None and one.sketch.looks_back_to < one.at.year


def meet(one: Member, other: Member) -> bool:
    """Whether articles, one of which tells no act, have anything in common beside their states and their day."""
    here, there = one.sketch, other.sketch
    if here.news and there.news:
        return True
    named = not here.names.isdisjoint(there.names)
    if here.news or there.news:
        return named or _topics(here, there) >= _SUBJECT
    return named and _topics(here, there) >= _SUBJECT_WITHOUT_ACTS


def _topics(one: Sketch, other: Sketch) -> float:
    return sum(share * other.topics.get(topic, 0.0) for topic, share in one.topics.items())


def kinship(one: Member, other: Member, names: Mapping[int, int]) -> float:
    """Return the log-odds that two articles tell the same event, see :func:`features`."""
    values = features(one, other, names)
    return _BIAS + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))


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
    """Whether one denies in its headline what the other's reports as done.

    Who acts on whom must agree: that Mali has suspended nothing does not deny what France did. Only relations are
    broken off by both, whoever is named first.
    """
    return any(
        a.denied
        and b.polarity > 0
        and a.type == b.type
        and (a.act == b.act or (a.type in _MUTUAL and a.sides == b.sides))
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


def may_meet(one: Member, other: Member) -> bool:
    """Whether two articles lie near enough in time to tell one event."""
    apart = abs(one.at - other.at)
    return apart <= SAME_EVENT or (apart <= SAME_ACT and _tell_the_same(one, other))


def _tell_the_same(one: Member, other: Member) -> bool:
    """Whether two articles tell an act of one family in the same way: as done, as undone, or as neither."""
    acts = {(act.act, act.polarity) for act in one.sketch.news}
    return any((act.act, act.polarity) in acts for act in other.sketch.news)


def _related(one: Sketch, other: Sketch) -> bool:
    """Whether some act of one is the act of the other but for its standing."""
    return not {act.act for act in one.news}.isdisjoint(act.act for act in other.news)


def _acts(one: Sketch) -> frozenset[Act]:
    return frozenset(act.act for act in one.headline)


def _deeds(one: Sketch) -> frozenset[Act]:
    """Return the acts of a headline that stand for themselves, both sides known."""
    return frozenset(act.act for act in one.headline if None not in act.act and not accompanies(act.family))


def _differ(acts: AbstractSet[Any], others: AbstractSet[Any]) -> bool:
    return bool(acts) and bool(others) and acts.isdisjoint(others)


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(min(share, other.get(code, 0.0)) for code, share in one.items())
