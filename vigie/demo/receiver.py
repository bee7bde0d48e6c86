"""The demo's webhook receiver: verifies, keeps and de-duplicates what arrives.

It follows Standard Webhooks 1.0: the signature is checked first, and a ``webhook-id`` seen before is
acknowledged and counted, not kept again.
"""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from vigie.demo.errors import NotRunningError

HOST = "127.0.0.1"
PATH = "/webhook"
#: events kept; older ones make room
KEPT = 1000
#: largest body taken, bytes
LARGEST = 1024 * 1024
SHUTDOWN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """One event whose signature holds."""

    #: ``webhook-id``
    id: str
    #: ``alert.new``, …
    type: str
    #: the whole JSON body
    body: Mapping[str, Any]
    received_at: datetime
    #: how often the same id came again
    repeats: int = 0


def new_secret() -> str:
    """Return a fresh signing secret in the form of Standard Webhooks (``whsec_`` and base64)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookReceiver:
    """An HTTP server with one address that takes signed events.

    Args:
        secret: the signing secret; None makes one.
        on_event: called with each event when its id comes for the first time.
        port: TCP port on 127.0.0.1; 0 takes a free one.
    """

    def __init__(
        self,
        secret: str | None = None,
        on_event: Callable[[ReceivedEvent], None] | None = None,
        *,
        port: int = 0,
    ) -> None:
        self.secret = secret or new_secret()
        self._webhook = Webhook(self.secret)
        self._on_event = on_event
        self._wanted_port = port
        self._runner: web.AppRunner | None = None
        self._events: OrderedDict[str, ReceivedEvent] = OrderedDict()
        self._repeats = 0
        self._refused = 0

    @property
    def url(self) -> str:
        """Where events go.

        Raises:
            NotRunningError: it was not started.
        """
        if self._runner is None or not self._runner.addresses:
            raise NotRunningError("the webhook receiver")
        return f"http://{HOST}:{self._runner.addresses[0][1]}{PATH}"

    @property
    def events(self) -> tuple[ReceivedEvent, ...]:
        """What arrived, each id once, oldest first."""
        return tuple(self._events.values())

    @property
    def repeats(self) -> int:
        """How many requests brought an id that was known."""
        return self._repeats

    @property
    def refused(self) -> int:
        """How many requests had no valid signature or no JSON object."""
        return self._refused

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post(PATH, self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._wanted_port).start()

    async def stop(self) -> None:
        """Close the port; calling it twice is harmless. What arrived stays readable."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.Response:
        content = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = self._webhook.verify(content, headers)
        except (WebhookVerificationError, ValueError) as error:
            # The library lets a malformed signature or body through as ValueError.
            self._refused += 1
            return web.Response(status=401, text=f"refused: {error}")
        if not isinstance(body, dict):
            self._refused += 1
            return web.Response(status=400, text="the body must be a JSON object")
        self._keep(headers["webhook-id"], body)
        return web.Response(status=204)

    def _keep(self, event_id: str, body: Mapping[str, Any]) -> None:
        known = self._events.get(event_id)
        if known is not None:
            self._repeats += 1
            self._events[event_id] = replace(known, repeats=known.repeats + 1)
            return
        event = ReceivedEvent(id=event_id, type=str(body.get("type", "")), body=body, received_at=datetime.now(UTC))
        self._events[event_id] = event
        while len(self._events) > KEPT:
            self._events.popitem(last=False)
        if self._on_event is not None:
            self._on_event(event)
