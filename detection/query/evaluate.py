"""Asks one article whether a query holds: what a watch does, and the last word in an archive search."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from detection.query import seeking
from detection.query.nodes import (
    ACT_FIELDS,
    COMPARISONS,
    Act,
    And,
    CodeTest,
    DateTest,
    Field,
    NameTest,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    RegexTest,
    Scope,
    SeverityTest,
    leaves,
)
from detection.query.regex import occurs
from detection.query.words import IndexedText, fold_words, index
from storage.types import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a query is asked about: one article as detection knows it."""

    title: str
    #: standfirst, then the paragraphs, as :attr:`storage.types.Article.text` gives them
    text: str
    source_id: str
    #: ISO 639-1
    language: str | None = None
    #: of the source: ISO 3166-1 alpha-3 or UN, EU, AU, ECOWAS, AES
    country: str | None = None
    #: the agency or outlet that reported first
    origin: str | None = None
    authors: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    #: when it appeared; None where nothing says so
    at: datetime | None = None
    #: of its story
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One condition of a query and whether the article meets it by itself."""

    #: as typed
    text: str
    #: offsets in the query
    start: int
    end: int
    holds: bool


def matches(query: Query, subject: Subject, *, once: bool = False) -> bool:
    """Whether the article meets the query.

    Args:
        query: what is asked.
        subject: the article.
        once: no other query asks about it, so its words need not be cut for all of them; the answer is the same.
    """
    return _holds(query.root, subject, once=once)


def explain(query: Query, subject: Subject) -> tuple[Clause, ...]:
    """Return every condition of the query with its own answer, in the order they were typed.

    A condition under NOT is given as it stands, without the NOT.
    """
    return tuple(
        Clause(text=query.text[leaf.start : leaf.end], start=leaf.start, end=leaf.end, holds=_holds(leaf, subject))
        for leaf in leaves(query.root)
    )


def _holds(node: Node, subject: Subject, *, once: bool = False) -> bool:
    match node:
        case And(parts=parts):
            return all(_holds(part, subject, once=once) for part in parts)
        case Or(parts=parts):
            return any(_holds(part, subject, once=once) for part in parts)
        case Not(part=part):
            return not _holds(part, subject, once=once)
        case Phrase():
            occurring = _occurs_in if once else _occurs
            return any(occurring(node, text) for text in _plain_texts(node.scope, subject))
        case Near():
            return any(_near(node, index(text)) for text in _plain_texts(node.scope, subject))
        case NameTest():
            return any(_occurs(node.phrase, name) for name in _names(node.field, subject))
        case RegexTest():
            return any(occurs(node.pattern, text) for text in _plain_texts(node.scope, subject))
        case DateTest():
            return _appeared(node, subject.at)
        case CodeTest(field=Field.TAG):
            return any(_fits(node, " ".join(fold_words(tag))) for tag in subject.tags)
        case CodeTest() if node.field not in ACT_FIELDS:
            return _fits(node, _code(node.field, subject))
        case Act() | CodeTest() | SeverityTest():
            return any(_holds_of(node, signal) for signal in subject.signals)


def _holds_of(node: Node, signal: Signal) -> bool:
    """Whether one act meets conditions on acts."""
    match node:
        case Act(parts=parts):
            return all(_holds_of(part, signal) for part in parts)
        case Or(parts=parts):
            return any(_holds_of(part, signal) for part in parts)
        case SeverityTest():
            return COMPARISONS[node.comparison](signal.severity, node.number)
        case CodeTest():
            return _fits(node, _code_of_act(node.field, signal))
        case _:
            raise AssertionError(f"{node!r} does not speak of acts")


def _appeared(test: DateTest, at: datetime | None) -> bool:
    if at is None:
        return False
    day = at.astimezone(UTC).date()
    return (test.first is None or test.first <= day) and (test.last is None or day <= test.last)


# --- codes and names ---------------------------------------------------------------------------


def _fits(test: CodeTest, code: str | None) -> bool:
    if code is None:
        return False
    folded = code.casefold()
    return folded.startswith(test.value) if test.prefix else folded == test.value


def _code(field: Field, subject: Subject) -> str | None:
    match field:
        case Field.SOURCE:
            return subject.source_id
        case Field.LANGUAGE:
            return subject.language
        case Field.COUNTRY:
            return subject.country
        case _:
            raise AssertionError(f"{field} is no code of an article")


def _code_of_act(field: Field, signal: Signal) -> str | None:
    match field:
        case Field.TYPE:
            return signal.type
        case Field.ACTOR:
            return signal.actor
        case Field.TARGET:
            return signal.target
        case Field.STATUS:
            return signal.status
        case _:
            raise AssertionError(f"{field} is no code of an act")


def _names(field: Field, subject: Subject) -> Iterable[str]:
    if field is Field.AUTHOR:
        return subject.authors
    return () if subject.origin is None else (subject.origin,)


# --- words -------------------------------------------------------------------------------------


def _plain_texts(scope: Scope, subject: Subject) -> Iterable[str]:
    if scope is not Scope.TEXT:
        yield subject.title
    if scope is not Scope.TITLE:
        yield subject.text


def _occurs_in(phrase: Phrase, text: str) -> bool:
    found = seeking.occurs(phrase, text)
    return _occurs(phrase, text) if found is None else found


def _occurs(phrase: Phrase, text: str) -> bool:
    words = index(text)
    if len(phrase.words) == 1 and phrase.exactly is None and not phrase.prefix:
        return phrase.words[0] in words.distinct
    return any(True for _ in places(phrase, words))


def places(phrase: Phrase, text: IndexedText) -> Iterator[int]:
    """Yield where the phrase begins, in words, ascending."""
    whole = phrase.words[:-1] if phrase.prefix else phrase.words
    for first in _places_of(whole, text) if whole else _places_of_start(phrase.words[0], text):
        if phrase.prefix and not _goes_on(phrase, text, first + len(whole)):
            continue
        if phrase.exactly is None or _printed_so(phrase, phrase.exactly, text, first):
            yield first


def _places_of(words: tuple[str, ...], text: IndexedText) -> Iterator[int]:
    """Yield where whole words in a row begin."""
    # The rarest word leaves the fewest places to look at.
    rarest = min(range(len(words)), key=lambda offset: len(text.places(words[offset])))
    for place in text.places(words[rarest]):
        first = place - rarest
        if first >= 0 and text.words[first : first + len(words)] == words:
            yield first


def _places_of_start(start: str, text: IndexedText) -> list[int]:
    return [place for place, word in enumerate(text.words) if word.startswith(start)]


def _goes_on(phrase: Phrase, text: IndexedText, place: int) -> bool:
    return place < len(text.words) and text.words[place].startswith(phrase.words[-1])


def _printed_so(phrase: Phrase, exactly: tuple[str, ...], text: IndexedText, first: int) -> bool:
    *whole, last = exactly
    printed = text.printed[first : first + len(exactly)]
    return list(printed[:-1]) == whole and (printed[-1].startswith(last) if phrase.prefix else printed[-1] == last)


def _near(near: Near, text: IndexedText) -> bool:
    left, right = phrase_places(near.left, text), phrase_places(near.right, text)
    return _follows(left, right, near.distance) or _follows(right, left, near.distance)


def phrase_places(phrases: Iterable[Phrase], text: IndexedText) -> list[tuple[int, int]]:
    """Return where any of the phrases begins and ends, in words, ascending."""
    return sorted((first, first + len(phrase.words)) for phrase in phrases for first in places(phrase, text))


def _follows(before: list[tuple[int, int]], after: list[tuple[int, int]], distance: int) -> bool:
    """Whether something of ``after`` begins at most ``distance`` words past the end of something before."""
    starts = [first for first, _ in after]
    for _, end in before:
        next_one = bisect_left(starts, end)
        if next_one < len(starts) and starts[next_one] <= end + distance:
            return True
    return False
