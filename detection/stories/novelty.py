"""Which paragraphs of an article its story has not seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.stories.coverage import covered_by, share, shingles
from detection.stories.words import has_words, words

#: covered share of a paragraph from which it is known already
KNOWN = 0.5


def novel_paragraphs(paragraphs: Sequence[str], said: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
    """Return the positions of paragraphs that none of the texts ``said`` (as words) contains."""
    known = list(said)
    if not known:
        return tuple(position for position, paragraph in enumerate(paragraphs) if has_words(paragraph))
    texts = [words(paragraph) for paragraph in paragraphs]
    own = {shingle for text in texts for shingle in shingles(text)}
    # A story may hold hundreds of articles; of each, only what this one says as well can make a difference.
    shared = [met for text in known if (met := own.intersection(shingles(text)))]
    return tuple(
        position
        for position, new in enumerate(texts)
        if new and all(share(covered_by(new, met)) < KNOWN for met in shared)
    )
