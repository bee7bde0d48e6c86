"""Deciding: who is told what, and the reason each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acts import Act, same_act
from alerts.decide import Affair, Told, decide
from storage.types import DecisionKind, Signal, Status, Watch

NOW = datetime(2026, 9, 19, 12, 0, tzinfo=UTC)
WATCH = Watch(id="france-mali", name="France–Mali", pairs=(("FRA", "MLI"),), min_severity=2, max_age=timedelta(days=7))


@dataclass(frozen=True)
class Assessed:
    alert: bool
    severity: int
    reason: str
    detail: str
    signals: tuple[Signal, ...]


def signal(type_: str = "expel_diplomats", severity: int = 4, actor: str | None = "FRA", target: str | None = "MLI",
           status: Status = Status.ASSERTED) -> Signal:  # fmt: skip
    return Signal(
        type=type_, severity=severity, actor=actor, target=target, status=status, sentence="Deux diplomates.", start=0,
        end=4, rule="fr.test",
    )  # fmt: skip


def assessed(*signals: Signal) -> Assessed:
    return Assessed(True, max((s.severity for s in signals), default=3), "alert", "over the bar", signals)


def told(*acts: tuple[Act, int]) -> Told:
    return Told(alerts=1, severity=max(severity for _, severity in acts), acts=acts)


def test_an_assessment_that_does_not_alert_gives_its_own_reason() -> None:
    quiet = Assessed(False, 0, "status_denied", "the ministry denies it", ())
    decision = decide(watch=WATCH, assessment=quiet, told=None, published_at=NOW, now=NOW)
    assert (decision.kind, decision.reason, decision.detail) == (
        DecisionKind.NONE, "status_denied", "the ministry denies it",
    )  # fmt: skip
    assert decision.signals == ()


def test_the_first_article_of_a_story_alerts_with_its_signals() -> None:
    expel, summon = signal(), signal("summon_ambassador", 2)
    decision = decide(watch=WATCH, assessment=assessed(expel, summon), told=None, published_at=NOW, now=NOW)
    assert (decision.kind, decision.reason, decision.severity) == (DecisionKind.NEW, "new_story", 4)
    assert decision.signals == (expel, summon)
    assert decision.watch_id == "france-mali"


def test_signals_under_the_bar_do_not_ride_along() -> None:
    expel, words, denied = signal(), signal("accuse", 1), signal("sanctions", 3, status=Status.DENIED)
    decision = decide(watch=WATCH, assessment=assessed(words, expel, denied), told=None, published_at=NOW, now=NOW)
    assert decision.signals == (expel,)


def test_a_doubtful_assessment_is_told_rather_than_lost() -> None:
    threat = signal(status=Status.THREATENED)
    decision = decide(watch=WATCH, assessment=assessed(threat), told=None, published_at=NOW, now=NOW)
    assert (decision.kind, decision.signals) == (DecisionKind.NEW, (threat,))


@pytest.mark.parametrize(
    ("age", "kind", "reason"),
    [
        (timedelta(days=7), DecisionKind.NEW, "new_story"),
        (timedelta(days=7, seconds=1), DecisionKind.NONE, "too_old"),
        (timedelta(days=-1), DecisionKind.NEW, "new_story"),
    ],
)
def test_age_counts_from_the_articles_time(age: timedelta, kind: DecisionKind, reason: str) -> None:
    decision = decide(watch=WATCH, assessment=assessed(signal()), told=None, published_at=NOW - age, now=NOW)
    assert (decision.kind, decision.reason) == (kind, reason)


def test_without_a_date_or_without_a_limit_nothing_is_too_old() -> None:
    unlimited = replace(WATCH, max_age=None)
    old = NOW - timedelta(days=4000)
    assert (
        decide(watch=WATCH, assessment=assessed(signal()), told=None, published_at=None, now=NOW).reason == "new_story"
    )
    assert (
        decide(watch=unlimited, assessment=assessed(signal()), told=None, published_at=old, now=NOW).reason
        == "new_story"
    )


def test_a_reprint_tells_nothing_new() -> None:
    before = told((("expel_diplomats", "FRA", "MLI"), 4))
    decision = decide(watch=WATCH, assessment=assessed(signal()), told=before, published_at=NOW, now=NOW)
    assert (decision.kind, decision.reason, decision.signals) == (DecisionKind.NONE, "already_told", ())


def test_an_answer_of_the_other_side_is_a_new_act() -> None:
    before = told((("expel_diplomats", "FRA", "MLI"), 4))
    answer = signal(actor="MLI", target="FRA")
    decision = decide(watch=WATCH, assessment=assessed(signal(), answer), told=before, published_at=NOW, now=NOW)
    assert (decision.kind, decision.reason) == (DecisionKind.UPDATE, "new_act")
    assert decision.signals == (answer,)


def test_a_known_act_at_a_higher_severity_is_an_update() -> None:
    before = told((("expel_diplomats", "FRA", "MLI"), 4))
    worse = signal(severity=5)
    decision = decide(watch=WATCH, assessment=assessed(worse), told=before, published_at=NOW, now=NOW)
    assert (decision.kind, decision.reason, decision.severity) == (DecisionKind.UPDATE, "higher_severity", 5)


def test_a_known_act_at_a_lower_severity_is_not() -> None:
    before = told((("expel_diplomats", "FRA", "MLI"), 5))
    decision = decide(watch=WATCH, assessment=assessed(signal()), told=before, published_at=NOW, now=NOW)
    assert decision.reason == "already_told"


EXPELLED = Affair(acts=((("expel_diplomats", "FRA", "MLI"), 4),), headline_end=50)


def test_what_the_affair_told_before_is_left_out() -> None:
    recalled, answer = replace(signal(), start=120), signal(actor="MLI", target="FRA")
    decision = decide(
        watch=WATCH, assessment=assessed(recalled, answer), told=None, published_at=NOW, now=NOW, affair=EXPELLED
    )
    assert (decision.kind, decision.signals) == (DecisionKind.NEW, (answer,))


def test_a_text_that_only_recalls_rings_nobody() -> None:
    recalled = replace(signal(), start=120)
    decision = decide(watch=WATCH, assessment=assessed(recalled), told=None, published_at=NOW, now=NOW, affair=EXPELLED)
    assert (decision.kind, decision.reason) == (DecisionKind.NONE, "told_in_affair")
    assert "expel_diplomats" in decision.detail


def test_a_headline_on_the_same_act_in_a_story_of_its_own_may_be_the_act_again() -> None:
    again = replace(signal(), start=3)
    decision = decide(watch=WATCH, assessment=assessed(again), told=None, published_at=NOW, now=NOW, affair=EXPELLED)
    assert (decision.kind, decision.signals) == (DecisionKind.NEW, (again,))
    before = told((("sanctions", "FRA", "MLI"), 3))
    later = decide(watch=WATCH, assessment=assessed(again), told=before, published_at=NOW, now=NOW, affair=EXPELLED)
    assert later.reason == "told_in_affair"


def test_a_headline_on_an_act_told_hours_ago_is_no_second_act() -> None:
    again, affair = replace(signal(), start=3), replace(EXPELLED, recent=EXPELLED.acts)
    decision = decide(watch=WATCH, assessment=assessed(again), told=None, published_at=NOW, now=NOW, affair=affair)
    assert decision.reason == "told_in_affair"


def test_what_any_story_told_lately_is_a_recollection_below_the_opening_alone() -> None:
    affair = Affair(acts=(), headline_end=50, elsewhere=EXPELLED.acts, opening_end=400)
    below, above = replace(signal(), start=500), replace(signal(), start=120)
    reasons = [
        decide(watch=WATCH, assessment=assessed(one), told=None, published_at=NOW, now=NOW, affair=affair).reason
        for one in (below, above)
    ]
    assert reasons == ["told_in_affair", "new_story"]


def test_a_graver_act_than_the_affair_told_is_never_mere_recollection() -> None:
    graver = replace(signal(severity=5), start=120)
    decision = decide(watch=WATCH, assessment=assessed(graver), told=None, published_at=NOW, now=NOW, affair=EXPELLED)
    assert decision.signals == (graver,)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("sanctions", "FRA", "MLI"), ("sanctions", "FRA", "MLI"), True),
        (("sanctions", None, "MLI"), ("sanctions", "FRA", "MLI"), True),
        (("sanctions", "FRA", None), ("sanctions", "FRA", "MLI"), True),
        (("sanctions", None, None), ("sanctions", None, None), True),
        (("sanctions", None, None), ("sanctions", "FRA", "MLI"), False),
        (("sanctions", "FRA", None), ("sanctions", None, "MLI"), False),
        (("sanctions", "MLI", "FRA"), ("sanctions", "FRA", "MLI"), False),
        (("sanctions", "FRA", "MLI"), ("ultimatum", "FRA", "MLI"), False),
    ],
)
def test_same_act(one: Act, other: Act, same: bool) -> None:
    assert same_act(one, other) is same
    assert same_act(other, one) is same


SIDES = st.sampled_from(("FRA", "MLI", "NER", None))
SIGNALS = st.lists(
    st.builds(signal, st.sampled_from(("expel_diplomats", "sanctions", "ultimatum")), st.integers(2, 5), SIDES, SIDES),
    min_size=1,
    max_size=6,
)


@given(SIGNALS)
def test_what_was_just_told_is_never_told_again(signals: list[Signal]) -> None:
    first = decide(watch=WATCH, assessment=assessed(*signals), told=None, published_at=NOW, now=NOW)
    acts: dict[Act, int] = {}
    for item in first.signals:
        acts[item.act] = max(item.severity, acts.get(item.act, 0))
    history = Told(alerts=1, severity=first.severity, acts=tuple(acts.items()))
    second = decide(watch=WATCH, assessment=assessed(*signals), told=history, published_at=NOW, now=NOW)
    assert second.reason == "already_told"


@given(SIGNALS, SIGNALS)
def test_an_update_carries_only_what_is_new(before: list[Signal], now: list[Signal]) -> None:
    history = told(*((item.act, item.severity) for item in before))
    decision = decide(watch=WATCH, assessment=assessed(*now), told=history, published_at=NOW, now=NOW)
    for item in now:
        known = [severity for act, severity in history.acts if same_act(act, item.act)]
        assert (item in decision.signals) == (not known or item.severity > max(known))
    assert (decision.kind is DecisionKind.UPDATE) == bool(decision.signals)
