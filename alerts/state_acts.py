"""From what stories tell to what states did: one act however many stories recall it, its number put to the vote.

Pure. An act is told by its story first and recalled by others for weeks; a recollection is no second act. What one
report gets wrong (three diplomats, who were two) the others outvote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from storage.types import Status, ToldAct

#: (type, actor, target)
Kind: TypeAlias = tuple[str, str, str]
#: how long stories of the same affair recall an act, and any others
AFFAIR = timedelta(days=60)
RECALLED = timedelta(days=7)
#: within so much time even a headline tells no second act
SAME = timedelta(hours=48)
#: how sure a reading must be to count, and one outside headlines that takes an act off the ladder
LEAST_CONFIDENCE = 0.5
LEAST_CONFIDENCE_OF_AN_END = 0.8
#: acts that go on until they are taken back
LASTING = frozenset({
    "sever_relations", "close_mission", "denounce_agreement", "airspace_closure", "recall_ambassador",
    "suspend_cooperation", "suspend_aid", "ngo_ban", "media_suspension", "visa_restriction", "expel_ambassador",
})  # fmt: skip
#: what the ladder leaves out: matters of one person, crimes and plots that no state owns to
NOT_OF_STATES = frozenset({"removal_individual", "hostage_taking", "coup_attempt"})
#: expelled diplomats from whom an expulsion weighs more (detection/weighing.py)
MANY = 3
HIGHEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAct:
    """One state did something to another, as one story tells it."""

    type: str
    actor: str
    target: str
    #: 1 to 5
    severity: int
    #: when it was first told
    at: datetime
    story_id: int
    thread_id: int
    #: the sentence that proves it
    sentence: str
    #: people expelled, None where nobody gives a number
    persons: int | None = None
    #: ENDED takes an earlier act back, DENIED disputes it
    status: Status = Status.ASSERTED
    headline: bool = False
    #: the text says that it answers the other side
    reaction: bool = False

    @property
    def kind(self) -> Kind:
        """(type, actor, target)."""
        return (self.type, self.actor, self.target)

    @property
    def order(self) -> tuple[datetime, int, str, str, str, str]:
        """Where it stands among others: the same whatever the order they come in."""
        return (self.at, self.story_id, self.actor, self.target, self.type, self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An act with the time for which it counts."""

    act: StateAct
    until: datetime
    #: ``window``, ``taken_back`` or ``denied``
    ended_by: str

    @property
    def counts(self) -> bool:
        """False for an act that was taken back as it was told."""
        return self.act.at < self.until


def state_acts(told: Iterable[ToldAct]) -> tuple[StateAct, ...]:
    """Return the acts that stories tell, one a story, act and standing, in order of time.

    Acts between a state and itself, acts of nobody's making (:data:`NOT_OF_STATES`) and doubtful readings are left out.
    """
    groups: dict[tuple[object, ...], list[ToldAct]] = {}
    for one in told:
        if one.actor != one.target and one.type not in NOT_OF_STATES:
            groups.setdefault((one.story_id, one.type, one.actor, one.target, one.status), []).append(one)
    found = [act for rows in groups.values() if (act := _state_act(rows)) is not None]
    return tuple(sorted(found, key=lambda act: act.order))


def _state_act(rows: Sequence[ToldAct]) -> StateAct | None:
    """Put the tellings of one act together, None when it does not count."""
    first = min(rows, key=lambda row: (row.at, row.article_id, row.persons))
    headline = any(row.headline for row in rows)
    confidence = max(row.confidence for row in rows)
    sure = headline or first.status is Status.ASSERTED
    if confidence < (LEAST_CONFIDENCE if sure else LEAST_CONFIDENCE_OF_AN_END):
        return None
    if first.status is Status.DENIED and not headline:
        return None
    persons = _voted(rows)
    many = first.type == "expel_diplomats" and persons is not None and persons >= MANY
    raised = many or any(row.raised for row in rows)
    return StateAct(
        type=first.type,
        actor=first.actor,
        target=first.target,
        severity=min(HIGHEST, max(row.severity for row in rows) + raised),
        at=first.at,
        story_id=first.story_id,
        thread_id=first.thread_id or first.story_id,
        sentence=first.sentence,
        persons=persons,
        status=first.status,
        headline=headline,
        reaction=any(row.reaction for row in rows),
    )


