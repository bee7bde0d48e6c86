"""Figures for Prometheus: whatever names the archive holds, the text is one that a strict reader takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.metrics import exposition
from storage import overview
from storage.database import open_writer
from storage.overview import ChannelHealth
from tests.exposition import read
from tests.filled import fill
from tests.outbox_fill import NOW
from tests.payloads import PAYLOADS

#: base units of Prometheus, and names of things that are counted or are 0 or 1
ENDINGS = ("_seconds", "_total", "_up", "_ok", "_info", "_due", "_day", "sources", "source_states", "deliveries")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> overview.Overview:
    folder: Path = tmp_path_factory.mktemp("figures")
    database = open_writer(folder)
    fill(database)
    found = overview.overview(database, NOW)
    database.conn.close()
    return found


def channel(name: str, waiting: int = 1) -> ChannelHealth:
    return ChannelHealth(id=name, waiting=waiting, sent=2, dead=3, suppressed=4, batched=5, last_sent_at=None)


def test_names_types_and_units_follow_the_custom(figures: overview.Overview) -> None:
    found = read(exposition(figures, [channel("desk")], version="1.0", now=NOW, decisions=[("w", "new_event", 7)]))
    assert len(found) >= 10
    for name, family in found.items():
        assert name.startswith("vigie_")
        assert name.endswith(ENDINGS), name
        assert re.fullmatch(r"[A-Z0-9].*\.", family.help), name
        assert (family.kind == "counter") is name.endswith("_total"), name
    assert found["vigie_deliveries"].samples[(("channel", "desk"), ("state", "dead"))] == 3
    assert found["vigie_decisions_total"].samples[(("reason", "new_event"), ("watch", "w"))] == 7


@given(
    names=st.lists(st.text(max_size=12) | st.sampled_from(PAYLOADS), unique=True, max_size=5),
    count=st.integers(min_value=0, max_value=2**53),
)
def test_any_name_is_given_back_as_it_is(figures: overview.Overview, names: list[str], count: int) -> None:
    text = exposition(
        figures, [channel(name, count) for name in names], version=" ".join(names), now=NOW,
        decisions=[(name, name, count) for name in names],
    )  # fmt: skip
    found = read(text)
    assert {dict(labels)["channel"] for labels in found["vigie_deliveries"].samples} == set(names)
    for name in names:
        assert found["vigie_decisions_total"].samples[(("reason", name), ("watch", name))] == count
        assert found["vigie_deliveries"].samples[(("channel", name), ("state", "waiting"))] == count


@pytest.mark.parametrize(
    "text",
    ["x 1\n", "# HELP x y.\nx 1\n", "# HELP x y.\n# TYPE x gauge\nx 1", "# HELP x y.\n# TYPE x gauge\nx{a=\"\\t\"} 1\n",
     "# HELP x y.\n# TYPE x gauge\nx 1\nx 1\n", "# HELP x y.\n# TYPE x gauge\ny 1\n", "# TYPE x gauge\nx 1\n",
     "# HELP x y.\n# TYPE x number\nx 1\n", "# HELP x y.\n# TYPE x gauge\nx one\n"],
)  # fmt: skip
def test_the_reader_takes_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)
