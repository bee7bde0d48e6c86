"""Patterns over tokens: the five-mark notation compiled to word lookups.

A *group* is a set of phrases; all groups of a language share one :class:`PhraseIndex`, which a
sentence is read through once. A *line* then joins groups by order and distance, looking at hits
only, so that the cost of a sentence hardly depends on the number of rules.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain as joined
from itertools import product
from math import prod

from detection.arabic import is_arabic, written_forms
from detection.countries import Mention
from detection.inflect import inflect
from detection.notation import NotationError, expand, split_outside
from detection.phrasetree import DYNAMIC, NUMBER, Hits, Phrase, PhraseTree, Span
from detection.text import words_of

__all__ = [
    "DEFAULT_GAP",
    "MAX_GAP",
    "MAX_PHRASES",
    "RESERVED",
    "Hits",
    "Line",
    "Phrase",
    "PhraseIndex",
    "Span",
    "Vocabulary",
    "compile_line",
    "hull",
    "match_line",
]

MAX_PHRASES = 20_000
DEFAULT_GAP = 8
MAX_GAP = 30
RESERVED = frozenset(name[1:] for name in (*DYNAMIC, NUMBER))


class Vocabulary:
    """The sets and verbs of one language, and what a group of phrases expands to."""

    def __init__(self, language: str, sets: Mapping[str, Sequence[str]], outer: Vocabulary | None = None) -> None:
        self.language = language
        self._sets = dict(sets)
        self._expanded: dict[str, frozenset[Phrase]] = {}
        self._known: dict[str, frozenset[Phrase]] = {}
        #: where sets are expanded that mean the same there, once for all files
        self._outer = outer
        self._extensions: list[tuple[Mapping[str, Sequence[str]], Vocabulary]] = []

    def extended(self, sets: Mapping[str, Sequence[str]]) -> Vocabulary:
        """Return a vocabulary with further sets, which may replace those of the same name."""
        if not sets:
            return self
        for known, extension in self._extensions:
            if known == sets:
                return extension
        outer = None if sets.keys() & self._sets.keys() else self
        extension = Vocabulary(self.language, self._sets | dict(sets), outer)
        self._extensions.append((dict(sets), extension))
        return extension

    def continued(self, sets: Mapping[str, Sequence[str]]) -> Vocabulary:
        """Return a vocabulary of these sets that knows what this one expanded; what it learns, this one does not."""
        if self._sets != dict(sets):
            return Vocabulary(self.language, sets)
        other = self._copy(None)
        for known, extension in self._extensions:
            outer = None if extension._outer is None else other
            other._extensions.append((known, extension._copy(outer)))
        return other

    def _copy(self, outer: Vocabulary | None) -> Vocabulary:
        other = Vocabulary(self.language, self._sets, outer)
        other._expanded.update(self._expanded)
        other._known.update(self._known)
        return other

    def phrases(self, source: str, _open: tuple[str, ...] = ()) -> frozenset[Phrase]:
        """Return every phrase of a group.

        Raises:
            NotationError: an unknown set or verb, brackets that do not match, or too many phrases.
        """
        if source in self._known:
            return self._known[source]
        phrases: set[Phrase] = set()
        for reading in expand(source):
            parts = [self._word(word, _open) for word in split_outside(reading, " ") if word]
            if self.language == "ar" and parts and not reading.startswith("{"):
                parts[0] = _as_written(parts[0])
            count = prod(map(len, parts))
            if count > MAX_PHRASES or count + len(phrases) > MAX_PHRASES:
                raise NotationError(f"{source!r} expands to more than {MAX_PHRASES} phrases; split it")
            if len(parts) == 1:
                phrases |= parts[0]
            else:
                phrases.update(tuple(joined.from_iterable(pieces)) for pieces in product(*parts))
        phrases.discard(())
        if not phrases:
            raise NotationError(f"{source!r} holds no word")
        self._known[source] = frozenset(phrases)
        return self._known[source]

    def holds_verb(self, source: str) -> bool:
        """Say whether a group is made of verbs, in its own words or by way of the sets it names."""
        names = re.findall(r"\{([a-z_]+)\}", source)
        return "~" in source or any("~" in inner for name in names for inner in self._sets.get(name, ()))

    def _word(self, word: str, open_sets: tuple[str, ...]) -> frozenset[Phrase]:
        if word.startswith("{"):
            return self._set(word[1:-1], open_sets)
        if word.startswith("~"):
            try:
                return frozenset(words_of(form) for form in inflect(word[1:], self.language))
            except KeyError as error:
                raise NotationError(
                    f"{word!r} is no verb whose forms are known in {self.language!r}: check the spelling, or write its "
                    "forms, such as (rompt|rompu)",
                    word,
                ) from error
        words = words_of(word)
        if not words:
            raise NotationError(f"{word!r} holds no letter or digit; marks stand between blanks", word)
        return frozenset({(*words[:-1], words[-1] + "*") if word.endswith("*") else words})

    def _set(self, name: str, open_sets: tuple[str, ...]) -> frozenset[Phrase]:
        if name in RESERVED:
            return frozenset({("@" + name,)})
        if name in open_sets:
            raise NotationError(f"set {{{name}}} holds itself; take it out of its own phrases", f"{{{name}}}")
        if name not in self._sets:
            known = sorted(self._sets.keys() | RESERVED)
            close = difflib.get_close_matches(name, known, n=1)
            cure = f"did you mean {{{close[0]}}}?" if close else f"known: {', '.join(known)}"
            raise NotationError(f"unknown set {{{name}}}; {cure}", f"{{{name}}}")
        if self._outer is not None and name in self._outer._sets:
            return self._outer._set(name, open_sets)
        if name not in self._expanded:
            inner = (*open_sets, name)
            self._expanded[name] = frozenset(p for source in self._sets[name] for p in self.phrases(source, inner))
        return self._expanded[name]


def _as_written(phrases: frozenset[Phrase]) -> frozenset[Phrase]:
    """Return Arabic phrases with what may be written onto their first word."""
    return frozenset(
        (form, *phrase[1:])
        for phrase in phrases
        for form in ([form for form, _ in written_forms(phrase[0])] if is_arabic(phrase[0]) else phrase[:1])
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rule: groups in order (or not) with a bounded gap."""

    source: str
    groups: tuple[int, ...]
    ordered: bool
    gap: int
    #: position among ``groups`` of the word that carries the act
    head: int


