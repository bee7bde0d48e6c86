"""When the model is asked, and the signal that its answer makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from detection.paraphrase.lead import Lead, read_lead
from detection.paraphrase.model import Answer, shipped_model
from detection.patterns import Span
from detection.reading import Reading
from detection.sentences import Sentence
from detection.taxonomy import event_types
from storage.types import Signal, Status

#: languages the model was trained on
LANGUAGES = frozenset({"fr", "en"})
#: least probability that makes a signal: chosen by cross-validation for as many right alerts as the rules give
SURE = 0.8
#: below this the model contradicts the rules, and what they found counts for little
DOUBT = 0.1
#: what a contradicted signal keeps of its confidence: a watch that asks for 0.3, as all do by default, stays silent
_CONTRADICTED = 0.25
#: acts below this are words, and words are left to the rules
_LEAST_SEVERITY = 2
#: an answer of the model counts for less than a rule's
_TRUST = 0.8
#: characters that hold the lead of any article
LEAD = 1_600


#: says whether something in a sentence puts what a span of it tells in doubt
Doubted: TypeAlias = Callable[[Sentence, Span], bool]


def second_opinion(
    reading: Reading, signals: Sequence[Signal], doubted: Doubted
) -> tuple[tuple[Signal, ...], Signal | None]:
    """Return the signals of the rules as the model sees them, and the act that it alone finds, or None.

    What the rules found in the lead loses its confidence where the model reads no act at all there. The model finds
    something itself only where the rules found no act of the two sides in the lead, in doubt or not, and none of a side
    and somebody else; and not where a third state matters: it cannot tell who is meant.

    Args:
        reading: of the text, or of its beginning.
        signals: what the rules found.
        doubted: what the status cues say of the sentence that the model points at.
    """
    lead = read_lead(reading)
    if lead is None:
        return tuple(signals), None
    inside = [one for one in signals if reading.tokens.first_at(one.start) in lead.tokens]
    silent = not lead.crowded and not any(_explains(one, lead) for one in inside)
    end = reading.tokens.ends[lead.tokens[-1]]
    doubtful = [_may_be_contradicted(one, lead, end) for one in signals]
    if not silent and not any(doubtful):
        return tuple(signals), None
    answer = shipped_model().answer(lead)
    if answer.probability < DOUBT:
        signals = [
            replace(one, confidence=round(one.confidence * _CONTRADICTED, 2)) if contradicted else one
            for one, contradicted in zip(signals, doubtful, strict=True)
        ]
    return tuple(signals), _told(reading, lead, answer, doubted) if silent else None


def _told(reading: Reading, lead: Lead, answer: Answer, doubted: Doubted) -> Signal | None:
    """Return the signal that an answer makes, if it is sure and nothing speaks against it."""
    if answer.probability < SURE or event_types()[answer.type].severity < _LEAST_SEVERITY:
        return None
    sentence, places = _proof(reading, lead, answer.type)
    found = [lead.tokens[places[at]] for at in shipped_model().reasons([lead.words[place] for place in places])]
    if not found:
        return None
    span = (min(found), max(found) + 1)
    if doubted(sentence, span):
        return None
    return _signal(reading, answer, lead.sides, found, sentence, span)


def _proof(reading: Reading, lead: Lead, type_: str) -> tuple[Sentence, list[int]]:
    """Return the sentence of a lead that tells most of an act, and the places of its words in the lead."""
    sentences = []
    for sentence in reading.sentences:
        places = [at for at, token in enumerate(lead.tokens) if sentence.first <= token < sentence.last]
        if places:
            sentences.append((sentence, places))
    return sentences[shipped_model().telling([[lead.words[at] for at in places] for _, places in sentences], type_)]


def _may_be_contradicted(signal: Signal, lead: Lead, end: int) -> bool:
    # The model was trained beside the built-in rules; of what a user's own rules look for it knows nothing.
    built_in = signal.rule.split(".", 1)[0] in LANGUAGES
    return built_in and signal.status is Status.ASSERTED and _between(signal, lead) and signal.start < end


def _between(signal: Signal, lead: Lead) -> bool:
    return {signal.actor, signal.target} == set(lead.sides)


def _explains(signal: Signal, lead: Lead) -> bool:
    """Say whether a signal of the rules already says what a lead is about."""
    own, sides = {signal.actor, signal.target}, set(lead.sides)
    if _between(signal, lead):
        return True
    stranger = bool(own - sides - {None})
    return bool(own & sides) and signal.severity >= _LEAST_SEVERITY and (stranger or signal.type == "hostage_taking")


def _signal(
    reading: Reading, answer: Answer, sides: tuple[str, str], found: Sequence[int], sentence: Sentence, span: Span
) -> Signal:
    tokens = reading.tokens
    actor, target = sides if answer.first_acts >= 0.5 else sides[::-1]
    return Signal(
        type=answer.type,
        severity=event_types()[answer.type].severity,
        actor=actor,
        target=target,
        status=Status.ASSERTED,
        sentence=reading.printed(sentence),
        start=tokens.starts[span[0]],
        end=tokens.ends[span[1] - 1],
        rule=f"learned.{answer.type}",
        cues=tuple(reading.text[tokens.starts[one] : tokens.ends[one]] for one in found),
        confidence=round(answer.probability * _TRUST, 2),
    )
