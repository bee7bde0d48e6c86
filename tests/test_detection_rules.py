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
    assert (error.line, error.column, error.rule, error.key) == (11, 9, "own.cake", "test[1]")
    assert "expected asserted NER→FRA, got asserted MLI→FRA" in error.reason
    assert str(error).startswith(f"{error.file}:11:9: own.cake: test[1]: ")


@pytest.mark.parametrize(
    ("old", "new", "place", "key", "words"),
    [
        ("sanctions", "sanction", "7:9", "type", "there is no type 'sanction'; did you mean 'sanctions'?"),
        ("> {cake}", "> {cak}", "8:24", "match[1]", "unknown set {cak}; did you mean {cake}?"),
        ("> {cake}", "> {cake", "8:24", "match[1]", "leaves a bracket open; close it"),
        ("> {cake}", "> cake)", "8:28", "match[1]", "closes a bracket that was never opened; take it out"),
        ("gateau(x)", "gateau(x", "4:16", "sets.cake[1]", "leaves a bracket open; close it"),
        ("gateau(x)", "{cake} gateau", "4:10", "sets.cake[1]", "set {cake} holds itself; take it out"),
        ("~interdire", "~xyz", "8:11", "match[1]", "'~xyz' is no verb whose forms are known in 'fr'"),
        ("<= 3", "<= 99", "8:31", "match[1]", "a gap of 99 words is too wide; at most 30"),
        ("> {cake} <=", "> {cake} .. x <=", "8:22", "match[1]", "mixes '>' and '..'; use one of them"),
        ("~interdire > {cake} <= 3", "a > le <= 2", "8:11", "match[1]", "add a longer word"),
        ("~interdire", "~interdire|...", "8:22", "match[1]", "holds no letter or digit"),
        ("match =", "matches =", "8:1", "matches", "unknown key; did you mean 'match'?"),
        ('match = ["~interdire > {cake} <= 3"]', "", "5:1", "match", "is required; add it"),
        ('["subject"]', '["subjct"]', "9:11", "actor[1]", "'subjct' is not one of by, subject"),
        ('["subject"]', '"subject"', "9:10", "actor", 'write a list of texts in quotation marks: actor = ["…"]'),
        (
            'actor = "MLI", target',
            'actr = "MLI", target',
            "11:66",
            "test[1].actr",
            "unknown key; did you mean 'actor'?",
        ),
        (
            'actor = "MLI", target',
            'status = "sure", target',
            "11:76",
            "test[1].status",
            "'sure' is not one of asserted",
        ),
        ('language = "fr"', "", "1", "language", "say the language at the top of the file"),
        ('language = "fr"', 'language = "french"', "2:13", "language", "say the language at the top of the file"),
        ("[sets]", "[set]", "3:1", "set", "unknown key 'set'; did you mean 'sets'?"),
        ('["gateau(x)"]', '"gateau(x)"', "4:9", "sets.cake", "must be a list of phrases"),
        ('"gateau(x)"', "7", "4:8", "sets.cake", "must be a list of phrases"),
        ('id = "own.cake"', 'id = "own cake"', "6:7", "id", "is not an id; use lower-case letters"),
        ('["with"]', '["with"]\nreplaces = true', "11:12", "replaces", "no built-in rule 'own.cake' to replace"),
        ("own.cake", "fr.seizure", "6:7", "id", "or write replaces = true"),
        ('["with"]', '["with"]\nyields_to = ["seizur"]', "11:15", "yields_to[1]", "did you mean 'seizure'?"),
        ("[[rule]]", "[[rule]", "5:7", None, "is not TOML"),
        ("\n[sets]", '\ndisable = ["fr.seizur"]\n[sets]', "3:13", "disable[1]", "did you mean 'fr.seizure'?"),
        ("[[rule]]", "[rule]", "5:1", "rule", "are written [[rule]], with two brackets"),
    ],
)
def test_a_fault_is_told_with_line_column_key_and_cure(
    tmp_path: Path, old: str, new: str, place: str, key: str | None, words: str
) -> None:
    assert old in GOOD
    error = _refusal(tmp_path, GOOD.replace(old, new, 1))
    assert words in error.reason
    assert error.key == key
    assert str(error).startswith(f"{error.file}:{place}: ")


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
