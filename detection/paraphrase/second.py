"""When the model is asked, and the signal that its answer makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
SURE = 0.9
#: acts below this are words, and words are left to the rules
_LEAST_SEVERITY = 2
#: an answer of the model counts for less than a rule's
_TRUST = 0.8
#: characters that hold the lead of any article
LEAD = 1_600


#: says whether something in a sentence puts what a span of it tells in doubt
Doubted: TypeAlias = Callable[[Sentence, Span], bool]


def told_otherwise(reading: Reading, signals: Sequence[Signal], doubted: Doubted) -> Signal | None:
    """Return the act that a lead tells in words no rule has, or None.

    The rules come first: where they found an act of the two sides, in doubt or not, or one of a side and somebody
    else, the model is not asked. Nor is it where a third state is named: it cannot tell who is meant.

    Args:
        reading: of the text, or of its beginning.
        signals: what the rules found.
        doubted: what the status cues say of the sentence that the model points at.
    """
    lead = read_lead(reading)
    if lead is None or lead.crowded or any(_explains(one, lead) for one in signals):
        return None
    model = shipped_model()
    answer = model.answer(lead)
    if answer.probability < SURE or event_types()[answer.type].severity < _LEAST_SEVERITY:
        return None
    reasons = model.reasons(lead)
    if not reasons:
        return None
    strongest = lead.tokens[reasons[0]]
    sentence = next(one for one in reading.sentences if one.first <= strongest < one.last)
    inside = [token for at in reasons if sentence.first <= (token := lead.tokens[at]) < sentence.last]
    span = (min(inside), max(inside) + 1)
    if doubted(sentence, span):
        return None
    return _signal(reading, answer, lead.sides, [lead.tokens[at] for at in reasons], sentence, span)


def _explains(signal: Signal, lead: Lead) -> bool:
    """Say whether a signal of the rules already says what a lead is about."""
    own, sides = {signal.actor, signal.target}, set(lead.sides)
    if own == sides:
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
