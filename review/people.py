"""The page of accounts, for those who manage them: who may log in, what they may do, which tokens and links hold."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields
from review.paging import read_id
from review.room import Room
from storage import accounts, passwords, shares, tokens
from storage.errors import ConflictError
from storage.types import Role
from storage.types.accounts import Account


def people_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of the page of accounts.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the page is shown without its forms.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    page = _Page(room)

    @router.get("/people")
    def people(request: Request) -> Response:
        return page.show(request)

    if changing.able:
        _add_forms(router, changing, page)
    return router


def _add_forms(router: APIRouter, changing: Changing, page: _Page) -> None:
    async def answer(request: Request, work: Any) -> Response:
        return await changing.form(
            request, role=Role.ADMIN, work=work, show=partial(page.show, request), then="/people"
        )

    @router.post("/people")
    async def add(request: Request) -> Response:
        return await answer(request, page.wanted_account)

    @router.post("/people/{account_id}/role")
    async def role(request: Request, account_id: str) -> Response:
        return await answer(request, partial(page.wanted_role, account_id))

    @router.post("/people/{account_id}/enabled")
    async def enabled(request: Request, account_id: str) -> Response:
        return await answer(request, partial(page.wanted_enabled, account_id))

    @router.post("/people/{account_id}/password")
    async def password(request: Request, account_id: str) -> Response:
        return await answer(request, partial(page.wanted_password, account_id))

    @router.post("/tokens/{token_id}/revoke")
    async def revoke(request: Request, token_id: str) -> Response:
        return await answer(request, lambda _: ("revoke_token", {"token": number(token_id)}))


class _Page:
    """Renders the page and reads its forms."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def show(self, request: Request, **context: Any) -> Response:
        if not self._room.who(request).role.covers(Role.ADMIN):
            shown = {"fault": "forbidden", "status": 403, "back": "/", **context}
            return self._room.page(request, "refused.html", database=None, **shown)
        with self._room.readers.reading() as database:
            return self._room.page(
                request,
                "people.html",
                database=database,
                accounts=accounts.listing(database),
                tokens=[one for one in tokens.listing(database) if one.revoked_at is None],
                shares=shares.listing(database, self._room.now()),
                roles=list(Role),
                shortest=passwords.SHORTEST_PASSWORD,
                advised=passwords.ADVISED_PASSWORD,
                **context,
            )

    def wanted_account(self, fields: Fields) -> tuple[str, dict[str, Any]]:
        try:
            name = accounts.clean_name(fields.get("name", ""))
        except ConflictError as error:
            raise FaultError("account_name") from error
        with self._room.readers.reading() as database:
            first = not accounts.any_account(database)
            taken = any(accounts.key_of(one.name) == accounts.key_of(name) for one in accounts.listing(database))
        if taken:
            raise FaultError("account_taken")
        role = Role.ADMIN if first else _role(fields)
        return "add_account", {"person": name, "role": role.value, "password": new_password(fields, name)}

    def wanted_role(self, account_id: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        role = _role(fields)
        account = self._account(account_id, keeps_admin=role is not Role.ADMIN)
        return "set_role", {"person": account.name, "role": role.value}

    def wanted_enabled(self, account_id: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        enabled = fields.get("enabled") == "yes"
        account = self._account(account_id, keeps_admin=not enabled)
        return "set_enabled", {"person": account.name, "enabled": enabled}

    def wanted_password(self, account_id: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        account = self._account(account_id)
        return "set_password", {"person": account.name, "password": new_password(fields, account.name)}

    def _account(self, account_id: str, *, keeps_admin: bool = False) -> Account:
        """Return an account; with ``keeps_admin`` refuse what would leave nobody to manage the others."""
        with self._room.readers.reading() as database:
            account = accounts.get(database, number(account_id))
            alone = account.role is Role.ADMIN and account.disabled_at is None
            if keeps_admin and alone and accounts.active_admins(database) == 1:
                raise FaultError("last_admin")
            return account


def number(text: str) -> int:
    """Return the number of a row that stands in an address.

    Raises:
        PageNotFoundError: it is none.
    """
    found = read_id(text)
    if found is None:
        raise PageNotFoundError(f"{text!r} is no number of a row")
    return found


def new_password(fields: Fields, name: str) -> str:
    """Return the hash of the password on a form.

    Raises:
        FaultError: it would be guessed, or was typed in two ways.
    """
    password = fields.get("password", "")
    weakness = passwords.weakness(password, name)
    if weakness is not None:
        raise FaultError(f"password_{weakness}")
    if fields.get("again", password) != password:
        raise FaultError("password_differs")
    return passwords.hash_password(password)


def _role(fields: Fields) -> Role:
    try:
        return Role(fields.get("role", ""))
    except ValueError as error:
        raise FaultError("account_role") from error
