"""Which decisions hold and which changes can be taken back: pure, so every sequence can be tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.triaging import JudgeReason, UndoReason, changed_since, choices, judge, undo
from storage.types import Person, Role
from storage.types.triage import (
    UNJUDGED,
    Standing,
    TriageEvent,
    TriageField,
    TriageState,
    Verdict,
    VerdictReason,
    unite,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
State, Reason = TriageState, VerdictReason
ME = Person(id=1, name="p1", role=Role.ANALYST)


def go(held: Standing, *states: TriageState, reason: VerdictReason | None = None) -> Standing:
    for number, state in enumerate(states):
        why = reason if state is State.NOT_RELEVANT else None
        judgement = judge(held, state, why, by="awa", now=NOW + timedelta(minutes=number))
        assert judgement.reason is JudgeReason.DECIDED
        held = judgement.after
    return held


@pytest.mark.parametrize(
    ("before", "wanted", "reason", "expected"),
    [
        ((), State.CLOSED, None, JudgeReason.NEEDS_VERDICT),
        ((State.NOT_RELEVANT,), State.ESCALATED, None, JudgeReason.NEEDS_RELEVANT),
        ((State.NOT_RELEVANT, State.CLOSED), State.ESCALATED, None, JudgeReason.NEEDS_RELEVANT),
        ((), State.RELEVANT, Reason.OLD, JudgeReason.REASON_WITHOUT_USE),
        ((State.RELEVANT,), State.RELEVANT, None, JudgeReason.SAME),
        ((), State.NEW, None, JudgeReason.SAME),
        ((State.NOT_RELEVANT,), State.NOT_RELEVANT, Reason.OLD, JudgeReason.DECIDED),
        ((), State.ESCALATED, None, JudgeReason.DECIDED),
    ],
)
def test_a_decision_says_why_it_holds_or_not(
    before: tuple[TriageState, ...], wanted: TriageState, reason: VerdictReason | None, expected: JudgeReason
) -> None:
    held = go(UNJUDGED, *before)
    judgement = judge(held, wanted, reason, by="ben", now=NOW)
    assert judgement.reason is expected
    if judgement.refused or expected is JudgeReason.SAME:
        assert judgement.after == held


def test_what_is_closed_keeps_its_verdict_and_what_is_new_has_none() -> None:
    closed = go(UNJUDGED, State.NOT_RELEVANT, State.CLOSED, reason=Reason.RULE_TOO_WIDE)
    assert (closed.verdict, closed.reason, closed.by) == (Verdict.NOT_RELEVANT, Reason.RULE_TOO_WIDE, "awa")
    assert go(UNJUDGED, State.ESCALATED, State.CLOSED).verdict is Verdict.RELEVANT
    assert go(closed, State.NEW) == UNJUDGED


_STATES = st.lists(st.sampled_from(State), max_size=8)


@given(_STATES)
def test_every_choice_offered_holds_and_no_other_does(states: list[TriageState]) -> None:
    held = UNJUDGED
    for state in states:
        offered = choices(held)
        judgement = judge(held, state, None, by="awa", now=NOW)
        assert (state in offered) == (judgement.reason is JudgeReason.DECIDED and state is not held.state)
        held = judgement.after
        assert (held.verdict is None) == (held.state is State.NEW)
        assert (held.by is None) == (held.state is State.NEW)


_STANDINGS = st.builds(
    lambda states, minutes: Standing(
        state=(held := go_anywhere(states)).state, verdict=held.verdict, reason=held.reason, by=held.by,
        at=None if held.at is None else NOW + timedelta(minutes=minutes),
    ),
    _STATES, st.integers(0, 3),
)  # fmt: skip


def go_anywhere(states: list[TriageState]) -> Standing:
    held = UNJUDGED
    for state in states:
        held = judge(held, state, None, by="awa", now=NOW).after
    return held


@given(_STANDINGS, _STANDINGS, _STANDINGS)
def test_uniting_takes_one_of_both_in_any_order(first: Standing, second: Standing, third: Standing) -> None:
    united = unite(first, second)
    assert united in {first, second}
    assert united == unite(second, first)
    assert unite(united, third) == unite(first, unite(second, third))
    assert unite(first, UNJUDGED) == first
    if State.ESCALATED in {first.state, second.state}:
        assert united.state is State.ESCALATED


def event(number: int, before: str, after: str, *, person: int = 1, undoes: int | None = None) -> TriageEvent:
    return TriageEvent(
        id=number, story_id=7, at=NOW, person_id=person, name=f"p{person}", field=TriageField.TAG, subject="x",
        before=before, after=after, version=number, undoes=undoes,
    )  # fmt: skip


def test_a_change_is_taken_back_by_its_author_alone_and_once() -> None:
    made = event(1, "", "a")
    assert undo(made, [made], 2).reason is UndoReason.NOT_OWN
    assert undo(made, [made], 1).reason is UndoReason.UNDONE
    back = event(2, "a", "", undoes=1)
    assert undo(made, [made, back], 1).reason is UndoReason.ALREADY
    assert undo(back, [made, back], 1).reason is UndoReason.IS_UNDO


def test_what_was_changed_since_stays_and_the_change_is_named() -> None:
    made, other = event(1, "", "a"), event(2, "a", "b", person=2)
    refused = undo(made, [other, made], 1)
    assert (refused.reason, refused.later) == (UndoReason.CHANGED_SINCE, other)
    assert undo(made, [made, other, event(3, "b", "a", person=2, undoes=2)], 1).reason is UndoReason.UNDONE


def test_somebody_who_saw_an_older_version_is_told_what_changed() -> None:
    history = [event(1, "", "a"), event(4, "a", "b", person=2)]
    assert changed_since(history, 4, ME) is None
    assert changed_since(history, None, ME) is None
    assert changed_since(history, 2, ME) == history[1]
    assert changed_since([*history, event(5, "b", "a", person=2, undoes=4)], 2, ME) is None
    # One's own changes from another window stand in nobody's way.
    assert changed_since(history, 2, Person(id=2, name="p2", role=Role.ANALYST)) is None


@given(st.data())
def test_undoing_gives_back_what_was_there_before(data: st.DataObject) -> None:
    """Whatever was done by whom: what can be taken back leads to the value before it, and to the end to nothing."""
    value = ""
    history: list[TriageEvent] = []
    for number in range(1, data.draw(st.integers(1, 12)) + 1):
        person = data.draw(st.sampled_from((1, 2)))
        possible = [one for one in history if undo(one, history, person).reason is UndoReason.UNDONE]
        if possible and data.draw(st.sampled_from((True, False))):
            taken = data.draw(st.sampled_from(possible))
            assert value == taken.after
            history.append(event(number, value, taken.before, person=person, undoes=taken.id))
        else:
            history.append(event(number, value, f"v{number}", person=person))
        value = history[-1].after
    while True:
        possible = [
            one for person in (1, 2) for one in history if undo(one, history, person).reason is UndoReason.UNDONE
        ]
        if not possible:
            break
        assert len(possible) == 1
        (taken,) = possible
        assert value == taken.after
        history.append(event(len(history) + 1, value, taken.before, person=taken.person_id or 0, undoes=taken.id))
        value = history[-1].after
    assert value == ""
