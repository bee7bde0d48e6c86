"""A browser without a network: asks the application itself, keeps cookies, sends the forms it was shown.

Quick enough for tests of every page. What depends on the server or on a real browser is tested with them.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlite_utils import Database
from starlette.types import ASGIApp, Receive, Scope, Send

from review.access import PERSON
from review.app import create_app
from review.changing import Perform
from review.errors import ChangeRefusedError
from review.health import Readiness
from review.settings import ReviewSettings
from scheduler import changes
from scheduler.errors import SchedulerError
from storage.database import transaction
from storage.errors import StorageError
from storage.types import Done, Person
from tests.outbox_fill import NOW

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        """The page without its tags."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.body)).split())

    @property
    def token(self) -> str:
        """The token of the page's forms; raises IndexError when it has none."""
        return str(re.findall(r'name="token" value="([0-9a-f]+)"', self.body)[0])

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """Somebody with a browser."""

    app: ASGIApp
    #: who they are known to be; None sits at the machine
    person: Person | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    #: of the page with a form that was seen last
    token: str = ""

    def get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        page = asyncio.run(self._ask("GET", path, b"", headers or {}))
        tokens = re.findall(r'name="token" value="([0-9a-f]+)"', page.body)
        if tokens:
            self.token = tokens[0]
        return page

    def post(
        self,
        path: str,
        fields: dict[str, str] | Iterable[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> Page:
        """Send a form, with the token of the page seen last unless the fields hold one."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        if all(name != "token" for name, _ in pairs):
            pairs.append(("token", self.token))
        body = urlencode(pairs).encode()
        return asyncio.run(self._ask("POST", path, body, {"content-type": FORM} | (headers or {})))

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Page:
        sent = {"host": "127.0.0.1", "content-length": str(len(body))} | {k.lower(): v for k, v in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        address, _, query = path.partition("#")[0].partition("?")
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(address), "raw_path": address.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        if self.person is not None:
            scope[PERSON] = self.person
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        started: dict[str, Any] = {}
        pieces: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.Event().wait()  # the browser stays until it has its answer
            raise AssertionError

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))

        await self.app(scope, receive, send)
        found: dict[str, str] = {}
        for raw_name, raw_value in started["headers"]:
            name, value = raw_name.decode().lower(), raw_value.decode()
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
            found[name] = value
        return Page(status=started["status"], headers=found, body=b"".join(pieces).decode())


def known_as(app: ASGIApp, person: Person) -> ASGIApp:
    """Return an application that knows everybody as one person, whatever they show."""

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, PERSON: person} if scope["type"] == "http" else scope, receive, send)

    return known


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return (method, path) of everything that was registered, whichever router holds it."""
    found = []
    for route in iter_route_contexts(app.routes):
        found += [(method, route.path) for method in sorted(route.methods or ()) if route.path]
    return found


def performer(database: Database, now: Callable[[], datetime] = lambda: NOW) -> Perform:
    """Return what makes changes as the owner of the archive does."""

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        try:
            with transaction(database):
                return changes.apply(database, name, given, now(), by=by)
        except (StorageError, SchedulerError) as error:
            raise ChangeRefusedError(str(error)) from error

    return perform


def application(database: Database, settings: ReviewSettings) -> FastAPI:
    """Return the page over an archive that changes may be made to; the clock stands at ``NOW``."""

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    return create_app(settings, readiness=ready, perform=performer(database), now=lambda: NOW)
