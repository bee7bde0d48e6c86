"""What an alert says, in French and in English.

Everything here is pure text over data. French is set with its own spaces: a narrow no-break space
(U+202F) before ``; : ! ?`` and a no-break space (U+00A0) inside guillemets. The press's own sentences are
quoted as printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.settings import Language
from alerts.text import clean_line, shorten
from detection.countries import country_name
from detection.taxonomy import type_label
from storage.types import Signal

_FINE = "\u202f"
_NBSP = "\u00a0"
#: a subject that a phone's lock screen still shows
HEADLINE_LIMIT = 120

_SEVERITIES = {
    "fr": {1: "Pour mémoire", 2: "À suivre", 3: "Sérieux", 4: "Grave", 5: "Critique"},
    "en": {1: "For the record", 2: "Notable", 3: "Serious", 4: "Severe", 5: "Critical"},
}
_STATUSES = {
    "fr": {
        "asserted": "affirmé", "threatened": "menace", "hypothetical": "hypothèse", "denied": "démenti",
        "past": "passé", "ended": "levé",
    },
    "en": {
        "asserted": "asserted", "threatened": "threatened", "hypothetical": "hypothetical", "denied": "denied",
        "past": "past", "ended": "lifted",
    },
}  # fmt: skip
_REASONS = {
    "fr": {
        "new_story": "Premier article retenu sur cet événement",
        "new_act": "Un acte nouveau dans un événement déjà signalé",
        "higher_severity": "Un acte déjà signalé, à un degré plus grave",
        "second_origin": "Une deuxième source indépendante rapporte ce qui a été signalé",
        "other_side": "L’autre partie rapporte à son tour ce qui a été signalé",
        "phrase_added": "Une phrase a été ajoutée à un article déjà lu",
        "phrase_removed": "Une phrase a été retirée d’un article déjà lu",
        "corrected": "Ce qui a été signalé est rectifié",
        "cancelled": "La dépêche à l’origine de l’alerte est annulée",
        "denied": "Ce qui a été signalé est démenti",
        "withdrawn": "La page à l’origine de l’alerte n’existe plus, et aucune autre source ne porte l’information",
    },
    "en": {
        "new_story": "First article on this story that passed the bar",
        "new_act": "A new act on a story that was told before",
        "higher_severity": "An act that was told before, now more severe",
        "second_origin": "A second independent origin reports what was told",
        "other_side": "The other side now reports what was told",
        "phrase_added": "A phrase was added to an article that had been read",
        "phrase_removed": "A phrase was removed from an article that had been read",
        "corrected": "What was told is corrected",
        "cancelled": "The dispatch behind the alert was cancelled",
        "denied": "What was told is denied",
        "withdrawn": "The page behind the alert is gone, and no other origin carries the report",
    },
}
#: what stands beside the severity in the first line, by reason; ``update`` for any other update
MARKS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "update": "suite", "second_origin": "deuxième source", "other_side": "l’autre partie confirme",
        "phrase_added": "phrase ajoutée", "phrase_removed": "phrase retirée",
        "corrected": "rectifié", "cancelled": "dépêche annulée", "denied": "démenti", "withdrawn": "page retirée",
    },
    "en": {
        "update": "update", "second_origin": "second origin", "other_side": "the other side confirms",
        "phrase_added": "phrase added", "phrase_removed": "phrase removed",
        "corrected": "corrected", "cancelled": "dispatch cancelled", "denied": "denied", "withdrawn": "page withdrawn",
    },
}  # fmt: skip
_CHANGES: Mapping[Language, Mapping[str, str]] = {
    "fr": {"added": "ajouté", "removed": "retiré"},
    "en": {"added": "added", "removed": "removed"},
}
_UNREAD = {
    "fr": f"Aucune page n’a pu être lue en entier{_FINE}: seuls le titre et un extrait sont connus",
    "en": "No page could be read whole: only the title and an extract are known",
}
_MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip
_LABELS = {
    "fr": {
        "acts": "Actes", "origin": f"Origine{_FINE}: ", "origins": f"Origines{_FINE}: ", "articles": "Articles",
        "why": "Pourquoi cette alerte",
        "story": f"L’événement{_FINE}: ", "ack": f"Prendre en charge{_FINE}: ",
        "silence": f"Mettre en sourdine{_FINE}: ",
        "story_link": "L’événement", "ack_link": "Prendre en charge", "silence_link": "Mettre en sourdine",
        "corrects": "Alerte du ",
        "first_seen": f"Vu pour la première fois{_FINE}: ", "unreadable":
        f"Cette alerte n’a pas pu être mise en forme{_FINE}; la voici en texte brut.",
        "test": f"Ceci est un essai{_FINE}: rien ne s’est passé. Cette adresse doit ouvrir la page de Vigie{_FINE}:",
    },
    "en": {
        "acts": "Acts", "origin": "Origin: ", "origins": "Origins: ", "articles": "Articles", "why": "Why this alert",
        "story": "The story: ", "ack": "Acknowledge: ", "silence": "Silence: ",
        "story_link": "The story", "ack_link": "Acknowledge", "silence_link": "Silence",
        "corrects": "Alert of ", "first_seen": "First seen: ",
        "unreadable": "This alert could not be laid out; here it is as plain text.",
        "test": "This is a test: nothing happened. This address should open Vigie's page:",
    },
}  # fmt: skip


class Act(Protocol):
    """What wording needs of a signal or of an event in a payload."""

    @property
    def type(self) -> str:
        """Type of the ladder."""
        ...

    @property
    def actor(self) -> str | None:
        """Code of who acts."""
        ...

    @property
    def target(self) -> str | None:
        """Code of whom the act hits."""
        ...

    @property
    def severity(self) -> int:
        """1 to 5."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How widely a story is told."""

    articles: int
    outlets: int
    origins: tuple[str, ...]


