"""When two acts may be the same one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from storage.types import Signal

#: (type, actor, target)
Act: TypeAlias = tuple[str, str | None, str | None]


def same_act(one: Act, other: Act) -> bool:
    """Whether two acts may be the same one: a side that a text leaves out contradicts nothing.

    One known side must agree, because two acts without names share only their type.
    """
    if one[0] != other[0]:
        return False
    sides = ((one[1], other[1]), (one[2], other[2]))
    if any(a is not None and b is not None and a != b for a, b in sides):
        return False
    return any(a is not None and a == b for a, b in sides) or one == other


def among(act: Act, acts: Iterable[Act]) -> bool:
    """Whether an act may be one of some acts."""
    return any(same_act(act, other) for other in acts)


def is_told(signal: Signal, acts: Iterable[tuple[Act, int]]) -> bool:
    """Whether a signal's act is one of some acts that were told, at its severity or above."""
    return any(same_act(signal.act, act) and signal.severity <= severity for act, severity in acts)


def names_of(signals: Iterable[Signal]) -> str:
    """Return the types of some signals, each once, for a sentence to people."""
    return ", ".join(sorted({signal.type for signal in signals}))
