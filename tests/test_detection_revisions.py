"""The word diff loses nothing and ends in time; signals that came or went are told apart."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.revisions import Op, Span, signal_changes, spans_by_line, word_diff
from storage.types import Signal, Status

TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(["Paris", " ", "Mali", "\n", "expulse", "’", " ", ",", "a"]), max_size=40).map("".join),
)


def old_of(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans if span.op is not Op.INSERT)


def new_of(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans if span.op is not Op.DELETE)


def shown(old: str, new: str) -> str:
    marks = {Op.EQUAL: "{}", Op.DELETE: "[-{}-]", Op.INSERT: "{{+{}+}}"}
    return "".join(marks[span.op].format(span.text) for span in word_diff(old, new))


@given(TEXT, TEXT, st.sampled_from([0, 1, 7, 2_000_000]))
def test_nothing_is_lost(old: str, new: str, steps: int) -> None:
    spans = word_diff(old, new, max_steps=steps)
    assert (old_of(spans), new_of(spans)) == (old, new)
    assert all(span.text for span in spans)
    assert all(one.op is not other.op for one, other in itertools.pairwise(spans))


@given(TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert word_diff(text, text) == ((Span(Op.EQUAL, text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Paris rappelle son chef.", "Paris expulse l’autre chef.", "Paris [-rappelle son-]{+expulse l’autre+} chef."),
        ("trois agents", "cinq agents", "[-trois-]{+cinq+} agents"),
        ("un deux", "trois quatre", "[-un deux-]{+trois quatre+}"),
        ("Un.\nDeux.\nTrois.", "Un.\nTrois.", "Un.\n[-Deux.\n-]Trois."),
        ("Un.\nDeux mots.", "Un.\nDeux autres mots.", "Un.\nDeux {+autres +}mots."),
        ("", "tout", "{+tout+}"),
        ("tout", "", "[-tout-]"),
    ],
)  # fmt: skip
def test_a_diff_reads_as_a_person_would_mark_it(old: str, new: str, expected: str) -> None:
    assert shown(old, new) == expected


def test_a_diff_is_shown_paragraph_by_paragraph() -> None:
    lines = spans_by_line(word_diff("Un.\nDeux agents.\nFin.", "Un.\nTrois agents.\nFin."))
    assert [[(span.op.value, span.text) for span in line] for line in lines] == [
        [("equal", "Un.")],
        [("delete", "Deux"), ("insert", "Trois"), ("equal", " agents.")],
        [("equal", "Fin.")],
    ]
    assert spans_by_line(()) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mot " * 50_000, "autre " * 33_333),
        ("a b " * 50_000, "b a c " * 33_333),
        ("\n" * 200_000, "x\n" * 100_000),
        (" ".join(map(str, range(36_000))), " ".join(map(str, range(36_000, 0, -1)))),
    ],
    ids=["other-words", "woven", "empty-lines", "reversed"],
)
def test_texts_of_200_000_characters_end_in_time(old: str, new: str) -> None:
    begun = time.process_time()
    spans = word_diff(old, new)
    assert time.process_time() - begun < 20
    assert (old_of(spans), new_of(spans)) == (old, new)


def test_one_word_in_each_paragraph_of_a_long_text_is_found() -> None:
    paragraphs = [f"Le point {n} du communiqué concerne les visas et rien d’autre. " * 5 for n in range(500)]
    spans = word_diff("\n".join(paragraphs), "\n".join(p.replace("communiqué", "message", 1) for p in paragraphs))
    changed = [span.text for span in spans if span.op is not Op.EQUAL]
    assert changed == ["communiqué", "message"] * 500


EXPULSION = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="s", start=0, end=5,
    rule="fr.expel", cues=(),
)  # fmt: skip
RECALL = replace(EXPULSION, type="recall_ambassador", actor="FRA", target="MLI")


def test_signals_that_came_or_went_are_told_once_each() -> None:
    again = replace(EXPULSION, start=90, end=99, rule="fr.other")
    changes = signal_changes((EXPULSION,), (again, RECALL, replace(RECALL, start=50)))
    assert (changes.added, changes.dropped) == ((RECALL,), ())
    denied = replace(EXPULSION, status=Status.DENIED)
    changes = signal_changes((EXPULSION, RECALL), (denied, RECALL))
    assert (changes.added, changes.dropped) == ((denied,), (EXPULSION,))
    assert signal_changes((), ()).added == ()
