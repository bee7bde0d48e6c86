"""API tokens on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.clock import now_utc
from storage import passwords, tokens
from vigie.durations import parse_duration
from vigie.errors import VigieError
from vigie.searching import change
from vigie.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A token that was made."""

    secret: str
    #: what the change answered
    done: str


def create(settings: Settings, name: str, *, scope: str, owner: str | None, expires: str | None) -> Made:
    """Make a token, through the service where it runs.

    Args:
        settings: where the archive is.
        name: what the token is for.
        scope: ``read`` or ``write``.
        owner: name of the account it belongs to; None for the account of the token's own name, or the machine's own.
        expires: how long it holds, such as ``90d``; None until it is revoked.

    Raises:
        VigieError: the duration cannot be read.
        NotFoundError: there is no such account.
    """
    secret = passwords.new_secret(tokens.PREFIX)
    try:
        until = None if expires is None else now_utc() + parse_duration(expires)
    except (ValueError, OverflowError) as error:
        raise VigieError(f"--expires {expires}: {error}") from error
    done = change(
        settings, "create_token",
        token=name, scope=scope, person=owner, namesake=name, secret=passwords.secret_hash(secret),
        expires=None if until is None else until.isoformat(),
    )  # fmt: skip
    return Made(secret=secret, done=done)
