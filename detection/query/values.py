"""Values of the fields that hold codes: read, and checked where Vigie knows every code there is.

A misspelt code would make a watch silent for ever, so an unknown type, state or status is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from detection.countries import countries
from detection.query.errors import QueryError
from detection.query.nodes import COMPARISONS, CodeTest, Field, SeverityTest
from detection.query.scanned import Sign
from detection.query.words import fold_words
from detection.taxonomy import event_types
from storage.types import Status

#: how the languages of the press are called, folded
_LANGUAGES = {
    code: {fold_words(name) for name in names.split()}
    for code, names in {
        "fr": "français french francais",
        "en": "anglais english",
        "ar": "arabe arabic العربية",
        "ru": "russe russian русский",
        "bm": "bambara bamanankan",
        "es": "espagnol spanish",
        "pt": "portugais portuguese",
    }.items()
}
_SEVERITY = re.compile(rf"({'|'.join(COMPARISONS)})?\s*([1-5])")


def severity_test(sign: Sign, text: str) -> SeverityTest:
    """Read ``severity:3``, ``severity:>=3``.

    Raises:
        QueryError: it is not a comparison with a number from 1 to 5.
    """
    read = _SEVERITY.fullmatch(sign.value)
    if read is None or sign.star:
        raise QueryError(
            "severity: takes a number from 1 to 5, such as severity:3 or severity:>=3", sign.value_start, text
        )
    return SeverityTest(start=sign.start, end=sign.end, comparison=read[1] or "=", number=int(read[2]))


def code_test(sign: Sign, field: Field, text: str) -> CodeTest:
    """Read a code such as ``lang:fr`` or ``type:expel*``; ``type:*`` takes any.

    Raises:
        QueryError: no such code, or none at all.
    """
    value = sign.value.strip().casefold()
    if not value and not sign.star:
        raise QueryError(f"{field}: has no value", sign.value_start, text)
    if field in {Field.LANGUAGE, Field.COUNTRY} and not sign.star:
        _check_code(field, sign.value.strip(), sign.value_start, text)
    if field is Field.TAG:
        # Tags are words that people chose: their capitals and accents count as little as those of texts.
        value = " ".join(fold_words(sign.value))
        if not value and not sign.star:
            raise QueryError("tag: takes a tag with letters or digits", sign.value_start, text)
    known = _known(field)
    if known is not None and not any(_fits(code, value, prefix=sign.star) for code in known):
        raise QueryError(_unknown(field, sign.value.strip(), known), sign.value_start, text)
    return CodeTest(start=sign.start, end=sign.end, field=field, value=value, prefix=sign.star)


def _check_code(field: Field, value: str, at: int, text: str) -> None:
    """Refuse a language or a state that is written as a name: no code looks so, and nothing would ever match."""
    if field is Field.LANGUAGE:
        code = next((code for code, names in _LANGUAGES.items() if fold_words(value) in names), None)
        if code is not None or not re.fullmatch(r"[A-Za-z]{2,3}(-\w+)*", value):
            cure = f"write lang:{code}" if code else "languages are written as codes of two letters, such as fr, en, ar"
            raise QueryError(f'"{value}" is not the code of a language; {cure}', at, text)
    elif value.upper() not in countries() and not re.fullmatch(r"[A-Za-z]{3}", value):
        code = _code_of(value)
        cure = f"write country:{code}" if code else "states are written as codes of three letters, such as MLI, FRA"
        raise QueryError(f'"{value}" is not the code of a state; {cure}', at, text)


def _fits(code: str, value: str, *, prefix: bool) -> bool:
    folded = code.casefold()
    return folded.startswith(value) if prefix else folded == value


def _known(field: Field) -> tuple[str, ...] | None:
    """Return every code a field may hold, or None where anything may stand."""
    match field:
        case Field.TYPE:
            return tuple(event_types())
        case Field.ACTOR | Field.TARGET:
            return tuple(countries())
        case Field.STATUS:
            return tuple(Status)
        case _:
            return None


def _unknown(field: Field, value: str, known: Iterable[str]) -> str:
    codes = tuple(known)
    if field in {Field.ACTOR, Field.TARGET}:
        code = _code_of(value)
        cure = f"write {field}:{code}" if code else "states are written as codes, such as MLI, FRA, UN"
        return f'"{value}" is not the code of a state; {cure}'
    wanted = value.casefold()
    close = [code for code in codes if wanted and code.startswith(wanted)] or get_close_matches(wanted, codes, n=3)
    # Of a long list the near ones help more than all of it.
    offered = close or codes
    cure = "did you mean" if close else "write one of"
    return f'"{value}" is no {field}; {cure} {", ".join(offered)}'


def _code_of(name: str) -> str | None:
    """Return the code of a state given by its French or English name."""
    wanted = fold_words(name)
    for code, country in countries().items():
        if any(fold_words(own) == wanted for own in country.names.values()):
            return code
    return None