@dataclass(slots=True)
class PhraseIndex:
    """All groups of one language."""

    vocabulary: Vocabulary
    _numbers: dict[frozenset[Phrase], int] = field(default_factory=dict)
    _groups: list[frozenset[Phrase]] = field(default_factory=list)
    _tree: PhraseTree = field(default_factory=PhraseTree)

    def group(self, source: str, vocabulary: Vocabulary | None = None) -> int:
        """Return the number of a group, adding it when it is new.

        Raises:
            NotationError: see :meth:`Vocabulary.phrases`.
        """
        phrases = (vocabulary or self.vocabulary).phrases(source)
        number = self._numbers.get(phrases)
        if number is None:
            number = self._numbers[phrases] = len(self._groups)
            self._groups.append(phrases)
            self._tree.add(number, phrases)
        return number

    def __len__(self) -> int:
        return len(self._groups)

    def phrases(self, number: int) -> frozenset[Phrase]:
        """Return the phrases of a group."""
        return self._groups[number]

    def scan(
        self, words: Sequence[str], first: int, last: int, mentions: Mapping[int, Mention]
    ) -> dict[int, tuple[Span, ...]]:
        """Return where each group occurs, see :meth:`detection.phrasetree.PhraseTree.scan`."""
        return self._tree.scan(words, first, last, mentions)


_GAP = re.compile(r"\s*<=\s*(\d+)\s*$")


def compile_line(source: str, index: PhraseIndex, vocabulary: Vocabulary) -> Line:
    """Compile one line of the notation.

    Raises:
        NotationError: the line is not well written.
    """
    gap_match = _GAP.search(source)
    gap = int(gap_match[1]) if gap_match else DEFAULT_GAP
    if gap > MAX_GAP:
        raise NotationError(f"{source!r}: a gap of {gap} words is too wide; at most {MAX_GAP}", f"<= {gap}")
    body = source[: gap_match.start()] if gap_match else source
    if "<=" in body:
        raise NotationError(f"{source!r}: '<= N' stands once, at the end", "<=")
    ordered = " .. " not in body
    if not ordered and " > " in body:
        raise NotationError(f"{source!r} mixes '>' and '..'; use one of them", " > ", 1)
    parts = [part.strip() for part in split_outside(body, " > " if ordered else " .. ")]
    if not ordered and len(parts) > 2:
        raise NotationError(f"{source!r}: '..' joins two groups; write a line for each pair", parts[2])
    groups = tuple(index.group(part, vocabulary) for part in parts)
    head = next((i for i, part in enumerate(parts) if vocabulary.holds_verb(part)), 0)
    return Line(source, groups, ordered, gap, head)


def _ordered(line: Line, hits: Hits) -> list[tuple[Span, ...]]:
    chains: list[tuple[Span, ...]] = [(span,) for span in hits.get(line.groups[0], ())]
    for number in line.groups[1:]:
        spans = hits.get(number, ())
        longer: list[tuple[Span, ...]] = []
        for chain in chains:
            end = chain[-1][1]
            at = bisect_left(spans, (end, 0))
            if at < len(spans) and spans[at][0] - end <= line.gap:
                longer.append((*chain, spans[at]))
        chains = longer
    return chains


def _unordered(line: Line, hits: Hits) -> list[tuple[Span, ...]]:
    found: list[tuple[Span, ...]] = []
    others = hits.get(line.groups[1], ())
    for span in hits.get(line.groups[0], ()):
        at = bisect_left(others, (span[1], 0))
        near = [other for other in others[max(0, at - 3) : at + 1] if _gap(span, other) <= line.gap]
        if near:
            best = min(near, key=lambda other: (_gap(span, other), other[0] < span[0]))
            found.append((span, best))
    return found


def _gap(one: Span, two: Span) -> int:
    if one[0] < two[1] and two[0] < one[1]:
        return MAX_GAP + 1  # the same words cannot serve twice
    return two[0] - one[1] if two[0] >= one[1] else one[0] - two[1]


def hull(spans: Sequence[Span]) -> Span:
    """Return the span from the first word of the spans to after their last."""
    return min(begin for begin, _ in spans), max(end for _, end in spans)


def match_line(line: Line, hits: Hits) -> list[tuple[Span, ...]]:
    """Return the spans of the line's groups for every place where the line holds."""
    matcher: Callable[[Line, Hits], list[tuple[Span, ...]]] = _ordered if line.ordered else _unordered
    return matcher(line, hits)
