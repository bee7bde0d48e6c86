"""Which act of one state answers which act of the other, after how long, and whether in kind."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.state_acts import AFFAIR, Standing, StateAct

#: how long after an act of the same affair another one counts as its answer
ANSWER = timedelta(days=14)
#: words and accusations neither answer nor are answered
LEAST_SEVERITY = 2
#: acts told within so much time are one move: of these the one of the same kind is answered
ONE_MOVE = timedelta(hours=48)
_EXPULSIONS = frozenset({"expel_diplomats", "expel_ambassador"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An act of one state that answers an act of the other."""

    action: StateAct
    reaction: StateAct
    #: ``says_so`` (the text calls it an answer) or ``same_affair``
    reason: str
    #: the same kind of act came back
    reciprocal: bool

    @property
    def after(self) -> timedelta:
        """How long the answer took; zero when one article told both first."""
        return self.reaction.at - self.action.at

    @property
    def numbers(self) -> tuple[int, int] | None:
        """How many people each hit, None unless both are known and the kind is the same."""
        if not self.reciprocal or self.action.persons is None or self.reaction.persons is None:
            return None
        return self.action.persons, self.reaction.persons

    @property
    def matched(self) -> bool:
        """Whether the answer hits as many people, or more."""
        return self.numbers is not None and self.numbers[1] >= self.numbers[0]


class _Earlier:
    """Finds the acts that one may answer without looking at all of them."""

    def __init__(self, acts: Iterable[StateAct], answer: timedelta) -> None:
        """Args: ``acts`` in order of time."""
        self._answer = answer
        self._all: dict[tuple[str, str], list[StateAct]] = {}
        self._of_thread: dict[tuple[str, str, int], list[StateAct]] = {}
        for act in acts:
            self._all.setdefault((act.actor, act.target), []).append(act)
            self._of_thread.setdefault((act.actor, act.target, act.thread_id), []).append(act)

    def of(self, reaction: StateAct) -> list[StateAct]:
        """Return the acts of the other side that lie near enough before, or at the same time."""
        if reaction.reaction:
            acts, reach = self._all.get((reaction.target, reaction.actor), []), AFFAIR
        else:
            side = (reaction.target, reaction.actor, reaction.thread_id)
            acts, reach = self._of_thread.get(side, []), self._answer
        first = bisect_left(acts, reaction.at - max(reach, self._answer), key=lambda act: act.at)
        return acts[first : bisect_right(acts, reaction.at, key=lambda act: act.at)]


@dataclass(slots=True)
class _Given:
    """The story that answered each act first."""

    stories: dict[StateAct, int] = field(default_factory=dict)

    def open_to(self, action: StateAct, reaction: StateAct) -> bool:
        """Whether an act is unanswered, or answered by the same announcement."""
        return self.stories.get(action, reaction.story_id) == reaction.story_id


def replies(stood: Iterable[Standing], *, answer: timedelta = ANSWER) -> tuple[Reply, ...]:
    """Return which acts answer which, in order of the answers.

    An act answers the nearest earlier act of the other side that is unanswered and grave enough (see
    :func:`comparable`): of the same affair within ``answer``, or, where the text itself calls it an answer, of any
    affair within :data:`alerts.state_acts.AFFAIR`. An act that says so answers again what was answered when nothing
    else is left. Acts of one announcement may answer the same act.
    """
    acts = sorted(
        (one.act for one in stood if one.act.severity >= LEAST_SEVERITY and one.counts), key=lambda act: act.order
    )
    earlier_acts = _Earlier(acts, answer)
    given, found = _Given(), []
    for reaction in acts:
        earlier = [act for act in earlier_acts.of(reaction) if _may_answer(reaction, act, answer)]
        unanswered = [act for act in earlier if given.open_to(act, reaction)]
        if reaction.reaction and not unanswered:
            unanswered = earlier
        if unanswered:
            action = _nearest(unanswered, reaction)
            given.stories.setdefault(action, reaction.story_id)
            found.append(
                Reply(
                    action=action,
                    reaction=reaction,
                    reason="says_so" if reaction.reaction else "same_affair",
                    reciprocal=same_kind(action, reaction),
                )
            )
    return tuple(found)


def same_kind(one: StateAct, other: StateAct) -> bool:
    """Whether two acts are of one kind: an ambassador sent home is a diplomat sent home."""
    return one.type == other.type or {one.type, other.type} <= _EXPULSIONS


def comparable(action: StateAct, reaction: StateAct) -> bool:
    """Whether an act is grave enough to be what another one answers: the same kind, or one rung below at most."""
    return same_kind(action, reaction) or action.severity >= reaction.severity - 1


def _may_answer(reaction: StateAct, action: StateAct, answer: timedelta) -> bool:
    apart = reaction.at - action.at
    # One article may tell both first: then only its words say which is the answer.
    together = not apart and reaction.reaction and not action.reaction
    if not comparable(action, reaction) or (apart <= timedelta(0) and not together):
        return False
    return (action.thread_id == reaction.thread_id and apart <= answer) or (reaction.reaction and apart <= AFFAIR)


def _nearest(actions: Iterable[StateAct], reaction: StateAct) -> StateAct:
    found = sorted(actions, key=lambda act: (reaction.at - act.at, -act.severity, act.order))
    move = [act for act in found if act.at >= found[0].at - ONE_MOVE]
    return next((act for act in move if same_kind(act, reaction)), found[0])
