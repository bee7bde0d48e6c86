"""Entity tags for what is asked for again and again: while nothing changed the answer is three lines, not the list.

The tag is made of the bytes of the answer, so it is strong and holds over restarts (RFC 9110 section 8.8.3). The work
of making the answer is not saved, only its way.
"""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: below these addresses answers carry a tag; each of them is bounded by the length of a page of its list
TAGGED = ("/api/", "/desk/new", "/feeds/")
#: characters of an ``If-None-Match`` that is read: some hundred tags
LONGEST_CONDITION = 4_000

# An opaque tag may hold a comma, so a list of them cannot simply be split (RFC 9110 section 8.8.3).
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Etags:
    """ASGI middleware that tags answers and says 304 to who has them already."""

    def __init__(self, app: ASGIApp) -> None:
        """Tag the answers of an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer for the application where nothing changed."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(TAGGED):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        pieces: list[bytes] = []

        async def gather(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
            elif start is None:
                await send(message)
            else:
                pieces.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await _answer(scope, start, b"".join(pieces), send)

        await self._app(scope, receive, gather)


async def _answer(scope: Scope, start: Message, body: bytes, send: Send) -> None:
    headers = MutableHeaders(raw=list(start["headers"]))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers["ETag"] = tag
    known = has_tag(Headers(scope=scope).get("if-none-match", ""), tag)
    if known:
        # What describes the body that is not sent would describe the wrong one (RFC 9110 section 15.4.5).
        del headers["content-length"]
        del headers["content-type"]
    await send({**start, "status": 304 if known else 200, "headers": headers.raw})
    await send({"type": "http.response.body", "body": b"" if known else body})


def has_tag(given: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names a tag, by the weak comparison it asks for (RFC 9110 section 13.1.2).

    Args:
        given: the field's value, empty for none.
        tag: the tag of the answer, with its quotes.
    """
    return given.strip() == "*" or tag in _TAG.findall(given)
