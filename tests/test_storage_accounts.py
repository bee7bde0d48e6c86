"""Accounts, sessions, tokens and passwords as the archive keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import accounts, passwords, sessions, shares, tokens
from storage.database import open_writer, transaction
from storage.errors import ConflictError, NotFoundError
from storage.passwords import Weakness, weakness
from storage.types import Role
from storage.types.accounts import ShareKind, TokenScope
from tests.outbox_fill import NOW
from tests.somebody import HERE


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        accounts.add(opened, "Zoé", None, "hash", NOW)
    yield opened
    opened.conn.close()


def test_a_name_is_taken_whatever_its_capitals_and_encoding(database: Database) -> None:
    for name in ("zoé", "ZOE\u0301", " Zoé ", "\uff3aoé"):
        with pytest.raises(ConflictError, match="there is an account 'Zoé' already"):
            accounts.add(database, name, Role.READER, "hash", NOW)
        assert accounts.named(database, name).name == "Zoé"
    for name in ("", "  ", "x" * 81, "a\x00b", "a\u202eb"):
        with pytest.raises(ConflictError, match="1 to 80 characters"):
            accounts.add(database, name, Role.READER, "hash", NOW)


def test_somebody_always_manages_the_others(database: Database) -> None:
    zoe = accounts.named(database, "zoé")
    assert zoe.role is Role.ADMIN
    with pytest.raises(ConflictError, match="only one left"):
        accounts.set_role(database, zoe.id, Role.EDITOR)
    with pytest.raises(ConflictError, match="only one left"):
        accounts.set_enabled(database, zoe.id, enabled=False, now=NOW)
    other = accounts.add(database, "Ana", Role.ADMIN, "hash", NOW)
    accounts.set_enabled(database, other.id, enabled=False, now=NOW)
    with pytest.raises(ConflictError, match="only one left"):
        accounts.set_role(database, zoe.id, Role.READER)
    accounts.set_enabled(database, other.id, enabled=True, now=NOW)
    assert accounts.set_role(database, zoe.id, Role.READER).role is Role.READER


def test_an_account_has_a_bounded_number_of_sessions_and_the_oldest_goes(database: Database) -> None:
    zoe = accounts.named(database, "zoé")
    for number in range(sessions.MOST_SESSIONS + 3):
        when = NOW + timedelta(minutes=number)
        sessions.start(database, zoe.id, f"secret {number}", when, agent="A" * 999, address="192.0.2.1")
    later = NOW + timedelta(hours=1)
    kept = sessions.of_account(database, zoe.id, later)
    assert len(kept) == sessions.MOST_SESSIONS
    assert len(kept[0].agent) == sessions.LONGEST_AGENT
    assert sessions.find(database, "secret 2", later) is None
    assert sessions.find(database, "secret 3", later) is not None
    sessions.start(database, zoe.id, "new", NOW + timedelta(days=8), agent="", address="")
    assert database["session"].count == 1


def test_tokens_and_links_hold_until_their_end(database: Database) -> None:
    zoe = accounts.named(database, "zoé")
    until = NOW + timedelta(days=1)
    tokens.add(database, "ci", TokenScope.READ, "t", NOW, account_id=zoe.id, created_by="Zoé", expires_at=until)
    shares.add(database, ShareKind.STORY, "1", "s", NOW, by=HERE, lasts=timedelta(days=1))
    for find in (tokens.find, shares.find):
        secret = "t" if find is tokens.find else "s"
        assert find(database, secret, until - timedelta(seconds=1)) is not None
        assert find(database, secret, until) is None
        assert find(database, "other", NOW) is None
    with pytest.raises(ConflictError, match="90 days"):
        shares.add(database, ShareKind.STORY, "1", "u", NOW, by=HERE, lasts=timedelta(days=91))
    with pytest.raises(ConflictError, match="still to come"):
        tokens.add(database, "x", TokenScope.READ, "v", NOW, account_id=None, created_by="Zoé", expires_at=NOW)
    with pytest.raises(NotFoundError):
        tokens.get(database, 99)


def test_a_name_that_nobody_has_costs_as_much_as_one_that_somebody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 (as its base does)
            compared.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    kept = passwords.hash_password("fleuve sable mangue")
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    assert passwords.matches(kept, "fleuve sable mangue")
    assert not passwords.matches(kept, "fleuve sable")
    assert not passwords.matches(None, "fleuve sable mangue")
    assert compared == ["$argon2id$v=19$m=65536,t=3,p=4"] * 3
    assert not passwords.matches("no hash", "fleuve sable mangue")


@given(st.text(max_size=40), st.text(max_size=20))
def test_only_what_can_be_typed_again_is_a_password(password: str, name: str) -> None:
    found, text = weakness(password, name), passwords.normal(password)
    if found is None:
        assert len(text) >= passwords.SHORTEST_PASSWORD
        assert text.isprintable()
    assert (found is Weakness.SHORT) is (len(text) < passwords.SHORTEST_PASSWORD)


@pytest.mark.parametrize("length", [8, 15, 64, 1024])
def test_long_passwords_are_taken_whole(length: int) -> None:
    assert weakness(("fleuve sable " * 80)[:length], "Awa") is None
    assert weakness("x1y2" * 300, "Awa") is Weakness.LONG
