"""Rule folders: what is added, replaced, switched off and refused, and what stays in use."""

import gc
import inspect
from pathlib import Path

import pytest

from detection.compiler import RuleSet, compile_rules
from detection.engine import Document, detect, load_folders, load_rules
from detection.folders import _shared, digest, fingerprint

CAKE = """
language = "fr"
[[rule]]
id = "own.cake"
type = "sanctions"
match = ["~interdire > {cake} <= 3"]
actor = ["subject"]
target = ["with"]
test = [{ text = "Le Mali interdit les gâteaux avec la France.", actor = "MLI", target = "FRA" }]
"""
SETS = 'language = "fr"\n[sets]\ncake = ["gateau(x)"]\n'
BROKEN_TEST = CAKE.replace('actor = "MLI", target', 'actor = "NER", target')
TEXT = "Le Mali interdit tout gâteau avec la France"
LIFTED = """
language = "fr"
[[rule]]
id = "fr.airspace_closure.lifted"
replaces = true
type = "airspace_closure"
match = ["~engloutir > (filiale|usine) <= 3"]
actor = ["subject"]
target = ["context"]
test = [{ text = "Le Mali engloutit la filiale.", actor = "MLI" }]
"""


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


def _rules(title: str, loaded: object, language: str = "fr") -> set[str]:
    from detection.folders import Loaded

    assert isinstance(loaded, Loaded)
    return {one.rule for one in detect(Document(title=title, text="", language=language), loaded.rules).signals}


def test_a_file_may_use_the_sets_of_the_folder(tmp_path: Path) -> None:
    loaded = load_folders((_write(tmp_path, cake=CAKE, sets=SETS),))
    assert loaded.refusals == ()
    assert loaded.own_rules == 1
    assert _rules(TEXT, loaded) == {"own.cake"}


def test_a_rule_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    reopened = "Le Mali rouvre son espace aérien aux avions français"
    assert _rules(reopened, load_folders()) == {"fr.airspace_closure.lifted"}
    loaded = load_folders((_write(tmp_path, own=LIFTED),))
    assert loaded.refusals == ()
    assert _rules(reopened, loaded) == set()
    assert _rules("Le Mali engloutit la filiale du groupe français", loaded) == {"fr.airspace_closure.lifted"}


def test_the_built_in_rule_stays_when_the_one_in_its_place_is_refused(tmp_path: Path) -> None:
    loaded = load_folders((_write(tmp_path, own=LIFTED.replace('actor = "MLI" }', 'actor = "NER" }')),))
    assert [error.rule for error in loaded.refusals] == ["fr.airspace_closure.lifted"]
    assert loaded.rules.version == load_rules().version
    assert _rules("Le Mali rouvre son espace aérien aux avions français", loaded) == {"fr.airspace_closure.lifted"}


def test_a_built_in_rule_can_be_switched_off(tmp_path: Path) -> None:
    loaded = load_folders((_write(tmp_path, off='language = "fr"\ndisable = ["fr.airspace_closure.lifted"]\n'),))
    assert loaded.refusals == ()
    assert "fr.airspace_closure.lifted" not in {rule.id for rule in loaded.rules.rules}
    assert _rules("Le Mali rouvre son espace aérien aux avions français", loaded) == set()


def test_a_language_of_ones_own(tmp_path: Path) -> None:
    spanish = """
language = "es"
[[rule]]
id = "es.expel_ambassador"
type = "expel_ambassador"
match = ["(expulsa|expulso|expulsan) > embajador <= 3"]
object = "embajador"
actor = ["subject"]
target = ["object", "other"]
test = [{ text = "Mali expulsa al embajador de France.", actor = "MLI", target = "FRA" }]
"""
    loaded = load_folders((_write(tmp_path, es=spanish),))
    assert loaded.refusals == ()
    assert _rules("Mali expulsa al embajador de France", loaded, "es") == {"es.expel_ambassador"}


def test_a_refused_rule_costs_no_other(tmp_path: Path) -> None:
    second = CAKE.replace("own.cake", "own.second").replace('actor = "MLI", target', 'actor = "NER", target')
    both = CAKE + second.split('language = "fr"')[1]
    loaded = load_folders((_write(tmp_path, both=both, sets=SETS, mud="language = ", empty="x = 1"),))
    assert {(error.file.name if error.file else "", error.rule) for error in loaded.refusals} == {
        ("both.toml", "own.second"), ("mud.toml", None), ("empty.toml", None),
    }  # fmt: skip
    assert _rules(TEXT, loaded) == {"own.cake"}


