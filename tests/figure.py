"""A figure that a bench measures, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured, and what it should reach at least or at most."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def held(self) -> bool:
        """Whether it reached what it should."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def line(self) -> str:
        """The figure as ``make bench`` prints it."""
        digits = 3 if abs(self.value) < 10 else 1 if abs(self.value) < 100 else 0
        value = f"{self.value:10,.{digits}f} {self.unit}"
        bounds = [] if self.least is None else [f"at least {self.least:,g}"]
        bounds += [] if self.most is None else [f"at most {self.most:,g}"]
        if not bounds:
            return f"{self.name:58} {value}"
        return f"{self.name:58} {value:30} ({', '.join(bounds)}{'' if self.held else ': NOT HELD'})"
