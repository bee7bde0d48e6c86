"""What still rings on a story that somebody took in hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.acknowledging import ACKNOWLEDGED, unless_acknowledged
from alerts.acts import Act
from storage.types import Decision, DecisionKind, Signal
from tests.outbox_fill import EXPULSION, signal

RECALL: Act = ("recall_ambassador", "FRA", "MLI")


def decided(*signals: Signal, kind: DecisionKind = DecisionKind.UPDATE, reason: str = "second_origin") -> Decision:
    severity = max((one.severity for one in signals), default=3)
    return Decision(watch_id="w", kind=kind, reason=reason, detail="", severity=severity, signals=signals)


def test_what_was_acknowledged_rings_no_more() -> None:
    for reason in ("second_origin", "other_side", "another_article"):
        quiet = unless_acknowledged(decided(signal(), reason=reason), [(EXPULSION, 4)])
        assert (quiet.kind, quiet.reason, quiet.signals) == (DecisionKind.NONE, ACKNOWLEDGED, ())
        assert reason in quiet.detail


def test_a_side_that_the_text_leaves_out_makes_no_new_act() -> None:
    vague = signal(("expel_diplomats", "MLI", None))
    assert unless_acknowledged(decided(vague), [(EXPULSION, 4)]).reason == ACKNOWLEDGED


def test_what_is_new_rings() -> None:
    known = [(EXPULSION, 4)]
    for rings in (
        decided(signal(RECALL, 3), reason="new_act"),
        decided(signal(), signal(RECALL, 3), reason="new_act"),
        decided(signal(EXPULSION, 5), reason="higher_severity"),
        decided(signal(("expel_diplomats", "FRA", "MLI")), reason="new_act"),
    ):
        assert unless_acknowledged(rings, known) is rings


def test_without_an_acknowledgement_everything_rings() -> None:
    update = decided(signal())
    assert unless_acknowledged(update, None) is update
    assert unless_acknowledged(update, []) is update


def test_what_is_no_update_is_left_alone() -> None:
    for kind in DecisionKind:
        if kind is not DecisionKind.UPDATE:
            other = decided(signal(), kind=kind, reason="anything")
            assert unless_acknowledged(other, [(EXPULSION, 5)]) is other


def test_a_decision_that_tells_nothing_of_itself_rings() -> None:
    empty = decided()
    assert unless_acknowledged(empty, [(EXPULSION, 5)]) is empty


acts = st.tuples(
    st.sampled_from(["expel_diplomats", "recall_ambassador"]), st.sampled_from(["MLI", "FRA", None]),
    st.sampled_from(["MLI", "FRA", None]),
)  # fmt: skip
told = st.lists(st.tuples(acts, st.integers(1, 5)), max_size=4)


@given(st.lists(st.builds(signal, acts, st.integers(1, 5)), min_size=1, max_size=3), told, told)
def test_more_acknowledged_never_makes_more_ring(found: list[Signal], known: list[object], more: list[object]) -> None:
    update = decided(*found)
    if unless_acknowledged(update, known).reason == ACKNOWLEDGED:  # type: ignore[arg-type]
        assert unless_acknowledged(update, [*known, *more]).reason == ACKNOWLEDGED  # type: ignore[list-item]
