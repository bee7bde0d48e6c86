"""Dates printed for people are read as far as they go, and never raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dates import read_date, read_printed_date


@pytest.mark.parametrize(
    ("line", "at", "has_time"),
    [
        ("Publié le mardi 16 septembre 2025 à 22h30min", "2025-09-16T22:30:00+00:00", True),
        ("Publié le : 18/09/2025 - 07:05", "2025-09-18T07:05:00+00:00", True),
        ("1er oct. 2025", "2025-10-01T00:00:00+00:00", False),
        ("Mis en ligne le 3 août 2025", "2025-08-03T00:00:00+00:00", False),
        ("18.09.2025, 7:05", "2025-09-18T07:05:00+00:00", True),
        ("Mis à jour le 20 septembre 2025. Publié le 16 septembre 2025", "2025-09-16T00:00:00+00:00", False),
        ("16 September 2025 at 10:15 GMT", "2025-09-16T10:15:00+00:00", True),
    ],
)
def test_printed_date_is_read(line: str, at: str, has_time: bool) -> None:
    found = read_printed_date(line)
    assert found is not None
    assert (found.at.isoformat(), found.has_time) == (at, has_time)
    assert found.has_zone == ("GMT" in line)


@pytest.mark.parametrize(
    "line", ["", "hier", "31/02/2025", "le 45 juin 2025", "12 soldats", "Mis à jour le 3 mai 2025", "1/1/0001"]
)
def test_line_without_a_date_gives_none(line: str) -> None:
    assert read_printed_date(line) is None


@given(st.text(alphabet="0123456789/.-: hàjuinmai septembre", max_size=80))
def test_any_line_is_read(line: str) -> None:
    read_printed_date(line)
    read_date(line)
