"""The fault campaign, small: what it kills and faults holds, and what is broken on purpose fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.campaign import run
from tests.campaign.context import Context
from tests.campaign.oracle import Verdict, percentile, settled, summary
from tests.campaign.sinks import Ledger
from tests.campaign.words import STATES, TOKEN, Desk

SEED = 20250919


def ledger(*messages: tuple[str, str, str]) -> Ledger:
    """Return what a receiver noted of (id, watch, text)."""
    noted = Ledger()
    for identity, watch, text in messages:
        noted.accept("hook", identity, watch, text, text.encode())
    return noted


def judged(noted: Ledger, *expected: tuple[str, str]) -> Verdict:
    verdict = Verdict(id="X")
    verdict.judge(noted, ["hook"], set(expected))
    return verdict


ONE, TWO = "tok-a-00001", "tok-a-00002"


def test_oracle_passes_what_arrived_once() -> None:
    verdict = judged(ledger(("m1", "w", ONE), ("m2", "w", TWO)), (ONE, "w"), (TWO, "w"))
    assert verdict.passed
    assert (verdict.alerts, verdict.lost, verdict.dup, verdict.raw, verdict.false) == (2, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("messages", "name"),
    [
        ([("m1", "w", ONE)], "lost"),
        ([("m1", "w", ONE), ("m2", "w", TWO), ("m3", "w", TWO)], "dup"),
        ([("m1", "w", ONE), ("m2", "w", TWO), ("m2", "w", TWO)], "raw"),
        ([("m1", "w", ONE), ("m2", "w", TWO), ("m3", "w", "tok-a-00003")], "false"),
        ([("m1", "w", ONE), ("m2", "w", TWO), ("m3", "other", TWO)], "false"),
        ([("m1", "w", ONE), ("m2", "w", TWO), ("m2", "w", f"{TWO} again")], "altered"),
    ],
)
def test_oracle_sees(messages: list[tuple[str, str, str]], name: str) -> None:
    verdict = judged(ledger(*messages), (ONE, "w"), (TWO, "w"))
    assert getattr(verdict, name) == 1
    assert not verdict.passed


def test_repeats_are_allowed_as_far_as_the_fault_explains_them() -> None:
    verdict = judged(ledger(("m1", "w", ONE), ("m1", "w", ONE)), (ONE, "w"))
    assert not verdict.passed
    verdict.raw_allowed = 1
    assert verdict.passed


def test_what_was_skipped_is_not_passed() -> None:
    skipped = Verdict(id="X", skipped="no strace here")
    assert not skipped.passed
    assert not summary([skipped], {})["pass"]
    assert not summary([], {})["pass"]
    assert json.loads(json.dumps(summary([skipped, Verdict(id="Y")], {"seed": 1})))["faults"][0]["skipped"]


def test_waiting_ends_when_nothing_comes_or_nobody_is_left() -> None:
    assert settled(lambda: 0, quiet=0)
    assert not settled(lambda: 1, quiet=0.1)
    assert not settled(lambda: 1, quiet=60, alive=lambda: False)


def test_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.99) == 100
    assert percentile([3.0], 0.5) == 3.0
    assert percentile([], 0.5) == float("inf")


def test_news_of_the_campaign_repeats_no_act_and_no_token() -> None:
    desk, again = Desk(1), Desk(1)
    stories = [desk.alert() for _ in range(len(STATES) * (len(STATES) - 1))]
    assert len({story.token for story in stories}) == len({story.title.rpartition(" (")[0] for story in stories})
    assert all(TOKEN.findall(story.title) == [story.token] for story in stories)
    assert [again.alert() for _ in range(3)] == stories[:3]


@pytest.mark.campaign
def test_random_kills_lose_and_rename_nothing(tmp_path: Path) -> None:
    (verdict,) = run.run(["A1"], Context(folder=tmp_path, seed=SEED, scale=0.004))
    assert verdict.passed, verdict.as_json()
    assert verdict.runs == 3
    assert verdict.alerts >= 50
