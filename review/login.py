"""The login, and the way out. From then on a browser shows a random secret, of which the archive has the hash."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from review.access import REASON, SESSION, Reason
from review.changing import Changing, Perform
from review.doorkeeper import SESSION_COOKIE, address_of
from review.errors import ChangeRefusedError
from review.forms import Fields, host_cookie, read_form, safe_path
from review.guesses import Guesses
from review.room import Room
from storage import accounts, passwords, sessions
from storage.types import Role
from storage.types.accounts import Account

_logger = logging.getLogger(__name__)

#: passwords compared at once: each takes 64 MiB for the while
AT_ONCE = 2


def login_routes(room: Room, changing: Changing, perform: Perform | None, guesses: Guesses) -> APIRouter:
    """Return the routes of the login.

    Args:
        room: what every page shares.
        changing: makes the change that ends a session.
        perform: makes the change that opens one; None where nothing can be written, so that nobody can log in.
        guesses: how many passwords may be tried.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    login = _Login(room, perform, guesses)

    @router.get("/login")
    def ask(request: Request) -> Response:
        return login.ask(request)

    @router.post("/login")
    async def enter(request: Request) -> Response:
        return await login.enter(request)

    if changing.able:

        @router.post("/logout")
        async def leave(request: Request) -> Response:
            secret = request.cookies.get(session_cookie(room), "")

            def work(_: Fields) -> tuple[str, dict[str, Any]]:
                return "close_session", {"session": passwords.secret_hash(secret)}

            answer = await changing.form(request, role=Role.READER, work=work, then="/login")
            if answer.status_code == 303:
                answer.delete_cookie(session_cookie(room), httponly=True, samesite="lax", secure=room.settings.secure)
            return answer

    return router


def session_cookie(room: Room) -> str:
    """Return the name of the cookie that holds the session's secret."""
    return host_cookie(SESSION_COOKIE, secure=room.settings.secure)


def keep_session(room: Room, answer: Response, secret: str) -> None:
    """Give the browser the secret of its session."""
    answer.set_cookie(
        session_cookie(room),
        secret,
        max_age=int(sessions.ABSOLUTE_LIMIT.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=room.settings.secure,
    )


def browser_of(room: Room, request: Request) -> dict[str, str]:
    """Return what a session remembers of its browser, so that people recognise their own."""
    agent = "".join(letter for letter in request.headers.get("user-agent", "") if letter.isprintable())
    return {
        "agent": agent[: sessions.LONGEST_AGENT],
        "address": address_of(request, room.settings.trusted_proxies),
    }


class _Login:
    """One login page with what was tried on it."""

    def __init__(self, room: Room, perform: Perform | None, guesses: Guesses) -> None:
        self._room = room
        self._perform = perform
        self._guesses = guesses
        self._places = asyncio.Semaphore(AT_ONCE)

    def ask(self, request: Request) -> Response:
        """Show the form, or lead on whoever needs none."""
        then = safe_path(request.query_params.get("next", "")) or "/"
        if request.scope.get(SESSION) is not None or request.scope.get(REASON) is Reason.AT_THE_MACHINE:
            return RedirectResponse(then, status_code=302)
        return self._show(request, then)

    async def enter(self, request: Request) -> Response:
        """Compare a password and open a session."""
        fields = await read_form(request)
        sent = fields or Fields()
        then, name = safe_path(sent.get("next", "")) or "/", sent.get("name", "")
        # What another site sends is not counted: it would keep people out of their own desk.
        if fields is None or not self._room.forms.from_here(request):
            return await self._again(request, then, name, fault="login_expired", status=403)
        if self._perform is None:
            return await self._again(request, then, name, fault="unable", status=503)
        address = address_of(request, self._room.settings.trusted_proxies)
        wait = self._guesses.wait(address)
        if wait is not None:
            answer = await self._again(request, then, name, fault="login_often", status=429)
            answer.headers["Retry-After"] = str(math.ceil(wait))
            return answer
        if not self._room.forms.accepts(request, fields):
            return await self._again(request, then, name, fault="login_expired", status=403)
        account, renewed = await self._compare(name, fields.get("password", ""))
        if account is None:
            # The name is not told: people type passwords into the wrong field.
            _logger.warning("a login from %s failed", address)
            return await self._again(request, then, name, fault="login_wrong", status=403)
        self._guesses.right(address)
        return await self._open(request, account, then, self._perform, renewed)

    async def _compare(self, name: str, password: str) -> tuple[Account | None, str | None]:
        async with self._places:
            return await run_in_threadpool(self._matching, name, password)

    def _matching(self, name: str, password: str) -> tuple[Account | None, str | None]:
        """Return whose password it is, and its hash anew where the kept one was made with other costs than today's."""
        with self._room.readers.reading() as database:
            found = accounts.to_log_in(database, name[: 2 * accounts.LONGEST_NAME])
        account, kept = found or (None, None)
        # Compared in any case: a name that nobody has takes as long as one that somebody has.
        if not passwords.matches(kept, password) or kept is None:
            return None, None
        return account, passwords.hash_password(password) if passwords.outdated(kept) else None

    async def _open(
        self, request: Request, account: Account, then: str, perform: Perform, renewed: str | None
    ) -> Response:
        secret, before = passwords.new_secret(), request.cookies.get(session_cookie(self._room))
        given = {
            "account": account.id,
            "password_at": account.password_at.isoformat(),
            "session": passwords.secret_hash(secret),
            "before": passwords.secret_hash(before) if before else None,
            "renewed": renewed,
            **browser_of(self._room, request),
        }
        try:
            await perform("open_session", given, account.person)
        except ChangeRefusedError as error:
            return await self._again(request, then, account.name, fault="refused", status=503, detail=str(error))
        answer = RedirectResponse(then, status_code=303)
        keep_session(self._room, answer, secret)
        # The tokens of forms begin anew as well: what somebody planted before the login is worth nothing after it.
        self._room.forms.renew(answer)
        return answer

    async def _again(
        self, request: Request, then: str, name: str, *, fault: str, status: int, detail: str | None = None
    ) -> Response:
        return await run_in_threadpool(
            self._show, request, then, given={"name": name}, fault=fault, status=status, detail=detail
        )

    def _show(self, request: Request, then: str, **context: Any) -> Response:
        closed = request.scope.get(REASON) is Reason.OPEN and not self._any_account()
        return self._room.page(request, "login.html", database=None, then=then, closed=closed, **context)

    def _any_account(self) -> bool:
        with self._room.readers.reading() as database:
            return accounts.any_account(database)
