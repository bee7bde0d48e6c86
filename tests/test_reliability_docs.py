"""docs/reliability.md names a test for each fault; the tests it names exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.campaign.run import FAULTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
FAULTS_OF_TESTS, _, FAULTS_OF_THE_CAMPAIGN = PAGE.partition("\n## Campaign\n")


def _rows(text: str) -> dict[str, list[str]]:
    return {
        cells[0]: cells
        for line in text.splitlines()
        if re.match(r"\| [A-Z]\d+ \|", line) and (cells := [cell.strip() for cell in line.strip("| ").split(" | ")])
    }


ROWS = _rows(FAULTS_OF_TESTS)
NAMED = sorted({name for row in ROWS.values() for name in re.findall(r"`(test_\w+\.py::[\w:]+)`", row[-1])})


@pytest.mark.parametrize("name", NAMED)
def test_named_test_exists(name: str) -> None:
    file, *path = name.split("::")
    node: ast.AST = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    for part in path:
        children = {
            child.name: child
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert part in children, f"{name} is named in docs/reliability.md and does not exist"
        node = children[part]


def test_every_fault_has_a_complete_row() -> None:
    last = {"B": 9, "C": 10, "D": 13, "E": 10, "G": 12}
    assert sorted(ROWS) == sorted(f"{letter}{n}" for letter, most in last.items() for n in range(1, most + 1))
    for row, cells in ROWS.items():
        assert len(cells) == 4, row
        assert re.search(r"`test_\w+\.py::", cells[3]), f"{row} names no test"


def test_every_fault_of_the_campaign_is_described() -> None:
    rows = _rows(FAULTS_OF_THE_CAMPAIGN.partition("\n### Measured\n")[0])
    assert list(rows) == list(FAULTS)
    assert all(len(cells) == 2 and cells[1] for cells in rows.values())
