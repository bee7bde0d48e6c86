"""The judge of the soak sees what it is there to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.politeness import Asked, Ledger, Rules, trend, violations

AGENT = "Vigie/0.1 (+https://vigie.invalid/contact)"
FIRST = Asked(host="a", path="/robots.txt", start=10.0, end=10.1, status=200, agent=AGENT)
RULES = {"a": Rules(crawl_delay=3.0, disallow=("/private/",))}


def judged(*more: Asked, delay: float = 1.0) -> list[str]:
    return violations(Ledger(asked=[FIRST, *more]), RULES, delay=delay)


def test_polite_crawler_passes() -> None:
    assert (
        judged(replace(FIRST, path="/a", start=13.0, end=13.1), replace(FIRST, path="/b", start=16.2, end=16.3)) == []
    )
    assert judged(replace(FIRST, host="b", path="/private/x", start=10.01, end=10.2)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "/private/x", "start": 20.0}, "disallowed"),
        ({"start": 10.05}, "before /robots.txt was answered"),
        ({"start": 12.5}, "sooner than 3 s"),
        ({"start": 20.0, "agent": "Mozilla/5.0"}, "names no product"),
    ],
)
def test_each_break_is_named(change: dict[str, object], said: str) -> None:
    found = judged(replace(FIRST, **{"path": "/a", "end": 30.0, **change}))  # type: ignore[arg-type]
    assert any(said in each for each in found), found


def test_request_before_the_wait_is_over_is_seen() -> None:
    asked = replace(FIRST, path="/a", start=20.0, end=20.1, status=429, retry_after=10.0)
    early = replace(FIRST, path="/b", start=29.0, end=29.1)
    assert any("asked for patience" in each for each in judged(asked, early))
    assert judged(asked, replace(early, start=30.2, end=30.3)) == []


def test_trend_is_not_tilted_by_a_spike() -> None:
    line = [(float(second), 100.0 + second / 10) for second in range(100)]
    line[50] = (50.0, 10_000.0)
    assert trend(line).slope == pytest.approx(0.1)
    assert trend(line).highest == 10_000
    assert trend([]).slope == 0.0
