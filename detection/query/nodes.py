"""The tree a query becomes. Every part is frozen and hashable; leaves know their place in the query."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """Where in an article words are looked for."""

    ANYWHERE = "anywhere"
    TITLE = "title"
    #: standfirst and paragraphs, one running text
    TEXT = "text"


class Field(StrEnum):
    """What may stand before the colon."""

    TITLE = "title"
    TEXT = "text"
    SOURCE = "source"
    LANGUAGE = "lang"
    COUNTRY = "country"
    ORIGIN = "origin"
    AUTHOR = "author"
    TYPE = "type"
    ACTOR = "actor"
    TARGET = "target"
    STATUS = "status"
    SEVERITY = "severity"
    DATE = "date"
    SINCE = "since"
    UNTIL = "until"
    TAG = "tag"


#: fields that hold words
WORD_FIELDS: Mapping[Field, Scope] = MappingProxyType({Field.TITLE: Scope.TITLE, Field.TEXT: Scope.TEXT})
#: fields that hold names: words, one name at a time
NAME_FIELDS = frozenset({Field.AUTHOR, Field.ORIGIN})
#: fields of an act found in the article, not of the article
ACT_FIELDS = frozenset({Field.TYPE, Field.ACTOR, Field.TARGET, Field.STATUS, Field.SEVERITY})

#: fields that hold days
DAY_FIELDS = frozenset({Field.DATE, Field.SINCE, Field.UNTIL})

#: how severities are compared, longest spelling first
COMPARISONS: Mapping[str, Callable[[int, int], bool]] = MappingProxyType(
    {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A condition that has no parts, and where it stands in the query."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase(Leaf):
    """One word, or several in a row."""

    #: folded, ligatures spelled out
    words: tuple[str, ...]
    #: the same words as printed, when spelling counts; None when it does not
    exactly: tuple[str, ...] | None = None
    #: the last word may go on
    prefix: bool = False
    scope: Scope = Scope.ANYWHERE
    #: an index may be asked about it
    indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Leaf):
    """One of ``left`` and one of ``right`` in any order, at most ``distance`` words between them."""

    left: tuple[Phrase, ...]
    right: tuple[Phrase, ...]
    distance: int
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTest(Leaf):
    """A code of the article or of an act is this one, or begins so."""

    field: Field
    #: case-folded
    value: str
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTest(Leaf):
    """A name (author, origin) holds this phrase."""

    field: Field
    phrase: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityTest(Leaf):
    """An act's severity compares so with a number from 1 to 5."""

    #: a key of :data:`COMPARISONS`
    comparison: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTest(Leaf):
    """The article appeared on a day from ``first`` to ``last``, both included, in UTC; None is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexTest(Leaf):
    """A regular expression (RE2) occurs in the title or in the text."""

    pattern: str
    scope: Scope = Scope.ANYWHERE


@dataclass(frozen=True, slots=True)
class Act:
    """One and the same act meets all of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


Condition = Phrase | Near | CodeTest | NameTest | SeverityTest | DateTest | RegexTest
Node = Condition | Act | And | Or | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that was read: what was typed, and what it means."""

    text: str
    root: Node


def speaks_of_acts(node: Node) -> bool:
    """Whether ``node`` can be answered by looking at one act alone, without NOT."""
    match node:
        case CodeTest(field=field):
            return field in ACT_FIELDS
        case SeverityTest() | Act():
            return True
        case And(parts=parts) | Or(parts=parts):
            return all(speaks_of_acts(part) for part in parts)
        case _:
            return False


def leaves(node: Node) -> tuple[Condition, ...]:
    """Return the conditions of a tree that have no parts, in the order they were typed."""
    match node:
        case Act(parts=parts) | And(parts=parts) | Or(parts=parts):
            return tuple(sorted((leaf for part in parts for leaf in leaves(part)), key=lambda leaf: leaf.start))
        case Not(part=part):
            return leaves(part)
        case _:
            return (node,)
