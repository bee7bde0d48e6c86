r"""Where the keys and values of a TOML document stand; the standard parser does not keep it.

>>> where = find_places('[[rule]]\nmatch = ["a", "b"]')
>>> where["rule", 0, "match", 1].value
26
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: keys and list positions from the top of the document, ``("rule", 0, "match", 1)``
KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)\s*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}\n#]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets of one entry."""

    #: where its key begins; for an element of a list, where the element begins
    key: int
    #: where its value begins; for text, after the opening quotation marks
    value: int


def find_places(source: str) -> Mapping[KeyPath, Place]:
    """Return the place of every entry of a document that the standard parser accepts.

    Of another document as many places as can be made out are returned.
    """
    scanner = _Scanner(source)
    try:
        scanner.scan()
    except (IndexError, RecursionError):
        # The standard parser has told the user already; places only help to point.
        return scanner.places
    return scanner.places


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset, both counted from 1."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


class _Scanner:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._counts: dict[KeyPath, int] = {}
        self.places: dict[KeyPath, Place] = {}

    def scan(self) -> None:
        table: KeyPath = ()
        while self._blank() < len(self._source):
            if self._source[self._at] == "[":
                table = self._header()
            elif not self._pair(table):
                return

    def _blank(self) -> int:
        found = _BLANK.match(self._source, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _header(self) -> KeyPath:
        begin = self._at
        listed = self._source.startswith("[[", self._at)
        self._at += 2 if listed else 1
        names = self._names()
        self._at = (
            self._source.index("]", self._at) + (2 if listed else 1)
            if "]" in self._source[self._at :]
            else (len(self._source))
        )
        path: KeyPath = ()
        for name in names[:-1]:
            path = self._last((*path, name))
        path = (*path, *names[-1:])
        if listed:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self.places.setdefault(path, Place(begin, begin))
        return path

    def _last(self, path: KeyPath) -> KeyPath:
        """Return the path of the table that a header's prefix means: the last of a list of tables."""
        return (*path, self._counts[path]) if path in self._counts else path

    def _names(self) -> list[str]:
        names: list[str] = []
        while (found := _KEY.match(self._source, self._at)) is not None:
            names.append(found[1].strip("\"'"))
            self._at = found.end()
            if not self._source.startswith(".", self._at):
                break
            self._at += 1
        return names

    def _pair(self, table: KeyPath) -> bool:
        begin = self._at
        names = self._names()
        if not names or not self._source.startswith("=", self._at):
            return False
        self._at += 1
        self._value((*table, *names), begin)
        return True

    def _value(self, path: KeyPath, key: int | None) -> None:
        begin = self._blank()
        key = begin if key is None else key
        opening = self._source[begin]
        if opening == "[":
            self.places[path] = Place(key, begin)
            self._at += 1
            self._list(path)
        elif opening == "{":
            self.places[path] = Place(key, begin)
            self._at += 1
            self._table(path)
        elif (found := _STRING.match(self._source, begin)) is not None:
            marks = 3 if found[0][:3] in {'"""', "'''"} and len(found[0]) > 5 else 1
            self.places[path] = Place(key, begin + marks)
            self._at = found.end()
        else:
            self.places[path] = Place(key, begin)
            scalar = _SCALAR.match(self._source, begin)
            self._at = max(scalar.end() if scalar else begin, begin + 1)

    def _list(self, path: KeyPath) -> None:
        number = 0
        while self._source[self._blank()] != "]":
            if self._source[self._at] == ",":
                self._at += 1
                continue
            self._value((*path, number), None)
            number += 1
        self._at += 1

    def _table(self, path: KeyPath) -> None:
        while self._source[self._blank()] != "}":
            if self._source[self._at] == ",":
                self._at += 1
            elif not self._pair(path):
                raise IndexError
        self._at += 1
