"""Quotations in another language than the text around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detection.language import identify_language
from detection.sentences import Sentence
from detection.text import words_of

#: characters from which a quotation tells its language
LEAST = 40
#: quotations looked at, longest first: each costs a millisecond
MOST = 6

#: words that a language says all the time, and the share of them from which a quotation is plainly in it
_SMALL_WORDS = {
    language: frozenset(words_of(words))
    for language, words in {
        "fr": "au aux ce dans de des du elle en est et il je la le les ne nous pas pour que qui se sur un une",
        "en": "a and are as at be by for from has have in is it not of on our that the this to we will with",
    }.items()
}
_PLAIN_SHARE = 0.25
_WORD = re.compile(r"[^\W\d_]+")

_QUOTATION = re.compile(r"«([^«»]{40,1500})»|“([^“”]{40,1500})”|\"([^\"\n]{40,1500})\"")


def _is_plainly(passage: str, language: str) -> bool:
    """Whether the small words of a language tell that a passage is in it: asking costs far less than identifying."""
    small = _SMALL_WORDS.get(language)
    if small is None:
        return False
    words = _WORD.findall(passage.lower())
    return sum(word in small for word in words) >= _PLAIN_SHARE * max(len(words), 1)


def quoted_passages(text: str, language: str) -> dict[str, list[tuple[int, int]]]:
    """Return where a text quotes another language, by language, as character offsets.

    Args:
        text: as printed.
        language: of the text.
    """
    spans = [match.span() for match in _QUOTATION.finditer(text)]
    spans.sort(key=lambda span: span[0] - span[1])
    found: dict[str, list[tuple[int, int]]] = {}
    for start, end in spans[:MOST]:
        passage = text[start + 1 : end - 1]
        other = language if _is_plainly(passage, language) else identify_language(passage)
        if other is not None and other != language:
            found.setdefault(other, []).append((start, end))
    return found


def quoting(sentences: Sequence[Sentence], spans: Sequence[tuple[int, int]]) -> list[Sentence]:
    """Return the sentences that hold a part of a passage."""
    return [
        sentence for sentence in sentences if any(start < sentence.end and sentence.start < end for start, end in spans)
    ]