def test_a_rule_that_breaks_a_built_in_one_is_refused(tmp_path: Path) -> None:
    greedy = """
language = "fr"
[[rule]]
id = "own.greedy"
type = "expel_diplomats"
match = ["defenseur .. ~expulser <= 4"]
actor = ["other"]
target = ["other"]
"""
    loaded = load_folders((_write(tmp_path, greedy=greedy),))
    assert [error.rule for error in loaded.refusals] == ["own.greedy"]
    assert "breaks a test of fr.expel_diplomats" in loaded.refusals[0].reason
    assert 'disable = ["fr.expel_diplomats"]' in loaded.refusals[0].reason
    assert loaded.rules.version == load_rules().version


def test_a_broken_edit_leaves_the_file_in_its_earlier_version(tmp_path: Path) -> None:
    folder = _write(tmp_path, cake=CAKE, sets=SETS)
    first = load_folders((folder,))
    for broken in (BROKEN_TEST, "language = ", CAKE.replace("{cake}", "{pie}")):
        _write(tmp_path, cake=broken, other=CAKE.replace("own.cake", "own.more").replace("sanctions", "ngo_ban"))
        second = load_folders((folder,), first)
        assert [error.file for error in second.refusals] == [folder / "cake.toml"]
        assert second.kept == {folder / "cake.toml"}
        assert {"own.cake", "own.more"} == _rules(TEXT, second), "what else was edited is taken"
        third = load_folders((folder,), second)
        assert (third.rules.version, third.kept) == (second.rules.version, second.kept)
    _write(tmp_path, cake=CAKE.replace("<= 3", "<= 4"))
    mended = load_folders((folder,), second)
    assert (mended.refusals, mended.kept) == ((), frozenset())
    assert mended.rules.version != second.rules.version


def test_a_folder_that_goes_away_leaves_its_rules(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    first = load_folders((_write(folder, cake=CAKE, sets=SETS),))
    folder.rename(tmp_path / "elsewhere")
    second = load_folders((folder,), first)
    assert second.rules.version == first.rules.version
    assert "no such rule file or folder" in second.refusals[0].reason


def test_a_file_taken_away_takes_its_rules_along(tmp_path: Path) -> None:
    first = load_folders((_write(tmp_path, cake=CAKE, sets=SETS),))
    (tmp_path / "cake.toml").unlink()
    second = load_folders((tmp_path,), first)
    assert (second.refusals, second.own_rules) == ((), 0)
    assert second.rules.version != first.rules.version


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_fingerprint_and_digest_see_every_change(tmp_path: Path, change: str) -> None:
    _write(tmp_path, cake=CAKE, sets=SETS)
    before = fingerprint((tmp_path,)), digest((tmp_path,))
    if change == "edit":
        _write(tmp_path, cake=CAKE + "\n")
    elif change == "add":
        _write(tmp_path, more=SETS)
    else:
        (tmp_path / "cake.toml").unlink()
    after = fingerprint((tmp_path,)), digest((tmp_path,))
    assert before[0] != after[0]
    assert before[1] != after[1]


def _meaning(rules: RuleSet) -> list[tuple[str, list[list[frozenset[tuple[str, ...]]]]]]:
    """The phrases of every group of every line, whatever their numbers."""
    return [
        (rule.entry.id, [[one.index.phrases(number) for number in line.groups] for line in rule.lines])
        for one in rules.languages.values()
        for rule in one.rules
    ]


@pytest.mark.parametrize("sets", [{}, {"sets": SETS}], ids=["the sets of before", "further sets"])
def test_rules_mean_the_same_whatever_was_compiled_before(tmp_path: Path, sets: dict[str, str]) -> None:
    own = CAKE.replace("[[rule]]", '[sets]\ncake = ["tarte(s)"]\nmission = ["chapelle"]\n[[rule]]')
    built_in = _meaning(load_rules())
    loaded = load_folders((_write(tmp_path, own=own.replace("gâteaux", "tartes"), **sets),))
    assert loaded.refusals == ()
    alone = compile_rules(loaded.rules.files, _shared(loaded.rules.files))
    assert _meaning(loaded.rules) == _meaning(alone) != built_in
    # What the folder's own phrases stand for is forgotten with it.
    again = load_folders((_write(tmp_path, own=CAKE.replace("{cake}", "{mission}")),))
    assert _meaning(again.rules) == _meaning(compile_rules(again.rules.files, _shared(again.rules.files)))
    assert _meaning(load_rules()) == built_in


def test_no_garbage_is_collected_while_rules_are_compiled(tmp_path: Path) -> None:
    _write(tmp_path, cake=CAKE, sets=SETS)
    load_rules()
    collections: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        frames = inspect.stack(0)
        collections.extend(phase for frame in frames if frame.function == "_compile_language")

    gc.callbacks.append(note)
    try:
        load_folders((tmp_path,))
    finally:
        gc.callbacks.remove(note)
    assert collections == []
    assert gc.isenabled()
