"""What an agency says of its own dispatch: urgent, corrected, cancelled.

Agencies mark the stages of a dispatch in its title or its first words (IPTC NewsCodes, "News genre" and the editor's
notes of AFP, Reuters and AP); papers carry the mark over or write a note of their own.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from detection.text import fold


class Lifecycle(StrEnum):
    """Where a dispatch stands."""

    PLAIN = "plain"
    #: a first line that more will follow
    URGENT = "urgent"
    #: replaces an earlier version that was wrong
    CORRECTION = "correction"
    #: takes an earlier dispatch back
    CANCELLATION = "cancellation"


#: characters of the text in which an editor's note stands
_NOTE = 300
#: a mark is set off from what follows: "Withdrawal of troops" and "Mise au point de Bamako" are news, no marks
_SET_OFF = r"(?=\s*[-:.,;/|*)\]]|\s*$)"
_TITLE = (
    (
        Lifecycle.CANCELLATION,
        re.compile(rf"^\W*(annulation|annule|kill|withdrawal|retraction|a ne pas utiliser){_SET_OFF}"),
    ),
    (
        Lifecycle.CORRECTION,
        re.compile(
            rf"^\W*(correction|corrige|corrected|rectificatif|rectification|erratum|mise au point|clarification)"
            rf"{_SET_OFF}"
        ),
    ),
    (Lifecycle.URGENT, re.compile(r"^\W*(urgent|alerte|flash|breaking|derniere minute)\b")),
)
_TEXT = (
    (
        Lifecycle.CANCELLATION,
        re.compile(r"(veuillez|priere de|please) (ne pas (utiliser|tenir compte)|annuler|disregard|kill)|"
                   r"(this|cette) (story|depeche|article) (has been|is|est) (withdrawn|retracted|annulee|retiree)"),
    ),
    (
        Lifecycle.CORRECTION,
        # An editor's note stands in brackets or at the beginning; elsewhere somebody corrects the course.
        re.compile(r"(^\s*|[(\[]\s*)(corrige|corrects|rectifie) (le|la|les|l'|the|to|that|spelling|day|date|name|une)|"
                   r"(une|an?) (version|earlier version) (precedente )?(de cet article|of this (story|article))|"
                   r"(bien lire|lire bien|il fallait lire)\s*[:\"«]"),
    ),
)  # fmt: skip


def lifecycle(title: str, text: str) -> Lifecycle:
    """Return where a dispatch stands, as far as its title or the beginning of its text say."""
    return _stage(title, text[:_NOTE])


@lru_cache(maxsize=64)  # stories, alerts and corrections ask of the same article, each watch for itself
def _stage(title: str, begin: str) -> Lifecycle:
    headline, note = fold(title), fold(begin)
    for patterns, words in ((_TITLE, headline), (_TITLE, note), (_TEXT, note)):
        for stage, pattern in patterns:
            if pattern.search(words):
                return stage
    return Lifecycle.PLAIN
