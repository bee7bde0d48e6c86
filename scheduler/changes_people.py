"""Changes of accounts, sessions, API tokens and shared links.

What comes in holds hashes only: passwords and secrets are hashed where somebody typed or was given them, so that
neither the control socket nor the audit ever carries one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from scheduler.errors import ForbiddenChangeError
from storage import accounts, sessions, shares, stories, tokens
from storage.errors import NotFoundError
from storage.types import Person, Role
from storage.types.accounts import Account, ShareKind, TokenScope

if TYPE_CHECKING:
    from scheduler.changes import Change

#: what is no change of anybody's, but a memory of when something was used and of how somebody likes their own page
UNRECORDED = frozenset({"touch_session", "touch_token", "choose_looks"})


def _add_account(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    _manages(by)
    role = given.get("role")
    account = accounts.add(
        database, str(given["person"]), None if role is None else Role(role), _hash(given["password"]), now
    )
    return f"{account.name} may log in as {account.role}"


def _set_role(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    _manages(by)
    account = accounts.set_role(database, accounts.named(database, str(given["person"])).id, Role(given["role"]))
    return f"{account.name} is {account.role} now"


def _set_enabled(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    _manages(by)
    enabled = bool(given["enabled"])
    account = accounts.named(database, str(given["person"]))
    accounts.set_enabled(database, account.id, enabled=enabled, now=now)
    if enabled:
        return f"{account.name} may log in again"
    ended = sessions.end_all(database, account.id)
    return f"{account.name} may no longer log in; {ended} open sessions ended, and no token of theirs holds"


def _set_password(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    """Set a password: one's own, or somebody else's as who manages accounts. All sessions of the old one end."""
    account = accounts.named(database, str(given["person"]))
    _own(account, by)
    accounts.set_password(database, account.id, _hash(given["password"]), now)
    ended = sessions.end_all(database, account.id)
    if given.get("session") and account.id == by.id:
        _start(database, account, given, now)
    return f"the password of {account.name} is set; {ended} open sessions ended"


def _open_session(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    """Log somebody in whose password was found right; the session the browser had before ends."""
    account = accounts.get(database, int(given["account"]))
    checked = datetime.fromisoformat(str(given["password_at"]))
    if account.id != by.id or account.disabled_at is not None or account.password_at != checked:
        raise ForbiddenChangeError("this account may not log in, or its password was changed meanwhile")
    if given.get("before"):
        sessions.end(database, str(given["before"]))
    if given.get("renewed"):
        accounts.renew_hash(database, account.id, _hash(given["renewed"]))
    _start(database, account, given, now)
    return f"{account.name} is logged in"


def _close_session(database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    sessions.end(database, str(given["session"]))
    return "logged out"


def _end_session(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    """End one of one's own sessions, or all others."""
    if by.id is None:
        raise ForbiddenChangeError("sessions belong to accounts")
    if given.get("only") is not None:
        sessions.end_one(database, by.id, int(given["only"]))
        return "the session ended"
    return f"{sessions.end_all(database, by.id, but=int(given['but']))} other sessions ended"


def _touch_session(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    sessions.touch(database, int(given["session"]), now)
    return "used"


def _choose_looks(database: Database, given: dict[str, Any], _now: datetime, by: Person) -> str:
    if by.id is None:
        raise ForbiddenChangeError("only an account keeps how its page looks")
    accounts.choose(database, by.id, {name: str(given[name]) for name in accounts.CHOICES & given.keys()})
    return "kept"


def _create_token(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    owner = _owner(database, given)
    if owner is None:
        _manages(by)
    else:
        _own(owner, by)
    until = given.get("expires")
    token = tokens.add(
        database, str(given["token"]), TokenScope(given["scope"]), _hash(given["secret"]), now,
        account_id=None if owner is None else owner.id, created_by=by.name,
        expires_at=None if until is None else datetime.fromisoformat(str(until)),
    )  # fmt: skip
    whose = "this machine" if owner is None else owner.name
    return f"token {token.id} ({token.name}, {token.scope}) of {whose} holds"


def _owner(database: Database, given: dict[str, Any]) -> Account | None:
    """Return whose a new token is: the account that was named, else the one called like the token, else nobody's."""
    if given.get("person") is not None:
        return accounts.named(database, str(given["person"]))
    try:
        return accounts.named(database, str(given["namesake"])) if given.get("namesake") else None
    except NotFoundError:
        return None


def _revoke_token(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    token = tokens.get(database, int(given["token"]))
    if token.account is None:
        _manages(by)
    else:
        _own(token.account, by)
    tokens.revoke(database, token.id, now)
    return f"token {token.id} ({token.name}) holds no longer"


def _touch_token(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    tokens.touch(database, int(given["token"]), now)
    return "used"


def _share(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    if not by.role.covers(Role.ANALYST):
        raise ForbiddenChangeError("sharing is for analysts; somebody who manages accounts can change your role")
    kind = ShareKind.STORY if given.get("story") is not None else ShareKind.VIEW
    is_story = kind is ShareKind.STORY
    about = str(stories.get(database, int(given["story"])).id) if is_story else str(given["view"])
    share = shares.add(
        database, kind, about, _hash(given["secret"]), now, by=by, lasts=timedelta(seconds=float(given["seconds"]))
    )
    return f"link {share.id} shows {kind} {about} until {share.expires_at:%Y-%m-%d %H:%M} UTC"


def _end_share(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    share = shares.get(database, int(given["share"]))
    if share.account_id is None or share.account_id != by.id:
        _manages(by)
    shares.revoke(database, share.id, now)
    return f"link {share.id} shows nothing any more"


CHANGES: dict[str, Change] = {
    "add_account": _add_account,
    "set_role": _set_role,
    "set_enabled": _set_enabled,
    "set_password": _set_password,
    "open_session": _open_session,
    "close_session": _close_session,
    "end_session": _end_session,
    "touch_session": _touch_session,
    "choose_looks": _choose_looks,
    "create_token": _create_token,
    "revoke_token": _revoke_token,
    "touch_token": _touch_token,
    "share": _share,
    "end_share": _end_share,
}


def _start(database: Database, account: Account, given: dict[str, Any], now: datetime) -> None:
    sessions.start(
        database, account.id, _hash(given["session"]), now,
        agent=str(given.get("agent", "")), address=str(given.get("address", "")),
    )  # fmt: skip


def _hash(value: Any) -> str:
    """Return what is to be kept of a secret; refuse what is plainly none of the hashes we make."""
    text = str(value)
    if not text.startswith("$argon2id$") and not (len(text) == 64 and set(text) <= set("0123456789abcdef")):
        raise ValueError("a secret is handed over as its hash only")
    return text


def _manages(by: Person) -> None:
    if not by.role.covers(Role.ADMIN):
        raise ForbiddenChangeError("only somebody who manages accounts may do this")


def _own(account: Account, by: Person) -> None:
    if account.id != by.id:
        _manages(by)
