"""What the command line takes for a silence, and what it lists of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.silences import SilenceRow
from storage.types import Silence
from vigie.errors import VigieError
from vigie.settings import parse_settings
from vigie.silencing import checked, read_pair, silence_row

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
SETTINGS = parse_settings(
    '[[source]]\nid = "fleuve"\nfeeds = ["https://fleuve.example/feed"]\n[[watch]]\nid = "france-mali"\n', None, Path()
)
ASKED: dict[str, Any] = {
    "watch_id": None, "story": None, "pair": None, "one_way": False, "types": (), "max_severity": None, "source": None,
    "author": "Awa", "reason": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"watch_id": "france-mal"}, "no watch 'france-mal'; did you mean 'france-mali'"),
        ({"source": "fleuv"}, "did you mean 'fleuve'"),
        ({"types": ("expel_diplomat",)}, "did you mean 'expel_diplomats'"),
        ({"pair": "MLI"}, "write --pair MLI-FRA"),
        ({"pair": "MLI-FRX"}, "no state 'FRX'"),
        ({"pair": "MLI-MLI"}, "one state twice"),
        ({"one_way": True}, "--one-way says nothing without --pair"),
        ({"author": " "}, "--author and a --reason"),
        ({"reason": ""}, "--author and a --reason"),
    ],
    ids=str,
)
def test_a_silence_that_would_hold_nothing_is_refused_with_the_cure(given: dict[str, Any], says: str) -> None:
    with pytest.raises(VigieError, match=says):
        checked(SETTINGS, **(ASKED | given))


def test_what_is_asked_for_is_handed_on() -> None:
    given = {"watch_id": "france-mali", "pair": "mli-fra", "types": ("expel_diplomats",), "max_severity": 3}
    found = checked(SETTINGS, **(ASKED | given))
    assert found == {
        "watch": "france-mali", "story": None, "pair": ("MLI", "FRA"), "one_way": False, "types": ["expel_diplomats"],
        "max_severity": 3, "source": None, "author": "Awa", "reason": "x",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["MLI-FRA", "mli-fra", " MLI / FRA ", "MLI↔FRA"])
def test_pairs_are_read_as_in_the_configuration(text: str) -> None:
    assert read_pair(text) == ("MLI", "FRA")


@pytest.mark.parametrize(
    ("ends", "closed", "state"), [(1, None, "running"), (0, None, "over"), (1, NOW, "over"), (-1, NOW, "over")]
)
def test_a_silence_is_running_until_it_ends_or_its_end_was_told(ends: int, closed: datetime | None, state: str) -> None:
    silence = Silence(
        id=1, watch_id="w", author="Awa", reason="x", starts_at=NOW - timedelta(hours=2),
        ends_at=NOW + ends * timedelta(hours=1), closed_at=closed,
    )  # fmt: skip
    row = silence_row(SilenceRow(silence=silence, hid=2), NOW)
    assert (row["state"], row["matches"], row["hid"]) == (state, "watch w", 2)
