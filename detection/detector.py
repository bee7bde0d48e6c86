"""Text to signals: presearch, sentences, rules, status, roles, then the text as a whole.

:func:`detect` is pure and never raises on text: the same document and rules always give the same
answer.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from detection import paraphrase, weighing
from detection.answers import Detection, Document, Step
from detection.compiler import LanguageRules, RuleSet
from detection.countries import may_name_state
from detection.cues import WHOLE_TEXT, FoundCue, Scope
from detection.language import identify_language
from detection.matching import Found, match_sentence
from detection.merging import OPENING, Candidate, fill_roles, merge, settle
from detection.patterns import Hits, Span
from detection.quoted import quoted_passages, quoting
from detection.reading import Reading, read
from detection.roles import find_roles
from detection.scene import Scene
from detection.sentences import Sentence
from detection.status import Doubts, Verdict, find_cues, genre_cues, is_narrated, judge, opens_in_doubt, read_doubts
from detection.text import fold, written_out
from storage.types import Signal, Status

#: characters read of one document: no press article is longer
MAX_CHARACTERS = 200_000
#: matches weighed in one document, dropped ones included: no press article holds so many
MAX_MATCHES = 250
#: this many words of sport, fiction or police matters, and the text is not about states
_GENRE_CUES = 2
_PRIVATE = frozenset({"removal_individual"})
_ISO_DATE = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
#: a date line stands within the first so many characters of the text
_DATE_LINE = 200


def _published(document: Document, text: str) -> date | None:
    if document.published_at is not None:
        return document.published_at.date()
    stated = _ISO_DATE.search(text, len(document.title), len(document.title) + _DATE_LINE)
    if stated is None:
        return None
    try:
        return date(int(stated[1]), int(stated[2]), int(stated[3]))
    except ValueError:
        return None


def _worth_reading(reading: Reading, offsets: Sequence[int], *, exact: bool) -> Iterable[Sentence]:
    """Yield the sentences that hold an anchor; all of them where offsets are not those of the text."""
    for sentence in reading.sentences:
        at = bisect_left(offsets, sentence.start)
        if not exact or (at < len(offsets) and offsets[at] < sentence.end):
            yield sentence


def _step(found: Found, reading: Reading, sentence: Sentence, reason: str) -> Step:
    start, end = found.trigger
    return Step(
        sentence_index=sentence.index,
        sentence=reading.printed(sentence),
        rule=found.rule.entry.id,
        type=found.rule.entry.type,
        trigger=reading.text[reading.tokens.starts[start] : reading.tokens.ends[end - 1]],
        reason=reason,
    )


def _candidate_step(candidate: Candidate, reading: Reading, reason: str) -> Step:
    start, end = candidate.trigger
    return Step(
        sentence_index=candidate.sentence.index,
        sentence=reading.printed(candidate.sentence),
        rule=candidate.rule.entry.id,
        type=candidate.type,
        trigger=reading.text[reading.tokens.starts[start] : reading.tokens.ends[end - 1]],
        actor=candidate.roles.actor,
        target=candidate.roles.target,
        actor_from=candidate.roles.actor_from,
        target_from=candidate.roles.target_from,
        status=candidate.verdict.status.value,
        cues=candidate.verdict.cues,
        kept=reason == "kept",
        reason=reason,
    )


@dataclass(slots=True)
class _Gathered:
    """What the sentences of a document gave, before the text is seen as a whole."""

    candidates: list[Candidate]
    text_cues: list[tuple[int, FoundCue]]
    #: (genre, word) of the title and the opening
    genre: set[tuple[int, str]]
    steps: list[Step]
    #: there were more matches than :data:`MAX_MATCHES`, and reading stopped
    full: bool = False


def _read_sentences(rules: LanguageRules, reading: Reading, sentences: Sequence[Sentence], gathered: _Gathered) -> None:
    """Find what the rules match; what is said of its reality is read only where there is something to doubt."""
    words = reading.tokens.words
    matched: list[tuple[Sentence, Hits, Sequence[Found]]] = []
    weighed = 0
    for sentence in sentences:
        hits = rules.index.scan(words, sentence.first, sentence.last, reading.by_token)
        matches = match_sentence(rules, hits, sentence, words)
        gathered.steps += [_step(found, reading, sentence, reason) for found, reason in matches.dropped]
        if matches.found or sentence.index <= OPENING:  # only the opening speaks of the whole text
            matched.append((sentence, hits, matches.found))
        weighed += len(matches.found) + len(matches.dropped)
        if weighed > MAX_MATCHES:
            gathered.full = True
            break
    if any(found for _, _, found in matched):
        for sentence, occurrences, own in matched:
            _read_sentence(rules, reading, sentence, occurrences, own, gathered)


def _read_sentence(
    rules: LanguageRules,
    reading: Reading,
    sentence: Sentence,
    hits: Hits,
    matched: Sequence[Found],
    gathered: _Gathered,
) -> None:
    if sentence.index <= OPENING:
        gathered.genre |= genre_cues(rules.cues, hits, reading.tokens.words)
    doubts = read_doubts(rules.cues, hits, sentence, reading, rules.language)
    gathered.text_cues += [(sentence.index, cue) for cue in doubts.cues if cue.scope in WHOLE_TEXT]
    if matched:
        own = tuple(cue for cue in doubts.cues if cue.scope not in WHOLE_TEXT)
        doubts = replace(doubts, cues=own) if len(own) < len(doubts.cues) else doubts
        gathered.candidates += [_candidate(found, matched, hits, doubts, reading) for found in matched]


def _candidate(found: Found, others: Sequence[Found], hits: Hits, doubts: Doubts, reading: Reading) -> Candidate:
    """Return a match with its status and roles, as far as its sentence tells them."""
    rule, sentence = found.rule, doubts.sentence
    verdict = judge(
        doubts,
        head=found.head,
        trigger=found.trigger,
        own_words=found.spans,
        rivals=[other.trigger for other in others],
        event_negations=[span for group in rule.event_negation for span in hits.get(group, ())],
        floor=rule.entry.status,
    )
    if verdict.status is Status.ASSERTED and _recalls(found, others, reading, sentence):
        verdict = Verdict(Status.PAST, (":",))
    scene = Scene(
        words=reading.tokens.words,
        sentence=sentence,
        mentions=tuple(one for one in reading.parties_in(sentence) if one.code not in rule.entry.not_role),
        spans=found.spans,
        head=found.head,
        trigger=found.trigger,
        objects=tuple(hits.get(rule.object, ())) if rule.object is not None else (),
    )
    return Candidate(
        rule=rule,
        sentence=sentence,
        head=found.head,
        trigger=found.trigger,
        roles=find_roles(scene, actor=rule.entry.actor, target=rule.entry.target),
        verdict=verdict,
        narrated=is_narrated(doubts, found.head),
    )


def _recalls(found: Found, others: Sequence[Found], reading: Reading, sentence: Sentence) -> bool:
    """Say whether a headline only recalls an act: « Agent détenu : Paris convoque l'ambassadeur »."""
    if not found.rule.entry.topic or sentence.index:
        return False
    colon = reading.text.find(":", reading.tokens.ends[found.trigger[1] - 1], sentence.end)
    return colon >= 0 and any(
        reading.tokens.starts[other.trigger[0]] > colon and other.rule.entry.type != found.rule.entry.type
        for other in others
    )


