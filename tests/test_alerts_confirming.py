"""A second origin, or the other side: each is told once, and only when somebody reports first-hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.confirming import Report, Voice, confirmation
from detection.stories.origin import HOMES, side_of
from storage.types import Signal, Status

EXPEL = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="Expulsés.",
    start=0, end=3, rule="r",
)  # fmt: skip
AFP = Voice(act=EXPEL.act, origin="AFP", side="FRA")
SWISS = Voice(act=EXPEL.act, origin="Le Lac", side="CHE")


def report(*before: Voice, origin: str = "Le Rhin", side: str | None = "DEU", first_hand: bool = True) -> Report:
    return Report(origin=origin, side=side, first_hand=first_hand, before=before)


def reason(of: Report, *signals: Signal, told: tuple[str, ...] = ("new_story",)) -> str | None:
    found = confirmation(of, signals or (EXPEL,), told)
    return found.reason if found else None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (report(AFP), "second_origin"),
        (report(AFP, AFP), "second_origin"),
        (report(AFP, SWISS), None),
        (report(AFP, origin="AFP"), None),
        (report(AFP, first_hand=False), None),
        (report(), None),
        (report(AFP, origin="AMAP", side="MLI"), "other_side"),
        (report(AFP, SWISS, origin="AMAP", side="MLI"), "other_side"),
        (report(AFP, Voice(act=EXPEL.act, origin="Le Mil", side="MLI"), origin="AMAP", side="MLI"), None),
        (report(SWISS, origin="Le Quai", side="FRA"), "other_side"),
        (report(AFP, origin="Le Quai", side="FRA"), "second_origin"),
        (report(Voice(act=("sanctions", "MLI", "FRA"), origin="AFP", side="FRA")), None),
        (report(AFP, origin="AMAP", side="MLI", first_hand=False), None),
        (report(AFP, side=None), "second_origin"),
    ],
)
def test_what_a_report_confirms(given: Report, expected: str | None) -> None:
    assert reason(given) == expected


def test_each_confirmation_is_told_once() -> None:
    malian = report(AFP, origin="AMAP", side="MLI")
    assert reason(malian, told=("new_story", "other_side")) == "second_origin"
    assert reason(malian, told=("new_story", "other_side", "second_origin")) is None
    assert reason(report(AFP), told=("new_story", "second_origin")) is None


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ASSERTED])
def test_only_what_is_asserted_confirms(status: Status) -> None:
    assert reason(report(AFP), replace(EXPEL, status=status)) is None


def test_an_outlet_speaks_for_its_country_and_an_agency_for_its_own() -> None:
    assert side_of("Le Sahel", "MLI", own=True) == "MLI"
    assert side_of("AFP", "MLI", own=False) == "FRA"
    assert side_of("AMAP", "MLI", own=False) == "MLI"
    assert side_of("PANA", "MLI", own=False) is None
    assert all(len(code) == 3 and code.isupper() for code in HOMES.values())
