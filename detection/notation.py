"""The small notation of the data files: ``(x)`` is optional, ``(a|b)`` a choice, ``a|b`` alternatives.

>>> sorted(expand("consul(s)"))
['consul', 'consuls']
>>> sorted(expand("ambassad(eur|rice)"))
['ambassadeur', 'ambassadrice']
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

#: more readings than this of one phrase is a mistake in the data
MAX_READINGS = 4096
_OPENING, _CLOSING = frozenset("({"), frozenset(")}")


class NotationError(ValueError):
    """A phrase is not written in the notation; the message says where and what to write.

    Attributes:
        fragment: the piece of the phrase at fault, empty when it is the whole.
        offset: the character at fault within ``fragment``.
    """

    def __init__(self, message: str, fragment: str = "", offset: int = 0) -> None:
        self.fragment = fragment
        self.offset = offset
        super().__init__(message)

    def within(self, source: str) -> int:
        """Return the offset of the fault within ``source``, the phrase as written in its file."""
        at = source.find(self.fragment)
        return max(at, 0) + self.offset if at >= 0 else 0


@cache
def _marks(separator: str) -> re.Pattern[str]:
    """Return what finds brackets and a separator: rules hold few of them, and many letters."""
    return re.compile(rf"[(){{}}]|{re.escape(separator)}")


def split_outside(text: str, separator: str) -> list[str]:
    """Split ``text`` at ``separator`` where it stands outside every parenthesis and brace."""
    parts: list[str] = []
    depth = begin = 0
    for mark in _marks(separator).finditer(text):
        if mark[0] in _OPENING:
            depth += 1
        elif mark[0] in _CLOSING:
            depth -= 1
            if depth < 0:
                reason = f"{text!r} closes a bracket that was never opened; take it out"
                raise NotationError(reason, text, mark.start())
        elif depth == 0:
            parts.append(text[begin : mark.start()])
            begin = mark.end()
    if depth:
        raise _left_open(text)
    parts.append(text[begin:])
    return parts


def _closing(text: str, opening: int) -> int:
    depth = 0
    for index in range(opening, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index
    raise _left_open(text)


def _left_open(text: str) -> NotationError:
    """Point at the first bracket that nothing closes."""
    opened: list[int] = []
    for index, character in enumerate(text):
        if character in "({":
            opened.append(index)
        elif character in ")}" and opened:
            opened.pop()
    return NotationError(f"{text!r} leaves a bracket open; close it", text, opened[0] if opened else 0)


def _readings(text: str) -> list[str]:
    """Return every reading of a text without alternatives at its top level."""
    opening = text.find("(")
    if opening < 0:
        return [text]
    closing = _closing(text, opening)
    choices = split_outside(text[opening + 1 : closing], "|")
    inside = [reading for choice in choices for reading in _readings(choice)]
    if len(choices) == 1:
        inside.append("")
    rest = _readings(text[closing + 1 :])
    if len(inside) * len(rest) > MAX_READINGS:
        raise NotationError(f"{text!r} has more than {MAX_READINGS} readings; split it", text)
    return [text[:opening] + middle + end for middle, end in product(inside, rest)]


def expand(text: str) -> frozenset[str]:
    """Return every reading of a phrase, spaces collapsed.

    Raises:
        NotationError: brackets do not match, or there are more than :data:`MAX_READINGS`.
    """
    readings = {" ".join(reading.split()) for part in split_outside(text, "|") for reading in _readings(part)}
    readings.discard("")
    return frozenset(readings)
