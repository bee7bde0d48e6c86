"""Sentences and clauses of press text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.sentences import MAX_TOKENS, sentence_spans, split_sentences
from detection.text import fold, tokenize


def _texts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("M. Diop a parlé. Mme Barro aussi.", ["M. Diop a parlé.", "Mme Barro aussi."]),
        ("Le taux est de 3.5 %. Rien d’autre.", ["Le taux est de 3.5 %.", "Rien d’autre."]),
        ("Selon l’art. 9 de la convention, il part. Fin.", ["Selon l’art. 9 de la convention, il part.", "Fin."]),
        ("The U.S. Embassy closed. Staff left.", ["The U.S. Embassy closed.", "Staff left."]),
        ("« Nous partons. » Il a souri.", ["« Nous partons. »", "Il a souri."]),
        ("“We are leaving.” He smiled.", ["“We are leaving.”", "He smiled."]),
        ("Est-ce vrai ? Non.", ["Est-ce vrai ?", "Non."]),
        ("Titre sans point\nPremière phrase", ["Titre sans point", "Première phrase"]),
        ("Dr. A. Keita est venu. Bien.", ["Dr. A. Keita est venu.", "Bien."]),
        ("Il a dit : « non ». Puis rien.", ["Il a dit : « non ».", "Puis rien."]),
    ],
)
def test_sentence_spans(text: str, sentences: list[str]) -> None:
    assert _texts(text) == sentences


@given(st.text(alphabet="ab. !?\n«»“”M\u00a0é,"))
def test_sentences_lose_no_letter_and_keep_order(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


def test_the_title_is_sentence_zero_even_when_it_holds_full_stops() -> None:
    title = "Mali. La France réagit."
    text = f"{title}\nUne phrase."
    sentences = split_sentences(text, tokenize(fold(text)), title_end=len(title))
    assert [text[one.start : one.end] for one in sentences] == [title, "Une phrase."]


def test_an_empty_title_is_still_sentence_zero() -> None:
    text = "\nUne phrase."
    sentences = split_sentences(text, tokenize(fold(text)), title_end=0)
    assert [one.index for one in sentences] == [0, 1]
    assert sentences[0].first == sentences[0].last


def test_clauses_break_at_marks_and_conjunctions() -> None:
    text = "\nParis suspend l’aide, mais Bamako attend tandis que Rome regarde"
    tokens = tokenize(fold(text))
    sentence = split_sentences(text, tokens, title_end=0)[1]
    clause = {word: sentence.clause_of(at) for at, word in enumerate(tokens.words)}
    assert clause["paris"] == clause["aide"] < clause["bamako"] < clause["rome"]


def test_an_endless_sentence_is_cut() -> None:
    text = "\n" + "mot " * (MAX_TOKENS * 2 + 5)
    sentences = split_sentences(text, tokenize(fold(text)), title_end=0)
    assert len(sentences) == 4
    assert max(one.last - one.first for one in sentences) == MAX_TOKENS
