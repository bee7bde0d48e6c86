"""A text as the words that comparing texts looks at."""

from __future__ import annotations

import re

from detection.text import fold, written_out

_WORD = re.compile(r"[^\W_]+")
#: what parts the thousands of a number: 283'000, 283.000 and 283 000 are one
_THOUSANDS = re.compile(r"(?<=\d)[ .,'](?=\d{3}(?!\d))")


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text: no accents, no case, no punctuation, one spelling."""
    return tuple(_WORD.findall(_THOUSANDS.sub("", written_out(fold(text)))))
