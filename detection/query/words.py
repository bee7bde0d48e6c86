"""Words of a text exactly as the archive's full-text index cuts and folds them.

:func:`fold_words` equals the FTS5 tokenizer ``unicode61 remove_diacritics 2`` (sqlite.org/fts5.html
section 4.3.1). Matching adds one thing to it, :func:`spelled_out`: ``œ`` and ``æ`` count as ``oe`` and
``ae``, so that « manœuvre » is found however it was typed. The search plan makes up for it by asking
the index for both spellings.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from detection.query.characters import FOLDING, MARKS, PARTING

_MARKS = "".join(sorted(MARKS))


def fold_words(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` in order, in lower case and without accents."""
    return tuple(text.translate(FOLDING).split())


@lru_cache(maxsize=32)
def printed_words(text: str) -> tuple[str, ...]:
    """Return the same words as :func:`fold_words`, as printed (in NFC)."""
    # A mark that follows a separator has no letter to sit on: the index drops it.
    words = (word.lstrip(_MARKS) for word in text.translate(PARTING).split())
    return tuple(unicodedata.normalize("NFC", word) for word in words if word)


def spelled_out(word: str) -> str:
    """Return a folded word with its ligatures written as two letters."""
    return word if word.isascii() else word.replace("œ", "oe").replace("æ", "ae")


@dataclass(frozen=True, slots=True)
class IndexedText:
    """The words of one text and where each stands, counted in words."""

    text: str
    words: tuple[str, ...]
    #: positions of each distinct word, ascending
    places: dict[str, tuple[int, ...]]

    @property
    def printed(self) -> tuple[str, ...]:
        """The words as printed, in parallel with ``words``."""
        return printed_words(self.text)


# Many watches ask about one article in turn, and folding a text costs more than asking about it.
@lru_cache(maxsize=32)
def index(text: str) -> IndexedText:
    """Return the indexed words of ``text``, ligatures spelled out."""
    words = tuple(spelled_out(word) for word in fold_words(text))
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    return IndexedText(text, words, {word: tuple(found) for word, found in places.items()})
