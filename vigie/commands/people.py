"""``user`` and ``token``: who may log in on the page, and which programs may ask it."""

from __future__ import annotations

from datetime import datetime

import click

from storage.types import Role
from storage.types.accounts import ApiToken, TokenScope
from vigie import output
from vigie.commands import Context
from vigie.commands.records import as_json_option, change

_role = click.Choice([role.value for role in Role])
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line, without asking."
)


def register(group: click.Group) -> None:
    """Add this module's commands."""
    for command in (user, token):
        group.add_command(command)


@click.group()
def user() -> None:
    """Say who may log in on the page, and what they may do."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=_role, help="What they may do (default: admin for the first account, else reader).")
@_password_stdin
@click.pass_obj
def add_user(context: Context, name: str, *, role: str | None, password_stdin: bool) -> int:
    """Add an account called NAME and ask for its password; from the first one on, the page asks who you are."""
    from storage.accounts import clean_name
    from vigie.passwords import ask_hash

    name = clean_name(name)
    return change(context, "add_account", person=name, role=role, password=ask_hash(name, from_stdin=password_stdin))


@user.command("list")
@as_json_option
@click.pass_obj
def list_users(context: Context, *, as_json: bool) -> int:
    """List the accounts with their roles and when they were last seen."""
    from storage import accounts
    from vigie.searching import open_archive
    from vigie.settings import load

    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = [
            {
                "id": account.id,
                "name": account.name,
                "role": account.role.value,
                "state": "active" if account.disabled_at is None else "disabled",
                "created": account.created_at,
                "password_set": account.password_at,
                "last_seen": account.seen_at,
            }
            for account in accounts.listing(database)
        ]
    output.print_rows(rows, as_json=as_json, columns=("name", "role", "state", "created", "password_set", "last_seen"))
    return 0


@user.command("role")
@click.argument("name")
@click.argument("role", type=_role)
@click.pass_obj
def set_role(context: Context, name: str, role: str) -> int:
    """Change what NAME may do; it holds from their next page on."""
    return change(context, "set_role", person=name, role=role)


@user.command("disable")
@click.argument("name")
@click.pass_obj
def disable_user(context: Context, name: str) -> int:
    """Let NAME log in no longer: open sessions end, tokens hold no more; what they did keeps their name."""
    return change(context, "set_enabled", person=name, enabled=False)


@user.command("enable")
@click.argument("name")
@click.pass_obj
def enable_user(context: Context, name: str) -> int:
    """Let NAME log in again."""
    return change(context, "set_enabled", person=name, enabled=True)


@user.command("password")
@click.argument("name")
@_password_stdin
@click.pass_obj
def set_password(context: Context, name: str, *, password_stdin: bool) -> int:
    """Set a new password for NAME and end their sessions."""
    from vigie.passwords import ask_hash

    return change(context, "set_password", person=name, password=ask_hash(name, from_stdin=password_stdin))


@click.group()
def token() -> None:
    """Make and revoke tokens, which programs show instead of logging in."""


@token.command("create")
@click.argument("name")
@click.option("--scope", type=click.Choice([scope.value for scope in TokenScope]), required=True, help="What it may.")
@click.option(
    "--user", "owner", metavar="ACCOUNT", help="Whose it is (default: the account called NAME, else nobody's)."
)
@click.option("--expires", metavar="DURATION", help="How long it holds, such as 90d (default: until it is revoked).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object with the token and its number.")
@click.pass_obj
def create_token(
    context: Context, name: str, *, scope: str, owner: str | None, expires: str | None, as_json: bool
) -> int:
    """Make a token called NAME and print it, this one time; the archive keeps its hash only."""
    from vigie.settings import load
    from vigie.tokens import create

    made = create(load(context.path, with_secrets=False), name, scope=scope, owner=owner, expires=expires)
    click.echo(f"{made.done}; it is shown this once", err=True)
    if as_json:
        output.print_json({"token": made.secret, "name": name, "scope": scope})
    else:
        click.echo(made.secret)
    return 0


@token.command("list")
@as_json_option
@click.pass_obj
def list_tokens(context: Context, *, as_json: bool) -> int:
    """List the tokens, newest first: whose they are, what they may, when they were last used."""
    from scheduler.clock import now_utc
    from storage import tokens
    from vigie.searching import open_archive
    from vigie.settings import load

    now = now_utc()
    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "account": None if one.account is None else one.account.name,
                "scope": one.scope.value,
                "state": _state(one, now),
                "created": one.created_at,
                "created_by": one.created_by,
                "expires": one.expires_at,
                "last_used": one.used_at,
            }
            for one in tokens.listing(database)
        ]
    output.print_rows(
        rows, as_json=as_json, columns=("id", "name", "account", "scope", "state", "created", "expires", "last_used")
    )
    return 0


def _state(one: ApiToken, now: datetime) -> str:
    if one.revoked_at is not None:
        return "revoked"
    if one.expires_at is not None and one.expires_at <= now:
        return "expired"
    return "holds" if one.account is None or one.account.disabled_at is None else "account disabled"


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def revoke_token(context: Context, token_id: int) -> int:
    """Let the token with number ID hold no longer."""
    return change(context, "revoke_token", token=token_id)
