"""Which paragraphs of an article its story has not seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.stories.coverage import covered, share
from detection.stories.words import words

#: covered share of a paragraph from which it is known already
KNOWN = 0.5


def novel_paragraphs(paragraphs: Sequence[str], said: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
    """Return the positions of paragraphs that none of the texts ``said`` (as words) contains."""
    known = list(said)
    novel = []
    for position, paragraph in enumerate(paragraphs):
        new = words(paragraph)
        if new and all(share(covered(new, text)) < KNOWN for text in known):
            novel.append(position)
    return tuple(novel)
