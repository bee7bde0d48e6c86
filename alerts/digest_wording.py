"""What a list of alerts says, in French and in English; French is set as in :mod:`alerts.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from alerts import wording
from alerts.settings import Language
from alerts.text import shorten

_FINE = "\u202f"
_NBSP = "\u00a0"

_WEEKDAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
#: (one, several) of each severity that a headline counts
_GRAVE: dict[Language, dict[int, tuple[str, str]]] = {
    "fr": {5: ("critique", "critiques"), 4: ("grave", "graves")},
    "en": {5: ("critical", "critical"), 4: ("severe", "severe")},
}
_WHY: dict[Language, dict[str, str]] = {
    "fr": {
        "quiet_hours": f"Heures calmes{_FINE}: seules les alertes critiques les traversent",
        "cooldown": "Délai de répit après une alerte sur cet événement",
        "hourly": "Bilan de l’heure de ce qui n’est pas urgent",
        "daily": "Bilan du jour, envoyé même sans alerte",
        "storm": f"Trop de messages en peu de temps sur ce canal{_FINE}: le reste en une liste, rien n’est perdu",
    },
    "en": {
        "quiet_hours": "Quiet hours: only critical alerts break through",
        "cooldown": "Cooldown after an alert on this story",
        "hourly": "Hourly digest of what is not urgent",
        "daily": "Daily digest, sent without alerts as well",
        "storm": "Too many messages in a short time on this channel: the rest in one list, nothing is dropped",
    },
}
_LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "list": f"Toute la liste{_FINE}: ", "list_link": "Toute la liste", "coverage": "Couverture de la veille",
        "why": "Pourquoi une liste",
    },
    "en": {
        "list": "The whole list: ", "list_link": "The whole list", "coverage": "What the watch covered",
        "why": "Why a list",
    },
}  # fmt: skip
_KINDS: dict[Language, dict[str, str]] = {
    "fr": {"update": "suite", "correction": "rectificatif", "edited": "modification"},
    "en": {"update": "update", "correction": "correction", "edited": "edit"},
}


class Counted(Protocol):
    """What the headline of a list is made of."""

    @property
    def kind(self) -> str:
        """A kind of batch."""
        ...

    @property
    def count(self) -> int:
        """How many alerts."""
        ...

    @property
    def severities(self) -> Mapping[int, int]:
        """How many of each severity."""
        ...

    @property
    def since(self) -> datetime:
        """When gathering began."""
        ...

    @property
    def until(self) -> datetime:
        """When it ended."""
        ...

    @property
    def day(self) -> str | None:
        """Local date of a daily digest, ISO 8601."""
        ...

    @property
    def night(self) -> bool:
        """Whether the quiet hours crossed midnight."""
        ...

    @property
    def raised(self) -> int:
        """How many alerts were raised in that time, those told by themselves included."""
        ...


def headline(told: Counted, language: Language) -> str:
    """Return the first line: « 7 alertes sur la nuit : 2 graves »."""
    french = language == "fr"
    colon = wording.colon(language)
    alerts = _alerts(told.count, language)
    grave = _grave(told.severities, language)
    match told.kind:
        case "daily":
            name = f"Bilan du {_day(told.day, language)}" if french else f"Digest for {_day(told.day, language)}"
            beyond = alerts if told.count or not told.raised else _nothing_beyond(told.raised, language)
            line = f"{name}{colon}{beyond}" + (f", {'dont ' if french else ''}{grave}" if grave else "")
        case "storm":
            minutes = max(1, round((told.until - told.since).total_seconds() / 60))
            line = f"{'Afflux' if french else 'Flood'}{colon}{alerts} {'en' if french else 'in'} {minutes}{_NBSP}min"
            line += f", {'dont ' if french else ''}{grave}" if grave else ""
        case "cooldown":
            line = f"{'Suite de l’événement' if french else 'More on the story'}{colon}{alerts}"
            line += f", {'dont ' if french else ''}{grave}" if grave else ""
        case _:
            when = _when(told, language)
            line = f"{alerts} {when}{colon}{grave or _none_grave(language)}"
    return shorten(line, wording.HEADLINE_LIMIT)


def why(kind: str, language: Language) -> str:
    """Return why alerts were told together."""
    return _WHY[language].get(kind, kind)


def label(key: str, language: Language) -> str:
    """Return a fixed text of the mail's layout."""
    return _LABELS[language][key]


