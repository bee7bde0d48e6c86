"""Names of types, severities, states and bodies for people: the one place that asks the other rooms for them."""

from __future__ import annotations

from alerts.wording import severity_word
from detection.countries import country_name
from detection.taxonomy import event_types, type_label


def type_name(type_id: str, language: str) -> str:
    """Return the label of a type, readable even for one that this version does not know."""
    return type_label(type_id, language)


def type_choices(language: str) -> list[tuple[str, str]]:
    """Return id and label of every type, in the order of the ladder."""
    return [(type_id, type_label(type_id, language)) for type_id in event_types()]


def severity_name(severity: int, language: str) -> str:
    """Return the word for a severity, the one that alerts use."""
    return severity_word(severity, "fr" if language == "fr" else "en")


def state_name(code: str | None, language: str) -> str:
    """Return the name of a state or body, ``?`` for None, the code itself when it is unknown."""
    return country_name(code, language)
