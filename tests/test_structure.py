"""The shape of the code: files that can be read in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("storage", "crawler", "detection", "alerts", "scheduler", "review", "vigie")
#: lines of a file; a longer one has two jobs
MOST_LINES = 400


def test_no_rooms_are_missing_here() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_is_longer_than_one_can_read(room: str) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js"} and ".min." not in path.name
    }
    assert len(lengths) > 5
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
