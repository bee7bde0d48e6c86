"""Finds, in the source text of the rooms, the English sentences that they say to people."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

#: what a call says to people: by its name the keywords that hold a sentence
_SAID_BY_KEYWORD = frozenset({"detail", "message", "because"})
#: names that sentences are given to before they are said
_SAID_BY_NAME = frozenset({"detail", "message", "reason", "why", "says", "known", "refused"})
#: tables of sentences
_TABLES = frozenset({"_BY_CERTIFICATE", "_BY_NUMBER", "_BY_REASON", "_DETAILS", "_REFUSALS", "_WHY_NOT"})
#: calls of which a positional text with blanks is said, by the beginning of their names
_SAID_BY_CALL = ("_fail", "_lost", "_refus", "_nothing", "_error", "_broken", "refus", "error", "report", "RuleFault")


def sentences(path: Path, *, returned: bool = True) -> Iterator[tuple[int, ast.expr]]:
    """Yield the line and the expression of each sentence of a module; ``returned`` ones are what a function gives."""
    seen: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for expression in _said(node, returned=returned):
            for one in _alternatives(expression):
                if id(one) not in seen and _is_sentence(one):
                    seen.add(id(one))
                    yield one.lineno, one


def spoken(node: ast.expr, values: tuple[str, ...]) -> Iterator[str]:
    """Yield what a sentence may be when each of its places holds one of some values."""
    parts: list[tuple[str, ...]] = []
    for part in node.values if isinstance(node, ast.JoinedStr) else [node]:
        if isinstance(part, ast.Constant):
            parts.append((str(part.value),))
            continue
        assert isinstance(part, ast.FormattedValue)
        inner = [one.value for one in _alternatives(part.value) if isinstance(one, ast.Constant)]
        if inner:
            parts.append(tuple(str(one) for one in inner))
            continue
        mark = "'" if part.conversion == ord("r") else ""
        parts.append(tuple(f"{mark}{value}{mark}" for value in values))
    yield from map("".join, itertools.product(*parts))


def as_written(node: ast.expr) -> str:
    """Return a sentence as its source text has it, the places in brackets."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value) if isinstance(one, ast.Constant) else ast.unparse(ast.JoinedStr([one]))[2:-1]
            for one in node.values
        )
    assert isinstance(node, ast.Constant)
    return str(node.value)


def _said(node: ast.AST, *, returned: bool) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from (each.value for each in node.keywords if each.arg in _SAID_BY_KEYWORD)
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        to_log = isinstance(function, ast.Attribute) and "log" in ast.unparse(function.value)
        warns = name == "append" and "warnings" in ast.unparse(function)
        if warns or (not to_log and (name.startswith(_SAID_BY_CALL) or name.endswith("Error"))):
            yield from node.args
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        names = {getattr(one, "id", "") for one in (node.targets if isinstance(node, ast.Assign) else [node.target])}
        if names & _SAID_BY_NAME and node.value is not None:
            yield node.value
        elif names & _TABLES and isinstance(node.value, ast.Dict):
            yield from node.value.values
    elif isinstance(node, ast.Return) and returned and node.value is not None:
        yield node.value


def _alternatives(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        inside = [node.body, node.orelse]
    elif isinstance(node, ast.Tuple):
        inside = node.elts
    elif isinstance(node, ast.BoolOp):
        inside = node.values
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"shorten", "cut"}:
        inside = node.args[:1]
    elif isinstance(node, ast.Subscript):
        inside = [node.value]
    else:
        yield node
        return
    for one in inside:
        yield from _alternatives(one)


def _is_sentence(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value.strip().count(" ") >= 2
    if not isinstance(node, ast.JoinedStr):
        return False
    return any(" " in str(one.value) for one in node.values if isinstance(one, ast.Constant))
