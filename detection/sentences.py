"""Sentences and clauses of French and English press text, with offsets.

A newline always ends a sentence: paragraphs, headlines and datelines stand on lines of their own.
Clauses bound how far a word like « pourrait » or "denies" reaches.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

from detection.text import Tokens, fold, words_of, written_out

#: a sentence longer than this many tokens is cut: no text may make matching slow
MAX_TOKENS = 150

_FILE = Path(__file__).with_name("sentences.toml")
#: a whole run of marks, so that a line of dots is read once, and what may stand between it and the next sentence
_MARKS = re.compile(r"[.!?…؟]++")
_CLOSED = re.compile(r"""["'»”’)\]]*+(?:[\s\u00a0\u202f]*+»)?(?=[\s\u00a0\u202f])""")
_WORD_BEFORE = re.compile(r"[^\s\u00a0\u202f\"'«»“”’()\[\],;:]+$")
_OPENERS = "\"'«“”‘’([—–-\u00a0\u202f \t"
_INITIAL = re.compile(r"(?:[^\W\d_]\.?-)*[^\W\d_]")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?![^\W\d_])")
_CLAUSE_MARKS = re.compile(r"[;:,،؛()\[\]—–]|\s-\s")

_MONTH = r"(?i:jan|f[eé]|ma[riy]|a[voup]|ju[inl]|sep|oct|nov|d[eé])[^\s\d,(.]{0,9}\.?"
_DATE = rf"(?:le\s|on\s)?(?:\d{{1,2}}(?:er|st|nd|rd|th)?\s{_MONTH}|{_MONTH}\s\d{{1,2}})(?:,?\s\d{{4}})?"
_DATELINE = re.compile(
    rf"""
    (?P<place>[^\W\d_][^\d(:;.!?—–«»"“”]{{1,40}}?)
    (?:\s\([A-Z][^()\d]{{2,20}}\)(?=,))?
    (?:,\s?(?P<date>{_DATE}))?
    (?:
        \s?\((?P<agency>[A-Z][^()]{{1,24}})\)(?:,?\s?{_DATE})?(?:\s?(?:[—–:.]|--?(?=\s)))?
      | \s?(?:[—–]|\s--?(?=\s))
    )\s*
    """,
    re.VERBOSE,
)
#: what every dateline holds; few lines do
_FILED = re.compile(r"[(—–-](?:(?<!-)|(?=\s))")
_DATELINE_LENGTH = 100
_PLACE_WORDS = 5
_PLACE_LINKS = frozenset({"de", "du", "la", "le", "et", "and", "of", "-"})
#: articles: « L’ONU (Minusma) » opens a sentence, no dateline
_NO_PLACES = frozenset((article,) for article in ("le", "la", "les", "l", "un", "une", "des", "the", "a", "an"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """``sentences.toml``."""

    titles: frozenset[str]
    numbered: frozenset[str]
    shortened: frozenset[str]
    openers: frozenset[str]
    clause_openers: frozenset[tuple[str, ...]]
    #: their first words
    clause_heads: frozenset[str]


@cache
def _data() -> _Data:
    data = tomllib.loads(_FILE.read_text("utf-8"))
    clause_openers = frozenset(words_of(words) for words in data["clause_openers"])
    return _Data(
        titles=frozenset(data["titles"]),
        numbered=frozenset(data["numbered"]),
        shortened=frozenset(data["shortened"]),
        openers=frozenset(data["openers"]),
        clause_openers=clause_openers,
        clause_heads=frozenset(words[0] for words in clause_openers),
    )


@dataclass(frozen=True)
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
    #: the text as printed, and its tokens
    text: str = field(repr=False, compare=False)
    tokens: Tokens = field(repr=False, compare=False)

    @cached_property
    def clauses(self) -> tuple[int, ...]:
        """Clause number of each token, counted from 0; most sentences are never asked."""
        return _clauses(self.text, self.tokens, self.first, self.last)

    def clause_of(self, token: int) -> int:
        """Return the clause number of a token given by its index in the text."""
        return self.clauses[token - self.first]


@lru_cache(maxsize=8_192)
def _bare(word: str) -> str:
    """Return a printed word folded, without what is elided before it."""
    return written_out(fold(word)).rsplit("'", 1)[-1]


def _ends_sentence(text: str, begin: int, mark: int, end: int) -> bool:
    """Say whether the full stop (or ! or ?) at ``mark``, closed at ``end``, ends the sentence begun at ``begin``."""
    rest = text[end : end + 12].lstrip(_OPENERS)
    if rest and rest[0].islower():
        return False
    if text[mark] != ".":
        return True
    before = _WORD_BEFORE.search(text, max(begin, mark - 24), mark)
    if before is None:
        return True
    word = _bare(before[0])
    data = _data()
    initial = before[0].isupper() and _INITIAL.fullmatch(word)
    if initial or word in data.titles:
        return False
    if word in data.numbered:
        return not rest[:1].isdigit()
    if word in data.shortened:
        following = _FIRST_WORD.match(written_out(fold(rest)))
        return following is not None and following[0] in data.openers
    return True


def dateline_end(text: str, begin: int, end: int) -> int:
    """Return where a line goes on after its dateline (« Bamako (AFP) — »), ``begin`` without one.

    A dateline says where and when a dispatch was filed, not who acts and when.
    """
    limit = min(end, begin + _DATELINE_LENGTH)
    found = _DATELINE.match(text, begin, limit) if _FILED.search(text, begin, limit) else None
    if found is None:
        return begin
    place = found["place"].replace(",", " ").replace("/", " ").split()
    named = len(place) <= _PLACE_WORDS and all(word[0].isupper() or word in _PLACE_LINKS for word in place)
    filed = found["agency"] is not None or found["date"] is not None or found["place"].isupper()
    rest = text[found.end() : found.end() + 4].lstrip(_OPENERS)
    begins = bool(rest) and not rest[0].islower()
    return found.end() if named and filed and begins and words_of(place[0])[:1] not in _NO_PLACES else begin


def _line_spans(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for run in _MARKS.finditer(text, begin, end):
        mark = run.start()
        closed = _CLOSED.match(text, run.end(), end)
        # Marks that a dateline begins are not those of a sentence: « Bamako (AFP)... ».
        if closed is None or (mark and text[mark - 1] in ".!?…"):
            continue
        if _ends_sentence(text, begin, mark, closed.end()):
            spans.append((begin, closed.end()))
            begin = closed.end()
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
        opening = dateline_end(text, begin, stop)
        for span in _line_spans(text, opening, begin + len(line.rstrip())):
            start, end = _trimmed(text, *span)
            if start < end:
                spans.append((start, end))
        begin = stop
    return spans


def _opens(words: Sequence[str], at: int) -> bool:
    """Say whether words that open a clause stand at a place."""
    return any(words[at : at + size] in _data().clause_openers for size in (1, 2, 3, 4))


def _clauses(text: str, tokens: Tokens, first: int, last: int) -> tuple[int, ...]:
    heads = _data().clause_heads
    words, starts, ends = tokens.words, tokens.starts, tokens.ends
    clause = 0
    numbers: list[int] = []
    before = starts[first] if first < last else 0
    for at in range(first, last):
        begin = starts[at]
        # Between most words there is a space and nothing else.
        apart = begin - before > 1 and _CLAUSE_MARKS.search(text, before, begin)
        if apart or (words[at] in heads and at > first and _opens(words, at)):
            clause += 1
        before = ends[at]
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
            sentences.append(Sentence(len(sentences), inner_start, inner_end, begin, last, text, tokens))
    return tuple(sentences)
