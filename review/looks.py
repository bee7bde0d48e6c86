"""How somebody likes the page: density and shortcuts, remembered by their browser in cookies.

They are chosen with forms and change nothing that others see, so they need no account and no line in the audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request
from fastapi.responses import Response

#: names of the choices in an address
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


def looks(request: Request) -> Looks:
    """Return what a reader chose, by the address, else as their browser remembers it."""
    return Looks(
        density=Density.COMPACT
        if _choice(request, "density", set(Density)) == Density.COMPACT
        else Density.COMFORTABLE,
        keys=Keys.OFF if _choice(request, "keys", set(Keys)) == Keys.OFF else Keys.ON,
    )


def remember(request: Request, response: Response) -> None:
    """Let the browser remember what the address chooses."""
    for name, values in (("density", set(Density)), ("keys", set(Keys))):
        if request.query_params.get(name) in values:
            response.set_cookie(
                f"vigie_{name}", request.query_params[name], max_age=_YEAR, httponly=True, samesite="lax"
            )


def _choice(request: Request, name: str, values: set[str]) -> str | None:
    for choice in (request.query_params.get(name), request.cookies.get(f"vigie_{name}")):
        if choice in values:
            return choice
    return None
