"""A web server on an address of its own that answers as told and notes every request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from tests.politeness import Asked, Ledger

Answer = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(slots=True, kw_only=True)
class LoggedSite:
    """One host; use as an asynchronous context manager."""

    ledger: Ledger
    answer: Answer
    address: str = "127.0.0.1"
    port: int = 0
    _runner: web.AppRunner | None = field(default=None)

    @property
    def base(self) -> str:
        """The address without a path."""
        return f"http://{self.address}:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.address, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def asked(self, path: str) -> list[Asked]:
        """Return the requests for a path so far."""
        return [each for each in self.ledger.asked if each.host == self.address and each.path == path]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        start = time.monotonic()
        response = await self.answer(request)
        headers = request.headers
        self.ledger.asked.append(
            Asked(
                host=self.address,
                path=request.path_qs,
                start=start,
                end=time.monotonic(),
                status=response.status,
                agent=headers.get("User-Agent", ""),
                conditional="If-None-Match" in headers or "If-Modified-Since" in headers,
                retry_after=_seconds(response),
            )
        )
        return response


def _seconds(response: web.Response) -> float | None:
    """Return the wait that an answer asks for; a site that states a date notes its seconds beside it."""
    stated = response.headers.get("X-Wait") or response.headers.get("Retry-After")
    return float(stated) if stated and stated.replace(".", "").isdecimal() else None
