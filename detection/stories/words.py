"""A text as the words that comparing texts looks at."""

from __future__ import annotations

import re

from detection.text import fold, written_out

_WORD = re.compile(r"[^\W_]+")
_FIGURE = re.compile(r"\d+")


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text: no accents, no case, no punctuation, one spelling."""
    return tuple(_WORD.findall(written_out(fold(text))))


def has_words(text: str) -> bool:
    """Whether a text has any words at all."""
    return _WORD.search(written_out(fold(text))) is not None


def figures(text: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that are numbers."""
    return tuple(word for word in text if _FIGURE.fullmatch(word))
