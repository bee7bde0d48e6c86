"""Conditions that nobody knows: a misspelt filter must not pass for one that was applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlite_utils import Database

from detection.countries import countries
from detection.taxonomy import event_types
from review.filters import CONDITIONS, DeskFilter
from review.looks import CHOICES
from review.panes import OWN
from review.settings import ReviewSettings
from storage import overview

#: parts of the desk's address that are no conditions
_HARMLESS = frozenset({*OWN, *CHOICES, "lang", "token"})
#: named on a page at most, and characters shown of each
_MOST, _LONGEST = 5, 40
#: how alike a name must be to be offered
_ALIKE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A condition, or the value of one, that is not known."""

    name: str
    #: None: the condition itself is not known
    value: str | None = None
    #: what was probably meant
    near: str | None = None


def unknown_conditions(names: Iterable[str]) -> tuple[Stranger, ...]:
    """Return the parts of the desk's address that are neither conditions nor anything else the desk reads."""
    strange = [name for name in dict.fromkeys(names) if name not in CONDITIONS and name not in _HARMLESS]
    return tuple(Stranger(name=name[:_LONGEST], near=_near(name, CONDITIONS)) for name in strange[:_MOST])


def unknown_values(values: Mapping[str, str | None], known: Mapping[str, Collection[str]]) -> tuple[Stranger, ...]:
    """Return the values that are none of those known of their condition."""
    found = []
    for name, value in values.items():
        if value is None or name not in known:
            continue
        parts = value.split("-") if name == "pair" else [value]
        found += [
            Stranger(name=name, value=part[:_LONGEST], near=_near(part, known[name]))
            for part in parts
            if part not in known[name]
        ]
    return tuple(found)


def known_values(database: Database, settings: ReviewSettings) -> dict[str, Collection[str]]:
    """Return what the conditions with closed lists may ask for: of an archive without sources nothing is closed."""
    states = countries()
    closed: dict[str, Collection[str]] = {"type": event_types(), "pair": states, "side": states, "country": states}
    sources = [source for source, _ in overview.source_names(database)]
    if sources:
        closed |= {"source": sources}
    if settings.watches:
        closed |= {"watch": [watch.id for watch in settings.watches]}
    return closed


def strangers_of(
    database: Database, settings: ReviewSettings, names: Iterable[str], wanted: DeskFilter, *, empty: bool
) -> tuple[Stranger, ...]:
    """Return what the desk names of an address: unknown conditions and, above an empty list, unknown values."""
    if not empty:
        return unknown_conditions(names)
    known = known_values(database, settings)
    languages = overview.languages(database)
    if languages:
        known |= {"language": languages}
    return unknown_conditions(names) + unknown_values(wanted.parameters(), known)


def refuse_unknown_values(values: Mapping[str, str | None], known: Mapping[str, Collection[str]]) -> None:
    """Refuse values that are none of those known.

    Raises:
        RequestValidationError: some are not; each is named.
    """
    strange = unknown_values(values, known)
    if strange:
        raise RequestValidationError([_fault(one.name, f"{one.value!r} is not known", one.near) for one in strange])


def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a request with a parameter that its address does not take.

    Raises:
        RequestValidationError: each of them is named.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    taken = {field.alias for field in route.dependant.query_params}
    strange = [name for name in dict.fromkeys(request.query_params) if name not in taken]
    if strange:
        raise RequestValidationError(
            [_fault(name[:_LONGEST], "this address takes no such parameter", _near(name, taken)) for name in strange]
        )


def _fault(name: str, what: str, near: str | None) -> dict[str, object]:
    cure = f"; did you mean {near}?" if near else ""
    return {"loc": ("query", name), "msg": f"{what}{cure}", "type": "value_error"}


def _near(text: str, known: Iterable[str]) -> str | None:
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(text[:_LONGEST].casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[close[0]] if close else None
