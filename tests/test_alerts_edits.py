"""Phrases that edits bring in or take out: told once each, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acts import Act
from alerts.edits import Edit, decide_edit
from storage.types import DecisionKind, Signal, Status, Watch

NOW = datetime(2026, 9, 19, 12, 0, tzinfo=UTC)
WATCH = Watch(id="w", name="w")
EXPEL = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="Expulsés.",
    start=0, end=3, rule="r",
)  # fmt: skip
RECALL = replace(EXPEL, type="recall_ambassador", actor="FRA", target="MLI", severity=3, sentence="Rappelé.")


def edit(before: tuple[Signal, ...], after: tuple[Signal, ...], **changes: object) -> Edit:
    made = Edit(before=before, after=after, since=NOW - timedelta(minutes=17), until=NOW, silent=True)
    return replace(made, **changes)  # type: ignore[arg-type]


def decided(
    change: Edit, *told: tuple[Act, int], elsewhere: tuple[tuple[Act, int], ...] = (), removed: tuple[Act, ...] = ()
) -> tuple[DecisionKind, str]:
    decision = decide_edit(WATCH, change, told=told, told_elsewhere=elsewhere, removed=removed)
    return decision.kind, decision.reason


def test_a_phrase_that_came_says_between_which_looks() -> None:
    decision = decide_edit(
        WATCH, edit((EXPEL,), (EXPEL, RECALL)), told=((EXPEL.act, 4),), told_elsewhere=(), removed=()
    )
    assert (decision.kind, decision.reason, decision.severity) == (DecisionKind.EDITED, "phrase_added", 3)
    assert (decision.signals, decision.removed) == ((RECALL,), ())
    assert decision.between == (NOW - timedelta(minutes=17), NOW)
    assert "silently" in decision.detail


def test_a_phrase_that_went_is_told_with_its_sentence() -> None:
    decision = decide_edit(WATCH, edit((EXPEL, RECALL), (RECALL,)), told=(), told_elsewhere=(), removed=())
    assert (decision.kind, decision.reason) == (DecisionKind.EDITED, "phrase_removed")
    assert decision.signals == decision.removed == (EXPEL,)


def test_one_edit_that_swaps_phrases_is_one_alert_with_both() -> None:
    decision = decide_edit(WATCH, edit((EXPEL,), (RECALL,)), told=((EXPEL.act, 4),), told_elsewhere=(), removed=())
    assert (decision.reason, decision.signals, decision.removed) == ("phrase_added", (RECALL, EXPEL), (EXPEL,))
    assert "took out: expel_diplomats" in decision.detail


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ((EXPEL,), (EXPEL,), "no_change"),
        ((), (), "no_change"),
        ((EXPEL,), (replace(EXPEL, sentence="Autrement dit.", start=9, end=12),), "no_change"),
        ((EXPEL,), (replace(EXPEL, actor=None),), "no_change"),
        ((), (RECALL,), "already_told"),
        ((RECALL,), (RECALL, EXPEL), "told_in_affair"),
    ],
    ids=["nothing", "no phrase", "other words", "less precise", "told in the story", "told in the affair"],
)
def test_what_is_no_news(before: tuple[Signal, ...], after: tuple[Signal, ...], reason: str) -> None:
    found = decided(edit(before, after), (RECALL.act, 3), elsewhere=((EXPEL.act, 4),))
    assert found == (DecisionKind.NONE, reason)


def test_what_is_only_doubted_now_has_not_gone() -> None:
    doubted = replace(EXPEL, confidence=0.1)
    assert decided(edit((EXPEL,), (), all_before=(EXPEL,), all_after=(doubted,))) == (DecisionKind.NONE, "no_change")
    assert decided(edit((EXPEL,), (), all_before=(EXPEL,), all_after=()))[1] == "phrase_removed"
    assert decided(edit((), (EXPEL,), all_before=(doubted,), all_after=(EXPEL,)))[1] == "no_change"


def test_an_act_that_is_threatened_only_now_has_gone() -> None:
    threat = replace(EXPEL, status=Status.THREATENED)
    found = decided(edit((EXPEL,), (), all_before=(EXPEL,), all_after=(threat,)), (EXPEL.act, 4))
    assert found == (DecisionKind.EDITED, "phrase_removed")


def test_a_phrase_that_went_from_another_article_of_the_story_before_is_told() -> None:
    found = decided(edit((EXPEL,), ()), (EXPEL.act, 4), removed=(EXPEL.act,))
    assert found == (DecisionKind.NONE, "already_told")


SIGNALS = st.lists(
    st.builds(
        replace, st.sampled_from((EXPEL, RECALL)), severity=st.integers(2, 5),
        actor=st.sampled_from(("FRA", "MLI", None)), status=st.sampled_from(tuple(Status)),
    ), max_size=5,
).map(tuple)  # fmt: skip


@given(SIGNALS, SIGNALS)
def test_each_phrase_is_told_once_however_often_it_comes_and_goes(
    one: tuple[Signal, ...], other: tuple[Signal, ...]
) -> None:
    told: dict[Act, int] = {}
    removed: set[Act] = set()
    alerts = 0
    for _ in range(3):
        for before, after in ((one, other), (other, one)):
            decision = decide_edit(
                WATCH, edit(before, after), told=tuple(told.items()), told_elsewhere=(), removed=tuple(removed)
            )
            if decision.kind is DecisionKind.NONE:
                continue
            alerts += 1
            assert set(decision.removed) <= set(decision.signals)
            told |= {s.act: max(s.severity, told.get(s.act, 0)) for s in decision.signals if s not in decision.removed}
            removed |= {signal.act for signal in decision.removed}
    assert alerts <= 2
