"""How real an act is: asserted, threatened, hypothetical, denied, past or ended.

Cues stand in ``cues.toml``. Those that only look like a negation or a doubt (« n'a pas hésité à »)
are masked first. What is left speaks of a trigger according to its scope; the gravest doubt wins:
denied, then threatened, hypothetical, past, ended.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from detection.cues import Cue, CueKind, Cues, FoundCue, Scope
from detection.dates import StatedDate
from detection.errors import RuleError
from detection.inflect import is_french_infinitive
from detection.notation import NotationError
from detection.patterns import Hits, PhraseIndex, Span, compile_line, hull, match_line
from detection.reading import Reading
from detection.sentences import Sentence
from detection.text import Tokens
from storage.types import Status

_FILE = Path(__file__).with_name("cues.toml")
_ORDER = (Status.DENIED, Status.THREATENED, Status.HYPOTHETICAL, Status.PAST, Status.ENDED)
#: how many words before or after a trigger a cue of its clause still speaks of it
_REACH = 14
#: a date that begins within so many words of a sentence opens it
_OPENING_WORDS = 3
_RELATIVES = frozenset({"qui", "that", "which"})
_CONJUNCTIONS = frozenset({"that", "que", "qu"})


_OF_A_CLAUSE = frozenset({Scope.BEFORE, Scope.CLAUSE, Scope.NEAR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Everything in a sentence that speaks of how real its acts are."""

    sentence: Sentence
    language: str
    words: Sequence[str]
    cues: tuple[FoundCue, ...]
    #: dates too far back to be news
    old_dates: tuple[StatedDate, ...]
    #: tokens that stand in a question: all of them, or the part of a title that asks
    questioned: Span
    #: the sentence opens with a French infinitive: it names an act and does not tell it
    infinitive: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and the words that decided it."""

    status: Status
    cues: tuple[str, ...] = ()


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def compile_cues(index: PhraseIndex) -> Cues:
    """Compile the cues of the index's language.

    Raises:
        RuleError: the data file is not valid.
    """
    try:
        entries = _data().get(index.vocabulary.language, [])
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"not valid TOML: {error}", file=_FILE) from error
    cues: list[Cue] = []
    for number, entry in enumerate(entries):
        meaning = entry["status"]
        try:
            kind: Status | CueKind = CueKind(meaning) if meaning in set(CueKind) else Status(meaning)
            scope = Scope(entry.get("scope", "before"))
            cues.extend(
                Cue(compile_line(line, index, index.vocabulary), kind, scope, number) for line in entry["match"]
            )
        except (NotationError, ValueError) as error:
            raise RuleError(f"[[{index.vocabulary.language}]] {error}", file=_FILE) from error
    by_group: dict[int, list[tuple[int, Cue]]] = {}
    for numbered in enumerate(cues):
        if numbered[1].meaning is not CueKind.GENRE:
            by_group.setdefault(numbered[1].line.groups[0], []).append(numbered)
    genres: dict[int, tuple[Cue, ...]] = {}
    for cue in cues:
        if cue.meaning is CueKind.GENRE:
            genres[cue.line.groups[0]] = (*genres.get(cue.line.groups[0], ()), cue)
    return Cues({group: tuple(own) for group, own in by_group.items()}, genres)


@cache
def _conditional() -> tuple[tuple[str, ...], frozenset[str]]:
    data = _data()["conditional"]
    return tuple(data["endings"]), frozenset(data["exceptions"])


@cache
def _causes() -> frozenset[str]:
    """Return words between an act and the older act that it answers."""
    return frozenset(_data()["cause"]["words"])


@cache
def _narrative() -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    data = _data()["narrative"]
    return tuple(data["endings"]), frozenset(data["exceptions"]), frozenset(data["recent"])


def is_narrated(doubts: Doubts, head: Span) -> bool:
    """Say whether an act stands in the French imperfect of stories, with no word that dates it in these days."""
    sentence = doubts.sentence
    if doubts.language != "fr":
        return False
    endings, exceptions, recent = _narrative()
    words, clause = doubts.words, sentence.clause_of(head[0])
    told = [at for at in range(sentence.first, head[1]) if words[at].endswith(endings) and words[at] not in exceptions]
    if not told or not recent.isdisjoint(words[sentence.first : sentence.last]):
        return False
    mood = {cue.span[0] for cue in doubts.cues if cue.mood}
    return any(at not in mood and sentence.clause_of(at) == clause for at in told)


def _conditionals(tokens: Tokens, sentence: Sentence) -> Iterable[Span]:
    """Yield the French conditionals of a sentence: rumour or hypothesis (« aurait quitté »)."""
    endings, exceptions = _conditional()
    for at in range(sentence.first, sentence.last):
        word = tokens.words[at]
        if word.endswith(endings) and word.removesuffix("ent").removesuffix("t") not in exceptions:
            yield (at, at + 1)


def _overlap(one: Span, two: Span) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def find_cues(
    cues: Cues, hits: Hits, sentence: Sentence, tokens: Tokens, text: str, language: str
) -> tuple[FoundCue, ...]:
    """Return the cues that count in a sentence, masked ones left out."""
    masks: list[Span] = []
    reports: list[int] = []
    found: list[tuple[Status, Scope, Span, bool]] = []
    for cue in cues.begun(hits):
        spans = [
            (match[0][0], match[-1][1]) if cue.line.ordered else hull(match) for match in match_line(cue.line, hits)
        ]
        if cue.meaning is CueKind.MASK:
            masks.extend(spans)
        elif cue.meaning is CueKind.REPORT:
            reports.extend(span[1] for span in spans)
        elif isinstance(cue.meaning, Status):
            found.extend((cue.meaning, cue.scope, span, False) for span in spans)
    if language == "fr":
        found.extend(
            (Status.HYPOTHETICAL, Scope.BEFORE, span, True)
            for span in _conditionals(tokens, sentence)
            if not any(report <= span[0] for report in reports)
        )
    return tuple(
        FoundCue(meaning, scope, span, text[tokens.starts[span[0]] : tokens.ends[span[1] - 1]], mood)
        for meaning, scope, span, mood in found
        if not any(_hides(mask, span) for mask in masks)
    )


def _hides(mask: Span, cue: Span) -> bool:
    """Say whether a mask hides a cue; a cue that says more than the mask counts: « n'exclut pas de »."""
    longer = cue[0] <= mask[0] and mask[1] <= cue[1] and cue != mask
    return _overlap(cue, mask) and not longer


