"""The address that WebSub hubs call: the one place where the page takes what strangers send.

Everything about it allows for that: an address that is not one of ours gets the same 404 whatever is
sent, a body is read up to a bound and a deadline, and what is answered tells nothing but the challenge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.requests import ClientDisconnect

#: path that hubs call, the token follows
PREFIX = "/websub/"
#: bytes of an announcement; one that is longer is not taken, polling finds what it told
LARGEST_BODY = 1024 * 1024
#: seconds an announcement may take to arrive
BODY_DEADLINE = 10.0
#: announcements read at once, so that their bodies cannot fill the memory
BODIES_AT_ONCE = 8


class Callback(Protocol):
    """What the owner of the subscriptions answers."""

    def known(self, token: str) -> bool:
        """Whether a callback address is one of ours."""
        ...

    async def verify(self, token: str, query: Mapping[str, str]) -> str | None:
        """Answer a hub that asks whether a subscription, or its end, is meant; None is no answer."""
        ...

    async def deliver(self, token: str, signature: str | None, body: bytes) -> None:
        """Take an announcement."""
        ...


def websub_routes(callback: Callback) -> APIRouter:
    """Return the routes under :data:`PREFIX`."""
    router = APIRouter(include_in_schema=False)
    room = asyncio.Semaphore(BODIES_AT_ONCE)

    @router.get(PREFIX + "{token}")
    async def verify(request: Request, token: str) -> PlainTextResponse:
        answer = await callback.verify(token, request.query_params) if callback.known(token) else None
        return _nothing() if answer is None else PlainTextResponse(answer)

    @router.post(PREFIX + "{token}")
    async def deliver(request: Request, token: str) -> PlainTextResponse:
        if not callback.known(token):
            return _nothing()
        if room.locked():
            return PlainTextResponse("Later, please.\n", status_code=503, headers={"Retry-After": "30"})
        async with room:
            try:
                async with asyncio.timeout(BODY_DEADLINE):
                    body = await _body(request)
            except (TimeoutError, ClientDisconnect):
                return PlainTextResponse("It took too long.\n", status_code=408, headers={"Connection": "close"})
        if body is None:
            return PlainTextResponse("It is too large.\n", status_code=413, headers={"Connection": "close"})
        # Signed or not, the answer is the same: who guesses at signatures learns nothing (WebSub section 7.1).
        await callback.deliver(token, request.headers.get("x-hub-signature"), body)
        return PlainTextResponse("Thank you.\n", status_code=202)

    return router


async def _body(request: Request) -> bytes | None:
    """Return what was sent, or None when it is too large."""
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdecimal() and int(stated[:12]) > LARGEST_BODY:
        return None
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST_BODY:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _nothing() -> PlainTextResponse:
    return PlainTextResponse("There is nothing here.\n", status_code=404)