def _signal(candidate: Candidate, others: Sequence[Candidate], agreeing: int, reading: Reading) -> Signal:
    start, end = candidate.trigger
    severity, modifiers = weighing.severity(candidate, others, reading)
    return Signal(
        type=candidate.type,
        severity=severity,
        actor=candidate.roles.actor,
        target=candidate.roles.target,
        status=candidate.verdict.status,
        sentence=reading.printed(candidate.sentence),
        start=reading.tokens.starts[start],
        end=reading.tokens.ends[end - 1],
        rule=candidate.rule.entry.id,
        cues=candidate.verdict.cues,
        confidence=weighing.confidence(candidate, agreeing, reading),
        modifiers=modifiers,
    )


def _conclude(gathered: _Gathered, reading: Reading, *, has_title: bool) -> tuple[list[Signal], list[Step]]:
    genres = Counter(genre for genre, _ in gathered.genre)
    if max(genres.values(), default=0) >= _GENRE_CUES:
        # What the police do to one person is told in just those words; it never concerns states.
        outside = [candidate for candidate in gathered.candidates if candidate.type not in _PRIVATE]
        gathered.steps += [_candidate_step(candidate, reading, "genre") for candidate in outside]
        gathered.candidates = [candidate for candidate in gathered.candidates if candidate.type in _PRIVATE]
    filled = fill_roles(gathered.candidates, reading)
    settled = settle(filled, gathered.text_cues, has_title=has_title)
    kept, dropped = merge(settled)
    steps = [_candidate_step(candidate, reading, "kept") for candidate in kept]
    steps += [_candidate_step(candidate, reading, reason) for candidate, reason in dropped]
    steps = sorted(gathered.steps + steps, key=lambda step: (step.sentence_index, not step.kept))
    agreeing = Counter(reason for _, reason in dropped)
    signals = [
        _signal(candidate, kept, agreeing[f"merged into {candidate.rule.entry.id}"], reading) for candidate in kept
    ]
    return signals, steps