def genre_cues(cues: Cues, hits: Hits, words: Sequence[str]) -> frozenset[tuple[int, str]]:
    """Return the words of sport, fiction or police matters in a sentence, each with its genre's number.

    Where a text names its genre (scope ``text``), that counts twice: no second word is needed.
    """
    found: set[tuple[int, str]] = set()
    for group in cues.genres.keys() & hits.keys():
        for cue in cues.genres[group]:
            if cue.scope is not Scope.TEXT:
                found.update((cue.genre, " ".join(words[begin:end])) for begin, end in hits[group])
            elif match_line(cue.line, hits):
                found |= {(cue.genre, cue.line.source), (cue.genre, "")}
    return frozenset(found)


def _stands_apart(cue: FoundCue, sentence: Sentence) -> bool:
    """Say whether a cue opens the sentence and is a clause of its own, and so speaks of all that follows.

    « À l’époque, Bamako … », "Reportedly, Paris …".
    """
    return cue.scope in _OF_A_CLAUSE and _opens_apart(cue, sentence)


def _opens_apart(cue: FoundCue, sentence: Sentence) -> bool:
    start, end = cue.span
    if cue.mood or start != sentence.first or end >= sentence.last:
        return False
    return sentence.clause_of(end - 1) < sentence.clause_of(end)