def kind_word(kind: str | None, language: Language) -> str:
    """Return the word for what a member is, an empty string for a new story."""
    return _KINDS[language].get(kind or "", "")


def more(count: int, language: Language) -> str:
    """Return the line that counts what is not named."""
    if not count:
        return ""
    if language == "fr":
        return f"… et {count}{_NBSP}autre{'s' if count > 1 else ''}, dans la liste entière"
    return f"… and {count} more, in the whole list"


def covered(
    *,
    sources: tuple[int, int, int, int],
    articles: int,
    alerts: int,
    dead_letters: int,
    language: Language,
) -> tuple[str, ...]:
    """Return the lines that say how the watch did.

    Args:
        sources: how many are in order, silent, in trouble and not read yet.
        articles: how many were read.
        alerts: how many were raised.
        dead_letters: deliveries given up.
        language: of the lines.
    """
    well, silent, broken, new = sources
    french = language == "fr"
    colon = wording.colon(language)
    if french:
        parts = [
            f"{well} en ordre",
            f"{silent} {_plural(silent, 'silencieuse', 'silencieuses', language)}",
            f"{broken} en difficulté",
        ]
        parts += [f"{new} pas encore {_plural(new, 'lue', 'lues', language)}"] if new else []
    else:
        parts = [f"{well} in order", f"{silent} silent", f"{broken} in trouble"]
        parts += [f"{new} not read yet"] if new else []
    read = _counted(articles, "article", language)
    in_all = (" en tout" if french else " in all") if alerts else ""
    return (
        f"Sources{colon}{', '.join(parts)}",
        f"{read} {_plural(articles, 'lu', 'lus', language) if french else 'read'}, {_alerts(alerts, language)}{in_all}",
        _dead(dead_letters, language),
    )


def footer(alert_id: str, watch_id: str, language: Language) -> str:
    """Return the line that names the list."""
    if language == "fr":
        return f"Vigie · liste {alert_id} · veille {watch_id}"
    return f"Vigie · list {alert_id} · watch {watch_id}"


def _alerts(count: int, language: Language) -> str:
    if not count:
        return "aucune alerte" if language == "fr" else "no alerts"
    return _counted(count, "alerte" if language == "fr" else "alert", language)


def _nothing_beyond(raised: int, language: Language) -> str:
    """Return what a digest without alerts says on a day that had some, all of them urgent."""
    if language == "fr":
        return f"rien à ajouter {'à l’alerte' if raised == 1 else f'aux {_alerts(raised, language)}'}"
    return f"nothing beyond the {'one alert' if raised == 1 else _alerts(raised, language)}"


def _grave(severities: Mapping[int, int], language: Language) -> str:
    """Return « 1 critique, 2 graves », an empty string for none of these."""
    parts = []
    for level, (one, several) in _GRAVE[language].items():
        count = severities.get(level, 0)
        if count:
            space = _NBSP if language == "fr" else " "
            parts.append(f"{_number(count, language)}{space}{one if count == 1 else several}")
    return ", ".join(parts)


def _none_grave(language: Language) -> str:
    return "aucune grave" if language == "fr" else "none severe"


def _when(told: Counted, language: Language) -> str:
    french = language == "fr"
    if told.kind == "hourly":
        return "en une heure" if french else "in an hour"
    if told.night:
        return "sur la nuit" if french else "overnight"
    return "pendant les heures calmes" if french else "in quiet hours"


def _day(day: str | None, language: Language) -> str:
    try:
        found = date.fromisoformat(day or "")
    except ValueError:
        return day or "?"
    name = _WEEKDAYS[language][found.weekday()]
    return f"{name} {wording.day_and_month(found, language)}"


def _dead(count: int, language: Language) -> str:
    if language == "fr":
        return f"{_counted(count, 'envoi', language)} en échec" if count else "Aucun envoi en échec"
    word = _plural(count, "delivery", "deliveries", language)
    return f"{_number(count, language)} failed {word}" if count else "No failed delivery"


def _counted(count: int, word: str, language: Language) -> str:
    space = _NBSP if language == "fr" else " "
    return f"{_number(count, language)}{space}{_plural(count, word, f'{word}s', language)}"


def _number(count: int, language: Language) -> str:
    """Return a number with its thousands set apart."""
    return f"{count:,}".replace(",", _FINE) if language == "fr" else f"{count:,}"


def _plural(count: int, one: str, several: str, language: Language) -> str:
    """French takes the singular for 0 and 1, English for 1."""
    return one if count == 1 or (count == 0 and language == "fr") else several
