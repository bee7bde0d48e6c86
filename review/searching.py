"""From what a person types into the search box to an expression the full-text index reads.

:func:`to_expression` is the only way in: words that must all occur, ``"phrases"``, ``OR`` between
alternatives, ``-word`` for what must not occur, ``word*`` for beginnings. Every word reaches FTS5 inside
quotation marks (sqlite.org/fts5.html section 3.1), so nothing typed is read as its syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from review.errors import SearchTextError

_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"(?P<more>\*?)|(?P<word>[^\s"]+))')
#: typographic marks that people and their keyboards put around phrases
_QUOTES = str.maketrans({"«": '"', "»": '"', "“": '"', "”": '"', "„": '"'})
#: shortest beginning of a word before ``*``: a shorter one would match half the archive
_SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    expression: str
    negative: bool
    position: int


def to_expression(text: str) -> str:
    """Return the FTS5 expression for a search.

    Raises:
        SearchTextError: the search cannot be read; it names the place of the fault.
    """
    groups: list[list[_Term]] = []
    unwanted: list[_Term] = []
    joining: int | None = None
    for token in _terms(text):
        if isinstance(token, int):
            if joining is not None or not groups:
                raise _error("or_alone", "OR needs something on both sides", token, text)
            joining = token
        elif token.negative:
            if joining is not None:
                raise _error("or_not", "OR cannot be followed by an exclusion", token.position, text)
            unwanted.append(token)
        elif joining is not None:
            groups[-1].append(token)
            joining = None
        else:
            groups.append([token])
    if joining is not None:
        raise _error("or_alone", "OR needs something on both sides", joining, text)
    if not groups:
        raise _error("only_not", "a search needs at least one word that must occur", 0, text)
    wanted = " AND ".join("(" + " OR ".join(term.expression for term in group) + ")" for group in groups)
    if not unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(term.expression for term in unwanted)})"


def _terms(text: str) -> list[_Term | int]:
    """Cut a search into terms; a number is the position of an ``OR``."""
    plain = text.translate(_QUOTES)
    if plain.count('"') % 2:
        raise _error("open_quote", "this quotation mark is never closed", plain.rindex('"'), text)
    found: list[_Term | int] = []
    for match in _TERM.finditer(plain):
        if match["word"] == "OR" and not match["minus"]:
            found.append(match.start())
            continue
        content = match["phrase"] if match["word"] is None else match["word"]
        beginning = content.endswith("*") or bool(match["more"])
        content = content.rstrip("*").replace('"', "").replace("\x00", " ")
        if not any(character.isalnum() for character in content):
            continue
        if beginning and sum(character.isalnum() for character in content) < _SHORTEST_BEGINNING:
            raise _error("short_beginning", "the beginning of a word needs two letters", match.start(), text)
        found.append(
            _Term(
                expression=f'"{content.strip()}"' + ("*" if beginning else ""),
                negative=bool(match["minus"]),
                position=match.start(),
            )
        )
    return found


def _error(reason: str, detail: str, position: int, text: str) -> SearchTextError:
    return SearchTextError(detail, position=position, text=text, reason=f"search_error.{reason}")
