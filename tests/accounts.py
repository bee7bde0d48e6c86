"""Accounts for tests: their passwords are hashed once, because hashing is slow on purpose."""

from __future__ import annotations

from functools import cache

from sqlite_utils import Database

from storage import accounts, passwords, sessions
from storage.database import transaction
from storage.types import Role
from storage.types.accounts import Account
from tests.outbox_fill import NOW
from tests.visitor import Visitor

PASSWORD = "fleuve sable mangue vent"


@cache
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


def add(database: Database, name: str = "Awa", role: Role = Role.ADMIN) -> Account:
    with transaction(database):
        return accounts.add(database, name, role, hashed(), NOW)


def log_in(database: Database, visitor: Visitor, account: Account, cookie: str = "vigie_session") -> str:
    """Give a visitor a session without the login page; return its secret."""
    secret = passwords.new_secret()
    with transaction(database):
        sessions.start(database, account.id, passwords.secret_hash(secret), NOW, agent="Test", address="127.0.0.1")
    visitor.cookies[cookie] = secret
    return secret
