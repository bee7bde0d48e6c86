"""How sure the share of right answers is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.precision import precision

_COUNTS = st.integers(0, 10_000)


def test_known_intervals() -> None:
    found = precision(8, 2)
    assert found.share == 0.8
    # 8 of 10: Wilson's interval without continuity correction, from the formula by hand.
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    assert round(precision(10, 0).low, 3) == 0.722
    nothing = precision(0, 0)
    assert (nothing.share, nothing.low, nothing.high) == (None, 0.0, 1.0)
    with pytest.raises(ValueError, match="from zero, not -1"):
        precision(3, -1)


@given(_COUNTS, _COUNTS)
def test_the_interval_holds_the_share_and_turns_round_with_it(relevant: int, not_relevant: int) -> None:
    found, other = precision(relevant, not_relevant), precision(not_relevant, relevant)
    assert 0 <= found.low <= found.high <= 1
    if found.share is not None:
        assert found.low <= found.share <= found.high
        assert found.low == pytest.approx(1 - other.high, abs=1e-9)


@given(st.integers(1, 500), st.integers(1, 500))
def test_more_verdicts_say_more(relevant: int, not_relevant: int) -> None:
    few, many = precision(relevant, not_relevant), precision(4 * relevant, 4 * not_relevant)
    assert many.high - many.low < few.high - few.low
