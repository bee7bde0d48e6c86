"""Who stands before every page: knows people by their session and programs by their token, and refuses the others."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from review.access import (
    FEEDS,
    FOR_PROGRAMS,
    NOBODY,
    PERSON,
    REASON,
    SESSION,
    Asked,
    Reason,
    Shown,
    Verdict,
    judge,
    shown_token,
)
from review.changing import Perform
from review.errors import ChangeRefusedError, PageBusyError
from review.forms import host_cookie, remembered_name
from review.looks import to_keep
from review.news import ADDRESS as NEWS
from review.readers import Readers
from storage import accounts, sessions, tokens
from storage.errors import StorageError
from storage.passwords import secret_hash
from storage.types import Person, Role
from storage.types.accounts import ApiToken, Session

SESSION_COOKIE = "vigie_session"
#: below it everybody is answered without a look at the archive, as at ``/healthz``
_STATIC = "/static/"
#: asked for by an open page again and again, whoever sits before it: no use of a session
_BY_ITSELF = (NEWS,)
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: what a proxy adds; whoever came through one may sit anywhere
_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


class Doorkeeper:
    """ASGI middleware around the pages, inside the guard."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        readers: Readers,
        now: Callable[[], datetime],
        perform: Perform | None,
        secure: bool,
        unavailable: Callable[[Request, Exception], Response],
        open_below: str | None = None,
    ) -> None:
        """Stand before an application.

        Args:
            app: the pages.
            readers: the archive with accounts, sessions and tokens.
            now: the clock, in UTC.
            perform: remembers when something was used; None where nothing can be written.
            secure: the page is reached over TLS.
            unavailable: says that the archive cannot be read.
            open_below: a prefix below which requests carry their own proof.
        """
        self._app = app
        self._readers = readers
        self._now = now
        self._perform = perform
        self._cookie = host_cookie(SESSION_COOKIE, secure=secure)
        self._unavailable = unavailable
        self._open_below = open_below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with who it is from, or answer it."""
        # Who embeds the application may know better than we do who asks.
        if scope["type"] != "http" or PERSON in scope:
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_STATIC) or scope["path"] == "/healthz":
            await self._app({**scope, PERSON: NOBODY, REASON: Reason.OPEN}, receive, send)
            return
        request = Request(scope)
        shown = shown_token(scope["path"], request.headers.get("authorization"), request.query_params)
        try:
            known, session, token = await run_in_threadpool(self._look, request.cookies.get(self._cookie), shown)
        except (StorageError, PageBusyError) as error:
            await self._unavailable(request, error)(scope, receive, send)
            return
        verdict = judge(
            Asked(
                method=scope["method"],
                path=scope["path"],
                local=at_the_machine(request),
                accounts=known,
                session=None if session is None else session.account.person,
                shown=shown,
                token=token,
                open_below=self._open_below,
            )
        )
        if not verdict.admitted:
            await _refusal(request, verdict)(scope, receive, send)
            return
        person = verdict.person
        if verdict.reason is Reason.AT_THE_MACHINE:
            person = Person(id=None, name=remembered_name(request) or "local", role=Role.ADMIN)
        await self._touch(request, person, session, token if verdict.reason is Reason.TOKEN else None)
        await self._app({**scope, PERSON: person, REASON: verdict.reason, SESSION: session}, receive, send)

    def _look(self, secret: str | None, shown: Shown | None) -> tuple[bool, Session | None, ApiToken | None]:
        now = self._now()
        with self._readers.reading() as database:
            return (
                accounts.any_account(database),
                sessions.find(database, secret_hash(secret), now) if secret else None,
                tokens.find(database, secret_hash(shown.text), now) if shown is not None else None,
            )

    async def _touch(self, request: Request, person: Person, session: Session | None, token: ApiToken | None) -> None:
        """Remember when something was used last, and what its owner likes; a page is shown even when that fails."""
        now, wanted = self._now(), list[tuple[str, dict[str, Any]]]()
        if request.scope["path"] in _BY_ITSELF:
            return
        if session is not None and now - session.seen_at >= sessions.TOUCH_EVERY:
            wanted.append(("touch_session", {"session": session.id}))
        if session is not None and (choices := to_keep(request, session.account)):
            wanted.append(("choose_looks", choices))
        if token is not None and (token.used_at is None or now - token.used_at >= tokens.TOUCH_EVERY):
            wanted.append(("touch_token", {"token": token.id}))
        if self._perform is None:
            return
        for name, given in wanted:
            try:
                await self._perform(name, given, person)
            except ChangeRefusedError:
                return


def at_the_machine(request: Request) -> bool:
    """Whether a request came from this machine, by a name of this machine, through no proxy."""
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower() in _LOCAL_NAMES and _is_loopback(request.client.host if request.client else "")


def address_of(request: Request, trusted: Iterable[str]) -> str:
    """Return where a request comes from, through the proxies that are trusted and no others.

    Of ``X-Forwarded-For`` the last address counts that no trusted proxy has: what stands before it anybody may have
    written.
    """
    address = request.client.host if request.client else ""
    networks = [ipaddress.ip_network(text, strict=False) for text in trusted]
    hops = [hop.strip() for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
    while hops and _within(address, networks):
        address = hops.pop()
    return address[:64]


def _within(address: str, networks: list[Any]) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in networks)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _refusal(request: Request, verdict: Verdict) -> Response:
    path = str(request.scope["path"])
    if verdict.reason is Reason.SCOPE:
        # RFC 6750 section 3.1
        headers = {"WWW-Authenticate": 'Bearer realm="Vigie", error="insufficient_scope", scope="write"'}
        return JSONResponse({"detail": verdict.reason.value}, status_code=403, headers=headers)
    if path.startswith(FOR_PROGRAMS) or verdict.reason not in {Reason.NO_SESSION, Reason.NO_ACCOUNT}:
        challenge = 'Bearer realm="Vigie"'
        if verdict.reason not in {Reason.NO_SESSION, Reason.NO_ACCOUNT}:
            challenge += ', error="invalid_token"'
        if path.startswith(FEEDS):
            challenge += ', Basic realm="Vigie", charset="UTF-8"'
        return JSONResponse({"detail": verdict.reason.value}, status_code=401, headers={"WWW-Authenticate": challenge})
    login = "/login"
    if request.method == "GET" and path != "/":
        asked = f"{path}?{request.url.query}" if request.url.query else path
        login += f"?{urlencode({'next': asked})}"
    if "hx-request" in request.headers:
        # A script would put the login into a part of the page; this tells it to leave the page.
        return PlainTextResponse("", status_code=401, headers={"HX-Redirect": login})
    return RedirectResponse(login, status_code=302)
