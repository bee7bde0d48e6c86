"""The figures that ``make bench`` prints of discovery, held with a fixed seed."""

from __future__ import annotations

from statistics import median

from tests.bench_pace import Comparison, compare, report


def test_adaptive_polling_discovers_sooner_than_a_fixed_interval_with_as_many_requests() -> None:
    comparisons = compare(weeks=3)
    for each in comparisons:
        assert abs(each.adaptive.requests - each.fixed.requests) <= 0.005 * each.fixed.requests + 2, each.name
        assert median(each.adaptive.delays) < median(each.fixed.delays), each.name
    everything = comparisons[-1]
    ours, theirs = Comparison.row(everything.adaptive), Comparison.row(everything.fixed)
    assert ours[0] < 0.85 * theirs[0]
    assert ours[1] < theirs[1]
    assert ours[2] < theirs[2]
    assert everything.adaptive.lost <= everything.fixed.lost
    assert "agency" in report(comparisons)
