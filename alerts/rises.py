"""How an alert says that an act went further than anything of the last days."""

from __future__ import annotations

from collections.abc import Iterable

from alerts import wording
from alerts.ladder import WINDOW
from alerts.settings import Language
from storage.types import RungChange, Signal


def rise_lines(rises: Iterable[RungChange], signals: Iterable[Signal], language: Language) -> tuple[str, ...]:
    """Return a line for each rise to which one of the signals led: « France → Mali : échelon 5 (…) ».

    Args:
        rises: as changes of rung.
        signals: that the alert tells.
        language: of the words.
    """
    told = {signal.act for signal in signals}
    return tuple(_line(one, language) for one in rises if (one.type, one.actor, one.target) in told)


def _line(rise: RungChange, language: Language) -> str:
    sides = f"{wording.name(rise.actor, language)} → {wording.name(rise.target, language)}"
    if language == "fr":
        before = f"{rise.before} au plus" if rise.before else "aucun acte"
        colon = wording.colon(language)
        return f"{sides}{colon}échelon {rise.after} (dans les {WINDOW.days}\u00a0jours d’avant{colon}{before})"
    before = f"at most {rise.before}" if rise.before else "no act"
    return f"{sides}: rung {rise.after} (in the {WINDOW.days} days before: {before})"
