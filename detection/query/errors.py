"""What can go wrong with a query.

The tree::

    DetectionError
    └── QueryError       a query that cannot be read (what is wrong, where, how to put it right)
"""

from __future__ import annotations

import unicodedata

from detection.errors import DetectionError

#: characters of the query shown on either side of the fault
_AROUND = 60


class QueryError(DetectionError):
    """A query cannot be read; as text it shows the place with a caret under it.

    Attributes:
        message: what is wrong and how to put it right.
        position: offset of the character at fault in ``text``, from 0 to its length.
        text: the query as it was given.
    """

    def __init__(self, message: str, position: int, text: str) -> None:
        super().__init__(message, position, text)
        self.message = message
        self.position = position
        self.text = text

    def __str__(self) -> str:
        first = max(0, self.position - _AROUND)
        last = self.position + _AROUND
        before = ("…" if first else "") + _on_one_line(self.text[first : self.position])
        after = _on_one_line(self.text[self.position : last]) + ("…" if last < len(self.text) else "")
        return f"{self.message}\n  {before}{after}\n  {' ' * _columns(before)}^"


def _on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _columns(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    marks = sum(unicodedata.combining(character) != 0 for character in text)
    return len(text) + wide - marks
