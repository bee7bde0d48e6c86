"""The page with accounts, for tests. Passwords are hashed once, because hashing is slow on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from sqlite_utils import Database

from review.app import create_app
from review.guesses import Guesses
from review.health import Readiness
from review.settings import ReviewSettings
from storage import accounts, passwords, sessions
from storage.database import transaction
from storage.types import Role
from storage.types.accounts import Account
from tests.outbox_fill import NOW
from tests.visitor import Visitor, performer

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


@dataclass
class Desk:
    """The page over an archive with clocks that tests move."""

    database: Database
    settings: ReviewSettings
    now: datetime = NOW
    seconds: float = 0.0
    guesses: Guesses = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        async def ready() -> Readiness:
            return Readiness(fit=True, checks=())

        self.guesses = Guesses(lambda: self.seconds)
        self.app = create_app(
            self.settings,
            readiness=ready,
            perform=performer(self.database, lambda: self.now),
            now=lambda: self.now,
            guesses=self.guesses,
        )

    def begin_anew(self) -> None:
        """Forget everybody, for the next test: building the application takes longer than most tests."""
        with transaction(self.database):
            for table in ("session", "api_token", "share", "account", "audit"):
                self.database.conn.execute(f"DELETE FROM {table}")
        self.now = NOW
        self.seconds += 1_000
        self.guesses.right("127.0.0.1")

    def visitor(self) -> Visitor:
        return Visitor(self.app)


def settings_of(folder: Path) -> ReviewSettings:
    return ReviewSettings(
        public_url="https://vigie.example/",
        language="en",
        timezone="UTC",
        data_folder=folder,
        version="0.0",
        trusted_proxies=("127.0.0.1",),
    )
