"""The tables of accounts, sessions, API tokens and shared links; no secret stands in them, only hashes."""

from __future__ import annotations

from sqlite_utils import Database


def create(database: Database) -> None:
    """Add the tables; called by a migration."""
    for statement in (
        """CREATE TABLE account (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
            password TEXT NOT NULL, created_at TEXT NOT NULL, password_at TEXT NOT NULL, disabled_at TEXT
        )""",
        """CREATE TABLE session (
            id INTEGER PRIMARY KEY, secret TEXT NOT NULL UNIQUE, account_id INTEGER NOT NULL REFERENCES account (id),
            created_at TEXT NOT NULL, seen_at TEXT NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL
        )""",
        "CREATE INDEX session_account ON session (account_id)",
        """CREATE TABLE api_token (
            id INTEGER PRIMARY KEY, secret TEXT NOT NULL UNIQUE, account_id INTEGER REFERENCES account (id),
            name TEXT NOT NULL, scope TEXT NOT NULL, created_at TEXT NOT NULL, created_by TEXT NOT NULL,
            expires_at TEXT, used_at TEXT, revoked_at TEXT
        )""",
        "CREATE INDEX api_token_account ON api_token (account_id)",
        """CREATE TABLE share (
            id INTEGER PRIMARY KEY, secret TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, about TEXT NOT NULL,
            account_id INTEGER REFERENCES account (id), created_at TEXT NOT NULL, created_by TEXT NOT NULL,
            expires_at TEXT NOT NULL, revoked_at TEXT
        )""",
        "CREATE INDEX share_about ON share (kind, about)",
    ):
        database.conn.execute(statement)


def keep_choices(database: Database) -> None:
    """Keep how somebody likes the page; called by a migration."""
    for name in ("language", "density", "keys"):
        database.conn.execute(f"ALTER TABLE account ADD COLUMN {name} TEXT")
