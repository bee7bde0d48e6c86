"""What an article must be whatever else a query asks, so that an archive can look where such articles are.

It may say too little, never too much: an article that matches the query always has what is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from detection.query.errors import QueryError
from detection.query.nodes import (
    ACT_FIELDS,
    And,
    CodeTest,
    DateTest,
    Field,
    Leaf,
    Node,
    Query,
    RegexTest,
    SeverityTest,
    leaves,
)
from detection.query.parse import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Conditions that every match fulfils; None where there is none."""

    #: days of UTC, both included
    first: date | None = None
    last: date | None = None
    #: case-folded id
    source: str | None = None
    #: folded tag of the article's story
    tag: str | None = None


def needs(query: Query) -> Needs:
    """Return what the conditions that are joined by AND at the top ask."""
    found = tuple(_joined(query.root))
    dates = [part for part in found if isinstance(part, DateTest)]
    codes = {part.field: part.value for part in found if isinstance(part, CodeTest) and not part.prefix}
    return Needs(
        first=max((part.first for part in dates if part.first), default=None),
        last=min((part.last for part in dates if part.last), default=None),
        source=codes.get(Field.SOURCE),
        tag=codes.get(Field.TAG),
    )


def _joined(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)


def asks(query: Query, field: Field) -> bool:
    """Whether any condition is about a field of codes."""
    return any(isinstance(leaf, CodeTest) and leaf.field is field for leaf in leaves(query.root))


def asks_of_acts(query: Query) -> bool:
    """Whether any condition is about what states did."""
    return any(
        isinstance(leaf, SeverityTest) or (isinstance(leaf, CodeTest) and leaf.field in ACT_FIELDS)
        for leaf in leaves(query.root)
    )


def first_regex(query: Query) -> RegexTest | None:
    """Return the first regular expression of a query, None when it has none."""
    return next((leaf for leaf in leaves(query.root) if isinstance(leaf, RegexTest)), None)


def parse_watch(text: str) -> Query:
    """Read the query of a watch, which asks each article as it comes, before anybody made anything of it.

    Raises:
        QueryError: it cannot be read, or asks for what only an archive knows.
    """
    query = parse(text)
    for leaf in leaves(query.root):
        why = _only_archive(leaf)
        if why is not None:
            raise QueryError(why, leaf.start, text)
    return query


def _only_archive(leaf: Leaf) -> str | None:
    if isinstance(leaf, DateTest):
        return (
            "a watch asks each article as it comes, so it takes no days; leave them out, "
            "or search the archive with them (max_age bounds how old an article may be)"
        )
    if isinstance(leaf, CodeTest) and leaf.field is Field.TAG:
        return "tags are given to events that were stored; a watch asks articles before, so leave tag: out"
    return None
