"""The fault campaign, small: what it kills and faults holds, and what is broken on purpose fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign import run
from tests.campaign.context import Context
from tests.campaign.faults_sync import judge_trace, killed_at, syncs
from tests.campaign.forge import Forge
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


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with Forge() as started:
        yield started


def mutant(name: str, folder: Path, forge: Forge) -> Context:
    wrapper = ("-m", "tests.campaign.mutants", name, "--")
    return Context(folder=folder, seed=SEED, scale=0.01, wrapper=wrapper, forge=forge, quiet=6)


@pytest.mark.campaign
def test_random_kills_lose_and_rename_nothing(tmp_path: Path, forge: Forge) -> None:
    (verdict,) = run.run(["A1"], Context(folder=tmp_path, seed=SEED, scale=0.008, forge=forge))
    assert verdict.passed, verdict.as_json()
    assert verdict.runs == 4
    assert verdict.alerts >= 80


@pytest.mark.campaign
def test_sound_service_passes_what_its_mutants_fail(tmp_path: Path, forge: Forge) -> None:
    sound = mutant("sound", tmp_path, forge)
    verdicts = run.run(["C2", "C4", "C6"], sound)
    assert [verdict.id for verdict in verdicts if not verdict.passed] == [], [one.as_json() for one in verdicts]
    verdict = killed_at(sound, tmp_path / "leased", point="leased")
    assert verdict.passed, verdict.as_json()
    assert verdict.runs == 1


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("name", "fault", "counted"),
    [
        ("follow_redirects", "C2", "wrong"),
        ("drop_client_errors", "C4", "lost"),
        ("random_identity", "C6", "dup"),
    ],
)
def test_mutant_fails_with_its_receiver(name: str, fault: str, counted: str, tmp_path: Path, forge: Forge) -> None:
    (verdict,) = run.run([fault], mutant(name, tmp_path, forge))
    assert (verdict.id, verdict.passed) == (fault, False)
    assert getattr(verdict, counted), verdict.as_json()


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "point"), [("mark_before_send", "leased"), ("two_transactions", "decided")])
def test_mutant_fails_when_it_is_killed(name: str, point: str, tmp_path: Path, forge: Forge) -> None:
    verdict = killed_at(mutant(name, tmp_path, forge), tmp_path / point, point=point)
    assert (verdict.id, verdict.passed, verdict.runs) == ("A2", False, 1)
    assert verdict.lost, verdict.as_json()


TRACE = r"""
11 pwrite64(7</data/vigie.db-wal>, "..{one}..", 4096, 32) = 4096
11 fdatasync(7</data/vigie.db-wal>) = 0
10 sendto(9<TCP:[127.0.0.1:40000->127.0.0.1:5000]>, "POST /\r\nwebhook-id: {one}\r\n", 900, 0, NULL, 0) = 900
11 pwrite64(7</data/vigie.db-wal>, "..{two}..", 4096, 32) = 4096
11 fdatasync(7</data/vigie.db-wal> <unfinished ...>
10 sendto(9<TCP:[127.0.0.1:40000->127.0.0.1:{port}]>, "POST /\r\nwebhook-id: {two}\r\n", 900, 0, NULL, 0) = 900
11 <... fdatasync resumed>) = 0
"""


@pytest.mark.parametrize(("port", "early"), [(5000, True), (9, False)])
def test_trace_tells_what_left_before_it_was_on_disk(port: int, early: bool) -> None:
    one, two = "msg_" + "a" * 26, "msg_" + "b" * 26
    found, sends, forced = judge_trace(TRACE.format(one=one, two=two, port=port).splitlines(), (5000,))
    assert found == ({two} if early else set())
    assert (sends, forced) == (2 if early else 1, 2)


def test_syncs_are_counted_by_thread() -> None:
    lines = [
        "1 fdatasync(3) = 0",
        "2 fdatasync(3) = 0",
        "2 fdatasync(3 <unfinished ...>",
        "1 fsync(4) = 0",
        "1 write(2)",
    ]
    assert syncs(lines) == {"fdatasync": 2, "fsync": 1}
