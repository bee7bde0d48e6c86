"""The signs of a query: what scanning gives and parsing reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from detection.query.nodes import Field


class Kind(StrEnum):
    """What a sign is."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    TERM = "term"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One sign of a query."""

    kind: Kind
    start: int
    end: int
    #: the field before an opening parenthesis or a term
    field: Field | None = None
    #: what a term asks for, without field, ``=``, quotes and ``*``
    value: str = ""
    value_start: int = 0
    quoted: bool = False
    #: the value is a regular expression
    regex: bool = False
    #: ``=`` stands before the value
    exact: bool = False
    #: ``*`` stands after the value
    star: bool = False
    #: n of NEAR/n
    distance: int = 0
