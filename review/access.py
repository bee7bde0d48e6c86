"""Who may ask for what: one decision a request, made before any page is, and refusing whatever it does not know.

The order: what a program shows goes before what a browser shows, because it was put there on purpose; then the few
addresses that are open; then whoever sits at the machine while there is no account.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from storage.types import Person, Role
from storage.types.accounts import ApiToken, TokenScope

#: in the ASGI scope, for the pages: who asks, why they were let in, and the session of their browser
PERSON, REASON, SESSION = "vigie.person", "vigie.reason", "vigie.session"
#: answers to everybody: the login itself, our own style sheets, whether the process lives
OPEN = ("/login", "/healthz")
#: below these everybody is answered: our own files, and links that carry their own secret
OPEN_BELOW = ("/static/", "/shared/")
#: below these a program may show a token; everywhere else people log in
FOR_PROGRAMS = ("/api/", "/feeds/", "/metrics", "/readyz")
FEEDS = "/feeds/"
_EXPORTS = (".csv", ".jsonl")
#: who reads what is open without having said who they are; no page that is not open ever meets them
NOBODY = Person(id=None, name="-", role=Role.READER)


class Reason(StrEnum):
    """Why somebody is let in, or is not."""

    OPEN = "open to everybody"
    #: no account exists, and the browser runs on this machine
    AT_THE_MACHINE = "no account exists, asked from this machine"
    SESSION = "logged in"
    TOKEN = "token"  # noqa: S105 (a reason)
    #: nothing was shown, or a session that ended
    NO_SESSION = "not logged in"
    #: no account exists, and the browser runs elsewhere
    NO_ACCOUNT = "no account exists, asked from elsewhere"
    UNKNOWN_TOKEN = "unknown, expired or revoked token"  # noqa: S105 (a reason)
    #: an address is copied, logged and kept; what may change something does not belong there
    IN_ADDRESS = "only a token that reads may stand in an address"
    #: the token may only read
    SCOPE = "the token may only read"
    #: tokens are for programs: not for pages
    NOT_FOR_TOKENS = "tokens open the interfaces for programs only"


#: reasons for which somebody is let in
_ADMITTED = frozenset({Reason.OPEN, Reason.AT_THE_MACHINE, Reason.SESSION, Reason.TOKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A token as a program shows it."""

    text: str = field(repr=False)
    in_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known of a request before it is answered."""

    method: str
    path: str
    #: whether it came from this machine, under a name of this machine, through no proxy
    local: bool
    #: whether any account exists
    accounts: bool
    #: whose session the browser showed, while it lasts
    session: Person | None = None
    #: how a program showed a token, and the one it is, while it holds
    shown: Shown | None = None
    token: ApiToken | None = None
    #: a prefix below which others carry their own proof, such as the hubs of feeds
    open_below: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who somebody is, or why they are not let in."""

    reason: Reason
    person: Person = NOBODY

    @property
    def admitted(self) -> bool:
        """Whether the request is answered by what it asks for."""
        return self.reason in _ADMITTED


def judge(asked: Asked) -> Verdict:
    """Decide about one request."""
    path = asked.path
    opened = path in OPEN or path.startswith(OPEN_BELOW) or bool(asked.open_below and path.startswith(asked.open_below))
    if asked.shown is not None and not opened:
        return _judge_token(asked, asked.shown)
    if asked.session is not None:
        return Verdict(reason=Reason.SESSION, person=asked.session)
    if not asked.accounts and asked.local:
        return Verdict(reason=Reason.AT_THE_MACHINE)
    if opened:
        return Verdict(reason=Reason.OPEN)
    return Verdict(reason=Reason.NO_SESSION if asked.accounts else Reason.NO_ACCOUNT)


def is_for_programs(path: str) -> bool:
    """Whether a program may show a token for an address: interfaces, feeds, and files that a view is exported as."""
    return path.startswith(FOR_PROGRAMS) or (path.startswith("/views/") and path.endswith(_EXPORTS))


def _judge_token(asked: Asked, shown: Shown) -> Verdict:
    token = asked.token
    if token is None:
        return Verdict(reason=Reason.UNKNOWN_TOKEN)
    if not is_for_programs(asked.path):
        return Verdict(reason=Reason.NOT_FOR_TOKENS)
    if shown.in_address and token.scope is not TokenScope.READ:
        return Verdict(reason=Reason.IN_ADDRESS)
    if asked.method not in {"GET", "HEAD"} and token.scope is not TokenScope.WRITE:
        return Verdict(reason=Reason.SCOPE)
    return Verdict(reason=Reason.TOKEN, person=bearer_of(token))


def bearer_of(token: ApiToken) -> Person:
    """Return who acts with a token: its owner, as a reader where it may only read; the machine's own edit at most."""
    owner = token.account
    role = Role.EDITOR if owner is None else owner.role
    return Person(
        id=None if owner is None else owner.id,
        name=token.name if owner is None else owner.name,
        role=role if token.scope is TokenScope.WRITE else Role.READER,
    )


def shown_token(path: str, authorization: str | None, query: Mapping[str, str]) -> Shown | None:
    """Return the token that a program shows, or None when it shows none.

    ``Authorization: Bearer TOKEN`` (RFC 6750) everywhere. Readers of feeds can often send a password but no such
    header, or nothing but an address: below ``/feeds/`` the password of ``Basic`` (RFC 7617) and ``?token=`` do too.
    """
    kind, _, value = (authorization or "").partition(" ")
    if kind.lower() == "bearer":
        return Shown(text=value.strip())
    if not path.startswith(FEEDS):
        return None
    if kind.lower() == "basic":
        return Shown(text=_password(value.strip()))
    return Shown(text=query["token"], in_address=True) if query.get("token") else None


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
