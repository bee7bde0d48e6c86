"""Whatever an article says and whatever was told, there is one reason, out of a closed and documented set."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from alerts import reasons, wording
from alerts.confirming import Report, Voice
from alerts.decide import Affair, Told, decide
from alerts.edits import Edit
from detection.assess import assess
from storage.types import DecisionKind, Signal, Status, Watch

NOW = datetime(2026, 9, 19, 12, 0, tzinfo=UTC)
WATCH = Watch(
    id="w", name="w", pairs=(("FRA", "MLI"),), types=("expel_diplomats", "sanctions"), query="x", sources=("a", "b"),
    languages=("fr",), max_age=timedelta(days=7),
)  # fmt: skip
SIDES = st.sampled_from(("FRA", "MLI", "NER", None))
SIGNALS = st.lists(
    st.builds(
        Signal,
        type=st.sampled_from(("expel_diplomats", "sanctions", "ultimatum")),
        severity=st.integers(1, 5),
        actor=SIDES,
        target=SIDES,
        status=st.sampled_from(tuple(Status)),
        sentence=st.just("Une phrase."),
        start=st.integers(0, 99),
        end=st.just(100),
        rule=st.just("r"),
        confidence=st.sampled_from((0.1, 1.0)),
    ),
    max_size=4,
).map(tuple)
ACTS = SIGNALS.map(lambda signals: tuple({one.act: one.severity for one in signals}.items()))
HISTORIES = st.none() | st.builds(
    Told, alerts=st.integers(0, 3), severity=st.integers(1, 5), acts=ACTS,
    reasons=st.frozensets(st.sampled_from(sorted(reasons.ALERTING))),
    removed=SIGNALS.map(lambda signals: tuple(one.act for one in signals)),
)  # fmt: skip
AFFAIRS = st.none() | st.builds(Affair, acts=ACTS, headline_end=st.integers(0, 60), recent=ACTS)
REPORTS = st.none() | st.builds(
    Report, origin=st.sampled_from(("AFP", "AMAP")), side=SIDES, first_hand=st.booleans(),
    before=SIGNALS.map(lambda signals: tuple(Voice(act=one.act, origin="Le Lac", side="CHE") for one in signals)),
)  # fmt: skip
KINDS = {
    DecisionKind.NEW: reasons.NEW,
    DecisionKind.UPDATE: reasons.UPDATE,
    DecisionKind.EDITED: reasons.EDITED,
    DecisionKind.NONE: reasons.SILENT,
}


@given(
    SIGNALS, SIGNALS, HISTORIES, AFFAIRS, REPORTS, st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(("a", "z")), st.sampled_from(("fr", "en", None)), st.sampled_from((None, 0, 8)),
)  # fmt: skip
def test_every_decision_has_a_reason_of_its_kind(
    signals: tuple[Signal, ...],
    before: tuple[Signal, ...],
    told: Told | None,
    affair: Affair | None,
    report: Report | None,
    edited: bool,
    holds: bool,
    taken_back: bool,
    source: str,
    language: str | None,
    age: int | None,
) -> None:
    found = assess(signals, WATCH, language=language, source_id=source, query_matches=holds)
    old = assess(before, WATCH, language=language, source_id=source, query_matches=holds)
    decision = decide(
        watch=WATCH,
        assessment=found,
        told=told,
        published_at=None if age is None else NOW - timedelta(days=age),
        now=NOW,
        affair=affair,
        report=report,
        edit=Edit(before=old.signals, after=found.signals, since=NOW, until=NOW, silent=True) if edited else None,
        taken_back=taken_back,
    )
    assert decision.reason in KINDS[decision.kind]
    assert decision.detail
    assert bool(decision.signals) == (decision.kind is not DecisionKind.NONE)
    assert set(decision.removed) <= set(decision.signals)
    if decision.signals:
        assert decision.severity == max(one.severity for one in decision.signals)


@given(SIGNALS, HISTORIES)
def test_a_dispatch_that_is_taken_back_raises_no_alert_of_its_own(
    signals: tuple[Signal, ...], told: Told | None
) -> None:
    watch = replace(WATCH, query=None)
    found = assess(signals, watch, language="fr", source_id="a", query_matches=True)
    decision = decide(watch=watch, assessment=found, told=told, published_at=NOW, now=NOW, taken_back=True)
    assert decision.kind is DecisionKind.NONE


def test_the_sets_do_not_overlap_and_every_reason_of_an_alert_has_words() -> None:
    groups = (reasons.NEW, reasons.UPDATE, reasons.EDITED, reasons.CORRECTION, reasons.CLAUSES, reasons.NOTHING_NEW)
    assert sum(map(len, groups)) == len(reasons.REASONS)
    for reason in reasons.ALERTING:
        for language in ("fr", "en"):
            assert wording.why_decided(reason, "a detail", language) != f"{reason}: a detail"
            assert "a detail" not in wording.why_decided(reason, "a detail", language)


def test_the_document_lists_every_reason() -> None:
    text = (Path(__file__).parents[1] / "docs" / "alerts.md").read_text("utf-8")
    section = text.partition("\n## Every reason\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(reasons.REASONS)
