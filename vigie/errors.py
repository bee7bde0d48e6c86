"""What the front door tells its user.

::

    VigieError
    └── ConfigurationError   the configuration cannot be used: file, line, key and cure
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class VigieError(Exception):
    """Base of what the front door raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the configuration."""

    #: dotted key, such as ``source[2].feeds``
    key: str
    #: what is wrong and what to write instead
    message: str
    line: int | None = None


class ConfigurationError(VigieError):
    """The configuration cannot be used; every problem found is listed."""

    def __init__(self, path: Path | None, problems: tuple[Problem, ...]) -> None:
        self.path = path
        self.problems = problems
        name = str(path) if path else "built-in configuration"
        lines = []
        for problem in problems:
            place = f"{name}:{problem.line}" if problem.line else name
            key = f"{problem.key}: " if problem.key else ""
            lines.append(f"{place}: {key}{problem.message}")
        super().__init__("\n".join(lines))
