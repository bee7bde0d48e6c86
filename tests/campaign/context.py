"""What every fault is given: how much of it, from which seed, on which service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign.sut import Sut


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How one fault is run."""

    folder: Path
    seed: int = 1
    #: 1 is the whole campaign
    scale: float = 1.0
    #: how the service is run: Python's arguments before those of the command line
    wrapper: Sequence[str] = ("-m", "vigie")
    environment: dict[str, str] = field(default_factory=dict)

    def scaled(self, number: int, *, least: int = 1) -> int:
        """Return a number of things at this scale."""
        return max(least, round(number * self.scale))

    def sut(self, folder: Path | None = None, *, tracer: Sequence[str] = ()) -> Sut:
        """Return a service on a folder."""
        return Sut(folder or self.folder, wrapper=self.wrapper, environment=self.environment, tracer=tracer)
