"""The ladder of escalation: every event type with its severity, codes and headline labels.

The data stands in ``taxonomy.toml``. Codes follow CAMEO (Gerner and Schrodt) and PLOVER 0.8; the
severity from 1 to 5 is Vigie's own, because Goldstein scores do not rank diplomatic escalation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from detection.errors import RuleError

_FILE = Path(__file__).with_name("taxonomy.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One rung of the ladder."""

    #: ``expel_diplomats``, …
    id: str
    #: 1 (words) to 5 (rupture, arms)
    severity: int
    #: PLOVER category and mode, ``SANCTION:expel``
    plover: str
    #: nearest CAMEO code, or None where CAMEO has none
    cameo: str | None
    #: Goldstein score of that code, −10 to +10
    goldstein: float | None
    #: not part of the 25 types of diplomatic escalation, kept because it explains one
    auxiliary: bool
    #: noun phrase for headlines, by language (``fr``, ``en``)
    labels: Mapping[str, str]


def _event_type(key: str, entry: Mapping[str, object]) -> EventType:
    severity, plover = entry.get("severity"), entry.get("plover")
    cameo, goldstein = entry.get("cameo"), entry.get("goldstein")
    labels = {language: entry.get(language) for language in ("fr", "en")}
    if not (isinstance(severity, int) and 1 <= severity <= 5):
        raise RuleError(f"[{key}] severity must be a whole number from 1 to 5", file=_FILE)
    if not isinstance(plover, str):
        raise RuleError(f"[{key}] plover is missing", file=_FILE)
    for language, text in labels.items():
        if not isinstance(text, str) or not text:
            raise RuleError(f"[{key}] has no {language} label", file=_FILE)
    return EventType(
        id=key,
        severity=severity,
        plover=plover,
        cameo=cameo if isinstance(cameo, str) else None,
        goldstein=float(goldstein) if isinstance(goldstein, int | float) else None,
        auxiliary=entry.get("auxiliary") is True,
        labels=MappingProxyType({language: str(text) for language, text in labels.items()}),
    )


@cache
def event_types() -> Mapping[str, EventType]:
    """Return every event type by its id, in the order of the ladder.

    Raises:
        RuleError: the data file is not valid; it comes with the package, so reinstall it.
    """
    try:
        entries = tomllib.loads(_FILE.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"not valid TOML: {error}", file=_FILE) from error
    return MappingProxyType({key: _event_type(key, entry) for key, entry in entries.items()})


def event_type(type_id: str) -> EventType:
    """Return one event type.

    Raises:
        KeyError: no such type.
    """
    return event_types()[type_id]


def type_label(type_id: str, language: str = "en") -> str:
    """Return the headline label of a type, in English where the language has none.

    An unknown id comes back with its underscores turned into spaces, because a signal stored by
    another version must still be shown.
    """
    known = event_types().get(type_id)
    if known is None:
        return type_id.replace("_", " ")
    return known.labels.get(language, known.labels["en"])
