"""What a silence matches: every part that is given, every act that is told, and never by accident."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.silencing import CORRECTIONS, Act, describe, difference, judge
from storage.types import Silence

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
EVERYTHING = Silence(
    id=1, watch_id=None, author="Awa", reason="exercice", starts_at=NOW, ends_at=NOW + timedelta(hours=1)
)


@dataclass(frozen=True)
class Told:
    watch_id: str = "w"
    story_id: int | None = 7
    severity: int = 3
    acts: tuple[Act, ...] = (("expel_diplomats", "MLI", "FRA"),)
    source_id: str | None = "rfi"
    type: str = "alert.new"
    heard: bool = False


CODES = ("MLI", "FRA", "NER")
TYPES = ("expel_diplomats", "recall_ambassador", "summon_ambassador")
acts = st.tuples(st.sampled_from(TYPES), st.sampled_from([*CODES, None]), st.sampled_from([*CODES, None]))
matters = st.builds(
    Told,
    watch_id=st.sampled_from(["w", "v", ""]),
    story_id=st.sampled_from([7, 8, None]),
    severity=st.integers(1, 5),
    acts=st.lists(acts, max_size=3).map(tuple),
    source_id=st.sampled_from(["rfi", "ortm", None]),
    type=st.sampled_from(["alert.new", "alert.update", "alert.correction"]),
    heard=st.booleans(),
)
silences = st.builds(
    Silence,
    id=st.integers(1, 9),
    author=st.just("Awa"),
    reason=st.just("exercice"),
    starts_at=st.just(NOW),
    ends_at=st.just(NOW + timedelta(hours=1)),
    watch_id=st.sampled_from(["w", "v", None]),
    story_id=st.sampled_from([7, 8, None]),
    pair=st.sampled_from([("MLI", "FRA"), ("FRA", "MLI"), ("NER", "FRA"), None]),
    one_way=st.booleans(),
    types=st.lists(st.sampled_from(TYPES), unique=True, max_size=2).map(tuple),
    max_severity=st.sampled_from([None, 1, 2, 3, 4, 5]),
    source_id=st.sampled_from(["rfi", None]),
)


@pytest.mark.parametrize(
    ("part", "told", "reason"),
    [
        ({"watch_id": "w"}, {"watch_id": "v"}, "other_watch"),
        ({"watch_id": "w"}, {"watch_id": ""}, "other_watch"),
        ({"story_id": 7}, {"story_id": 8}, "other_story"),
        ({"story_id": 7}, {"story_id": None}, "other_story"),
        ({"max_severity": 3}, {"severity": 4}, "more_severe"),
        ({"source_id": "rfi"}, {"source_id": "ortm"}, "other_source"),
        ({"source_id": "rfi"}, {"source_id": None}, "other_source"),
        ({"pair": ("MLI", "FRA")}, {"acts": (("x", "NER", "FRA"),)}, "other_pair"),
        ({"pair": ("MLI", "FRA")}, {"acts": (("x", None, "FRA"),)}, "other_pair"),
        ({"pair": ("MLI", "FRA")}, {"acts": ()}, "other_pair"),
        ({"pair": ("FRA", "MLI"), "one_way": True}, {"acts": (("x", "MLI", "FRA"),)}, "other_pair"),
        ({"pair": ("MLI", "FRA")}, {"acts": (("x", "MLI", "FRA"), ("x", "NER", "FRA"))}, "other_pair"),
        ({"types": ("x",)}, {"acts": (("y", "MLI", "FRA"),)}, "other_type"),
        ({"types": ("x",)}, {"acts": (("x", "MLI", "FRA"), ("y", "MLI", "FRA"))}, "other_type"),
        ({"types": ("x",)}, {"acts": ()}, "other_type"),
    ],
)
def test_a_part_that_does_not_fit_says_which(part: dict[str, object], told: dict[str, object], reason: str) -> None:
    silence = replace(EVERYTHING, **part)  # type: ignore[arg-type]
    matter = replace(Told(), **told)  # type: ignore[arg-type]
    assert difference(silence, matter) == reason
    verdict = judge([silence], matter)
    assert (verdict.held, verdict.reason) == (False, reason)


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"watch_id": "w"},
        {"story_id": 7},
        {"max_severity": 3},
        {"max_severity": 5},
        {"source_id": "rfi"},
        {"pair": ("MLI", "FRA")},
        {"pair": ("FRA", "MLI")},
        {"pair": ("MLI", "FRA"), "one_way": True},
        {"types": ("recall_ambassador", "expel_diplomats")},
    ],
)
def test_a_part_that_fits_holds_the_alert_back(part: dict[str, object]) -> None:
    silence = replace(EVERYTHING, **part)  # type: ignore[arg-type]
    verdict = judge([silence], Told())
    assert (verdict.silence, verdict.reason) == (silence, "silenced")
    assert describe(silence) in verdict.detail


def test_the_first_that_matches_is_named() -> None:
    other = replace(EVERYTHING, id=2, watch_id="v")
    assert judge([other, EVERYTHING, replace(EVERYTHING, id=3)], Told()).silence == EVERYTHING
    assert judge([], Told()).reason == "no_silence"


@pytest.mark.parametrize("kind", sorted(CORRECTIONS))
def test_a_correction_of_what_was_heard_is_never_held_back(kind: str) -> None:
    heard = judge([EVERYTHING], Told(type=kind, heard=True))
    assert (heard.held, heard.reason) == (False, "correction_of_heard")
    assert judge([EVERYTHING], Told(type=kind, heard=False)).held
    assert judge([EVERYTHING], Told(type="alert.update", heard=True)).held


def test_a_silence_is_described_by_its_parts() -> None:
    assert describe(EVERYTHING) == "everything"
    whole = replace(
        EVERYTHING, watch_id="w", story_id=7, pair=("MLI", "FRA"), types=("a", "b"), max_severity=3, source_id="rfi"
    )
    assert describe(whole) == "watch w, story 7, MLI ↔ FRA, type a or b, severity up to 3, source rfi"
    assert describe(replace(whole, one_way=True)).count("MLI → FRA") == 1


@given(silences, matters)
def test_all_parts_must_match_and_each_is_asked_by_itself(silence: Silence, matter: Told) -> None:
    """The whole holds exactly when every single part of it would hold alone."""
    parts = (
        replace(EVERYTHING, watch_id=silence.watch_id),
        replace(EVERYTHING, story_id=silence.story_id),
        replace(EVERYTHING, pair=silence.pair, one_way=silence.one_way),
        replace(EVERYTHING, types=silence.types),
        replace(EVERYTHING, max_severity=silence.max_severity),
        replace(EVERYTHING, source_id=silence.source_id),
    )
    assert (difference(silence, matter) is None) == all(difference(part, matter) is None for part in parts)


@given(silences, matters)
def test_a_new_act_is_never_hidden_by_the_company_it_comes_in(silence: Silence, matter: Told) -> None:
    """What holds an alert back would hold back each of its acts alone."""
    if difference(silence, matter) is None:
        assert all(difference(silence, replace(matter, acts=(act,))) is None for act in matter.acts)


@given(silences, matters, st.integers(0, 4))
def test_a_higher_severity_is_never_hidden_where_a_lower_one_rings(silence: Silence, matter: Told, less: int) -> None:
    lower = replace(matter, severity=max(1, matter.severity - less))
    if difference(silence, lower) is not None:
        assert difference(silence, matter) is not None


@given(silences, matters)
def test_one_way_never_holds_more_than_either_way(silence: Silence, matter: Told) -> None:
    if difference(replace(silence, one_way=True), matter) is None:
        assert difference(replace(silence, one_way=False), matter) is None


@given(st.lists(silences, max_size=4), matters)
def test_a_verdict_always_gives_a_reason_and_is_held_by_what_matches(found: list[Silence], matter: Told) -> None:
    verdict = judge(found, matter)
    assert verdict.reason
    assert verdict.detail
    if verdict.silence is not None:
        assert difference(verdict.silence, matter) is None
        assert not (matter.type in CORRECTIONS and matter.heard)
