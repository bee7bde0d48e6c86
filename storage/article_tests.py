"""Tests of one article's codes and acts as SQL: what queries ask besides words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.times import to_text


class Code(StrEnum):
    """A column that holds a code, of the article ``a``, its source, or an act ``g`` in its current text."""

    SOURCE = "source"
    LANGUAGE = "language"
    COUNTRY = "country"
    TYPE = "type"
    ACTOR = "actor"
    TARGET = "target"
    STATUS = "status"


_COLUMNS = {
    Code.SOURCE: "lower(a.source_id)",
    Code.LANGUAGE: "lower(a.language)",
    # Types are lower case wherever they come from. Acts are looked up by their article, not by the index of types.
    Code.TYPE: "g.type || ''",
    Code.ACTOR: "lower(g.actor)",
    Code.TARGET: "lower(g.target)",
    Code.STATUS: "g.status",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIs:
    """A code is this one, or begins so; in lower case."""

    code: Code
    value: str
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityIs:
    """An act's severity compares so with a number."""

    #: ``>=``, ``<=``, ``>``, ``<`` or ``=``
    comparison: str
    number: int


ActTest = CodeIs | SeverityIs


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTests:
    """What one and the same article must be and hold."""

    codes: tuple[CodeIs, ...] = ()
    #: when it appeared, before ``until``
    since: datetime | None = None
    until: datetime | None = None
    #: for each of these one act meets all of its tests
    acts: tuple[tuple[ActTest, ...], ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """Types of act that the article must hold one of each of."""
        return tuple(
            test.value
            for tests in self.acts
            for test in tests
            if isinstance(test, CodeIs) and test.code is Code.TYPE and not test.prefix
        )


def clauses(tests: ArticleTests) -> tuple[list[str], dict[str, Any]]:
    """Return clauses over ``article a`` to join by AND, with their values."""
    values: dict[str, Any] = {}
    found = [_code(test, values) for test in tests.codes]
    for comparison, moment in ((">=", tests.since), ("<", tests.until)):
        if moment is not None:
            found.append(f"a.effective_at {comparison} {_name(values, to_text(moment))}")
    for of_one in tests.acts:
        conditions = " AND ".join(_act(test, values) for test in of_one)
        found.append(f"EXISTS (SELECT 1 FROM signal g WHERE g.revision_id = a.revision_id AND {conditions})")  # noqa: S608 (fixed text)
    return found, values


def _name(values: dict[str, Any], value: object) -> str:
    name = f"test{len(values)}"
    values[name] = value
    return f":{name}"


def _code(test: CodeIs, values: dict[str, Any]) -> str:
    if test.code is Code.COUNTRY:
        return f"a.source_id IN (SELECT s.id FROM source s WHERE {_is('lower(s.country)', test, values)})"  # noqa: S608 (fixed text)
    return _is(_COLUMNS[test.code], test, values)


def _act(test: ActTest, values: dict[str, Any]) -> str:
    if isinstance(test, CodeIs):
        return _is(_COLUMNS[test.code], test, values)
    if test.comparison not in _COMPARISONS:
        raise ValueError(f"{test.comparison!r} compares nothing")
    return f"g.severity {test.comparison} {_name(values, test.number)}"


_COMPARISONS: Sequence[str] = (">=", "<=", ">", "<", "=")


def _is(column: str, test: CodeIs, values: dict[str, Any]) -> str:
    if not test.prefix:
        return f"{column} = {_name(values, test.value)}"
    return f"substr({column}, 1, {len(test.value)}) = {_name(values, test.value)}"