def opens_in_doubt(doubts: Doubts) -> bool:
    """Say whether a sentence opens with words that put all it tells in doubt or in the past.

    « D’après des rumeurs non confirmées, … », "Rumour has it that …", "Three years ago, …".
    """
    sentence = doubts.sentence
    dated = any(stated.first - sentence.first <= _OPENING_WORDS for stated in doubts.old_dates)
    return dated or any(
        cue.meaning is not Status.ENDED
        and (_opens_apart(cue, sentence) or _opens_at_length(cue, sentence, doubts.words))
        for cue in doubts.cues
    )


def _opens_at_length(cue: FoundCue, sentence: Sentence, words: Sequence[str]) -> bool:
    """Say whether a cue of some words opens a sentence, and the clause ends or a conjunction follows soon after."""
    start, end = cue.span
    if cue.mood or start != sentence.first or end - start < _OPENING_WORDS or end >= sentence.last:
        return False
    soon = min(end + 2, sentence.last - 1)
    return words[end - 1] in _CONJUNCTIONS or sentence.clause_of(end - 1) < sentence.clause_of(soon)


def _applies(cue: FoundCue, sentence: Sentence, head: Span, trigger: Span) -> bool:
    start, end = cue.span
    if _stands_apart(cue, sentence):
        # A loose pattern may begin within the cue: « À l’époque, deux Français arrêtés » read from the article on.
        return start < head[0]
    same_clause = bool(
        {sentence.clause_of(start), sentence.clause_of(end - 1)}
        & {sentence.clause_of(head[0]), sentence.clause_of(trigger[0]), sentence.clause_of(trigger[1] - 1)}
    )
    match cue.scope:
        case Scope.NEGATION:
            return start <= head[0] <= end + 2 and head[0] - start <= 8
        case Scope.NEAR:
            # « Avant l’aube, le Mali expulse … »: what a comma parts stands near in letters only.
            return same_clause and (0 <= trigger[0] - end <= 3 or 0 <= head[0] - end <= 3)
        case Scope.BEFORE:
            return same_clause and start < trigger[1] and trigger[0] - end <= _REACH
        case Scope.AFTER:
            return same_clause and start >= head[1] and start - trigger[1] <= _REACH
        case Scope.AHEAD:
            return end <= head[0]
        case Scope.CLAUSE:
            return same_clause
        case Scope.SENTENCE:
            return True
        case Scope.TEXT | Scope.TITLE:
            return True


def _date_speaks_of(stated: StatedDate, doubts: Doubts, trigger: Span, rivals: Sequence[Span]) -> bool:
    """Say whether an old date is that of the trigger: it opens the sentence, or stands nearest to it."""
    sentence = doubts.sentence
    # « le renvoi, en 2022, de son ambassadeur »: set off by commas, and yet the date of the act.
    within = trigger[0] <= stated.first < trigger[1]
    if within and _RELATIVES & set(doubts.words[trigger[0] : stated.first]):
        return False  # « la convention qui liait le Mali à la France depuis 1994 est lettre morte »
    if stated.first - sentence.first <= _OPENING_WORDS or within or 0 <= trigger[0] - stated.last <= 2:
        return True
    inside = sentence.clause_of(stated.first) in {sentence.clause_of(trigger[0]), sentence.clause_of(trigger[1] - 1)}
    if not inside and not 0 <= stated.first - trigger[1] <= 4:
        return False
    distance = _distance(stated.first, trigger)
    for rival in rivals:
        nearer = _distance(stated.first, rival) < distance and not _overlap(rival, trigger)
        # « a suspendu … après l'arrestation en août »: the date is that of the arrest alone.
        if nearer and _causes() & set(doubts.words[trigger[1] : rival[0]]):
            return False
    return True


def _beside(cue: Span, words: Span) -> bool:
    return cue[0] - 3 <= words[1] and words[0] <= cue[1] + 3


def _distance(at: int, span: Span) -> int:
    return span[0] - at if at < span[0] else max(0, at - span[1] + 1)


