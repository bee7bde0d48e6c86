"""Folding and tokens: the one normalised view of a text on which everything else works.

:func:`fold` maps one character to one character, so every offset into the folded text is an offset
into the text as printed. Marks that Unicode writes as characters of their own (a decomposed accent,
a soft hyphen, Arabic vowel signs) become :data:`IGNORABLE`, which tokens leave out: composed and
decomposed spellings give the same words.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

#: stands for a character that carries no letter of its own
IGNORABLE = "\u00ad"

_SINGLE_QUOTES = "’‘‚‛ʼʹ´`′＇‹›"
_DOUBLE_QUOTES = "«»“”„‟″＂"
_DASHES = "−–—‐‑‒―﹣－"
#: letters whose usual fold would leave their look-alikes apart (Arabic alef maqsura and teh marbuta)
_LETTERS = {"ى": "ي", "ة": "ه", "ـ": IGNORABLE, "ı": "i", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d"}
#: letters that stay one character when folded and are written out in words
_WRITTEN_OUT = {"œ": "oe", "æ": "ae", "ß": "ss", "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff"}

_NON_ASCII = re.compile(r"[^\x00-\x5f\x61-\x7f]")
#: words and numbers; the plainer the text, the faster
_ASCII_WORD = re.compile(r"([a-z]+|[0-9]+)")
_PLAIN_WORD = re.compile(r"([^\W\d_]+|\d+)")
_WORD = re.compile(r"((?:[^\W\d_]|\u00ad)+|\d+)")


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M" or category in {"Cf", "Cs"}:  # Cs: half a character, as broken JSON gives it
        return IGNORABLE
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
    lowered = character.lower()
    letters = [part for part in unicodedata.normalize("NFKD", lowered) if unicodedata.category(part)[0] != "M"]
    if len(letters) == 1 and len(letters[0].lower()) == 1:
        return letters[0].lower()
    return lowered if len(lowered) == 1 else character


class _FoldTable(dict[str, str]):
    """Folds of single characters, worked out once each."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        self[character] = folded
        return folded


_FOLDS = _FoldTable(
    dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_DASHES, "-")
    | {"…": "."}
    | _LETTERS
)


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, with plain quotes, spaces and dashes.

    The result has exactly the length of ``text``; folding twice changes nothing more.
    """
    if text.isascii():
        return text.replace("`", "'").lower()
    try:
        western = text.replace("\u202f", " ").encode("cp1252")
    except UnicodeEncodeError:
        return _fold_any(text)
    return codecs.charmap_decode(western, "strict", _WESTERN)[0]


def _fold_any(text: str) -> str:
    return _NON_ASCII.sub(lambda match: _FOLDS[match[0]], text).lower()


#: folds of the 256 characters of Windows-1252, which holds all that French and English print but the narrow no-break
#: space: a text that keeps to it is folded by a table, several times faster than character by character
_WESTERN = "".join(_fold_any(bytes((code,)).decode("cp1252", "replace")) for code in range(256))


def written_out(folded: str) -> str:
    """Return folded text as words see it: ignorable marks gone, ``œ`` as ``oe``.

    Offsets are lost; this is for searching, not for pointing.
    """
    if folded.isascii():
        return folded
    folded = folded.replace(IGNORABLE, "")
    for letter, letters in _WRITTEN_OUT.items():
        if letter in folded:
            folded = folded.replace(letter, letters)
    return folded


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words and numbers of a text, in parallel tuples.

    Apostrophes and hyphens separate: ``l'ambassadeur`` is ``l`` + ``ambassadeur`` and
    ``72h`` is ``72`` + ``h``.
    """

    #: folded words
    words: tuple[str, ...]
    #: character offset where each begins
    starts: tuple[int, ...]
    #: character offset after each
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.words)

    def first_at(self, offset: int) -> int:
        """Return the index of the first token that starts at ``offset`` or after it."""
        return bisect_left(self.starts, offset)


def tokenize(folded: str) -> Tokens:
    """Split folded text into :class:`Tokens`."""
    pattern = _ASCII_WORD if folded.isascii() else _WORD if IGNORABLE in folded else _PLAIN_WORD
    # What stands between words, and the words, in turn: their lengths give every offset in one go.
    parts = pattern.split(folded)
    offsets = tuple(accumulate(map(len, parts)))
    words, starts, ends = parts[1::2], offsets[:-1:2], offsets[1::2]
    if not folded.isascii():
        words = [word if word.isascii() else written_out(word) for word in words]
        if "" in words:  # a mark without a letter
            kept = [at for at, word in enumerate(words) if word]
            starts, ends = tuple(starts[at] for at in kept), tuple(ends[at] for at in kept)
            words = [words[at] for at in kept]
    return Tokens(tuple(words), starts, ends)


@lru_cache(maxsize=100_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a phrase: how data files are read."""
    return tokenize(fold(text)).words
