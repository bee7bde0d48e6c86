"""Passwords on the command line: asked for or read from standard input, never an argument, which others could see."""

from __future__ import annotations

import sys

import click

from storage import passwords
from storage.passwords import Weakness
from vigie.errors import VigieError

_SAID = {
    Weakness.SHORT: f"a password has {passwords.SHORTEST_PASSWORD} characters at least, better "
    f"{passwords.ADVISED_PASSWORD}; four words that have nothing to do with each other are easy to keep",
    Weakness.LONG: f"a password has {passwords.LONGEST_PASSWORD} characters at most",
    Weakness.CONTROL: "a password is one line without control characters",
    Weakness.COMMON: "this password is among the first that are guessed; take another",
}


def ask_hash(name: str, *, from_stdin: bool) -> str:
    """Return the hash of a new password for an account.

    Args:
        name: of the account.
        from_stdin: read one line from standard input; so it is done too where nobody sits at a terminal.

    Raises:
        VigieError: there is none, the two that were typed differ, or it would be guessed.
    """
    password = _read() if from_stdin or not sys.stdin.isatty() else _ask(name)
    weakness = passwords.weakness(password, name)
    if weakness is not None:
        raise VigieError(f"{_SAID[weakness]}; nothing was changed")
    if len(passwords.normal(password)) < passwords.ADVISED_PASSWORD:
        click.echo(
            f"note: {passwords.ADVISED_PASSWORD} characters and more are advised; four words in a row are easy to keep",
            err=True,
        )
    return passwords.hash_password(password)


def _read() -> str:
    # A password is one line; what a terminal or `echo` adds at its end is no part of it.
    line = sys.stdin.readline(2 * passwords.LONGEST_PASSWORD).rstrip("\r\n")
    if not line:
        raise VigieError(
            "no password came on standard input; 'printf %s \"$PASSWORD\" | vigie user … --password-stdin'"
        )
    return line


def _ask(name: str) -> str:
    first = click.prompt(f"Password for {name}", hide_input=True, err=True, type=str)
    if click.prompt("Once more", hide_input=True, err=True, type=str) != first:
        raise VigieError("the two passwords differ; nothing was changed")
    return str(first)
