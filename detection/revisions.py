"""What changed between two texts of an article: a diff over words, and the signals that came or went.

Pure, and bounded: the work of one diff is counted and cut off, whatever the two texts are.
"""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.types import Signal

#: steps one diff may take before what is left is shown as replaced in whole: about a second of work
MAX_STEPS = 2_000_000
# A line end is a token of its own, so that paragraphs stay paragraphs; every character is in one token.
_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")


class Op(StrEnum):
    """What became of a piece of text."""

    EQUAL = "equal"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that both texts have, or only the new or the old one."""

    op: Op
    text: str


def word_diff(old: str, new: str, *, max_steps: int = MAX_STEPS) -> tuple[Span, ...]:
    """Return how ``old`` became ``new``, word by word.

    Nothing is lost: the spans that are not inserted give ``old``, those that are not deleted give ``new``. Where a
    piece was replaced, what was deleted comes first. Paragraphs are compared first, then the words of those that
    differ; beyond ``max_steps`` a piece counts as replaced in whole.
    """
    budget = _Budget(max_steps)
    edits: list[tuple[Op, str]] = []
    removed: list[str] = []
    added: list[str] = []

    def settle() -> None:
        edits.extend(_between("".join(removed), "".join(added), budget))
        removed.clear()
        added.clear()

    for op, line in _edits(old.splitlines(keepends=True), new.splitlines(keepends=True), budget):
        if op is Op.EQUAL:
            settle()
            edits.append((op, line))
        else:
            (removed if op is Op.DELETE else added).append(line)
    settle()
    return _tidied(edits)


def spans_by_line(spans: Iterable[Span]) -> tuple[tuple[Span, ...], ...]:
    """Return a diff cut at its line ends, for showing it as paragraphs; the line ends are left out."""
    lines: list[list[Span]] = [[]]
    for span in spans:
        for number, piece in enumerate(span.text.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Span(span.op, piece))
    return tuple(tuple(line) for line in lines if line)


class _Budget:
    """How many steps are left."""

    def __init__(self, steps: int) -> None:
        self.left = steps


def _between(old: str, new: str, budget: _Budget) -> list[tuple[Op, str]]:
    return _edits(_TOKEN.findall(old), _TOKEN.findall(new), budget)


def _edits(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[tuple[Op, str]]:
    """Return the shortest way from one list to the other; replaces all of it when that takes too long.

    Eugene W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
    """
    start = 0
    least = min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    end = 0
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    head = [(Op.EQUAL, token) for token in old[:start]]
    tail = [(Op.EQUAL, token) for token in old[len(old) - end :]]
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    trace = _trace(a, b, budget) if a and b else None
    if trace is None:
        return [*head, *((Op.DELETE, token) for token in a), *((Op.INSERT, token) for token in b), *tail]
    return [*head, *_backtrack(a, b, trace), *tail]


def _trace(a: Sequence[str], b: Sequence[str], budget: _Budget) -> list[array[int]] | None:
    """Return the furthest reach on each diagonal after 0, 1, 2, … edits, or None when there are too many."""
    numbers: dict[str, int] = {}
    left = array("l", (numbers.setdefault(token, len(numbers)) for token in a))
    right = array("l", (numbers.setdefault(token, len(numbers)) for token in b))
    size = len(left) + len(right)
    reach = {1: 0}
    trace: list[array[int]] = []
    for edits in range(size + 1):
        row = array("l")
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
            x = reach[diagonal + 1] if down else reach[diagonal - 1] + 1
            y = begin = x - diagonal
            while x < len(left) and y < len(right) and left[x] == right[y]:
                x += 1
                y += 1
            budget.left -= 1 + y - begin
            reach[diagonal] = x
            row.append(x)
            if x >= len(left) and y >= len(right):
                trace.append(row)
                return trace
        trace.append(row)
        if budget.left <= 0:
            return None
    return None  # pragma: no cover - every pair of lists is reached within the sum of their lengths


def _backtrack(a: Sequence[str], b: Sequence[str], trace: list[array[int]]) -> list[tuple[Op, str]]:
    """Walk a trace from its end to its beginning."""
    edits: list[tuple[Op, str]] = []
    x, y = len(a), len(b)
    for number in range(len(trace) - 1, 0, -1):
        diagonal = x - y
        # The row before holds diagonals 1 - number, 3 - number, …, number - 1.
        above, left = (diagonal + number) // 2, (diagonal + number) // 2 - 1
        before = trace[number - 1]
        down = diagonal == -number or (diagonal != number and before[left] < before[above])
        from_x = before[above] if down else before[left]
        edited_x = from_x if down else from_x + 1
        while x > edited_x:
            edits.append((Op.EQUAL, a[x - 1]))
            x, y = x - 1, y - 1
        edits.append((Op.INSERT, b[y - 1]) if down else (Op.DELETE, a[x - 1]))
        x, y = (x, y - 1) if down else (x - 1, y)
    edits.extend((Op.EQUAL, a[place]) for place in range(x - 1, -1, -1))
    edits.reverse()
    return edits


def _tidied(edits: Sequence[tuple[Op, str]]) -> tuple[Span, ...]:
    """Join what belongs together: deleted before inserted, and no lone blank kept between two changes."""
    pieces: list[_Piece] = []
    for op, text in edits:
        equal = op is Op.EQUAL
        if not pieces or pieces[-1].equal is not equal:
            pieces.append(_Piece(equal))
        if op is not Op.INSERT:
            pieces[-1].old.append(text)
        if op is not Op.DELETE:
            pieces[-1].new.append(text)
    for piece in pieces[1:-1]:
        piece.equal = piece.equal and not _is_blank("".join(piece.old))
    spans: list[Span] = []
    for equal, group in itertools.groupby(pieces, key=lambda piece: piece.equal):
        joined = list(group)
        old = "".join(text for piece in joined for text in piece.old)
        new = "".join(text for piece in joined for text in piece.new)
        found = [(Op.EQUAL, old)] if equal else [(Op.DELETE, old), (Op.INSERT, new)]
        spans.extend(Span(op, text) for op, text in found if text)
    return tuple(spans)


class _Piece:
    """A run of text that both sides have, or that differs."""

    __slots__ = ("equal", "new", "old")

    def __init__(self, equal: bool) -> None:  # noqa: FBT001
        self.equal = equal
        self.old: list[str] = []
        self.new: list[str] = []


def _is_blank(text: str) -> bool:
    return text.isspace() and "\n" not in text


#: what makes two signals one and the same over the versions of an article
Token = tuple[str, str | None, str | None, str]


def token(signal: Signal) -> Token:
    """Return type, actor, target and status."""
    return (signal.type, signal.actor, signal.target, signal.status.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChanges:
    """The signals one version of an article has and the one before had not, and the reverse."""

    added: tuple[Signal, ...]
    dropped: tuple[Signal, ...]


def signal_changes(before: Sequence[Signal], after: Sequence[Signal]) -> SignalChanges:
    """Return which acts a new version added or dropped, each once, in the order of the text."""
    return SignalChanges(added=_missing(after, before), dropped=_missing(before, after))


def _missing(here: Sequence[Signal], there: Sequence[Signal]) -> tuple[Signal, ...]:
    known = {token(signal) for signal in there}
    found: dict[Token, Signal] = {}
    for signal in here:
        if token(signal) not in known:
            found.setdefault(token(signal), signal)
    return tuple(found.values())
