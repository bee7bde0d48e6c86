"""Who acts: a person and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each role covers those before it."""

    #: reads everything, marks what they have seen
    READER = "reader"
    #: judges stories, takes alerts in hand, silences
    ANALYST = "analyst"
    #: changes watches, rules and sources
    EDITOR = "editor"
    #: manages people, tokens and what others shared
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whether somebody with this role may do what ``other`` asks for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who reads or changes something."""

    #: row of the account; None for whoever sits at this machine: the command line, the page before any account exists
    id: int | None
    #: for display and for the records, never empty
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a change did."""

    #: for the person who made it, in English
    sentence: str
    #: of what was made or changed, where a page leads on to it
    id: str = ""
