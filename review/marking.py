r"""Where the evidence stands in a text: every signal's sentence marked, its trigger emphasised inside.

The offsets of a signal count characters in ``title + "\n" + text``. A text is cut into pieces that, put
together again, are the text itself, whatever the offsets say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from detection.query import Spans
from storage.types import Signal

#: characters a printed sentence may be longer than the stored one, by line breaks inside it
_SLACK = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text without a change of marking."""

    text: str
    trigger: bool
    #: what a search looked for
    hit: bool = False
    #: begins the first mark of a search
    first_hit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Pieces that stand in marked sentences, or outside of any."""

    pieces: tuple[Piece, ...]
    #: highest severity of the signals proved here, 0 outside of any
    severity: int
    #: numbers (from 1) of the signals that are proved here
    signals: tuple[int, ...]
    #: those of them whose proof begins here
    beginning: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    start: int
    end: int
    number: int
    severity: int


def sentence_span(full: str, signal: Signal) -> tuple[int, int] | None:
    """Return where a signal's sentence stands: the place that holds its trigger.

    A line break inside the sentence may have been stored as a space.
    """
    sentence = signal.sentence
    if not sentence.strip():
        return None
    first, last = max(0, signal.end - len(sentence) - _SLACK), signal.start + len(sentence) + _SLACK
    at = full.find(sentence, max(0, signal.end - len(sentence)), signal.start + len(sentence))
    if at >= 0:
        return at, at + len(sentence)
    pattern = r"\s+".join(map(re.escape, sentence.split()))
    for match in re.finditer(pattern, full[first:last]):
        if first + match.start() <= signal.start and signal.end <= first + match.end():
            return first + match.start(), first + match.end()
    return None


def mark_lines(title: str, text: str, signals: Sequence[Signal], looked_for: Spans | None = None) -> list[list[Run]]:
    """Return the lines of a text, title first, each as runs of marked and unmarked pieces."""
    full = f"{title}\n{text}"
    hits = _hits(full, len(title) + 1, looked_for or Spans())
    sentences, triggers = [], []
    for number, signal in enumerate(signals, start=1):
        trigger = _fit(full, signal.start, signal.end)
        sentence = sentence_span(full, signal) or trigger
        if sentence is not None:
            sentences.append(_Span(start=sentence[0], end=sentence[1], number=number, severity=signal.severity))
        if trigger is not None:
            triggers.append(_Span(start=trigger[0], end=trigger[1], number=number, severity=signal.severity))
    lines = []
    # The title takes its own line even when it holds a break, which a stored title never should.
    start = 0
    for line in full.split("\n"):
        lines.append(_runs(full, start, start + len(line), sentences, triggers, hits))
        start += len(line) + 1
    return lines


def _fit(full: str, start: int, end: int) -> tuple[int, int] | None:
    """Return a span that lies in the text and cuts no letter from its accents, or None."""
    if not 0 <= start < end <= len(full):
        return None
    while end < len(full) and unicodedata.combining(full[end]):
        end += 1
    return start, end


def _hits(full: str, shift: int, looked_for: Spans) -> list[_Span]:
    """Return what a search looked for, in characters of title and text together."""
    places = (*looked_for.title, *((start + shift, end + shift) for start, end in looked_for.text))
    return [
        _Span(start=start, end=end, number=number, severity=0)
        for number, (start, end) in enumerate(places, 1)
        if 0 <= start < end <= len(full)
    ]


def _runs(
    full: str, start: int, end: int, sentences: list[_Span], triggers: list[_Span], looked_for: list[_Span]
) -> list[Run]:
    near = [span for span in sentences if span.start < end and span.end > start]
    inner = [span for span in triggers if span.start < end and span.end > start]
    hits = [span for span in looked_for if span.start < end and span.end > start]
    cuts = {start, end}
    for span in (*near, *inner, *hits):
        cuts |= {max(start, span.start), min(end, span.end)}
    parts = []
    for left, right in pairwise(sorted(cuts)):
        covering = [span for span in near if span.start <= left and right <= span.end]
        emphasised = any(span.start <= left and right <= span.end for span in inner)
        hit = next((span for span in hits if span.start <= left and right <= span.end), None)
        first = hit is not None and hit.number == 1 and hit.start == left
        parts.append((covering, Piece(text=full[left:right], trigger=emphasised, hit=hit is not None, first_hit=first)))
    runs = []
    members_start = start
    for marked, group in groupby(parts, key=lambda part: bool(part[0])):
        members = list(group)
        spans = [span for covering, _ in members for span in covering] if marked else []
        runs.append(
            Run(
                pieces=tuple(piece for _, piece in members),
                severity=max((span.severity for span in spans), default=0),
                signals=tuple(sorted({span.number for span in spans})),
                beginning=tuple(sorted({span.number for span in spans if span.start >= members_start})),
            )
        )
        members_start += sum(len(piece.text) for _, piece in members)
    return runs


def emphasise(sentence: str, trigger: str, marks: Sequence[tuple[int, int]] = ()) -> tuple[Piece, ...]:
    """Cut a sentence, for lists, around the marks of a search and its trigger, which may not be in it."""
    at = sentence.find(trigger) if trigger else -1
    begin, end = (at, at + len(trigger)) if at >= 0 else (0, 0)
    cuts = {0, begin, end, len(sentence), *(place for mark in marks for place in mark)}
    return tuple(
        Piece(
            text=sentence[left:right],
            trigger=begin <= left and right <= end,
            hit=any(first <= left and right <= last for first, last in marks),
        )
        for left, right in pairwise(sorted(cuts))
    )
