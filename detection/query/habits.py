"""What people type who know other press databases, and what to write here instead.

Factiva, Europresse, LexisNexis and library catalogues each have signs of their own. Read as words they would silently
mean something else, so they are errors that say what to write.
"""

from __future__ import annotations

import re

from detection.query.errors import QueryError
from detection.query.nodes import Field
from detection.query.scanned import Kind, Sign

#: operators in French, in capitals like the others
FRENCH_OPERATORS = {"ET": Kind.AND, "OU": Kind.OR, "SAUF": Kind.NOT}

#: between two words these are meant as operators
_MEANT = {"and": "AND", "et": "AND", "or": "OR", "ou": "OR"} | dict.fromkeys(
    ("not", "sauf", "andnot", "butnot", "except"), "NOT"
)
_SIGNS = {"&": "AND", "&&": "AND", "+": "AND", "|": "OR", "||": "OR", "!": "NOT", "-": "NOT"}
_NEARNESS = re.compile(
    r"(?:near|adj|proche|pr[eè]s)/?(\d{1,3})|(?:w|n|p|pre|within|onear)/(\d{1,3})|[/%~](\d{1,3})", re.IGNORECASE
)
_ORDERED = re.compile(r"(?:pre/|adj|p/|onear)", re.IGNORECASE)
_WILDCARD = re.compile(r"[^\W\d_]([?!$])$")
_COMPARED = re.compile(r"([^\W\d_]+)(>=|<=|=|>|<)")
#: names of fields elsewhere
_NAMES = {
    Field.TITLE: "titre tit ti hd hl headline",
    Field.TEXT: "texte tx lead lp body bdy hlead",
    Field.AUTHOR: "auteur aut au by byline",
    Field.SOURCE: "sn rst pub publication site",
    Field.LANGUAGE: "langue language la lg",
    Field.COUNTRY: "pays re",
    Field.ORIGIN: "origine agence agency",
    Field.ACTOR: "acteur",
    Field.TARGET: "cible",
    Field.STATUS: "statut",
    Field.SEVERITY: "gravite gravité",
    Field.DATE: "pd year jour",
    Field.SINCE: "depuis after",
    Field.UNTIL: "before",
    Field.TAG: "etiquette étiquette label",
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names.split()}


def field_meant(name: str) -> str | None:
    """Return what to write for the name of a field elsewhere, None when it is none."""
    lower = name.lower()
    return f"write {_FIELDS[lower]}: here." if lower in _FIELDS else None


def refuse(text: str, bare: re.Match[str]) -> None:
    """Refuse a word that means something in another query language and would mean nothing here.

    Raises:
        QueryError: it does.
    """
    word, at = bare[0], bare.start()
    if word in _SIGNS:
        raise QueryError(f"{word} is no operator here; write {_SIGNS[word]}", at, text)
    if word[0] in "-!":
        raise QueryError(
            f'{word[0]} is no operator here; write NOT {word[1:].lstrip("-!")}, or put "{word}" in quotes', at, text
        )
    if word[0] in "'‘" and len(word) > 1:
        raise QueryError('a phrase stands in double quotes, such as "coup d’État"', at, text)
    if word[0] in "[{":
        raise QueryError(f"{word[0]} groups nothing here; write ( and )", at, text)
    if word[0] == ":":
        raise QueryError("a field and its colon stand together, without a space, such as title:Mali", at, text)
    _refuse_nearness(text, word, at)
    _refuse_comparison(text, bare)
    wildcard = _WILDCARD.search(word)
    if wildcard is not None:
        raise QueryError(
            f"{wildcard[1]} is no wildcard here; write * for any ending, or leave it out", at + len(word) - 1, text
        )
    if text[bare.end() : bare.end() + 1] == "(" and word.lower() in set(Field):
        raise QueryError(f"a colon stands between a field and its group: {word.lower()}:( … )", bare.end(), text)


def _refuse_nearness(text: str, word: str, at: int) -> None:
    nearness = _NEARNESS.fullmatch(word)
    if nearness is not None:
        distance = next(number for number in nearness.groups() if number)
        order = ", which takes them in either order" if _ORDERED.match(word) else ""
        raise QueryError(f"{word} is no operator here; write NEAR/{distance}{order}", at, text)


def _refuse_comparison(text: str, bare: re.Match[str]) -> None:
    compared = _COMPARED.match(bare[0])
    if compared is None:
        return
    name, sign = compared[1], compared[2]
    field = name.lower() if name.lower() in set(Field) else _FIELDS.get(name.lower())
    if field is not None:
        rest = bare[0][compared.end(1 if sign != "=" else 0) :]
        raise QueryError(f"a field takes a colon: write {field}:{rest or '…'}", bare.start() + len(name), text)


def refuse_small_operator(text: str, before: Sign, sign: Sign, after: Sign) -> None:
    """Refuse ``and``, « ou » and the like where they stand between two words and so are meant as operators.

    Raises:
        QueryError: they do.
    """
    joins = before.kind in {Kind.TERM, Kind.CLOSE} and after.kind in {Kind.TERM, Kind.OPEN, Kind.NOT}
    if sign.kind is not Kind.TERM or not joins or sign.quoted or sign.exact or sign.star or sign.field is not None:
        return
    meant = _MEANT.get(sign.value.lower())
    if meant is not None:
        raise QueryError(
            f'operators stand in capitals: write {meant}; to look for the word, put "{sign.value}" in quotes',
            sign.start,
            text,
        )