def _voted(rows: Iterable[ToldAct]) -> int | None:
    """Return the number that most articles give; of equals the one given last, as a correction would be."""
    votes = [(row.tellings, row.at, row.persons) for row in rows if row.persons]
    return max(votes)[2] if votes else None


def standing(acts: Iterable[StateAct], window: timedelta) -> tuple[Standing, ...]:
    """Return each act once with the time for which it counts, in order.

    Args:
        acts: as :func:`state_acts` returns them, in any order.
        window: how long an act counts that nobody takes back.
    """
    ordered = sorted(set(acts), key=lambda act: act.order)
    ends: dict[Kind, list[StateAct]] = {}
    for act in ordered:
        if act.status is not Status.ASSERTED:
            for kind in ended_kinds(act):
                ends.setdefault(kind, []).append(act)
    done = [act for act in ordered if act.status is Status.ASSERTED]
    return tuple(_standing(act, ends, window) for act in _once(done, ends))


def ended_kinds(act: StateAct) -> tuple[Kind, ...]:
    """Return which acts one takes off the ladder: relations are restored by both, whoever broke them off."""
    if act.type == "sever_relations" and act.status is Status.ENDED:
        return (act.kind, (act.type, act.target, act.actor))
    return (act.kind,)


def _standing(act: StateAct, ends: Mapping[Kind, Sequence[StateAct]], window: timedelta) -> Standing:
    for end in ends.get(act.kind, ()):
        if act.at <= end.at < act.at + window:
            why = "taken_back" if end.status is Status.ENDED else "denied"
            return Standing(act=act, until=end.at, ended_by=why)
    return Standing(act=act, until=act.at + window, ended_by="window")


def _once(done: Sequence[StateAct], ends: Mapping[Kind, Sequence[StateAct]]) -> list[StateAct]:
    """Return acts without the tellings that only recall them; what is told of one within hours adds to it."""
    by_kind: dict[Kind, list[StateAct]] = {}
    for act in done:
        by_kind.setdefault(act.kind, []).append(act)
    before = {act: last for acts in by_kind.values() for act, last in _tellings_before(acts)}
    # Of each story, since when a headline tells what nobody told before: the past hangs on nothing that comes later.
    fresh: dict[int, datetime] = {}
    for act in done:
        if act.headline and act not in before:
            fresh.setdefault(act.story_id, act.at)
    found: list[StateAct] = []
    for kind, acts in by_kind.items():
        own: list[StateAct] = []
        for act in acts:
            ended = bool(own) and any(own[-1].at <= end.at <= act.at for end in ends.get(kind, ()))
            recalling = act.story_id in fresh and fresh[act.story_id] <= act.at
            if act not in before or (act.headline and not recalling and _again(act, before[act], ended)):
                own.append(act)
            elif act.at - own[-1].at < SAME and not ended:
                own[-1] = _with(own[-1], act)
        found += own
    return sorted(found, key=lambda act: act.order)


def _again(act: StateAct, last: StateAct, ended: bool) -> bool:  # noqa: FBT001 (a finding)
    """Whether a headline tells a second act, not the first one again.

    What was taken back may come again at once. What lasts is not begun a second time within days, nor do as many
    people leave twice.
    """
    if ended:
        return True
    same = act.type in LASTING or (act.persons is not None and act.persons == last.persons)
    return act.at - last.at >= (RECALLED if same else SAME)


def _with(act: StateAct, echo: StateAct) -> StateAct:
    """Add to an act what another story tells of it, unless both give a number and differ in it."""
    if act.persons is not None and echo.persons is not None and act.persons != echo.persons:
        return act
    return replace(
        act,
        severity=max(act.severity, echo.severity),
        persons=act.persons or echo.persons,
        reaction=act.reaction or echo.reaction,
    )


def _tellings_before(acts: Sequence[StateAct]) -> Iterable[tuple[StateAct, StateAct]]:
    """Yield each act of one kind that was told before with the telling before it."""
    last: StateAct | None = None
    in_thread: dict[int, StateAct] = {}
    for act in acts:
        own = in_thread.get(act.thread_id)
        recalled = last is not None and act.at - last.at <= RECALLED
        if last is not None and (recalled or (own is not None and act.at - own.at <= AFFAIR)):
            yield act, last
        last = in_thread[act.thread_id] = act
