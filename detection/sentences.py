"""Sentences and clauses of French and English press text, with offsets.

A newline always ends a sentence: paragraphs, headlines and datelines stand on lines of their own.
Clauses bound how far a word like « pourrait » or "denies" reaches.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detection.text import Tokens, words_of

#: a sentence longer than this many tokens is cut: no text may make matching slow
MAX_TOKENS = 150

_FILE = Path(__file__).with_name("sentences.toml")
_TERMINATOR = re.compile(r"""[.!?…]+["'»”’)\]]*(?:[\s\u00a0\u202f]*»)?(?=[\s\u00a0\u202f])""")
_WORD_BEFORE = re.compile(r"[^\s\u00a0\u202f\"'«»“”’()\[\],;:]+$")
_OPENERS = "\"'«“”‘’([—–-\u00a0\u202f \t"
_CLAUSE_MARKS = re.compile(r"[;:,()\[\]—–]|\s-\s")


@cache
def _data() -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    """Return abbreviations that a full stop does not end, and words that open a clause."""
    data = tomllib.loads(_FILE.read_text("utf-8"))
    return frozenset(data["abbreviations"]), frozenset(words_of(words) for words in data["clause_openers"])


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence by characters and by tokens."""

    #: 0 is the title
    index: int
    start: int
    end: int
    #: index of its first token
    first: int
    #: index after its last token
    last: int
    #: clause number of each token, counted from 0
    clauses: tuple[int, ...]

    def clause_of(self, token: int) -> int:
        """Return the clause number of a token given by its index in the text."""
        return self.clauses[token - self.first]


def _ends_sentence(text: str, begin: int, mark: re.Match[str]) -> bool:
    """Say whether the full stop (or ! or ?) of ``mark`` closes the sentence begun at ``begin``."""
    rest = text[mark.end() : mark.end() + 12].lstrip(_OPENERS)
    if rest and rest[0].islower():
        return False
    if mark[0][0] != ".":
        return True
    before = _WORD_BEFORE.search(text, max(begin, mark.start() - 24), mark.start())
    if before is None:
        return True
    word = before[0].lower().replace("’", "'").rsplit("'", 1)[-1]
    initial = len(word) == 1 and word.isalpha() and before[0].isupper()
    return not (initial or word in _data()[0])


def _line_spans(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for mark in _TERMINATOR.finditer(text, begin, end):
        if _ends_sentence(text, begin, mark):
            spans.append((begin, mark.end()))
            begin = mark.end()
    spans.append((begin, end))
    return spans


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    inside = text[begin:end]
    return begin + len(inside) - len(inside.lstrip()), begin + len(inside.rstrip())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of every sentence that is not blank, in order."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for line in text.splitlines(keepends=True):
        stop = begin + len(line)
        for span in _line_spans(text, begin, begin + len(line.rstrip())):
            start, end = _trimmed(text, *span)
            if start < end:
                spans.append((start, end))
        begin = stop
    return spans


def _clauses(text: str, tokens: Tokens, first: int, last: int) -> tuple[int, ...]:
    openers = _data()[1]
    heads = {words[0] for words in openers}
    clause = 0
    numbers: list[int] = []
    for at in range(first, last):
        if at > first:
            between = text[tokens.ends[at - 1] : tokens.starts[at]]
            marked = len(between) > 1 and _CLAUSE_MARKS.search(between) is not None
            word = tokens.words[at]
            if not marked and word in heads:
                marked = any(tokens.words[at : at + size] in openers for size in (1, 2, 3, 4))
            clause += marked
        numbers.append(clause)
    return tuple(numbers)


def split_sentences(text: str, tokens: Tokens, *, title_end: int) -> tuple[Sentence, ...]:
    r"""Return the sentences of ``title + "\n" + text``; the title, however written, is number 0.

    Args:
        text: as printed.
        tokens: of the folded text.
        title_end: length of the title.
    """
    spans = [_trimmed(text, 0, title_end)]
    spans += [(start + title_end, end + title_end) for start, end in sentence_spans(text[title_end:])]
    sentences: list[Sentence] = []
    for start, end in spans:
        first, stop = tokens.first_at(start), tokens.first_at(end)
        for begin in range(first, max(stop, first + 1), MAX_TOKENS):
            last = min(begin + MAX_TOKENS, stop)
            inner_start = start if begin == first else tokens.starts[begin]
            inner_end = end if last == stop else tokens.ends[last - 1]
            clauses = _clauses(text, tokens, begin, last)
            sentences.append(Sentence(len(sentences), inner_start, inner_end, begin, last, clauses))
    return tuple(sentences)
