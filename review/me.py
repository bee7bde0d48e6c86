"""What somebody manages of their own: password, sessions, tokens, and the links they shared."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from review.access import SESSION
from review.changing import Changing
from review.doorkeeper import address_of
from review.errors import FaultError
from review.forms import Fields, one_line
from review.guesses import Guesses
from review.login import browser_of, keep_session
from review.once import Made, Once
from review.people import new_password, number
from review.room import Room
from storage import accounts, passwords, sessions, shares, tokens
from storage.types import Role
from storage.types.accounts import TokenScope

#: days a token may hold, in the order they are offered; none holds for ever unless somebody says so
TOKEN_DAYS = ("30", "90", "365", "")


def me_routes(room: Room, changing: Changing, guesses: Guesses, once: Once) -> APIRouter:
    """Return the routes of the page of one's own.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the page is shown without its forms.
        guesses: how many passwords may be tried.
        once: keeps new secrets for the page that shows them.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    page = _Page(room, guesses, once)

    @router.get("/people/me")
    def me(request: Request) -> Response:
        return page.show(request)

    if changing.able:
        _add_forms(router, room, changing, page)
    return router


def _add_forms(router: APIRouter, room: Room, changing: Changing, page: _Page) -> None:
    async def answer(request: Request, work: Any, then: Any = "/people/me") -> Response:
        return await changing.form(request, role=Role.READER, work=work, show=partial(page.show, request), then=then)

    @router.post("/people/me/password")
    async def password(request: Request) -> Response:
        secret = passwords.new_secret()
        done = await answer(request, partial(page.wanted_password, request, secret))
        if done.status_code == 303:
            keep_session(room, done, secret)
        return done

    @router.post("/people/me/sessions")
    async def end(request: Request) -> Response:
        return await answer(request, partial(page.wanted_end, request))

    @router.post("/people/me/tokens")
    async def create(request: Request) -> Response:
        secret = passwords.new_secret(tokens.PREFIX)
        asked: list[str] = []

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            name, given = page.wanted_token(request, fields, secret)
            asked.append(str(given["token"]))
            return name, given

        return await answer(request, work, lambda _: page.shown_once(request, "token", asked[0], secret))

    @router.post("/people/me/tokens/{token_id}/revoke")
    async def revoke(request: Request, token_id: str) -> Response:
        return await answer(request, lambda _: ("revoke_token", {"token": number(token_id)}))


class _Page:
    """Renders the page and reads its forms."""

    def __init__(self, room: Room, guesses: Guesses, once: Once) -> None:
        self._room = room
        self._guesses = guesses
        self._once = once

    def show(self, request: Request, **context: Any) -> Response:
        person, now = self._room.who(request), self._room.now()
        if person.id is None:
            if context.get("fault"):
                return self._room.page(request, "refused.html", database=None, **{"back": "/people", **context})
            return RedirectResponse("/people", status_code=302)
        with self._room.readers.reading() as database:
            return self._room.page(
                request,
                "me.html",
                database=database,
                account=accounts.get(database, person.id),
                sessions=sessions.of_account(database, person.id, now),
                this_session=request.scope.get(SESSION),
                tokens=[one for one in tokens.listing(database, account_id=person.id) if one.revoked_at is None],
                shares=shares.listing(database, now, account_id=person.id),
                scopes=list(TokenScope),
                token_days=TOKEN_DAYS,
                made=self._once.take(person.id, request.query_params.get("made", ""), now),
                shortest=passwords.SHORTEST_PASSWORD,
                advised=passwords.ADVISED_PASSWORD,
                **context,
            )

    def shown_once(self, request: Request, kind: str, name: str, secret: str) -> str:
        """Keep a new secret and return the address that shows it."""
        made = Made(kind=kind, name=name, secret=secret)
        ticket = self._once.keep(self._room.who(request).id, made, self._room.now())
        return "/people/me?" + urlencode({"made": ticket})

    def wanted_password(self, request: Request, secret: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        person = self._room.who(request)
        if person.id is None:
            raise FaultError("no_account")
        # Whoever finds a browser open must not guess here what they could not guess at the login.
        address = address_of(request, self._room.settings.trusted_proxies)
        wait = self._guesses.wait(address)
        if wait is not None:
            raise FaultError("login_often", f"{math.ceil(wait)} s")
        with self._room.readers.reading() as database:
            kept = accounts.password_of(database, person.id)
        if not passwords.matches(kept, fields.get("current", "")):
            raise FaultError("password_wrong")
        self._guesses.right(address)
        return "set_password", {
            "person": person.name,
            "password": new_password(fields, person.name),
            "session": passwords.secret_hash(secret),
            **browser_of(self._room, request),
        }

    def wanted_end(self, request: Request, fields: Fields) -> tuple[str, dict[str, Any]]:
        if "session" in fields:
            return "end_session", {"only": number(fields["session"])}
        current = request.scope.get(SESSION)
        return "end_session", {"but": -1 if current is None else current.id}

    def wanted_token(self, request: Request, fields: Fields, secret: str) -> tuple[str, dict[str, Any]]:
        person, name = self._room.who(request), one_line(fields.get("name", ""), tokens.LONGEST_NAME)
        if person.id is None:
            raise FaultError("no_account")
        if not name:
            raise FaultError("token_name")
        if fields.get("scope") not in list(TokenScope) or fields.get("days", "") not in TOKEN_DAYS:
            raise FaultError("token_scope")
        days = fields.get("days", "")
        until: datetime | None = self._room.now() + timedelta(days=int(days)) if days else None
        return "create_token", {
            "token": name,
            "scope": fields["scope"],
            "person": person.name,
            "secret": passwords.secret_hash(secret),
            "expires": None if until is None else until.isoformat(),
        }
