"""Accounts and their tokens for tests of what programs may do."""

from __future__ import annotations

from sqlite_utils import Database

from storage import accounts, tokens
from storage.database import transaction
from storage.passwords import secret_hash
from storage.types import Role
from storage.types.accounts import TokenScope
from tests.outbox_fill import NOW


def add_token(
    database: Database, name: str = "Ines", role: Role = Role.ANALYST, scope: TokenScope = TokenScope.WRITE
) -> dict[str, str]:
    """Add an account, unless it is there, and a token of it; return the header that shows the token."""
    secret = f"vigie_{name}_{scope}"
    with transaction(database):
        if not accounts.any_account(database):
            accounts.add(database, "root", Role.ADMIN, "!", NOW)
        known = {account.name: account for account in accounts.listing(database)}
        account = known.get(name) or accounts.add(database, name, role, "!", NOW)
        tokens.add(
            database, f"{name} {scope}", scope, secret_hash(secret), NOW, account_id=account.id, created_by="root"
        )
    return {"Authorization": f"Bearer {secret}"}
