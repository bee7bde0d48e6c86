"""How an alert says that an act went further than anything of the last days."""

from __future__ import annotations

from collections.abc import Iterable

from alerts import wording
from alerts.ladder import WINDOW
from alerts.settings import Language
from storage.types import RungChange, Signal

_NONE = {"fr": "aucun", "en": "none"}


def rise_lines(rises: Iterable[RungChange], signals: Iterable[Signal], language: Language) -> tuple[str, ...]:
    """Return a line for each rise to which one of the signals led: « … France → Mali en 30 jours : 4 → 5 ».

    Args:
        rises: as changes of rung.
        signals: that the alert tells.
        language: of the words.
    """
    told = {signal.act for signal in signals}
    return tuple(_line(one, language) for one in rises if (one.type, one.actor, one.target) in told)


def _line(rise: RungChange, language: Language) -> str:
    sides = f"{wording.name(rise.actor, language)} → {wording.name(rise.target, language)}"
    rungs = f"{rise.before or _NONE[language]} → {rise.after}"
    if language == "fr":
        return f"Échelon le plus haut {sides} en {WINDOW.days}\u00a0jours{wording.colon(language)}{rungs}"
    return f"Highest rung {sides} in {WINDOW.days} days: {rungs}"
