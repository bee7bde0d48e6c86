"""Rule files: what is refused, and how the refusal reads."""

from pathlib import Path

import pytest

from detection.engine import Document, detect, load_rules
from detection.errors import RuleError

GOOD = """
language = "fr"
[sets]
cake = ["gateau(x)"]
[[rule]]
id = "own.cake"
type = "sanctions"
match = ["~interdire > {cake} <= 3"]
actor = ["subject"]
target = ["with"]
test = [{ text = "Le Mali interdit les gâteaux avec la France.", actor = "MLI", target = "FRA" }]
"""


def _refusal(tmp_path: Path, source: str) -> RuleError:
    file = tmp_path / "own.toml"
    file.write_text(source, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rules((file,))
    assert caught.value.file == file
    return caught.value


def test_a_further_rule_file_is_used(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GOOD, "utf-8")
    rules = load_rules((tmp_path,))
    assert rules.version != load_rules().version
    document = Document(title="Le Mali interdit tout gâteau avec la France", text="", language="fr")
    assert "own.cake" in {signal.rule for signal in detect(document, rules).signals}


def test_a_rule_whose_test_fails_is_refused_with_its_line(tmp_path: Path) -> None:
    error = _refusal(tmp_path, GOOD.replace('actor = "MLI", target', 'actor = "NER", target'))
    assert error.line == 5
    assert "expected asserted NER→FRA, got asserted MLI→FRA" in error.reason
    assert str(error).startswith(f"{error.file}:5: own.cake")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sanctions", "no_such_type", "not one of"),
        ("{cake}", "{cook}", "unknown set"),
        ("~interdire", "~xyz", "not regular"),
        ("match =", "matches =", "match"),
        ('["subject"]', '["elsewhere"]', "actor"),
        ('language = "fr"', "", "language"),
        ("[sets]", "[set]", "unknown key"),
        ('["~interdire > {cake} <= 3"]', '["a > le <= 2"]', "3 letters"),
        ('id = "own.cake"', 'id = "own cake"', "id"),
    ],
)
def test_a_faulty_file_is_refused_with_the_reason(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in _refusal(tmp_path, GOOD.replace(old, new)).reason


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    error = _refusal(tmp_path, 'language = "fr"\n[[rule]\n')
    assert error.line == 2


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such rule file"):
        load_rules((tmp_path / "none.toml",))


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, "utf-8")
    (tmp_path / "b.toml").write_text(GOOD, "utf-8")
    with pytest.raises(RuleError, match=r"defined in .*a\.toml too"):
        load_rules((tmp_path,))


def test_every_type_of_the_ladder_has_a_rule_in_french_and_english() -> None:
    from detection.taxonomy import event_types

    for language, compiled in load_rules().languages.items():
        if language in {"fr", "en"}:
            assert {rule.entry.type for rule in compiled.rules} == set(event_types())


def test_every_built_in_rule_is_tested() -> None:
    assert [rule.id for rule in load_rules().rules if not rule.test] == []
