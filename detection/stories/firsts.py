"""A story's timeline: what each article was the first to say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.types import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """An article that brought something new to its story."""

    article_id: int
    #: signals whose act and status no article before told
    signals: tuple[Signal, ...]
    #: positions of its paragraphs that no article before had
    paragraphs: tuple[int, ...]


def firsts(articles: Iterable[tuple[int, Sequence[Signal], Sequence[int]]]) -> tuple[First, ...]:
    """Return the articles that brought something new, in their order.

    Args:
        articles: (id, signals, positions of new paragraphs) in the order of reporting.
    """
    told: set[tuple[object, ...]] = set()
    found: list[First] = []
    for number, (article_id, signals, paragraphs) in enumerate(articles):
        new = tuple(signal for signal in signals if (*signal.act, signal.status) not in told)
        told |= {(*signal.act, signal.status) for signal in signals}
        if new or paragraphs or not number:
            found.append(First(article_id=article_id, signals=new, paragraphs=tuple(paragraphs)))
    return tuple(found)
