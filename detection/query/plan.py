"""Turns a query into what the full-text index can answer, so that a search need not read the archive.

The index holds the columns title and text (FTS5, ``unicode61 remove_diacritics 2``); the text is standfirst
and body, one running text as to the reader. A plan may select too much, never too little:
:func:`detection.query.evaluate.matches` has the last word unless the plan is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from detection.query.nodes import And, Near, Node, Not, Or, Phrase, Query, Scope

#: how deep FTS5's parser is asked to go; its stack holds 100 signs (SQLite's yyStackDepth)
_MAX_DEPTH = 20
#: spellings of one phrase, and pairs of one NEAR, at most; beyond that the index is not asked
_MAX_SPELLINGS = 64

_COLUMNS = {Scope.TITLE: "{title}", Scope.TEXT: "{text}"}
_LIGATURES = {"oe": "œ", "ae": "æ"}
#: a prefix that ends so may be the first half of a ligature
_HALVES = {"o": "œ", "a": "æ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """What to ask the index."""

    #: an FTS5 expression (sqlite.org/fts5.html section 3), safe to run; None: read every article
    expression: str | None
    #: every article found matches; False: ask :func:`detection.query.evaluate.matches` about each
    exact: bool
    #: an expression for articles that match for certain, though not all of them; None: nothing is certain
    certain: str | None = None

    @property
    def sure(self) -> str | None:
        """An expression that finds nothing but matches."""
        return self.expression if self.exact else self.certain


_EVERYTHING = SearchPlan(expression=None, exact=False)


def plan(query: Query) -> SearchPlan:
    """Return the plan for a query."""
    return _plan(query.root, 0)


def unanswered(parts: Sequence[Node]) -> tuple[Node, ...]:
    """Return those of parts joined by AND that an article may fail although the plan for all of them found it."""
    asked = _plan_and(tuple(parts), 0).expression is not None
    return tuple(part for part in parts if not asked or not _is_answered(part))


def _is_answered(part: Node) -> bool:
    found = _plan(part.part if isinstance(part, Not) else part, 1)
    return found.exact and found.expression is not None


def _plan(node: Node, depth: int) -> SearchPlan:
    if depth > _MAX_DEPTH:
        return _EVERYTHING
    match node:
        case Phrase():
            return _plan_phrase(node)
        case Near():
            return _plan_near(node)
        case And(parts=parts):
            return _plan_and(parts, depth)
        case Or(parts=parts):
            return _plan_or(parts, depth)
        case _:
            return _EVERYTHING


def _plan_and(parts: tuple[Node, ...], depth: int) -> SearchPlan:
    wanted = [_plan(part, depth + 1) for part in parts if not isinstance(part, Not)]
    unwanted = [_plan(part.part, depth + 1) for part in parts if isinstance(part, Not)]
    positive = [part.expression for part in wanted if part.expression is not None]
    if not positive:
        return _EVERYTHING
    # Leaving out what an inexact plan finds would lose articles that do match.
    negative = [part.expression for part in unwanted if part.exact and part.expression is not None]
    expression = _any_or_all(positive, "AND")
    if negative:
        expression = f"({expression} NOT {_any_or_all(negative, 'OR')})"
    exact = all(part.exact for part in wanted + unwanted)
    return SearchPlan(expression=expression, exact=exact, certain=_certain_of_all(wanted, unwanted))


def _certain_of_all(wanted: list[SearchPlan], unwanted: list[SearchPlan]) -> str | None:
    sure = [part.sure for part in wanted]
    # A plan takes in too much, so what it does not find does not match.
    away = [part.expression for part in unwanted]
    if None in sure or None in away:
        return None
    expression = _any_or_all([one for one in sure if one is not None], "AND")
    if not away:
        return expression
    return f"({expression} NOT {_any_or_all([one for one in away if one is not None], 'OR')})"


def _plan_or(parts: tuple[Node, ...], depth: int) -> SearchPlan:
    plans = [_plan(part, depth + 1) for part in parts]
    expressions = [part.expression for part in plans if part.expression is not None]
    if len(expressions) < len(plans):
        return _EVERYTHING
    sure = [part.sure for part in plans if part.sure is not None]
    return SearchPlan(
        expression=_any_or_all(expressions, "OR"),
        exact=all(part.exact for part in plans),
        certain=_any_or_all(sure, "OR") if sure else None,
    )


def _any_or_all(expressions: Iterable[str], operator: str) -> str:
    distinct = tuple(dict.fromkeys(expressions))
    return distinct[0] if len(distinct) == 1 else f"({f' {operator} '.join(distinct)})"


# --- phrases -------------------------------------------------------------------------------------


def _plan_phrase(phrase: Phrase) -> SearchPlan:
    spellings = _phrase_spellings(phrase)
    if spellings is None:
        return _EVERYTHING
    expression = _within(phrase.scope, spellings)
    return SearchPlan(expression=expression, exact=phrase.exactly is None)


def _within(scope: Scope, alternatives: Iterable[str]) -> str:
    found = _any_or_all(alternatives, "OR")
    return found if scope is Scope.ANYWHERE else f"{_COLUMNS[scope]} : {found}"


def _plan_near(near: Near) -> SearchPlan:
    left = [spelling for phrase in near.left for spelling in _phrase_spellings(phrase) or ()]
    right = [spelling for phrase in near.right for spelling in _phrase_spellings(phrase) or ()]
    asked = all(_phrase_spellings(phrase) is not None for phrase in near.left + near.right)
    if not asked or len(left) * len(right) > _MAX_SPELLINGS:
        return replace(_plan_and((Or(near.left), Or(near.right)), 0), exact=False)
    close = _within(near.scope, [f"NEAR({one} {other}, {near.distance})" for one in left for other in right])
    return SearchPlan(expression=close, exact=False)


# --- spellings -----------------------------------------------------------------------------------


def _phrase_spellings(phrase: Phrase) -> list[str] | None:
    """Return the phrase as FTS5 strings, one for each spelling; None: more than the index is asked."""
    if not phrase.indexed:
        return None
    return _quoted(phrase.words, prefix=phrase.prefix) or None


def _quoted(words: tuple[str, ...], *, prefix: bool) -> list[str]:
    """Return the FTS5 strings for words in a row, empty if there are too many spellings.

    Folded words hold letters and digits alone, so nothing in them can end the string.
    """
    last = len(words) - 1
    spellings: list[tuple[str, ...]] = [()]
    for place, word in enumerate(words):
        choices = _spellings(word, prefix=prefix and place == last)
        if len(spellings) * len(choices) > _MAX_SPELLINGS:
            return []
        spellings = [(*before, choice) for before, choice in product(spellings, choices)]
    star = " *" if prefix else ""
    return [f'"{" ".join(spelling)}"{star}' for spelling in spellings]


def _spellings(word: str, *, prefix: bool) -> list[str]:
    """Return how the index may hold a word whose ligatures are spelled out."""
    found = [""]
    at = 0
    while at < len(word):
        pair = word[at : at + 2]
        half = _HALVES.get(pair) if prefix else None
        if pair in _LIGATURES:
            found = [before + choice for before in found for choice in (pair, _LIGATURES[pair])]
        elif half is not None:
            found = [before + choice for before in found for choice in (pair, half)]
        else:
            found = [before + pair[0] for before in found]
        at += 2 if pair in _LIGATURES else 1
        if len(found) > _MAX_SPELLINGS:
            return found
    return found
