"""The measure of detection's speed measures what it says."""

from __future__ import annotations

import re
from pathlib import Path

from detection.engine import detect, load_rules
from detection.rulefile import parse_rule_file
from tests import bench_detection as bench


def test_the_generated_rules_hold_as_many_rules_and_phrases_as_asked() -> None:
    file = parse_rule_file(bench.generated_rules(40, 400), Path("generated.toml"))
    assert len(file.rules) == 40
    assert sum(len(re.findall(r"[|>]", entry.match[0])) + 1 for entry in file.rules) == 400
    assert bench.generated_rules(3, 30) == bench.generated_rules(3, 30)


def test_every_figure_is_measured() -> None:
    count = len(load_rules().rules) + 3
    figures = bench.measure(count=count, phrases=30, plain=1, rounds=1, articles=2)
    assert [figure.name.split(",")[0] for figure in figures] == [
        "compile 30 phrases",
        f"load {count} rules",
        "detect",
        "reject",
        "reject",
        "one plain regular expression over the phrases",
    ]
    assert all(figure.value > 0 for figure in figures)


def test_a_figure_below_its_target_says_so() -> None:
    assert bench.Figure(name="x", value=299, target=300).line.endswith("(at least 300: NOT HELD)")
    assert bench.Figure(name="x", value=300, target=300).line.endswith("(at least 300)")
    assert bench.Figure(name="x", value=2.1, target=2, seconds=True).line.endswith("(at most 2 s: NOT HELD)")


def test_what_should_be_rejected_is() -> None:
    rules = load_rules()
    for documents in bench.rejected().values():
        assert not detect(documents[0], rules).trace
        assert len(documents[0].text) == bench.LENGTH
