"""Accounts and tokens on the command line: what is asked, kept and never shown."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from storage import accounts, audit, passwords, tokens
from storage.database import open_reader
from storage.types import Role
from vigie.commands import PARTLY, USAGE, run_command_line
from vigie.errors import VigieError
from vigie.passwords import ask_hash

SECRET = "S3CR3T-mangue-fleuve"

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    (tmp_path / "vigie.toml").write_text('[service]\ndata_dir = "data"\n', "utf-8")

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run_command_line(["-c", str(tmp_path / "vigie.toml"), *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_accounts_and_tokens_from_the_first_to_the_last(command: Command, tmp_path: Path) -> None:
    code, said, noted = command("user", "add", "Awa Diarra", "--password-stdin", typed=f"{SECRET}\n")
    assert (code, said) == (0, "Awa Diarra may log in as admin\n")
    assert noted == ""
    code, _, said = command("user", "add", "awa  DIARRA", typed=f"{SECRET}\n")
    assert (code, "there is an account 'Awa Diarra' already" in said) == (PARTLY, True)
    assert command("user", "add", "karim", typed="lune rousse\n")[0] == 0
    assert command("user", "role", "karim", "editor")[1] == "karim is editor now\n"
    code, _, said = command("user", "disable", "Awa Diarra")
    assert (code, "the only one left who manages accounts" in said) == (PARTLY, True)
    assert command("user", "password", "karim", typed="lune rousse au loin\n")[0] == 0
    assert command("user", "disable", "KARIM")[0] == 0
    rows = [json.loads(line) for line in command("user", "list", "--json")[1].splitlines()]
    assert [(row["name"], row["role"], row["state"]) for row in rows] == [
        ("Awa Diarra", "admin", "active"),
        ("karim", "editor", "disabled"),
    ]

    code, mine, said = command("token", "create", "awa diarra", "--scope", "write", "--expires", "90d")
    assert (code, "of Awa Diarra holds" in said) == (0, True)
    machines = json.loads(command("token", "create", "grafana", "--scope", "read", "--json")[1])["token"]
    assert command("token", "create", "x", "--scope", "read", "--user", "nobody")[0] == PARTLY
    assert command("token", "create", "x", "--scope", "read", "--user", "karim")[0] == PARTLY
    assert command("token", "create", "x", "--scope", "read", "--expires", "soon")[0] == USAGE
    assert command("token", "revoke", "2")[0] == 0
    rows = [json.loads(line) for line in command("token", "list", "--json")[1].splitlines()]
    assert [(row["name"], row["account"], row["scope"], row["state"]) for row in rows] == [
        ("grafana", None, "read", "revoked"),
        ("awa diarra", "Awa Diarra", "write", "holds"),
    ]

    database = open_reader(tmp_path / "data")
    kept = accounts.password_of(database, accounts.named(database, "Awa Diarra").id)
    assert passwords.matches(kept, SECRET)
    assert not passwords.matches(kept, SECRET + " ")
    assert accounts.named(database, "karim").role is Role.EDITOR
    now = tokens.listing(database)[0].created_at
    found = tokens.find(database, passwords.secret_hash(mine.strip()), now)
    assert found is not None
    assert found.account is not None
    assert tokens.find(database, passwords.secret_hash(machines), now) is None
    assert {line.change for line in audit.lines(database)} >= {"add_account", "set_enabled", "create_token"}
    told = " ".join(line.about for line in audit.lines(database))
    database.conn.close()
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    for secret in (SECRET, mine.strip(), machines, "lune rousse"):
        assert secret not in told
        assert secret.encode() not in files


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "no password came on standard input"),
        ("short\n", "8 characters at least"),
        ("x" * 1500, "1024 characters at most"),
        ("motdepasse\n", "first that are guessed"),
        ("abababababab\n", "first that are guessed"),
        ("Awa Diarra\n", "first that are guessed"),
        ("tab\tulator here\n", "without control characters"),
    ],
)
def test_a_password_that_would_be_guessed_is_refused_and_not_repeated(
    command: Command, tmp_path: Path, typed: str, says: str
) -> None:
    code, out, said = command("user", "add", "Awa Diarra", typed=typed)
    assert (code, out) == (USAGE, "")
    assert says in said
    assert not typed.strip() or typed.strip() not in said
    assert not (tmp_path / "data").exists()


def test_a_password_of_sixty_four_characters_and_more_is_taken(command: Command) -> None:
    assert command("user", "add", "Awa", typed="zeta-" * 40 + "\r\n")[::2] == (0, "")
    code, _, said = command("user", "add", "Karim", typed="onze lettre\n")
    assert (code, "15 characters and more are advised" in said) == (0, True)


def test_the_first_account_manages_the_others(command: Command) -> None:
    code, _, said = command("user", "add", "Awa", "--role", "reader", typed=SECRET)
    assert (code, "the first account manages the others" in said) == (PARTLY, True)


def test_two_passwords_that_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["fleuve sable mangue", "fleuve sable mangues"])

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_args, **_options: next(typed))
    with pytest.raises(VigieError, match="differ"):
        ask_hash("Awa", from_stdin=False)
