"""Whether signals concern a watch, and the reason given."""

import pytest

from detection.assess import assess
from storage.types import Signal, Status, Watch

WATCH = Watch(id="fra-mli", name="France–Mali", pairs=(("FRA", "MLI"),))


def _signal(
    type_id: str = "expel_diplomats",
    severity: int = 4,
    actor: str | None = "MLI",
    target: str | None = "FRA",
    status: Status = Status.ASSERTED,
    start: int = 0,
) -> Signal:
    return Signal(
        type=type_id,
        severity=severity,
        actor=actor,
        target=target,
        status=status,
        sentence="…",
        start=start,
        end=start + 1,
        rule="r",
    )


def _reason(*signals: Signal, watch: Watch = WATCH, query_matches: bool = True) -> str:
    return assess(signals, watch, language="fr", source_id="rfi", query_matches=query_matches).reason


@pytest.mark.parametrize("pair", [("MLI", "FRA"), ("FRA", "MLI")])
def test_a_watched_pair_alerts_in_both_directions(pair: tuple[str, str]) -> None:
    result = assess([_signal(actor=pair[0], target=pair[1])], WATCH, language="fr", source_id="rfi", query_matches=True)
    assert result.alert
    assert (result.severity, result.reason) == (4, "alert")


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (_signal(actor="DZA"), "other_pair"),
        (_signal(actor=None), "other_pair"),
        (_signal(status=Status.DENIED), "status_denied"),
        (_signal(status=Status.PAST), "status_past"),
        (_signal("accuse", severity=1), "below_severity"),
    ],
)
def test_the_reason_names_the_first_clause_that_fails(signal: Signal, reason: str) -> None:
    assert _reason(signal) == reason


def test_no_signal() -> None:
    assert _reason() == "no_signal"


def test_the_best_candidate_gives_the_reason() -> None:
    assert (
        _reason(_signal(actor="DZA"), _signal(status=Status.THREATENED), _signal("accuse", severity=1))
        == "below_severity"
    )


def test_article_clauses() -> None:
    assert _reason(_signal(), watch=Watch(id="w", name="w", sources=("afp",))) == "other_source"
    assert _reason(_signal(), watch=Watch(id="w", name="w", languages=("en",))) == "other_language"
    assert _reason(_signal(), watch=Watch(id="w", name="w", query="x"), query_matches=False) == "query"
    assert _reason(_signal(), watch=Watch(id="w", name="w", types=("sanctions",))) == "other_type"


def test_without_pairs_any_pair_alerts() -> None:
    assert _reason(_signal(actor="DZA", target=None), watch=Watch(id="w", name="w")) == "alert"


def test_alerting_signals_come_gravest_first() -> None:
    signals = [
        _signal("summon_ambassador", severity=2),
        _signal("sever_relations", severity=5, start=9),
        _signal(actor="DZA"),
    ]
    result = assess(signals, WATCH, language=None, source_id=None, query_matches=False)
    assert [signal.severity for signal in result.signals] == [5, 2]
    assert result.severity == 5
