"""Regular expressions in a query, by RE2: the time to search a text grows with its length alone, whatever the pattern.

Look-around and back-references, which cannot be bounded so, are refused by RE2 itself. Text and pattern are folded
alike, so that capitals, accents, ligatures and the shape of an apostrophe do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import re2

from detection.query.characters import MARKS

#: characters of a pattern, at most
MAX_PATTERN = 200
#: bytes that RE2 may use for one pattern; it bounds the work for each character of a text
_MAX_MEMORY = 2 * 1024 * 1024
_ALIKE = str.maketrans({
    "’": "'", "‘": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "‐": "-", "‑": "-",
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE",
})  # fmt: skip
_NO_MARKS = {ord(mark): None for mark in MARKS}


#: a letter with the marks that follow it; a character of ASCII with all that are none
_LETTER = re.compile(rf"(?s:.)[{''.join(sorted(MARKS))}]*")
_RUN = re.compile(r"(?s:.)[^\x00-\x7f]*")


class PatternError(ValueError):
    """RE2 cannot read a pattern, or it would take too much."""


def fold_letters(text: str) -> str:
    """Return text without accents, with ligatures spelled out and plain apostrophes, spaces and hyphens."""
    if not text.isascii():
        apart = unicodedata.normalize("NFD", text.translate(_ALIKE))
        text = unicodedata.normalize("NFC", apart.translate(_NO_MARKS))
    # RE2 reads UTF-8, which has no half characters.
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Any:
    """Return a pattern ready to search.

    Raises:
        PatternError: it cannot be read, or takes too much.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(fold_letters(pattern), options)
    except re2.error as error:
        given = error.args[0] if error.args else ""
        raise PatternError(given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)) from error


@lru_cache(maxsize=8)
def _folded(text: str) -> str:
    return fold_letters(text)


def occurs(pattern: str, text: str) -> bool:
    """Whether a pattern that :func:`compiled` accepts occurs in a text."""
    return compiled(pattern).search(_folded(text)) is not None


def found_at(pattern: str, text: str, most: int) -> Iterator[tuple[int, int]]:
    """Yield where a pattern occurs in a text: first character and the one after the last, at most so many times."""
    folded = _folded(text)
    places = None if folded == text else _places(text, folded)
    for found in islice(compiled(pattern).finditer(folded), most):
        first, last = found.span()
        if first == last:
            continue
        if places is None:
            yield first, last
        else:
            yield places[first][0], places[last - 1][1]


def _places(text: str, folded: str) -> list[tuple[int, int]]:
    """Return for each character of a folded text which characters it was made of."""
    # Letters with their accents are folded one by one; where letters grow together with others, runs of them are.
    for parts in (_LETTER, _RUN):
        found: list[tuple[int, int]] = []
        pieces = []
        for part in parts.finditer(text):
            piece = part[0] if part[0].isascii() else fold_letters(part[0])
            pieces.append(piece)
            found += [part.span()] * len(piece)
        if "".join(pieces) == folded:
            return found
    return [(0, len(text))] * len(folded)
