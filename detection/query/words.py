"""Words of a text exactly as the archive's full-text index cuts and folds them.

:func:`fold_words` equals the FTS5 tokenizer ``unicode61 remove_diacritics 2`` (sqlite.org/fts5.html
section 4.3.1). Matching adds one thing to it, :func:`spelled_out`: ``œ`` and ``æ`` count as ``oe`` and
``ae``, so that « manœuvre » is found however it was typed. The search plan makes up for it by asking
the index for both spellings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from detection.query.characters import FOLDING, MARKS, PARTING

_WORD = re.compile(r"\S+")
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


@lru_cache(maxsize=32)
def word_offsets(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each of the words of :func:`fold_words` begins and ends, in characters of ``text``."""
    parted = text.translate(PARTING)
    found = [word.span() for word in _WORD.finditer(parted)]
    if not MARKS.isdisjoint(text):
        # A mark without a letter is no word and begins none.
        found = [(end - len(parted[start:end].lstrip(_MARKS)), end) for start, end in found]
    return tuple((start, end) for start, end in found if start < end)


def spelled_out(word: str) -> str:
    """Return a folded word with its ligatures written as two letters."""
    return word if word.isascii() else word.replace("œ", "oe").replace("æ", "ae")


@dataclass(frozen=True, slots=True)
class IndexedText:
    """The words of one text and where each stands, counted in words."""

    text: str
    words: tuple[str, ...]
    distinct: frozenset[str]
    #: what was asked before: many watches ask for the same words
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def places(self, word: str) -> tuple[int, ...]:
        """Return the places of a word, ascending."""
        if word not in self.distinct:
            return ()
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = tuple(self._each(word))
        return found

    def _each(self, word: str) -> Iterator[int]:
        place = -1
        for _ in range(self.words.count(word)):
            place = self.words.index(word, place + 1)
            yield place

    @property
    def printed(self) -> tuple[str, ...]:
        """The words as printed, in parallel with ``words``."""
        return printed_words(self.text)


# Many watches ask about one article in turn, and folding a text costs more than asking about it.
@lru_cache(maxsize=32)
def index(text: str) -> IndexedText:
    """Return the indexed words of ``text``, ligatures spelled out."""
    words = fold_words(text)
    if not text.isascii():
        words = tuple(map(spelled_out, words))
    return IndexedText(text, words, frozenset(words))
