"""A text taken apart: clauses, cues, masks, and every match once."""

from datetime import UTC, datetime

from detection.engine import Document, load_rules
from detection.explaining import explain

TEXT = (
    "Le Mali n’a pas hésité à expulser deux diplomates français, "
    "mais Paris pourrait rappeler son ambassadeur à Bamako. Le marché est calme."
)
DOCUMENT = Document(title="Crise", text=TEXT, published_at=datetime(2026, 3, 1, tzinfo=UTC), language="fr")


def test_clauses_carry_the_cues_that_stand_in_them() -> None:
    _, sentences = explain(DOCUMENT, load_rules())
    (sentence,) = [one for one in sentences if one.index == 1]
    first, *rest = sentence.clauses
    assert {cue.meaning for cue in first.cues} == {"mask"}
    assert any(cue.meaning == "hypothetical" and cue.words == "pourrait" for clause in rest for cue in clause.cues)
    assert " ".join(clause.text for clause in sentence.clauses).startswith("Le Mali n’a pas hésité")


def test_every_step_is_told_once() -> None:
    found, sentences = explain(DOCUMENT, load_rules())
    assert sorted(map(repr, found.trace)) == sorted(repr(step) for one in sentences for step in one.steps)


def test_sentences_without_a_match_are_told_on_demand() -> None:
    _, few = explain(DOCUMENT, load_rules())
    _, all_of_them = explain(DOCUMENT, load_rules(), every=True)
    assert {one.index for one in few} == {1}
    assert {one.index for one in all_of_them} == {0, 1, 2}


def test_a_text_without_a_state_has_nothing_to_explain() -> None:
    assert explain(Document(title="", text="Il pleut."), load_rules())[1] == ()
