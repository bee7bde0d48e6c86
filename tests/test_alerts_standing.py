"""What still stands of what people were told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.standing import highest, is_moot, standing
from storage.standing import Telling

EXPEL, RECALL = ("expel_diplomats", "MLI", "FRA"), ("recall_ambassador", "FRA", "MLI")
TOLD = Telling(
    story_id=1, acts=((EXPEL, 4), (RECALL, 3)), takes_back=None, asserted=(), named=(),
    at=datetime(2026, 3, 10, tzinfo=UTC), in_thread=True,
)  # fmt: skip
GONE = replace(TOLD, acts=((EXPEL, 4),), takes_back="cancelled")


@pytest.mark.parametrize(
    ("correction", "left", "left_in_doubt"),
    [
        (GONE, (RECALL,), (RECALL,)),
        (replace(GONE, takes_back="withdrawn"), (RECALL,), (RECALL,)),
        (replace(GONE, takes_back="denied"), (RECALL,), (EXPEL, RECALL)),
        (replace(GONE, takes_back="corrected"), (RECALL,), (EXPEL, RECALL)),
        (replace(GONE, takes_back="corrected", named=(EXPEL,)), (RECALL,), (RECALL,)),
        (replace(GONE, takes_back="corrected", named=(EXPEL,), asserted=(EXPEL,)), (EXPEL, RECALL), (EXPEL, RECALL)),
        (replace(GONE, story_id=2), (EXPEL, RECALL), (EXPEL, RECALL)),
        (replace(GONE, acts=((("expel_diplomats", None, "FRA"), 4),)), (RECALL,), (RECALL,)),
    ],
)
def test_what_a_correction_leaves(
    correction: Telling, left: tuple[object, ...], left_in_doubt: tuple[object, ...]
) -> None:
    for doubted, expected in ((False, left), (True, left_in_doubt)):
        found = standing((TOLD, correction), doubted=doubted)
        assert tuple(act for act, _ in highest(found)) == expected
        assert dict(highest(standing((TOLD, correction, TOLD), doubted=doubted))) == {EXPEL: 4, RECALL: 3}


def test_an_alert_is_moot_when_nothing_grave_of_it_stands() -> None:
    left = standing((TOLD, GONE), doubted=True)
    assert is_moot(TOLD.acts, left, least_severity=4)
    assert not is_moot(TOLD.acts, left, least_severity=3)
    assert not is_moot((), (), least_severity=4)