def severity_word(severity: int, language: Language) -> str:
    """Return the word for a severity; out of range counts as the nearest."""
    return _SEVERITIES[language][min(5, max(1, severity))]


def status_word(status: str, language: Language) -> str:
    """Return the word for an act's status, the status itself when unknown."""
    return _STATUSES[language].get(status, status)


def act_label(type_id: str, language: Language) -> str:
    """Return the ladder's noun phrase for a type."""
    return type_label(type_id, language)


def name(code: str, language: Language) -> str:
    """Return a state's or body's name, its code when unknown."""
    return country_name(code, language)


def who_to_whom(act: Act, language: Language) -> str:
    """Return « France → Mali », or the side that is known, or an empty string."""
    actor = name(act.actor, language) if act.actor else ""
    target = name(act.target, language) if act.target else ""
    if not target:
        return actor
    return f"{actor} → {target}" if actor else f"→ {target}"


def act_line(act: Act, language: Language) -> str:
    """Return « France → Mali : expulsion de diplomates »."""
    sides, label = who_to_whom(act, language), act_label(act.type, language)
    if not sides:
        return label[:1].upper() + label[1:]
    return f"{sides}{colon(language)}{label}"


def headline(acts: Sequence[Act], language: Language, *, severity: int, mark: str = "", update: bool = False) -> str:
    """Return the first line people see: severity word, what kind of message it is, who → whom, act.

    Args:
        acts: what is told, the most telling first; at least one.
        language: of the words.
        severity: of the alert.
        mark: of :data:`MARKS`; empty for the first alert of a story.
        update: the same as the mark ``update``, for who knows no more.
    """
    word = severity_word(severity, language)
    mark = mark or ("update" if update else "")
    if mark:
        word += f" ({MARKS[language].get(mark, mark)})"
    more = ""
    if len(acts) > 1:
        count = len(acts) - 1
        others = f"{_FINE}{count} autre{'s' if count > 1 else ''}"
        more = f" (+{others})" if language == "fr" else f" (+{count} more)"
    return shorten(f"{word} · {act_line(acts[0], language)}", HEADLINE_LIMIT - len(more)) + more


