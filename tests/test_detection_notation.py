"""The notation of rule files: readings, inflections, lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.inflect import inflect
from detection.notation import NotationError, expand, split_outside
from detection.patterns import PhraseIndex, Vocabulary, compile_line, match_line
from detection.text import words_of


@pytest.mark.parametrize(
    ("source", "readings"),
    [
        ("consul(s)", {"consul", "consuls"}),
        ("ambassad(eur|rice)(s)", {"ambassadeur", "ambassadeurs", "ambassadrice", "ambassadrices"}),
        ("quitter (le) pays", {"quitter pays", "quitter le pays"}),
        ("a|b c", {"a", "b c"}),
        ("(x|y(z|w))", {"x", "yz", "yw"}),
    ],
)
def test_expand(source: str, readings: set[str]) -> None:
    assert expand(source) == readings


@pytest.mark.parametrize("source", ["a(b", "a)b", "(a|b"])
def test_brackets_must_match(source: str) -> None:
    with pytest.raises(NotationError):
        expand(source)


def test_too_many_readings_are_refused() -> None:
    with pytest.raises(NotationError, match="readings"):
        expand("(a|b|c|d|e|f|g|h)" * 6)


@given(st.text(alphabet="ab()| {}", max_size=12))
def test_expand_gives_readings_or_says_why_not(source: str) -> None:
    try:
        readings = expand(source)
    except NotationError:
        return
    assert all("(" not in reading and reading == " ".join(reading.split()) for reading in readings)


def test_split_outside_respects_brackets() -> None:
    assert split_outside("a|(b|c)|{d|e}", "|") == ["a", "(b|c)", "{d|e}"]


def test_french_verbs() -> None:
    assert {"rappelle", "rappela", "rappele", "rappelees", "rappellera"} <= inflect("rappeler", "fr")
    assert {"exigea", "exigeait", "exige"} <= inflect("exiger", "fr")
    assert {"rompu", "rompt", "rompra"} <= inflect("rompre", "fr")
    assert "met fin" in inflect("mettre fin", "fr")


def test_english_verbs() -> None:
    assert {"expelled", "expels", "expelling"} <= inflect("expel", "en")
    assert {"threw out", "throws out", "thrown out"} <= inflect("throw out", "en")
    assert {"denies", "denied"} <= inflect("deny", "en")


def test_an_unknown_verb_is_named() -> None:
    with pytest.raises(KeyError):
        inflect("xyz", "fr")


def _matches(line: str, text: str) -> list[str]:
    index = PhraseIndex(Vocabulary("fr", {"dip": ["diplomate(s)", "consul(s)"]}))
    compiled = compile_line(line, index, index.vocabulary)
    words = words_of(text)
    hits = index.scan(words, 0, len(words), {})
    found = match_line(compiled, hits)
    return [" ".join(words[min(a for a, _ in spans) : max(b for _, b in spans)]) for spans in found]


def test_order_and_gap() -> None:
    assert _matches("~expulser > {dip} <= 2", "Ils expulsent les deux consuls") == ["expulsent les deux consuls"]
    assert _matches("~expulser > {dip} <= 1", "Ils expulsent les deux consuls") == []
    assert _matches("~expulser > {dip} <= 5", "Les consuls furent expulsés") == []
    assert _matches("~expulser .. {dip} <= 5", "Les consuls furent expulsés") == ["consuls furent expulses"]


def test_stems_match_the_beginning_of_a_word() -> None:
    assert _matches("дипломат* > нон", "дипломатов нон") == ["дипломатов нон"]


@pytest.mark.parametrize("line", ["{unknown}", "a > b .. c", "a <= 99", "~zzz", "a <= 2 > b", "..."])
def test_a_line_that_is_not_well_written_is_refused(line: str) -> None:
    index = PhraseIndex(Vocabulary("fr", {}))
    with pytest.raises(NotationError):
        compile_line(line, index, index.vocabulary)


def test_a_set_that_holds_itself_is_refused() -> None:
    vocabulary = Vocabulary("fr", {"a": ["{b}"], "b": ["{a}"]})
    with pytest.raises(NotationError, match="holds itself"):
        vocabulary.phrases("{a}")
