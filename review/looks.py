"""How somebody likes the page: language, density and shortcuts.

Chosen with links and forms that lead to a page (``?lang=fr``), kept with the account of who is logged in, and by the
browser in cookies for everybody else. It changes nothing that others see, so it needs no line in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fastapi import Request
from fastapi.responses import Response

from review.access import SESSION
from review.settings import LANGUAGES
from storage.types.accounts import Account, Session

#: names of the choices in an address, but the language
CHOICES = ("density", "keys")
_YEAR = 365 * 24 * 3600


class Density(StrEnum):
    """How much of a row the list shows."""

    COMFORTABLE = "comfortable"
    COMPACT = "compact"


class Keys(StrEnum):
    """Whether single keys are shortcuts."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """A reader's choices."""

    density: Density = Density.COMFORTABLE
    keys: Keys = Keys.ON


#: by the name in an address: what an account calls the choice, and its values
_KNOWN: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "lang": ("language", frozenset(LANGUAGES)),
        "density": ("density", frozenset(Density)),
        "keys": ("keys", frozenset(Keys)),
    }
)


def looks(request: Request) -> Looks:
    """Return what a reader chose, or the looks of who chose nothing."""
    return Looks(
        density=Density(_choice(request, "density") or Density.COMFORTABLE),
        keys=Keys(_choice(request, "keys") or Keys.ON),
    )


def chosen_language(request: Request) -> str | None:
    """Return the language that a reader chose, None where they never did."""
    return _choice(request, "lang")


def remember(request: Request, response: Response, *, secure: bool) -> None:
    """Let the browser remember what the address chooses."""
    for name, value in _in_address(request).items():
        response.set_cookie(_cookie(name), value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)


def to_keep(request: Request, account: Account) -> dict[str, str]:
    """Return, as an account calls it, what the address chooses and the account does not know yet.

    A link on another site chooses nothing for anybody's account.
    """
    if request.method != "GET" or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return {}
    found = {_KNOWN[name][0]: value for name, value in _in_address(request).items()}
    return {name: value for name, value in found.items() if getattr(account, name) != value}


def _in_address(request: Request) -> dict[str, str]:
    given = {name: request.query_params.get(name, "") for name in _KNOWN}
    return {name: value for name, value in given.items() if value in _KNOWN[name][1]}


def _choice(request: Request, name: str) -> str | None:
    """Return a choice: by the address, else of the account, else as the browser remembers it."""
    session = request.scope.get(SESSION)
    kept, values = _KNOWN[name]
    of_account = getattr(session.account, kept) if isinstance(session, Session) else None
    for choice in (request.query_params.get(name), of_account, request.cookies.get(_cookie(name))):
        if choice in values:
            return str(choice)
    return None


def _cookie(name: str) -> str:
    return f"vigie_{_KNOWN[name][0]}"