def detect(document: Document, rules: RuleSet, *, learned: bool = True) -> Detection:
    r"""Return the signals of a document, with the trace that explains them.

    A trained model gives its opinion on the lead: what it contradicts loses confidence, and where the rules find no
    act between the two states, it may (:mod:`detection.paraphrase`).

    At most one signal stands for an act and a status. Offsets count characters of
    ``title + "\n" + text``. A text in a language without rules, or whose language nothing tells,
    is read by every rule set.

    Args:
        document: the text; anything beyond :data:`MAX_CHARACTERS` is not read.
        rules: from :func:`detection.engine.load_rules`.
        learned: False asks the rules alone.
    """
    found, reading = _by_rules(document, rules)
    return _with_the_model(document, found, reading, rules) if learned else found


def _with_the_model(document: Document, found: Detection, reading: Reading | None, rules: RuleSet) -> Detection:
    own = rules.languages.get(found.language or "")
    if own is None or own.language not in paraphrase.LANGUAGES or any(step.reason == "genre" for step in found.trace):
        return found
    reading = reading or _read_lead(document)
    if reading is None:
        return found
    signals, more = paraphrase.second_opinion(reading, found.signals, lambda *place: _doubted(own, reading, *place))
    # What a rule left alone in the headline for the company it keeps, the model leaves alone too.
    guarded = any(step.reason == "not_near" and not step.sentence_index for step in found.trace)
    if more is None or guarded:
        return replace(found, signals=signals)
    return replace(found, signals=(*signals, more), trace=(*found.trace, _learned_step(more)))


def _read_lead(document: Document) -> Reading | None:
    """Read the beginning of a text that the rules had no reason to read, unless it names fewer than two states."""
    title_end = min(len(document.title), paraphrase.LEAD)
    text = f"{document.title}\n{document.text}"[: title_end + paraphrase.LEAD]
    folded = fold(text)
    if not may_name_state(text, folded, written_out(folded), count=2):
        return None
    return read(text, folded, title_end=title_end, published=_published(document, text))


def _doubted(rules: LanguageRules, reading: Reading, sentence: Sentence, span: Span) -> bool:
    """Say whether the cues of a sentence, or those of the title and the opening, put what a span tells in doubt."""
    if any(reading.is_background(other) for other in reading.sentences[1:2]):
        return True  # a text that opens in the past tells of the past
    opening = reading.sentences[: OPENING + 1]
    for other in (*opening, *(() if sentence in opening else (sentence,))):
        hits = rules.index.scan(reading.tokens.words, other.first, other.last, reading.by_token)
        doubts = read_doubts(rules.cues, hits, other, reading, rules.language)
        whole = any(cue.scope is Scope.TEXT or (cue.scope is Scope.TITLE and not cue.span[0]) for cue in doubts.cues)
        asked = doubts.questioned[0] < doubts.questioned[1]
        ended = any(cue.meaning is Status.ENDED for cue in doubts.cues)
        # A rumour or a date that opens the text is the act's; one that opens a later sentence is that sentence's.
        if (other.index <= 1 or other is sentence) and opens_in_doubt(doubts):
            return True
        if whole or (not other.index and (asked or ended)):
            return True
        if other is sentence:
            doubts = replace(doubts, cues=tuple(cue for cue in doubts.cues if cue.scope not in WHOLE_TEXT))
            verdict = judge(doubts, head=(span[0], span[0] + 1), trigger=span, own_words=(), rivals=())
            # What takes an act back may be the very words the model took for it: « rétablit ses relations ».
            taken_back = any(cue.meaning is Status.ENDED for cue in doubts.cues)
            if verdict.status is not Status.ASSERTED or taken_back:
                return True
    return False


