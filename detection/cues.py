"""Cues: words that say how real an act is, how far they reach, and where they stand in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from detection.patterns import Hits, Line, Span
from storage.types import Status


class Scope(StrEnum):
    """Where a cue must stand to speak of a trigger."""

    #: it begins before the trigger and reaches to within two words of it, or encloses it
    NEGATION = "negation"
    #: right before the trigger, at most three words between
    NEAR = "near"
    #: before the end of the trigger, in its clause
    BEFORE = "before"
    #: after the trigger, in its clause
    AFTER = "after"
    #: anywhere in the sentence before the trigger
    AHEAD = "ahead"
    #: anywhere in the clause
    CLAUSE = "clause"
    #: anywhere in the sentence
    SENTENCE = "sentence"
    #: anywhere in the title or the opening: it speaks of the whole text
    TEXT = "text"
    #: it opens the title: it speaks of the whole text
    TITLE = "title"


#: scopes of cues that judge every act of a text
WHOLE_TEXT = frozenset({Scope.TEXT, Scope.TITLE})


class CueKind(StrEnum):
    """What a cue does when it is not a status."""

    MASK = "mask"
    #: « a annoncé que »: a conditional after it is a decision, not a doubt
    REPORT = "report"
    GENRE = "genre"


@dataclass(frozen=True, slots=True)
class Cue:
    """A compiled line of ``cues.toml``."""

    line: Line
    meaning: Status | CueKind
    scope: Scope
    #: number of the table it stands in, which tells one genre from another
    genre: int = -1


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of a language by the first group of their lines, each with its place in the file."""

    by_group: Mapping[int, tuple[tuple[int, Cue], ...]]
    #: those of genres by the first group of their lines
    genres: Mapping[int, tuple[Cue, ...]]

    def begun(self, hits: Hits) -> list[Cue]:
        """Return the cues whose first words occur, genres left out, in the order of the file."""
        found = [numbered for group in self.by_group.keys() & hits.keys() for numbered in self.by_group[group]]
        return [cue for _, cue in sorted(found, key=lambda numbered: numbered[0])]


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A cue in a sentence."""

    meaning: Status
    scope: Scope
    span: Span
    #: the words as printed
    words: str
    #: it is the mood of a verb, so the trigger's own verb may be the cue
    mood: bool = False
