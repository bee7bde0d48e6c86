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

from storage.types import Signal

#: characters a printed sentence may be longer than the stored one, by line breaks inside it
_SLACK = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text without a change of marking."""

    text: str
    trigger: bool


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


def mark_lines(title: str, text: str, signals: Sequence[Signal]) -> list[list[Run]]:
    """Return the lines of a text, title first, each as runs of marked and unmarked pieces."""
    full = f"{title}\n{text}"
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
        lines.append(_runs(full, start, start + len(line), sentences, triggers))
        start += len(line) + 1
    return lines


def _fit(full: str, start: int, end: int) -> tuple[int, int] | None:
    """Return a span that lies in the text and cuts no letter from its accents, or None."""
    if not 0 <= start < end <= len(full):
        return None
    while end < len(full) and unicodedata.combining(full[end]):
        end += 1
    return start, end


def _runs(full: str, start: int, end: int, sentences: list[_Span], triggers: list[_Span]) -> list[Run]:
    near = [span for span in sentences if span.start < end and span.end > start]
    inner = [span for span in triggers if span.start < end and span.end > start]
    cuts = {start, end}
    for span in (*near, *inner):
        cuts |= {max(start, span.start), min(end, span.end)}
    parts = []
    for left, right in pairwise(sorted(cuts)):
        covering = [span for span in near if span.start <= left and right <= span.end]
        emphasised = any(span.start <= left and right <= span.end for span in inner)
        parts.append((covering, Piece(text=full[left:right], trigger=emphasised)))
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


def emphasise(sentence: str, trigger: str) -> tuple[Piece, ...]:
    """Cut a sentence around its trigger, for lists; the whole sentence when the trigger is not in it."""
    at = sentence.find(trigger) if trigger else -1
    if at < 0:
        return (Piece(text=sentence, trigger=False),)
    parts = ((sentence[:at], False), (trigger, True), (sentence[at + len(trigger) :], False))
    return tuple(Piece(text=text, trigger=marked) for text, marked in parts if text)
