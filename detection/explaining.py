"""A text taken apart for a reader: sentences, clauses, the cues in effect, and what became of each match."""

from __future__ import annotations

from dataclasses import dataclass

from detection.answers import Detection, Document, Step
from detection.compiler import RuleSet
from detection.cues import CueKind
from detection.detector import MAX_CHARACTERS, detect
from detection.patterns import match_line
from detection.reading import Reading, read
from detection.sentences import Sentence
from detection.status import find_cues
from detection.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class CueSaid:
    """Words that speak of how real an act is."""

    words: str
    #: a status, or ``mask`` for words that only look like a cue
    meaning: str
    #: how far they reach
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a sentence that bounds the reach of cues."""

    text: str
    cues: tuple[CueSaid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSentence:
    """A sentence with all that detection saw in it."""

    #: 0 is the title
    index: int
    text: str
    clauses: tuple[Clause, ...]
    steps: tuple[Step, ...]


def explain(
    document: Document, rules: RuleSet, *, every: bool = False
) -> tuple[Detection, tuple[ExplainedSentence, ...]]:
    """Return what a document gives, and how it was read.

    Args:
        document: the text.
        rules: to read it with.
        every: explain sentences without a match as well.
    """
    found = detect(document, rules)
    text = f"{document.title}\n{document.text}"[:MAX_CHARACTERS]
    published = document.published_at.date() if document.published_at else None
    reading = read(text, fold(text), title_end=min(len(document.title), len(text)), published=published)
    if reading is None:
        return found, ()
    steps: dict[int, list[Step]] = {}
    for step in found.trace:
        steps.setdefault(step.sentence_index, []).append(step)
    return found, tuple(
        ExplainedSentence(
            index=sentence.index,
            text=reading.printed(sentence),
            clauses=_clauses(reading, sentence, rules, found.language or ""),
            steps=tuple(steps.get(sentence.index, ())),
        )
        for sentence in reading.sentences
        if sentence.first < sentence.last and (every or sentence.index in steps)
    )


def _clauses(reading: Reading, sentence: Sentence, rules: RuleSet, language: str) -> tuple[Clause, ...]:
    cues = _cues(reading, sentence, rules, language)
    tokens = reading.tokens
    numbers = sorted(set(sentence.clauses))
    clauses = []
    for number in numbers:
        inside = [token for token in range(sentence.first, sentence.last) if sentence.clause_of(token) == number]
        own = tuple(said for at, said in cues if at in inside)
        clauses.append(Clause(text=reading.text[tokens.starts[inside[0]] : tokens.ends[inside[-1]]], cues=own))
    return tuple(clauses)


def _cues(reading: Reading, sentence: Sentence, rules: RuleSet, language: str) -> list[tuple[int, CueSaid]]:
    """Return the cues of a sentence with their first token, masked ones as masks."""
    own = rules.languages.get(language)
    if own is None:
        return []
    tokens = reading.tokens
    hits = own.index.scan(tokens.words, sentence.first, sentence.last, reading.by_token)
    said = [
        (cue.span[0], CueSaid(words=cue.words, meaning=cue.meaning.value, scope=cue.scope.value))
        for cue in find_cues(own.cues, hits, sentence, tokens, reading.text, language)
    ]
    for _, cue in (cue for group in hits for cue in own.cues.by_group.get(group, ())):
        if cue.meaning is CueKind.MASK:
            for match in match_line(cue.line, hits):
                first, last = match[0][0], match[-1][1]
                words = reading.text[tokens.starts[first] : tokens.ends[last - 1]]
                said.append((first, CueSaid(words=words, meaning="mask", scope=cue.scope.value)))
    return sorted(said, key=lambda one: (one[0], one[1].words, one[1].meaning))
