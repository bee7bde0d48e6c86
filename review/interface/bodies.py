"""What may be sent to the JSON interface: JSON, of a bounded size, in a bounded time.

A page of another site can send forms and plain text here with the browser's cookies, but not ``application/json``
without asking first (Fetch, section 3.3), which nothing here allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Message

#: bytes of a body; the longest holds a note, or the numbers of some hundred stories
LARGEST_BODY = 64 * 1024
#: seconds a body may take to arrive
BODY_DEADLINE = 10.0


class OrderRoute(APIRoute):
    """A route whose body is read whole before anything looks at it, or refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            body = await read_body(request)
            waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

            async def replay() -> Message:
                return waiting.pop() if waiting else await request.receive()

            return await answer(Request(request.scope, replay))

        return bounded


async def read_body(request: Request, *, largest: int = LARGEST_BODY, deadline: float = BODY_DEADLINE) -> bytes:
    """Return the body of a request.

    Args:
        request: the request.
        largest: bytes of a body at most.
        deadline: seconds it may take to arrive.

    Raises:
        HTTPException: 415 it is no JSON, 413 too large, 408 too slow or broken off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(status_code=415, detail="send application/json")
    pieces: list[bytes] = []
    size = 0
    # What is still on its way cannot be told from a next request.
    close = {"Connection": "close"}
    try:
        async with asyncio.timeout(deadline):
            async for piece in request.stream():
                size += len(piece)
                if size > largest:
                    raise HTTPException(413, f"a body has {largest} bytes at most", close)
                pieces.append(piece)
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, f"the body did not arrive within {deadline:g} s", close) from error
    return b"".join(pieces)