def _learned_step(signal: Signal) -> Step:
    return Step(
        sentence_index=0,
        sentence=signal.sentence,
        rule=signal.rule,
        type=signal.type,
        trigger=", ".join(signal.cues),
        actor=signal.actor,
        target=signal.target,
        actor_from="learned",
        target_from="learned",
        status=signal.status.value,
        cues=signal.cues,
        kept=True,
    )


def _by_rules(document: Document, rules: RuleSet) -> tuple[Detection, Reading | None]:
    """Return what the rules find, and the reading of the text if it came to that."""
    whole = f"{document.title}\n{document.text}"
    text = whole[:MAX_CHARACTERS]
    unread: tuple[str, ...] = ()
    if len(whole) > len(text):
        unread = (f"only the first {MAX_CHARACTERS:,} of {len(whole):,} characters were read",)
    language = document.language
    if language is None:
        language = identify_language(f"{document.title}\n{document.lede}\n{document.text[:2000]}")
    folded = fold(text)
    searched = written_out(folded)
    offsets = rules.presearch.offsets(searched)
    if not offsets or not may_name_state(text, folded, searched):
        return Detection(language=language, unread=unread), None
    offsets.sort()
    title_end = min(len(document.title), len(text))
    reading = read(text, folded, title_end=title_end, published=_published(document, text))
    if reading is None:
        return Detection(language=language, unread=unread), None
    exact = len(searched) == len(folded)
    sentences = list(_worth_reading(reading, offsets, exact=exact))
    worth = {sentence.index for sentence in sentences}
    rest = [sentence for sentence in reading.sentences if sentence.index not in worth]
    known = rules.languages.get(language or "")
    signals: list[Signal] = []
    steps: list[Step] = []
    readers = [(own, sentences) for own in ([known] if known else rules.languages.values())]
    if known:
        readers += _readers_of_quotations(rules, reading, sentences, known.language)
    for own, read_by in readers:
        gathered = _Gathered([], [], set(), [])
        _read_sentences(own, reading, read_by, gathered)
        _read_cues(own, reading, rest, gathered)
        more, explained = _conclude(gathered, reading, has_title=bool(document.title.strip()))
        signals += more
        steps += explained
        if gathered.full:
            unread += (f"reading stopped after {MAX_MATCHES} matches ({own.language}); what follows was not weighed",)
    return Detection(language=language, signals=_unique(signals), trace=tuple(steps), unread=unread), reading


def _readers_of_quotations(
    rules: RuleSet, reading: Reading, sentences: Sequence[Sentence], language: str
) -> list[tuple[LanguageRules, list[Sentence]]]:
    """Return the rules of each other language that the text quotes, and the sentences they read."""
    return [
        (rules.languages[other], quoting(sentences, spans))
        for other, spans in quoted_passages(reading.text, language).items()
        if other in rules.languages
    ]


def _read_cues(rules: LanguageRules, reading: Reading, sentences: Sequence[Sentence], gathered: _Gathered) -> None:
    """Read sentences without an anchor for what they say of the whole text."""
    if not gathered.candidates:
        return
    words = reading.tokens.words
    for sentence in sentences:
        if sentence.index > OPENING:
            break
        hits = rules.index.scan(words, sentence.first, sentence.last, reading.by_token)
        gathered.genre |= genre_cues(rules.cues, hits, words)
        cues = find_cues(rules.cues, hits, sentence, reading.tokens, reading.text, rules.language)
        gathered.text_cues += [(sentence.index, cue) for cue in cues if cue.scope in WHOLE_TEXT]


def _unique(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Keep one signal per act and status when several languages read the text."""
    first: dict[tuple[object, ...], Signal] = {}
    for signal in signals:
        first.setdefault((signal.act, signal.status), signal)
    return tuple(sorted(first.values(), key=lambda signal: (signal.start, signal.type)))
