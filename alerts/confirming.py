"""Whether a report confirms what a story told: a second independent origin, or the other side.

Pure. An analyst who reads *14 articles, one origin, no outlet of Mali* waits for one of these two.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alerts.acts import Act, names_of, same_act
from storage.types import Signal, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who says, first-hand, that an act was done, and for which state they speak."""

    act: Act
    origin: str
    #: ISO 3166-1 alpha-3 of the outlet, or of the agency that it quotes; None when nobody knows
    side: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Whose report an article is, and who told the acts of its story before."""

    origin: str
    side: str | None
    #: neither a copy of another text nor one that takes something back
    first_hand: bool
    #: of the other articles of the story that are still there
    before: tuple[Voice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """That a report confirms something, and what."""

    #: ``other_side`` or ``second_origin``
    reason: str
    detail: str
    signals: tuple[Signal, ...]


def confirmation(report: Report, signals: Sequence[Signal], told: Collection[str]) -> Confirmation | None:
    """Return what a report confirms of a story that was told already, None for nothing.

    Args:
        report: whose words they are.
        signals: of the article, over the watch's bar, of acts that were told.
        told: reasons of the alerts that the people of the watch had of the story: each confirmation is told once.
    """
    asserted = tuple(signal for signal in signals if signal.status is Status.ASSERTED)
    if not report.first_hand or not asserted:
        return None
    by_side = tuple(signal for signal in asserted if _first_of_its_side(report, signal))
    if by_side and "other_side" not in told:
        return Confirmation(
            reason="other_side", signals=by_side,
            detail=f"{report.side} confirms by {report.origin} what others told: {names_of(by_side)}",
        )  # fmt: skip
    second = tuple(signal for signal in asserted if _second(report, signal))
    if second and "second_origin" not in told:
        return Confirmation(
            reason="second_origin", signals=second,
            detail=f"{report.origin} reports first-hand what one origin told: {names_of(second)}",
        )  # fmt: skip
    return None


def _voices(report: Report, signal: Signal) -> list[Voice]:
    return [voice for voice in report.before if same_act(voice.act, signal.act)]


def _first_of_its_side(report: Report, signal: Signal) -> bool:
    """Whether one of the two sides of an act speaks of it for the first time, after others did."""
    if report.side is None or report.side not in {signal.actor, signal.target}:
        return False
    voices = _voices(report, signal)
    return bool(voices) and all(voice.side != report.side and voice.origin != report.origin for voice in voices)


def _second(report: Report, signal: Signal) -> bool:
    origins = {voice.origin for voice in _voices(report, signal)}
    return len(origins) == 1 and report.origin not in origins
