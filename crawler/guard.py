"""The egress guard of the crawler: which addresses it asks, and which it connects to.

:func:`url_refusal` turns down what can be judged by the address's text. Everything else is decided where
the connection is made: :class:`GuardedConnector` looks at the numeric addresses a name resolved to and at
the one a socket is opened to, so that redirects, DNS rebinding and disguised literals gain nothing.
"""

from __future__ import annotations

import asyncio
import functools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler

from crawler.errors import RefusedError
from storage.egress import EgressPolicy, check, is_allowed_network, socket_factory
from storage.types import CrawlFailure, FailureReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.abc import ResolveResult
    from aiohttp.tracing import Trace

#: longest address that is asked for
MAX_URL = 4096
_SHOWN = 200
#: bytes that headers, and the framing of small chunks, may take besides twice the largest body
_FRAMING = 1024 * 1024
# A back-slash is a path separator to some parsers and part of the host to others (WHATWG URL, section 4.4).
_SUSPICIOUS = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")


def url_refusal(url: str) -> str | None:
    """Return why ``url`` is not asked for, or None when its text is in order.

    Only http and https are spoken, without user names and passwords in the address. Host and port are
    judged later, as the address that is connected to.
    """
    if len(url) > MAX_URL:
        return f"the address is longer than {MAX_URL} characters"
    shown = repr(url[:_SHOWN])
    if _SUSPICIOUS.search(url):
        return f"{shown} holds blanks, control characters or a back-slash"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"{shown} is no address ({error})"
    if parts.scheme not in {"http", "https"}:
        return f"{shown}: only http and https are crawled"
    if not parts.hostname or port == 0:
        return f"{shown} names no host and port to connect to"
    if "@" in parts.netloc:
        return f"{parts.hostname}: user names and passwords in addresses are not used"
    return None


def linked_address(base: str, href: str) -> str | None:
    """Return the address that a link on ``base`` leads to, None when it is empty or not to be asked for."""
    href = href.strip()
    if not href:
        return None
    try:
        url = urljoin(base, href).replace(" ", "%20")
    except ValueError:
        return None
    return url if url_refusal(url) is None else None


def is_allowed_literal(url: str, policy: EgressPolicy) -> bool:
    """Whether the host of ``url`` is an address inside ``policy.allow_cidrs``, localhost being 127.0.0.1."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return is_allowed_network("127.0.0.1" if host == "localhost" else host, policy)


class BoundedHandler(ResponseHandler):
    """The protocol of one connection, which counts the bytes of an answer as they come in.

    aiohttp bounds headers and Scrapy bodies, yet what is neither (chunk extensions, interim answers, trailers)
    could go on for as long as the deadline allows.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        super().__init__(loop)
        self._limit = limit
        self._room = limit
        self._draining = False

    def set_response_params(self, **kwargs: Any) -> None:
        """Begin an answer; a connection that is kept gets its whole allowance again."""
        self._room = self._limit
        super().set_response_params(**kwargs)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, or end the connection when they are too many."""
        if not self._draining:
            self._room -= len(data)
        if self._room >= 0:
            super().data_received(data)
            return
        refused = RefusedError(
            CrawlFailure(
                reason=FailureReason.TOO_LARGE, detail=f"an answer of more than {self._limit} bytes is not taken"
            )
        )
        self.set_exception(refused)
        if self._payload is not None:
            self._payload.set_exception(refused)
        if self.transport is not None:
            self.transport.abort()

    def _drain_tail(self) -> None:
        # What was put aside comes in a second time.
        self._draining = True
        try:
            super()._drain_tail()
        finally:
            self._draining = False


class GuardedConnector(aiohttp.TCPConnector):
    """A connector that opens no socket towards an address the policy refuses.

    Every address of a name must be allowed, not only the one chosen. With ``through_proxy`` the proxy is
    the one host connected to; it is configured by hand and must refuse private destinations itself.
    """

    def __init__(self, policy: EgressPolicy, *, limit: int, through_proxy: bool, max_body: int) -> None:
        self._policy = policy
        self._guarding = not through_proxy
        super().__init__(
            limit=limit,
            limit_per_host=0,
            ttl_dns_cache=10,
            socket_factory=socket_factory(policy) if self._guarding else None,
        )
        # mypy takes the attribute for the narrower type that aiohttp assigns to it.
        self._factory = functools.partial(BoundedHandler, loop=self._loop, limit=2 * max_body + _FRAMING)  # type: ignore[assignment]

    async def _resolve_host(self, host: str, port: int, traces: Sequence[Trace] | None = None) -> list[ResolveResult]:
        answers = await super()._resolve_host(host, port, traces)
        if self._guarding:
            for answer in answers:
                check(answer["host"], answer["port"], self._policy)
        return answers
