"""One query language for watches and for the archive.

:func:`parse` reads a query, :func:`matches` asks one article about it, :func:`plan` turns it into an
expression for the full-text index that never loses a match. ``docs/query.md`` teaches the language.
"""

from __future__ import annotations

from detection.query.asking import Asked, ask
from detection.query.beginnings import beginnings, without
from detection.query.errors import QueryError
from detection.query.evaluate import Clause, Subject, explain, matches
from detection.query.needs import Needs, asks, asks_of_acts, first_regex, needs, parse_watch
from detection.query.nodes import Field, Query
from detection.query.parse import MAX_LENGTH, MAX_NESTING, MAX_TERMS, parse
from detection.query.plan import SearchPlan, plan
from detection.query.spans import Spans, asks_words, spans
from detection.query.syntax import describe_syntax

__all__ = [
    "MAX_LENGTH",
    "MAX_NESTING",
    "MAX_TERMS",
    "Asked",
    "Clause",
    "Field",
    "Needs",
    "Query",
    "QueryError",
    "SearchPlan",
    "Spans",
    "Subject",
    "ask",
    "asks",
    "asks_of_acts",
    "asks_words",
    "beginnings",
    "describe_syntax",
    "explain",
    "first_regex",
    "matches",
    "needs",
    "parse",
    "parse_watch",
    "plan",
    "spans",
    "without",
]
