"""Where in an article the words of a query stand: what a search shows to say why it found it.

What is marked is what :func:`detection.query.evaluate.matches` looks at: words, phrases, beginnings, ``NEAR`` and
regular expressions, folded as it folds them. Nothing under NOT is marked, nor a side of OR that does not hold beside
one that does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detection.query import seeking
from detection.query.evaluate import Subject, matches, phrase_places, places
from detection.query.nodes import And, Near, Node, Or, Phrase, Query, RegexTest, Scope, leaves
from detection.query.regex import found_at
from detection.query.seeking import Span
from detection.query.words import IndexedText, index, word_offsets

#: marks in a title or a text; a letter in a regular expression may stand everywhere
MOST_SPANS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Where the words of a query stand, ascending and apart from one another."""

    title: tuple[Span, ...] = ()
    text: tuple[Span, ...] = ()


def asks_words(query: Query) -> bool:
    """Whether a query holds anything that can be marked in a text."""
    return any(isinstance(leaf, Phrase | Near | RegexTest) for leaf in leaves(query.root))


def spans(query: Query, subject: Subject) -> Spans:
    """Return where the words of a query stand in an article, which need not meet all of it."""
    conditions = tuple(_shown(query.root, subject))
    return Spans(
        title=_in(subject.title, [one for one in conditions if one.scope is not Scope.TEXT]),
        text=_in(subject.text, [one for one in conditions if one.scope is not Scope.TITLE]),
    )


def _shown(node: Node, subject: Subject) -> Iterator[Phrase | Near | RegexTest]:
    match node:
        case Phrase() | Near() | RegexTest():
            yield node
        case And(parts=parts):
            for part in parts:
                yield from _shown(part, subject)
        case Or(parts=parts):
            held = [part for part in parts if matches(Query(text="", root=part), subject, once=True)]
            for part in held or parts:
                yield from _shown(part, subject)
        case _:
            return


def _in(text: str, conditions: Iterable[Phrase | Near | RegexTest]) -> tuple[Span, ...]:
    found: set[Span] = set()
    words: set[Span] = set()
    for condition in conditions:
        match condition:
            case RegexTest(pattern=pattern):
                found |= set(found_at(pattern, text, MOST_SPANS))
            case Phrase():
                sought = seeking.places(condition, text)
                if sought is None:
                    words |= {(first, first + len(condition.words)) for first in places(condition, index(text))}
                else:
                    found |= set(sought)
            case Near():
                words |= set(_beside(condition, index(text)))
    if words:
        offsets = word_offsets(text)
        found |= {(offsets[first][0], offsets[last - 1][1]) for first, last in words}
    return tuple(_apart(sorted(found)))[:MOST_SPANS]


def _beside(near: Near, text: IndexedText) -> Iterator[Span]:
    """Yield the words of both sides that stand near enough to one of the other side, as places of words."""
    left, right = phrase_places(near.left, text), phrase_places(near.right, text)
    yield from _near_to(left, right, near.distance)
    yield from _near_to(right, left, near.distance)


def _near_to(ours: list[Span], theirs: list[Span], distance: int) -> Iterator[Span]:
    starts, ends = [first for first, _ in theirs], sorted(end for _, end in theirs)
    for first, end in ours:
        after, before = bisect_left(starts, end), bisect_right(ends, first)
        follows = after < len(starts) and starts[after] <= end + distance
        precedes = before > 0 and ends[before - 1] >= first - distance
        if follows or precedes:
            yield first, end


def _apart(ordered: list[Span]) -> Iterator[Span]:
    """Yield spans of which those that overlap became one."""
    begun: Span | None = None
    for start, end in ordered:
        if begun is not None and start < begun[1]:
            begun = begun[0], max(end, begun[1])
            continue
        if begun is not None:
            yield begun
        begun = start, end
    if begun is not None:
        yield begun
