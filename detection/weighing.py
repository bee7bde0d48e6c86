"""How grave an act is in this text, and how sure the reading of it.

The ladder gives each type its severity; what the text says besides may raise it by one rung, never more, and never
above the highest. Confidence says how much speaks for a reading: where it stands (news opens a text, background
closes it), whether the sentence itself names both sides, and whether other places of the text agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.merging import OPENING, Candidate
from detection.reading import Reading
from storage.types import Status

#: the highest rung
HIGHEST = 5
#: persons from which an expulsion of diplomats weighs more
MANY = 3
#: words before the act in which the number of persons is looked for
_NUMBER_REACH = 4
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            ("trois", "three"), ("quatre", "four"), ("cinq", "five"), ("six",), ("sept", "seven"), ("huit", "eight"),
            ("neuf", "nine"), ("dix", "ten"), ("onze", "eleven"), ("douze", "twelve"), ("quinze", "fifteen"),
            ("vingt", "twenty"),
        ),
        start=3,
    )
    for word in words
}  # fmt: skip
#: a number before one of these counts time, not persons
_UNITS = frozenset(
    """
    h heure heures jour jours semaine semaines mois an ans annee annees hour hours day days week weeks month months
    year years
    """.split()  # noqa: SIM905 (words, not code)
)
_AMBASSADOR = frozenset({"ambassadeur", "ambassadrice", "ambassador", "ambassadress"})
_EXPULSIONS = frozenset({"expel_diplomats", "expel_ambassador"})


def severity(candidate: Candidate, others: Iterable[Candidate], reading: Reading) -> tuple[int, tuple[str, ...]]:
    """Return the severity of an act, 1–5, and the modifiers that raised it.

    Modifiers: ``many`` (three diplomats or more are expelled), ``ambassador`` (an ambassador is detained) and
    ``reciprocal`` (the text tells the same kind of act in the other direction as well).

    Args:
        candidate: the act.
        others: all acts of the text.
        reading: of the text.
    """
    found = []
    if candidate.type == "expel_diplomats" and _persons(candidate, reading) >= MANY:
        found.append("many")
    if candidate.type == "detain_national" and _AMBASSADOR & set(_words(candidate, reading)):
        found.append("ambassador")
    if any(_answers(candidate, other) for other in others):
        found.append("reciprocal")
    return min(HIGHEST, candidate.rule.severity + bool(found)), tuple(found)


def _words(candidate: Candidate, reading: Reading) -> Sequence[str]:
    return reading.tokens.words[slice(*candidate.trigger)]


def _persons(candidate: Candidate, reading: Reading) -> int:
    words = reading.tokens.words
    begin = max(candidate.sentence.first, candidate.trigger[0] - _NUMBER_REACH)
    most = 0
    for at in range(begin, candidate.trigger[1]):
        following = words[at + 1] if at + 1 < len(words) else ""
        digits = words[at].isascii() and words[at].isdigit() and len(words[at]) <= 3
        if following not in _UNITS and (digits or words[at] in _NUMBERS):
            most = max(most, int(words[at]) if digits else _NUMBERS[words[at]])
    return most


def _answers(one: Candidate, other: Candidate) -> bool:
    kind = one.type == other.type or {one.type, other.type} <= _EXPULSIONS
    sides = (one.roles.actor, one.roles.target) == (other.roles.target, other.roles.actor)
    both = one.verdict.status is Status.ASSERTED and other.verdict.status is Status.ASSERTED
    return kind and sides and both and None not in (one.roles.actor, one.roles.target)


def confidence(candidate: Candidate, agreeing: int, reading: Reading) -> float:
    """Return how sure the reading of an act is, 0–1.

    Args:
        candidate: the act.
        agreeing: places of the text that tell the same act in other words.
        reading: of the text.
    """
    sure = 0.9
    at, last = candidate.sentence.index, reading.sentences[-1].index
    if at > OPENING:
        sure -= 0.2 if 3 * at > 2 * last else 0.1
    for source in (candidate.roles.actor_from, candidate.roles.target_from):
        sure -= {"": 0.2, "context": 0.1, "other": 0.05, "opposite": 0.05}.get(source, 0.0)
    return round(min(1.0, max(0.0, sure + min(0.1, 0.05 * agreeing))), 2)
