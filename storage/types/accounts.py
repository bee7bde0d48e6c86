"""Accounts and what stands for them: sessions, API tokens, links that share one thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.types.people import Person, Role


class TokenScope(StrEnum):
    """What a program may do with a token; never more than its owner."""

    #: reads, whatever its owner's role
    READ = "read"
    #: changes what its owner may change
    WRITE = "write"


class ShareKind(StrEnum):
    """What a link shares."""

    STORY = "story"
    VIEW = "view"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may log in. Accounts are disabled, never deleted: what they did keeps its name."""

    id: int
    #: for display, unique whatever its capitals
    name: str
    role: Role
    created_at: datetime
    #: when the password was set last
    password_at: datetime
    #: None: may log in
    disabled_at: datetime | None
    #: when a session of theirs was last used, None when none is open
    seen_at: datetime | None = None
    #: how they like the page in every browser; None where they never chose
    language: str | None = None
    density: str | None = None
    keys: str | None = None

    @property
    def person(self) -> Person:
        """Who acts with this account."""
        return Person(id=self.id, name=self.name, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is logged in."""

    id: int
    account: Account
    created_at: datetime
    #: last use, a few minutes coarse
    seen_at: datetime
    #: what the browser calls itself
    agent: str
    #: where it logged in from
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What a program shows instead of logging in."""

    id: int
    #: None: the machine's own, made on the command line for no account
    account: Account | None
    #: what it is for
    name: str
    scope: TokenScope
    created_at: datetime
    created_by: str
    #: None: never
    expires_at: datetime | None
    #: last use, a few minutes coarse
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link that shows one thing to whoever has it."""

    id: int
    kind: ShareKind
    #: number of the story, or name of the view
    about: str
    created_at: datetime
    created_by: str
    #: who made it, None for the machine
    account_id: int | None
    expires_at: datetime
    revoked_at: datetime | None
