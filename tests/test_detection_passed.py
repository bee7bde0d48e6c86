"""What passed its tests is remembered; what changed, or cannot be read, is tested again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from detection.compiler import RuleSet
from detection.engine import PassedTests, load_folders, remembered
from detection.passed import NAME
from detection.rulefile import RuleFile
from detection.testing import Failure, failures

RULE = """language = "fr"
[[rule]]
id = "own.cake"
type = "sanctions"
match = ["~confisquer > gateau"]
test = [{ text = "Le Mali confisque le gâteau de la France.", actor = "MLI", target = "FRA" }]
"""


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the rules whose tests ran, as they run."""
    ran: list[str] = []

    def noted(files: Sequence[RuleFile], rules: RuleSet) -> Iterator[Failure]:
        ran.extend(entry.id for file in files for entry in file.rules)
        return failures(files, rules)

    monkeypatch.setattr("detection.folders.failures", noted)
    monkeypatch.setattr("detection.folders._check_built_in", lambda: ran.append("built-in"))
    return ran


def test_what_passed_is_not_tested_again(tmp_path: Path, tested: list[str]) -> None:
    passed = PassedTests((tmp_path,))
    first = load_folders(passed=passed)
    assert tested == ["built-in"]
    assert load_folders(passed=PassedTests((tmp_path / "none", tmp_path))).rules.version == first.rules.version
    assert tested == ["built-in"]
    load_folders()
    assert tested == ["built-in", "built-in"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"0" * 64 + b"\n", b"x" * 1_000_000])
def test_an_unreadable_memory_means_that_the_tests_run(tmp_path: Path, tested: list[str], content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    load_folders(passed=PassedTests((tmp_path,)))
    load_folders(passed=PassedTests((tmp_path,)))
    assert tested == ["built-in"]


def test_a_memory_that_cannot_be_written_does_no_harm(tmp_path: Path, tested: list[str]) -> None:
    (tmp_path / NAME).mkdir()
    load_folders(passed=PassedTests((tmp_path,)))
    load_folders(passed=PassedTests((tmp_path,)))
    assert tested == ["built-in", "built-in"]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_own_rules_are_tested_again_when_they_change(tmp_path: Path, tested: list[str]) -> None:
    own = tmp_path / "rules"
    own.mkdir()
    (own / "cake.toml").write_text(RULE, "utf-8")
    passed = PassedTests((tmp_path,))
    assert load_folders((own,), passed=passed).refusals == ()
    assert "own.cake" in tested
    tested.clear()
    load_folders((own,), passed=passed)
    assert tested == []
    (own / "cake.toml").write_text(RULE.replace('target = "FRA"', 'target = "NER"'), "utf-8")
    for _ in range(2):
        assert [refusal.rule for refusal in load_folders((own,), passed=passed).refusals] == ["own.cake"]
        assert "own.cake" in tested  # what failed is never remembered
        tested.clear()


def test_other_code_is_another_key(tmp_path: Path, tested: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    load_folders(passed=PassedTests((tmp_path,)))
    monkeypatch.setattr("detection.passed._code", lambda: "another version")
    load_folders(passed=PassedTests((tmp_path,)))
    assert tested == ["built-in", "built-in"]


def test_commands_remember_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    remembered(tmp_path / "no data").add("a" * 64)
    assert not (tmp_path / "no data").exists()
    assert "a" * 64 in remembered(tmp_path / "other data")
