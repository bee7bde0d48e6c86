"""Cuts a query into signs: operators, parentheses and terms, each with its place.

Scanning knows nothing of what a field means; :mod:`detection.query.parse` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from detection.query.errors import QueryError
from detection.query.habits import FRENCH_OPERATORS, field_meant, refuse
from detection.query.nodes import Field
from detection.query.scanned import Kind, Sign

#: words between the two sides of NEAR, at most
MAX_DISTANCE = 100

_FIELD = re.compile(r"([^\W\d_]+):")
_BARE = re.compile(r'[^\s()"“”„«»]+')
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(?=[\s()]|$)", re.DOTALL)
_NEAR = re.compile(r"NEAR/(\d{1,4})")
#: what is meant as nearness in other languages: refused by name
_NUMBERED = re.compile(r"/\d{1,3}(?=[\s()]|$)")
#: a minus right before what must not be
_MINUS = re.compile(r"-(?=[^\s()-]|\()")
_QUOTES = {'"': '"', "“": "”“", "„": "“”", "«": "»", "”": "”"}


def scan(text: str) -> Iterator[Sign]:
    """Yield the signs of a query; the last is END.

    Raises:
        QueryError: a quotation mark without its pair, an unknown field, a misplaced ``*``, an operator
            of another query language.
    """
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        sign = _sign(text, at)
        yield sign
        at = sign.end
    yield Sign(kind=Kind.END, start=len(text), end=len(text))


def _sign(text: str, at: int) -> Sign:
    if text[at] in "()":
        return Sign(kind=Kind(text[at]), start=at, end=at + 1)
    if text[at] in _QUOTES:
        return _quoted(text, at, at)
    if text[at] == "»":
        raise QueryError("this » closes nothing; put « before the phrase", at, text)
    if text[at] == "/" and _NUMBERED.match(text, at) is None:
        return _regex(text, at, at)
    if _MINUS.match(text, at) and (at == 0 or text[at - 1].isspace() or text[at - 1] == "("):
        return Sign(kind=Kind.NOT, start=at, end=at + 1)
    bare = _BARE.match(text, at)
    assert bare is not None
    return _operator(text, bare) or _term(text, at)


def _operator(text: str, bare: re.Match[str]) -> Sign | None:
    word, at, end = bare[0], bare.start(), bare.end()
    if word in {"AND", "OR", "NOT"}:
        return Sign(kind=Kind(word), start=at, end=end)
    if word in FRENCH_OPERATORS:
        return Sign(kind=FRENCH_OPERATORS[word], start=at, end=end)
    if not re.match(r"NEAR(/|$)|near/\d|Near/\d", word):
        refuse(text, bare)
        return None
    near = _NEAR.fullmatch(word)
    if near is None:
        raise QueryError("write NEAR/n with a number and in capitals, such as NEAR/5", at, text)
    distance = int(near[1])
    if distance > MAX_DISTANCE:
        raise QueryError(f"NEAR/n reaches over {MAX_DISTANCE} words at most", at + len("NEAR/"), text)
    return Sign(kind=Kind.NEAR, start=at, end=end, distance=distance)


def _term(text: str, start: int) -> Sign:
    field, at = None, start
    named = _FIELD.match(text, start)
    if named is not None:
        field, at = _field(text, named), named.end()
        following = text[at : at + 1]
        if following == "(":
            return Sign(kind=Kind.OPEN, start=start, end=at + 1, field=field)
        if not following or following.isspace() or following in ")»":
            raise QueryError(f"{field}: has no value; write it right after the colon, without a space", at, text)
    if text[at] == "/":
        return _regex(text, start, at, field=field)
    exact = text[at] == "=" and text[at + 1 : at + 2].strip() not in {"", "(", ")"}
    at += exact
    if text[at] in _QUOTES:
        return _quoted(text, start, at, field=field, exact=exact)
    bare = _BARE.match(text, at)
    if bare is None:
        raise QueryError('this is no word; write a word or a "phrase"', at, text)
    value = bare[0].removesuffix("*")
    _refuse_star_within(text, value, at)
    return Sign(
        kind=Kind.TERM,
        start=start,
        end=bare.end(),
        field=field,
        value=value,
        value_start=at,
        exact=exact,
        star=value != bare[0],
    )


def _quoted(text: str, start: int, at: int, *, field: Field | None = None, exact: bool = False) -> Sign:
    """Read the phrase whose opening quotation mark stands at ``at``."""
    closing = _QUOTES[text[at]]
    end = next((place for place in range(at + 1, len(text)) if text[place] in closing), None)
    if end is None:
        raise QueryError(f"this {text[at]} is never closed; put {closing[0]} after the phrase", at, text)
    inside = text[at + 1 : end].rstrip()
    value = inside.removesuffix("*")
    _refuse_star_within(text, value, at + 1)
    star_after = text[end + 1 : end + 2] == "*"
    return Sign(
        kind=Kind.TERM,
        start=start,
        end=end + 1 + star_after,
        field=field,
        value=value,
        value_start=at + 1,
        quoted=True,
        exact=exact,
        star=star_after or value != inside,
    )


def _regex(text: str, start: int, at: int, *, field: Field | None = None) -> Sign:
    """Read the regular expression whose opening slash stands at ``at``."""
    read = _REGEX.match(text, at)
    if read is None:
        raise QueryError(
            "this / is never closed; put / after the expression, or put words with a / in quotes", at, text
        )
    return Sign(kind=Kind.TERM, start=start, end=read.end(), field=field, value=read[1], value_start=at + 1, regex=True)


def _refuse_star_within(text: str, value: str, at: int) -> None:
    star = value.find("*")
    if star >= 0:
        raise QueryError("* stands for the end of a word only; move it behind the last letter", at + star, text)


def _field(text: str, named: re.Match[str]) -> Field:
    name = named[1].lower()
    try:
        return Field(name)
    except ValueError:
        close = get_close_matches(name, [field.value for field in Field], n=1)
        cure = field_meant(name) or (f"did you mean {close[0]}:?" if close else f"the fields are {', '.join(Field)}.")
        raise QueryError(
            f'"{named[1]}" is not a field; {cure} To look for these words, put them in quotes', named.start(), text
        ) from None
