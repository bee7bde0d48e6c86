"""Marks in texts: nothing is lost, whatever the offsets say, and the evidence is found where it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from review.marking import emphasise, mark_lines, sentence_span
from storage.types import Signal, Status

ALPHABET = st.sampled_from("ab .\n😀é\u0301\u200d👩🏽‍🚀«»<&\u202f")
TEXTS = st.text(ALPHABET, max_size=60)


def signal(sentence: str, start: int, end: int, severity: int = 4) -> Signal:
    return Signal(
        type="expel_diplomats", severity=severity, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=sentence,
        start=start, end=end, rule="r",
    )  # fmt: skip


@given(
    TEXTS.filter(lambda text: "\n" not in text),
    TEXTS,
    st.lists(st.tuples(TEXTS, st.integers(-5, 130), st.integers(-5, 130), st.integers(1, 5)), max_size=5),
)
def test_the_pieces_put_together_are_the_text(title: str, text: str, places: list[tuple[str, int, int, int]]) -> None:
    signals = [signal(sentence, start, end, severity) for sentence, start, end, severity in places]
    lines = mark_lines(title, text, signals)
    printed = "\n".join("".join(piece.text for run in runs for piece in run.pieces) for runs in lines)
    assert printed == f"{title}\n{text}"
    for runs in lines:
        for run in runs:
            assert bool(run.severity) == bool(run.signals)
            assert set(run.beginning) <= set(run.signals)
            if not run.signals:
                assert not any(piece.trigger for piece in run.pieces)


@given(st.lists(TEXTS.filter(lambda text: text.strip() != ""), min_size=1, max_size=6), st.data())
def test_a_sentence_is_marked_where_its_trigger_stands(sentences: list[str], data: st.DataObject) -> None:
    sentences = [" ".join(sentence.split()) for sentence in sentences]
    title, text = "Titre", " ".join(sentences)
    number = data.draw(st.integers(0, len(sentences) - 1))
    chosen = sentences[number]
    at = len(title) + 1 + sum(len(sentence) + 1 for sentence in sentences[:number])
    start = data.draw(st.integers(at, at + len(chosen) - 1))
    end = data.draw(st.integers(start + 1, at + len(chosen)))
    full = f"{title}\n{text}"
    span = sentence_span(full, signal(chosen, start, end))
    assert span is not None
    assert full[span[0] : span[1]] == chosen
    assert span[0] <= start
    assert end <= span[1]
    runs = [run for line in mark_lines(title, text, [signal(chosen, start, end)]) for run in line if run.signals]
    assert chosen in "".join(piece.text for run in runs for piece in run.pieces)
    assert full[start:end] in "".join(piece.text for run in runs for piece in run.pieces if piece.trigger)


def test_a_repeated_sentence_is_marked_at_the_right_place_only() -> None:
    text = "Bamako expulse. Rien. Bamako expulse."
    start = len("T\n") + text.rindex("expulse")
    runs = mark_lines("T", text, [signal("Bamako expulse.", start, start + 7)])[1]
    assert [(bool(run.signals), "".join(piece.text for piece in run.pieces)) for run in runs] == [
        (False, "Bamako expulse. Rien. "),
        (True, "Bamako expulse."),
    ]


def test_a_sentence_over_a_line_break_is_marked_on_both_lines() -> None:
    text = "Bamako a\nexpulsé deux diplomates. Suite."
    start = len("T\n") + text.index("expulsé")
    _, first, second = mark_lines("T", text, [signal("Bamako a expulsé deux diplomates.", start, start + 7)])
    assert first[0].signals == (1,)
    assert first[0].beginning == (1,)
    assert second[0].signals == (1,)
    assert second[0].beginning == ()
    assert [piece.text for piece in second[0].pieces if piece.trigger] == ["expulsé"]


def test_emoji_and_combining_marks_do_not_shift_the_mark() -> None:
    title, sentence = "👩🏽‍🚀 E\u0301lan", "Le Mali a expulse\u0301 deux diplomates."
    text = f"😀😀 intro.\n{sentence}"
    start = len(title) + 1 + text.index("expulse")
    # An end that would cut the accent from its letter moves behind it.
    runs = mark_lines(title, text, [signal(sentence, start, start + len("expulse"))])[2]
    assert [piece.text for piece in runs[0].pieces if piece.trigger] == ["expulse\u0301"]


def test_two_signals_in_one_sentence_share_its_mark_at_the_higher_severity() -> None:
    sentence = "Paris rappelle son ambassadeur et suspend son aide."
    places = [(sentence.index(word) + 2, word) for word in ("rappelle", "suspend")]
    signals = [
        signal(sentence, at, at + len(word), severity) for (at, word), severity in zip(places, (3, 5), strict=True)
    ]
    (run,) = mark_lines("T", sentence, signals)[1]
    assert run.signals == run.beginning == (1, 2)
    assert run.severity == 5
    assert [piece.text for piece in run.pieces if piece.trigger] == ["rappelle", "suspend"]


def test_a_sentence_that_is_not_there_leaves_the_trigger_marked() -> None:
    runs = mark_lines("T", "Un texte changé.", [signal("Une phrase absente.", 5, 10)])[1]
    assert [[piece.text for piece in run.pieces] for run in runs if run.signals] == [["texte"]]


@given(TEXTS, TEXTS)
def test_emphasis_keeps_the_sentence(sentence: str, trigger: str) -> None:
    pieces = emphasise(sentence, trigger)
    assert "".join(piece.text for piece in pieces) == sentence
    assert [piece.text for piece in pieces if piece.trigger] == ([trigger] if trigger and trigger in sentence else [])
