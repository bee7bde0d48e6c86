"""What can go wrong in detection.

The tree::

    DetectionError
    └── RuleError        a data or rule file that cannot be used (file, line, column, key, reason)

Text never raises: whatever an article holds, :func:`detection.engine.detect` gives an answer.
"""

from __future__ import annotations

from pathlib import Path


class DetectionError(Exception):
    """Base of everything this package raises."""


class RuleError(DetectionError):
    """A rule file, or one of the data files beside it, cannot be used.

    Attributes:
        file: the file at fault, or None for text that came from no file.
        line: line of the fault counted from 1, or None where it is not known.
        column: character of the fault within the line, counted from 1, or None where it is not known.
        rule: id of the rule at fault, or None when the fault is not in one.
        key: key at fault, such as ``match[2]``, or None.
        reason: what is wrong and how to put it right.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        column: int | None = None,
        rule: str | None = None,
        key: str | None = None,
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.rule = rule
        self.key = key
        self.reason = reason
        place = "rule" if file is None else str(file)
        if line is not None:
            place += f":{line}"
            if column is not None:
                place += f":{column}"
        super().__init__(": ".join(part for part in (place, rule, key, reason) if part))