def quoted(sentence: str, language: Language) -> str:
    """Return a printed sentence between the quotation marks of ``language``."""
    sentence = clean_line(sentence)
    return f"«{_NBSP}{sentence}{_NBSP}»" if language == "fr" else f"“{sentence}”"


def reach(story: Reach, language: Language) -> str:
    """Return « 4 articles, 3 médias »."""
    if language == "fr":
        articles = f"{story.articles}{_NBSP}article{'s' if story.articles > 1 else ''}"
        return f"{articles}, {story.outlets}{_NBSP}média{'s' if story.outlets > 1 else ''}"
    articles = f"{story.articles} article{'' if story.articles == 1 else 's'}"
    return f"{articles}, {story.outlets} outlet{'' if story.outlets == 1 else 's'}"


def summary(sentence: str, story: Reach, language: Language) -> str:
    """Return one paragraph: the sentence that proves the act, then who reports it."""
    proof = quoted(sentence, language) if sentence else ""
    return " ".join(part for part in (proof, f"{reach(story, language)}{origins(story.origins, language)}.") if part)


def origins(names: Sequence[str], language: Language) -> str:
    """Return « — Origines : AFP, Studio Tamani », nothing without names."""
    if not names:
        return ""
    return f" — {label('origins' if len(names) > 1 else 'origin', language)}{', '.join(names)}"


def why_decided(reason: str, detail: str, language: Language) -> str:
    """Return why an alert went out; a reason without words of its own is shown with its detail."""
    return _REASONS[language].get(reason) or f"{reason}{colon(language)}{detail}"


def why_again(why: Sequence[str], reason: str, language: Language) -> tuple[str, ...]:
    """Return the reasons of a stored alert for a reader of ``language``.

    What was written in it is returned whole. Of reasons in another language those are left that can be worded anew;
    the acts with their sentences, which rules and cues explain, are told anyway.
    """
    decided = _REASONS[language].get(reason)
    if decided is None or decided in why:
        return tuple(why)
    return (decided, *(_UNREAD[language] for known in _UNREAD.values() if known in why))


def changed(change: str, language: Language) -> str:
    """Return what an edit did to a phrase."""
    return _CHANGES[language].get(change, change)


def notice(
    reason: str,
    language: Language,
    *,
    between: tuple[datetime, datetime] | None = None,
    title: str = "",
    by: str = "",
    zone: ZoneInfo | None = None,
) -> str:
    """Return what an edit, a confirmation or a correction is, in a sentence with its full stop; nothing for others.

    Args:
        reason: of the alert.
        language: of the words.
        between: the two looks between which a page was edited.
        title: headline of the article that corrects, or that was edited.
        by: who confirms.
        zone: the reader's time zone; UTC is named without it.
    """
    if reason in {"phrase_added", "phrase_removed"} and between is not None:
        verb = {
            "fr": {"phrase_added": "Ajouté", "phrase_removed": "Retiré"},
            "en": {"phrase_added": "Added", "phrase_removed": "Removed"},
        }[language][reason]
        return f"{verb} {_between(between, language, zone)}."
    if reason in CONFIRMATIONS:
        return f"{_REASONS[language][reason]}{colon(language)}{shorten(clean_line(by), 80)}." if by else ""
    if reason not in CORRECTIONS:
        return ""
    about = f"{colon(language)}{quoted(title, language)}" if title else ""
    return f"{_REASONS[language][reason]}{about}."


#: reasons of what somebody else tells as well
CONFIRMATIONS = frozenset({"second_origin", "other_side"})
#: reasons of what takes something back
CORRECTIONS = frozenset({"corrected", "cancelled", "denied", "withdrawn"})


