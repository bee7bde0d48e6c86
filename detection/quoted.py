"""Quotations in another language than the text around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detection.language import identify_language
from detection.sentences import Sentence

#: characters from which a quotation tells its language
LEAST = 40
#: quotations looked at, longest first: each costs a millisecond
MOST = 6

_QUOTATION = re.compile(r"«([^«»]{40,1500})»|“([^“”]{40,1500})”|\"([^\"\n]{40,1500})\"")


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
        other = identify_language(text[start + 1 : end - 1])
        if other is not None and other != language:
            found.setdefault(other, []).append((start, end))
    return found


def quoting(sentences: Sequence[Sentence], spans: Sequence[tuple[int, int]]) -> list[Sentence]:
    """Return the sentences that hold a part of a passage."""
    return [
        sentence for sentence in sentences if any(start < sentence.end and sentence.start < end for start, end in spans)
    ]
