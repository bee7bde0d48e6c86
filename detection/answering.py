"""What the sentence of an act says besides: how many people it hits, and whether it answers the other side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detection.countries import find_mentions
from detection.text import Tokens, fold, tokenize
from storage.types import Signal

#: types that hit people who can be counted
COUNTED = frozenset({"expel_diplomats", "expel_ambassador", "expel_national"})
#: words after a number among which the people stand that it counts, and after them their state
_REACH = 4
_STATE_REACH = 4
#: more people are no mission
_MOST = 999

_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "un une one", "deux two both", "trois three", "quatre four", "cinq five", "six", "sept seven",
            "huit eight", "neuf nine", "dix ten", "onze eleven", "douze twelve", "treize thirteen",
            "quatorze fourteen", "quinze fifteen", "seize sixteen",
        ),
        start=1,
    )
    for word in words.split()
} | {"vingt": 20, "twenty": 20, "trente": 30, "thirty": 30}  # fmt: skip
_PEOPLE = (
    "diplomat", "agent", "attache", "conseiller", "employe", "membre", "fonctionnaire", "ressortissant", "official",
    "staff", "envoy", "officer", "officier", "representative", "representant", "personne", "people", "journalist",
    "cooperant", "consul", "member", "adviser", "advisor", "employee", "citizen", "national", "humanitaire", "worker",
    "дипломат", "сотрудник",
)  # fmt: skip
_UNITS = frozenset(
    """
    h heure heures jour jours semaine semaines mois an ans annee annees hour hours day days week weeks month months
    year years fois times
    """.split()  # noqa: SIM905 (words, not code)
)

#: an answer, in folded words
_ANSWERS = re.compile(
    r"\b(?:en (?:reponse|represailles?|retour|reaction)|repond(?:ait|ant|ent|re|u)?\b(?! de\b)|repli(?:que|quait|quant|"
    r"quent|quer)|riposte\w*|retorsion|reciproc\w+|reciproqu\w+|mesures? de reponse|oeil pour oeil|a (?:son|leur) tour"
    r"|in (?:response|retaliation|reply|return|reaction) (?:to|for)|retaliat\w+|tit for tat|responds?|responded"
    r"|responding|hits? back|reprisals?|in turn)\b"
    r"|в ответ|ответн\w+ мер\w+|ردا علي|المعامله بالمثل"
)


def people(signal: Signal) -> int | None:
    """Return how many people an expulsion hits as its sentence tells, None where it gives no number.

    Of several numbers the one counts that stands with the target (« deux diplomates maliens, cinq agents français »);
    one that stands with the actor never does.
    """
    if signal.type not in COUNTED:
        return None
    tokens = tokenize(fold(signal.sentence))
    named = {at: one.code for one in find_mentions(tokens, signal.sentence) for at in range(one.first, one.last)}
    free: int | None = None
    for number, first, last in _counts(tokens):
        codes = {named[at] for at in range(first, min(len(tokens), last + _STATE_REACH)) if at in named}
        if signal.target in codes:
            return number
        if free is None and not codes:
            free = number
    return free


def _counts(tokens: Tokens) -> Iterator[tuple[int, int, int]]:
    """Yield (number, its place, place after the people it counts)."""
    words = tokens.words
    for at, word in enumerate(words):
        number = int(word) if word.isascii() and word.isdigit() and len(word) <= 3 else _NUMBERS.get(word, 0)
        if not 0 < number <= _MOST:
            continue
        for place in range(at + 1, min(len(words), at + 1 + _REACH)):
            if words[place] in _UNITS or words[place] in _NUMBERS or words[place].isdigit():
                break
            if words[place].startswith(_PEOPLE):
                yield number, at, place + 1
                break


def answers(sentence: str) -> bool:
    """Whether the sentence of an act calls it an answer: « en représailles », "in retaliation for"."""
    return _ANSWERS.search(fold(sentence).replace("œ", "oe").replace("-", " ")) is not None
