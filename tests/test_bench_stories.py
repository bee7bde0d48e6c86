"""The measure of stories measures what it says, on a press that is the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests import bench_stories as bench
from tests.figure import Figure
from tests.wire_stream import COPIES, Kind, Wire, WireDocument

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def _words(document: WireDocument) -> list[str]:
    return " ".join(document.paragraphs).split()


def test_the_press_is_the_same_for_the_same_seed_only() -> None:
    assert Wire(3).stream(200, BEGIN) == Wire(3).stream(200, BEGIN) != Wire(4).stream(200, BEGIN)
    assert Wire(3).article(7, BEGIN) == Wire(3).article(7, BEGIN) != Wire(3).article(8, BEGIN)


def test_a_stream_holds_what_it_should_in_order_of_time() -> None:
    stream = Wire().stream(1_000, BEGIN)
    assert len(stream) == 1_000
    assert [one.at for one in stream] == sorted(one.at for one in stream)
    assert stream[0].at >= BEGIN
    assert stream[-1].at <= BEGIN + timedelta(days=3)
    kinds = Counter(one.kind for one in stream)
    assert set(kinds) == set(Kind)
    assert 0.4 < kinds[Kind.OTHER] / len(stream) < 0.55
    first: dict[str, WireDocument] = {}
    for one in stream:
        first.setdefault(one.dispatch, one)
    assert not {one.kind for one in first.values()} & set(COPIES)


def test_copies_and_follow_ups_share_as_much_as_they_say() -> None:
    stream = Wire().stream(1_000, BEGIN)
    originals = {one.dispatch: one for one in stream if one.kind not in COPIES}
    for one in stream:
        original = originals[one.dispatch]
        if one.kind is Kind.EDITED:
            changed = sum(a != b for a, b in zip(_words(one), _words(original), strict=True))
            assert 0.05 < changed / len(_words(one)) < 0.15
        elif one.kind in {Kind.CUT, Kind.BRIEF}:
            assert one.paragraphs == original.paragraphs[: len(one.paragraphs)]
        elif one.kind is Kind.FURNISHED:
            assert set(original.paragraphs) < set(one.paragraphs)
        elif one.kind is Kind.FOLLOW_UP:
            background = [line for line in one.paragraphs if line in originals[str(one.resembles)].paragraphs]
            assert 0.25 < len(" ".join(background).split()) / len(_words(one)) < 0.6
        elif one.kind is Kind.REPORT and one.resembles in originals:
            assert one.paragraphs != originals[str(one.resembles)].paragraphs


def test_every_figure_is_measured() -> None:
    figures = {figure.name: figure for figure in bench.measure((200, 500), documents=300)}
    for size in ("200", "500"):
        assert (
            figures[f"{size} stored: placed"].value > figures[f"{size} stored: saved and placed, a commit each"].value
        )
        assert 10 < figures[f"{size} stored: memory"].value < 2_000
        assert 100 < figures[f"{size} stored: fingerprints and names on disk"].value < 10_000
        assert figures[f"{size} stored: pair precision"].value > 0.9
        assert 0.5 < figures[f"{size} stored: pair recall"].value <= 1
        assert figures[f"{size} stored: alerts a dispatch that has copies"].value >= 0.9
    assert figures["500 stored beside 200"].most == bench.MOST_SLOWDOWN


def test_grouping_is_scored_by_its_mistakes() -> None:
    stream = Wire().stream(400, BEGIN)
    true = tuple(one.dispatch for one in stream)
    first = tuple(one.kind not in COPIES for one in stream)
    right = {one.name: one.value for one in bench.quality(stream, bench.Grouping(groups=true, told=first), "x")}
    assert list(right.values()) == [1, 1, 1, 0, 0]
    every = bench.Grouping(groups=("one",) * len(stream), told=(True,) * len(stream))
    merged = [one.value for one in bench.quality(stream, every, "x")]
    assert merged[0] < 0.1
    assert merged[1] == 1
    assert merged[2] > 2
    assert min(merged[3:]) > 0
    apart = bench.Grouping(groups=tuple(map(str, range(len(stream)))), told=(True,) * len(stream))
    assert [one.value for one in bench.quality(stream, apart, "x")][1] == 0


def test_a_figure_out_of_bounds_says_so() -> None:
    assert Figure(name="x", value=299, unit="a second", least=300).line.endswith("(at least 300: NOT HELD)")
    assert Figure(name="x", value=300, unit="a second", least=300).line.endswith("(at least 300)")
    assert Figure(name="x", value=1_537, unit="bytes", most=1_536).line.endswith("(at most 1,536: NOT HELD)")
