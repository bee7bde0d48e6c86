"""Looks for a phrase in a text that is asked about once, without cutting the text into words.

A watch is one of many that ask about an article, so the article's words are cut and folded once for all of them
(:mod:`detection.query.words`). A search asks many articles about one query: there it is several times as quick to fold
the characters alone and to look for the phrase between spaces. The answers are the same; a test holds them together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from detection.query.characters import FOLDING
from detection.query.nodes import Phrase

#: first character and the one after the last
Span: TypeAlias = tuple[int, int]

#: ligatures count as two letters (:func:`detection.query.words.spelled_out`), so either spelling is looked for
_LIGATURES = {"oe": "(?:oe|œ)", "ae": "(?:ae|æ)"}
_HALVES = {"o": "œ", "a": "æ"}


def occurs(phrase: Phrase, text: str) -> bool | None:
    """Whether a phrase stands in a text; None where the text's words must be cut to tell."""
    folded = _folded(text)
    if folded is None or phrase.exactly is not None:
        return None
    return _pattern(phrase.words, prefix=phrase.prefix).search(folded) is not None


def places(phrase: Phrase, text: str) -> list[Span] | None:
    """Return where a phrase stands in a text, in characters, ascending; None where its words must be cut to tell."""
    folded = _folded(text)
    if folded is None or phrase.exactly is not None:
        return None
    return list(_each(_pattern(phrase.words, prefix=phrase.prefix), folded))


def _each(pattern: re.Pattern[str], folded: str) -> Iterator[Span]:
    found = pattern.search(folded)
    while found is not None:
        # The space before the first word stands where the character before it does.
        yield found.start(), found.end() - 1
        found = pattern.search(folded, found.start() + 1)


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...], *, prefix: bool) -> re.Pattern[str]:
    spelled = " +".join(re.sub("oe|ae", lambda two: _LIGATURES[two[0]], re.escape(word)) for word in words)
    if prefix:
        # A beginning may end in the midst of a ligature.
        spelled = re.sub("[oa]$", lambda one: f"[{one[0]}{_HALVES[one[0]]}]", spelled) + "[^ ]*"
    return re.compile(f" {spelled}(?= )")


@lru_cache(maxsize=32)
def _folded(text: str) -> str | None:
    """Return a text folded character by character, a space at either end; None where its characters do not stay put."""
    folded = text.translate(FOLDING)
    return f" {folded} " if len(folded) == len(text) else None
