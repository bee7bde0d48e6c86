"""A text as the words that comparing texts looks at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detection.text import fold, written_out

_WORD = re.compile(r"[^\W_]+")
#: what parts the thousands of a number: 283'000, 283.000 and 283 000 are one. It begins with the digit, not with a look
#: behind, because a search skips to a first character that it knows
_THOUSANDS = re.compile(r"(\d)[ .,'](?=\d{3}(?!\d))")


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text: no accents, no case, no punctuation, one spelling."""
    return tuple(_WORD.findall(_prepared(text)))


def words_of_each(lines: Sequence[str]) -> list[list[str]]:
    """Return the words of each of some lines, see :func:`words`; all of them are folded at once."""
    prepared = _prepared("\n".join(lines)).split("\n")
    if len(prepared) != len(lines):  # a line holds another separator of lines
        prepared = [_prepared(line) for line in lines]
    return [_WORD.findall(line) for line in prepared]


def _prepared(text: str) -> str:
    return _THOUSANDS.sub(r"\1", written_out(fold(text)))
