"""Sentences and clauses of press text."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.sentences import MAX_TOKENS, dateline_end, sentence_spans, split_sentences
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
        # An abbreviation that is a word too ends a sentence unless a number follows.
        ("Air France perd son autorisation de vol. Le Mali se tait.", 2),
        ("Voir vol. 3 de l’ouvrage et art. 9. Fin.", 2),
        ("He said no. Mali left.", 2),
        ("Read no. 5 of the series. Done.", 2),
        ("Il vit à l’est. Le Mali est loin.", 2),
        # Others end it only before a word that opens sentences.
        ("They live in the U.S. The army left.", 2),
        ("The U.S. Army left at 5 p.m. on Monday.", 1),
        ("Des armes, des vivres, etc. Le convoi repart.", 2),
        ("Le 3 déc. 2025, il part.", 1),
        (unicodedata.normalize("NFD", "Le 3 déc. Bamako proteste"), 1),
        ("M. J.-Y. Le Drian, le gal. Traoré et Mme D. Diarra parlent.", 1),
        ("S.E. M. Diop part. Il rentre.", 2),
        ("« Il part. Bientôt. » Paris attend.", 3),
        ("Vraiment ?! Oui… Non.", 3),
        ("« Vraiment ? » demande-t-il. Oui.", 2),
    ],
)
def test_sentence_spans(text: str, sentences: list[str] | int) -> None:
    found = _texts(text)
    assert (found if isinstance(sentences, list) else len(found)) == sentences


@pytest.mark.parametrize(
    "dateline",
    [
        "Bamako (AFP) — ",
        "Bamako\u00a0(AFP)\u00a0–\u00a0",
        "PARIS, 19 sept (Reuters) - ",
        "Niamey, le 3 mars (ANP) ",
        "Niamey, le 3 mars (ANP) : ",
        "BAMAKO, Mali (AP) — ",
        "PARIS — ",
        "Ouagadougou, 12 févr. 2026 (AIB) – ",
        unicodedata.normalize("NFD", "Ouagadougou, 12 févr. 2026 (AIB) – "),
        "Bamako, le 3 mars – ",
        "Paris/Bamako (RFI) - ",
        "Addis Ababa (Ethiopia), March 3 (Xinhua) -- ",
        "Washington, March 3, 2026 (AFP) - ",
        "Moscou, 1er mars (TASS). ",
        "LOMÉ, le 4 juin -- ",
    ],
)
@pytest.mark.parametrize("news", ["Le Mali proteste.", "« Nous partons. »", "72 heures, dit Paris."])
def test_a_dateline_is_part_of_no_sentence(dateline: str, news: str) -> None:
    assert _texts(dateline + news) == _texts(news)
    assert _texts(f"Chapeau.\n{dateline}{news}")[1:] == _texts(news)


@pytest.mark.parametrize(
    "text",
    [
        "L’Union européenne (UE) a protesté.",
        "L’ONU (Minusma) Le retrait",
        "Le Mali (AES) — un pays",
        "Paris - Bamako : la rupture",
        "Assimi Goïta (AFP) a parlé",
        "Football (CAN) : le Mali bat le Togo",
        "Le président Goïta (Mali) — Un portrait",
        "Bamako, le 3 mars",
        "Bamako (AFP) —",
        "PARIS",
    ],
)
def test_what_only_looks_like_a_dateline_stays(text: str) -> None:
    assert "".join(_texts(text)) == text


@given(st.lists(st.sampled_from(["Bamako", "PARIS", ", ", "le 3 mars", "(AFP)", " ", "-", "—", "A", "é", "(", ")"])))
def test_what_follows_a_dateline_begins_a_sentence(parts: list[str]) -> None:
    text = "".join(parts)
    end = dateline_end(text, 0, len(text))
    assert 0 <= end < max(len(text), 1)
    assert not end or not text[end].islower()


@given(st.text(alphabet="ab. !?\n«»“”M\u00a0é,"))
def test_sentences_lose_no_letter_and_keep_order(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


PIECES = [
    "Bamako (AFP) — ",
    "Le Mali",
    "M. Keïta",
    "n° 5",
    "3.5 %",
    "le 3 déc. 2025",
    "U.S.",
    " ",
    " ",
    ". ",
    ".",
    " ! ",
    " ? ",
    "…",
    "« ",
]
PIECES += [" »", "l’État", "’", "J. Meyer", "élu", "Élysée", "à", ", ", "\n", "vol", "art. 9", "etc", "Çà"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_typography_moves_no_border(text: str) -> None:
    def borders(other: str) -> list[str]:
        parts = [unicodedata.normalize("NFC", part) for part in _texts(other)]
        return [part.replace("’", "'").replace("\u00a0", " ") for part in parts]

    composed = unicodedata.normalize("NFC", text)
    for other in (
        unicodedata.normalize("NFD", text),
        composed.replace("’", "'"),
        composed.replace(" ", "\u00a0"),
    ):
        assert borders(other) == borders(composed)


@given(st.text())
def test_any_text_is_cut_the_same_way_twice(text: str) -> None:
    for start, end in sentence_spans(text):
        assert text[start:end].strip()
        assert "\n" not in text[start:end]


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