def _between(looks: tuple[datetime, datetime], language: Language, zone: ZoneInfo | None) -> str:
    """Return « entre 9 h 14 et 9 h 31 UTC », the days too where they differ or the reader's clock is another."""
    begin, end = (at.astimezone(zone or UTC) for at in looks)
    name = zone.key.rpartition("/")[2].replace("_", " ") if zone is not None and zone.key != "UTC" else ""
    clock = f" ({name})" if name else " UTC"
    first, last = _clock(begin, language), _clock(end, language)
    if begin.date() != end.date():
        first, last = f"{_date(begin, language)}, {first}", f"{_date(end, language)}, {last}"
        joined = f"entre le {first} et le {last}" if language == "fr" else f"between {first} and {last}"
    else:
        joined = f"entre {first} et {last}" if language == "fr" else f"between {first} and {last}"
    return joined + clock


def unread(language: Language) -> str:
    """Return the warning that none of the pages behind an alert could be read whole."""
    return _UNREAD[language]


_MODIFIERS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "many": "trois diplomates ou plus",
        "ambassador": "un ambassadeur détenu",
        "reciprocal": "une réponse du même ordre",
    },
    "en": {
        "many": "three diplomats or more",
        "ambassador": "an ambassador detained",
        "reciprocal": "an answer in kind",
    },
}


def why_found(signal: Signal, language: Language) -> str:
    """Return what made detection find an act: « expulsion de diplomates… (règle fr.expel, indices « … ») »."""
    french = language == "fr"
    parts = [f"{'règle' if french else 'rule'}{_NBSP}{signal.rule}"]
    if signal.cues:
        cues = ", ".join(quoted(cue, language) for cue in signal.cues)
        parts.append(f"{'indices' if french else 'cues'}{colon(language)}{cues}")
    if signal.modifiers:
        raised = ", ".join(_MODIFIERS[language].get(one, one) for one in signal.modifiers)
        parts.append(f"{'gravité relevée' if french else 'severity raised'}{colon(language)}{raised}")
    sure = f"{signal.confidence:.2f}"
    parts.append(f"{'confiance' if french else 'confidence'}{_NBSP}{sure.replace('.', ',') if french else sure}")
    return f"{act_line(signal, language)} ({', '.join(parts)})"


def colon(language: Language) -> str:
    """Return a colon with its spaces."""
    return f"{_FINE}: " if language == "fr" else ": "


def moment(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """Return a time in UTC and in the reader's zone: « 3 mars 2026, 14 h 05 UTC (15 h 05, Paris) »."""
    universal, local = at.astimezone(UTC), at.astimezone(zone)
    text = f"{_date(universal, language)}, {_clock(universal, language)} UTC"
    if local.utcoffset() == universal.utcoffset():
        return text
    day = "" if local.date() == universal.date() else f"{_date(local, language)}, "
    return f"{text} ({day}{_clock(local, language)}, {zone.key.rpartition('/')[2].replace('_', ' ')})"


def day_and_month(day: date, language: Language) -> str:
    """Return « 1er mars »."""
    number = f"1er{_NBSP}" if language == "fr" and day.day == 1 else f"{day.day}{_NBSP}"
    return f"{number}{_MONTHS[language][day.month - 1]}"


def _date(at: datetime, language: Language) -> str:
    return f"{day_and_month(at, language)} {at.year}"


def _clock(at: datetime, language: Language) -> str:
    return f"{at.hour}{_NBSP}h{_NBSP}{at.minute:02}" if language == "fr" else f"{at.hour:02}:{at.minute:02}"


def label(key: str, language: Language) -> str:
    """Return a fixed text of the mail's layout."""
    return _LABELS[language][key]


def footer(alert_id: str, watch_id: str, sequence: int, language: Language) -> str:
    """Return the line that names the alert."""
    if language == "fr":
        return f"Vigie · alerte {alert_id} · veille {watch_id} · message {sequence} sur cet événement"
    return f"Vigie · alert {alert_id} · watch {watch_id} · message {sequence} on this story"
