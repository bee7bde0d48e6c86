"""What every fault is given: how much of it, from which seed, on which service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign.forge import Forge
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

    #: starts services in a moment; None starts Python anew each time
    forge: Forge | None = None
    #: seconds without any arrival after which what is missing counts as lost
    quiet: float = 60.0
    #: longest time of a fault that repeats itself
    minutes: float = float("inf")
    #: monotonic second after which a fault that repeats itself begins no further round
    until: float = float("inf")

    @property
    def time_is_up(self) -> bool:
        """Whether no further round may begin."""
        return time.monotonic() > self.until

    def scaled(self, number: int, *, least: int = 1) -> int:
        """Return a number of things at this scale."""
        return max(least, round(number * self.scale))

    @property
    def debug_build(self) -> tuple[str, ...]:
        """How a service is run that can be told to die; a mutant can be told so already."""
        mutant = "tests.campaign.mutants" in self.wrapper
        return tuple(self.wrapper) if mutant else ("-m", "tests.campaign.mutants", "sound", "--")

    def hurried(self) -> Sut:
        """Return a service whose fixed waits are seconds instead of minutes."""
        environment = {**self.environment, "CAMPAIGN_HURRY": "1"}
        return Sut(self.folder, wrapper=self.debug_build, environment=environment, forge=self.forge)

    def sut(self, folder: Path | None = None, *, tracer: Sequence[str] = ()) -> Sut:
        """Return a service on a folder."""
        return Sut(
            folder or self.folder, wrapper=self.wrapper, environment=self.environment, tracer=tracer, forge=self.forge
        )
