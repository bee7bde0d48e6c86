"""What stands before every page: the host allow-list, what may be posted where, the security headers, the last net.

A foreign ``Host`` gets 421 (RFC 9110 section 15.5.20): it is how DNS rebinding shows. Nothing here reads
``X-Forwarded-*``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.etags import TAGGED

_logger = logging.getLogger(__name__)

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?", re.ASCII)
#: everything from our own address, no inline script or style, nowhere to send a form but here
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: our own style sheets and scripts
_STATIC = "/static/"
#: request headers at most: the server bounds only what arrives in pieces
MOST_HEADERS = 100
LARGEST_HEADERS = 16 * 1024
#: bytes of an address: the longest search in any script fits
LONGEST_ADDRESS = 32 * 1024
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites learn nothing. Without any referrer a browser calls the origin of a form "null" (Fetch, section 3.2),
    # and nothing tells ours from another's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], posts: str | None = None, forms: bool = False) -> None:
        """Guard an application.

        Args:
            app: the application.
            hosts: are answered to.
            posts: below this path POST is let through too.
            forms: let POST through everywhere; each route that takes one checks where it comes from.
        """
        self._app = app
        self._posts = posts
        self._forms = forms
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer for the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, scope["path"])
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        # HEAD is GET without the body, which the server drops (RFC 9110 section 9.3.2).
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, send_with_headers)
        except Exception:
            _logger.exception("a page broke", extra={"path": scope["path"]})
            if started:
                raise
            broken = _answer(scope, "This page broke; the log says where.", 500)
            await broken(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        sizes = [len(name) + len(value) for name, value in scope["headers"]]
        if len(sizes) > MOST_HEADERS or sum(sizes) > LARGEST_HEADERS:
            return _answer(scope, "The request's headers are too large.", 431)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
            return _answer(scope, f"The address is too long: {LONGEST_ADDRESS} bytes at most.", 414)
        hosts = Headers(scope=scope).getlist("host")
        match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None or match["name"].lower().removesuffix(".") not in self._hosts:
            return _answer(
                scope, "This service does not answer to that host name. Add it to [service] public_url.", 421
            )
        if scope["method"] not in {"GET", "HEAD"} and not self._takes(scope["method"], scope["path"]):
            return _answer(scope, "Only reading is possible here.", 405, Allow="GET, HEAD")
        return None

    def _takes(self, method: str, path: str) -> bool:
        if self._forms and path.startswith("/api/"):
            return True  # it says itself which methods each of its addresses takes
        if method != "POST":
            return False
        if self._forms:
            return True
        return self._posts is not None and path.startswith(self._posts)


def _answer(scope: Scope, detail: str, status: int, **headers: str) -> Response:
    """Programs are told in JSON what people are told in words."""
    if scope["path"].startswith("/api/"):
        return JSONResponse({"detail": detail}, status_code=status, headers=headers)
    return PlainTextResponse(f"{detail}\n", status_code=status, headers=headers)


def _add_headers(message: Message, path: str) -> None:
    headers = MutableHeaders(scope=message)
    if path.startswith(_STATIC):
        # Whoever keeps a file for everybody must not keep somebody's cookie with it.
        del headers["Set-Cookie"]
    for name, value in _HEADERS.items():
        # A saved page goes out under a stricter policy of its own.
        if name != "Content-Security-Policy" or name not in headers:
            headers[name] = value
    headers["Cache-Control"] = _keeping(path, message["status"])


def _keeping(path: str, status: int) -> str:
    """Return who may keep an answer: pages and refusals nobody, what carries a tag the asker alone, asking anew."""
    if status >= 400:
        return "no-store"
    if path.startswith(_STATIC):
        return "public, max-age=86400"
    return "private, no-cache" if path.startswith(TAGGED) else "no-store"
