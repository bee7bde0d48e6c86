"""Acts as stories compare them: who did what to whom, and whether two texts tell the same, or contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storage.types import Signal, Status

Act = tuple[str, str | None, str | None]


def contradict(one: Iterable[Signal], other: Iterable[Signal]) -> bool:
    """Tell whether one text asserts an act that the other denies or says has ended.

    A text that reports both sides contradicts nobody, least of all its own copy.
    """
    first, second = list(one), list(other)
    return _denies(first, second) or _denies(second, first)


def _denies(one: Sequence[Signal], other: Sequence[Signal]) -> bool:
    """Tell whether ``one`` only undoes an act that ``other`` only asserts."""
    return _meet(_without(_undone(one), _asserted(one)), _without(_asserted(other), _undone(other)))


def _meet(acts: set[Act], others: set[Act]) -> bool:
    return any(same_act(act, other) for act in acts for other in others)


def _without(acts: set[Act], others: set[Act]) -> set[Act]:
    return {act for act in acts if not _meet({act}, others)}


def same_act(one: Act, other: Act) -> bool:
    """Tell whether two acts may be the same one: a side that a text leaves out agrees with any."""
    pairs = zip(one[1:], other[1:], strict=True)
    return one[0] == other[0] and all(a is None or b is None or a == b for a, b in pairs)


def other_acts(one: Iterable[Signal], other: Iterable[Signal]) -> bool:
    """Tell whether both texts assert acts and none is the same: one wording, other countries."""
    first, second = _asserted(one), _asserted(other)
    return bool(first) and bool(second) and not first & second


def _asserted(signals: Iterable[Signal]) -> set[Act]:
    return {signal.act for signal in signals if signal.status is Status.ASSERTED}


def _undone(signals: Iterable[Signal]) -> set[Act]:
    return {signal.act for signal in signals if signal.status in {Status.DENIED, Status.ENDED}}
