"""Lists of values in statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

_Value = TypeVar("_Value", int, str)
_Item = TypeVar("_Item")

#: lengths of lists are multiples of it
_STEP = 16


def listed(values: Iterable[_Value]) -> tuple[str, tuple[_Value, ...]]:
    """Return placeholders for ``IN (…)``, and the values for them, the last one repeated to a round number.

    A connection keeps the statements that it compiled last; a statement for each length would hardly be met again.
    """
    given = tuple(values)
    missing = -len(given) % _STEP
    filled = given + given[-1:] * missing
    return ",".join("?" * len(filled)), filled


def batched(values: Iterable[_Item], size: int) -> Iterator[tuple[_Item, ...]]:
    """Yield values in groups of some size, the last one smaller."""
    left = iter(values)
    while some := tuple(islice(left, size)):
        yield some


def named(values: Sequence[object], prefix: str) -> tuple[str, dict[str, Any]]:
    """Return placeholders for ``IN (…)`` with names that begin so, and the values of the names."""
    names = {f"{prefix}{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{name}" for name in names), names
