"""Beginnings of words (``expuls*``) that stand for so much that an index is better not asked about them.

An index gathers all that a beginning stands for before it gives the first article. Where that is much, nearly every
article matches, and reading a few finds some.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from detection.query.nodes import And, Near, Node, Not, Or, Phrase, Query, leaves


def beginnings(query: Query) -> frozenset[str]:
    """Return the folded beginnings of words that a query asks the index about."""
    return frozenset(
        phrase.words[-1]
        for leaf in leaves(query.root)
        for phrase in ((*leaf.left, *leaf.right) if isinstance(leaf, Near) else (leaf,))
        if isinstance(phrase, Phrase) and phrase.prefix
    )


def without(query: Query, some: Container[str]) -> Query:
    """Return a query that means the same and asks no index about some beginnings."""
    return replace(query, root=_marked(query.root, some))


def _marked(node: Node, some: Container[str]) -> Node:
    match node:
        case Phrase():
            return _marked_phrase(node, some)
        case Near(left=left, right=right):
            return replace(
                node,
                left=tuple(_marked_phrase(phrase, some) for phrase in left),
                right=tuple(_marked_phrase(phrase, some) for phrase in right),
            )
        case And(parts=parts):
            return And(tuple(_marked(part, some) for part in parts))
        case Or(parts=parts):
            return Or(tuple(_marked(part, some) for part in parts))
        case Not(part=part):
            return Not(_marked(part, some))
        case _:
            return node


def _marked_phrase(phrase: Phrase, some: Container[str]) -> Phrase:
    return replace(phrase, indexed=False) if phrase.prefix and phrase.words[-1] in some else phrase
