"""Which paragraphs of an article its story has not seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.stories.coverage import GAP, Shingle, covered_by, share, shingles
from detection.stories.fingerprint import SHINGLE
from detection.stories.words import has_words, words

#: covered share of a paragraph from which it is known already
KNOWN = 0.5


def novel_paragraphs(paragraphs: Sequence[str], said: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
    """Return the positions of paragraphs that none of the texts ``said`` (as words) contains."""
    known = list(said)
    if not known:
        return tuple(position for position, paragraph in enumerate(paragraphs) if has_words(paragraph))
    texts = [words(paragraph) for paragraph in paragraphs]
    pieces = [frozenset(shingles(text)) for text in texts]
    own = frozenset().union(*pieces)
    # A story may hold hundreds of articles; of each, only what this one says as well can make a difference.
    shared = [met for text in known if (met := own.intersection(shingles(text)))]
    return tuple(
        position
        for position, (new, piece) in enumerate(zip(texts, pieces, strict=True))
        if new and not any(_repeats(new, piece & met) for met in shared)
    )


def _repeats(new: tuple[str, ...], met: frozenset[Shingle]) -> bool:
    """Whether a paragraph is known from a text with which it shares the shingles ``met``."""
    # A shingle covers no more than itself and the gap after it: most texts need no closer look.
    if len(met) * (SHINGLE + GAP) < KNOWN * len(new):
        return False
    return share(covered_by(new, met)) >= KNOWN
