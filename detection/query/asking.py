"""What of a query the archive can answer by itself, so that no article need be read.

Words are answered by the full-text index (:mod:`detection.query.plan`), codes and acts by the columns that hold them.
What is left, such as the name of an author, :func:`detection.query.evaluate.matches` answers for each article.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detection.query.nodes import ACT_FIELDS, Act, And, CodeTest, DateTest, Field, Node, Query, SeverityTest
from detection.query.plan import SearchPlan, plan, unanswered

#: asks the index for nothing
_NO_WORDS = SearchPlan(expression=None, exact=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What must be true of one and the same article for a query to hold, as far as the archive can tell."""

    words: SearchPlan
    #: of the article: source, language, country
    codes: tuple[CodeTest, ...]
    #: when it appeared
    dates: tuple[DateTest, ...]
    #: for each of these some act of the article meets all of its tests
    acts: tuple[tuple[CodeTest | SeverityTest, ...], ...]
    #: the query holds wherever all of it is true; False: ask :func:`detection.query.evaluate.matches`
    exact: bool
    #: nothing of the query is left over but what ``words`` stand for
    complete: bool
    #: what to ask an article that ``words`` found, None: nothing
    left: Query | None


def ask(query: Query) -> Asked:
    """Return what to ask the archive for a query."""
    codes: list[CodeTest] = []
    dates: list[DateTest] = []
    acts: list[tuple[CodeTest | SeverityTest, ...]] = []
    rest: list[Node] = []
    complete = True
    parts = query.root.parts if isinstance(query.root, And) else (query.root,)
    for part in parts:
        match part:
            case CodeTest(field=Field.TAG):
                # A tag is the story's, not the article's.
                rest.append(part)
            case CodeTest(field=field) if field not in ACT_FIELDS:
                codes.append(part)
            case DateTest():
                dates.append(part)
            case CodeTest() | SeverityTest():
                acts.append((part,))
            case Act(parts=tests):
                plain = tuple(test for test in tests if isinstance(test, CodeTest | SeverityTest))
                complete &= len(plain) == len(tests)
                if plain:
                    acts.append(plain)
            case _:
                rest.append(part)
    words = plan(Query(text=query.text, root=rest[0] if len(rest) == 1 else And(tuple(rest)))) if rest else _NO_WORDS
    return Asked(
        words=words,
        codes=tuple(codes),
        dates=tuple(dates),
        acts=tuple(acts),
        exact=complete and words.exact,
        complete=complete,
        left=_left(query, parts, rest, words),
    )


def _left(query: Query, parts: Sequence[Node], rest: Sequence[Node], words: SearchPlan) -> Query | None:
    """Return the query without what the index has answered for an article that it found."""
    if words.expression is None:
        return query
    open_ones = unanswered(rest) if len(rest) > 1 else () if words.exact else rest
    left = tuple(part for part in parts if part not in rest or part in open_ones)
    if not left:
        return None
    return Query(text=query.text, root=left[0] if len(left) == 1 else And(left))