def judge(
    doubts: Doubts,
    *,
    head: Span,
    trigger: Span,
    own_words: Sequence[Span],
    rivals: Sequence[Span],
    event_negations: Sequence[Span] = (),
    floor: Status | None = None,
) -> Verdict:
    """Return the status of one trigger.

    Args:
        doubts: of its sentence.
        head: words that carry the act.
        trigger: from the first to the last word of the match.
        own_words: spans of the match itself, which are no cues.
        rivals: triggers of the other matches in the sentence.
        event_negations: words whose negation asserts the act (« plus les bienvenus »).
        floor: what the rule says of its act when no cue says otherwise.
    """
    reasons: dict[Status, list[str]] = {}
    for cue in doubts.cues:
        own = any(span[0] <= cue.span[0] and cue.span[1] <= span[1] for span in own_words)
        # « accuse … de »; but « il y a deux ans » is not the pronoun of « il a été arrêté »
        # … nor the whole of what « emprisonné sept mois, il a atterri » tells
        whole = cue.meaning is Status.PAST or (cue.meaning is Status.ENDED and cue.scope is Scope.SENTENCE)
        opened_by_act = cue.scope is not Scope.NEGATION and not whole and cue.span[0] == head[0]
        if (own or opened_by_act) and not cue.mood:
            continue
        if cue.meaning is Status.DENIED and any(_beside(cue.span, asserting) for asserting in event_negations):
            continue
        if _applies(cue, doubts.sentence, head, trigger):
            reasons.setdefault(cue.meaning, []).append(cue.words)
    for stated in doubts.old_dates:
        if _date_speaks_of(stated, doubts, trigger, rivals):
            reasons.setdefault(Status.PAST, []).append(" ".join(doubts.words[stated.first : stated.last]))
    if doubts.questioned[0] <= head[0] < doubts.questioned[1]:
        reasons.setdefault(Status.HYPOTHETICAL, []).append("?")
    if doubts.infinitive and head[0] == doubts.sentence.first:
        reasons.setdefault(Status.HYPOTHETICAL, []).append(doubts.words[head[0]])
    for status in _ORDER:
        if status in reasons:
            return Verdict(status, tuple(dict.fromkeys(reasons[status])))
    if floor is not None and floor is not Status.ASSERTED:
        return Verdict(floor, (" ".join(doubts.words[head[0] : head[1]]),))
    return Verdict(Status.ASSERTED)


def read_doubts(cues: Cues, hits: Hits, sentence: Sentence, reading: Reading, language: str) -> Doubts:
    """Return what a sentence says of the reality of its acts.

    Args:
        cues: of the language.
        hits: of every group, from the index's scan of the sentence.
        sentence: the sentence.
        reading: of the text.
        language: of the cues; French has a mood of its own for rumours.
    """
    tokens, text = reading.tokens, reading.text
    begun = language == "fr" and sentence.first < sentence.last
    return Doubts(
        sentence=sentence,
        language=language,
        words=tokens.words,
        cues=find_cues(cues, hits, sentence, tokens, text, language),
        old_dates=reading.old_dates(sentence),
        questioned=_questioned(sentence, tokens, text),
        infinitive=begun and is_french_infinitive(tokens.words[sentence.first]),
    )


def _questioned(sentence: Sentence, tokens: Tokens, text: str) -> Span:
    """Return the tokens that stand in a question, an empty span when none does."""
    if text[sentence.start : sentence.end].rstrip(' \u00a0\u202f»"”').endswith(("?", "؟")):
        return sentence.first, sentence.last
    title = sentence.index == 0
    mark = max(text.rfind(one, sentence.start, sentence.end) for one in "?؟") if title else -1
    if mark < 0:
        return sentence.first, sentence.first
    begin = max(text.rfind(other, sentence.start, mark) for other in ":.!;—–") + 1
    return tokens.first_at(max(begin, sentence.start)), tokens.first_at(mark)
