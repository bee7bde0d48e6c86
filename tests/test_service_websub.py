"""The real service subscribes to the hub of a real feed, and an announcement makes it poll at once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
import threading
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from tests.test_service_once import ACTS, TITLE
from tests.world import World, free_port, kill, start_vigie, wait_until


class Hub:
    """A hub in a thread of its own, which asks back at once."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.subscribed: queue.Queue[dict[str, str]] = queue.Queue()
        self.base = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        query = {"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "c-1"}
        async with aiohttp.ClientSession() as session, session.get(form["hub.callback"], params=query) as answer:
            if await answer.text() == "c-1":
                self.subscribed.put(form)
        return web.Response(status=202)

    def announce(self, form: dict[str, str], body: bytes) -> int:
        """Send an announcement, signed with SHA-1 as the largest hub does; return the status."""

        async def send() -> int:
            digest = hmac.new(form["hub.secret"].encode(), body, hashlib.sha1).hexdigest()
            headers = {"X-Hub-Signature": f"sha1={digest}"}
            async with (
                aiohttp.ClientSession() as session,
                session.post(form["hub.callback"], data=body, headers=headers) as answer,
            ):
                return answer.status

        return asyncio.run_coroutine_threadsafe(send(), self._loop).result(10)


def test_an_announcement_brings_the_alert_long_before_the_next_poll(tmp_path: Path) -> None:
    with World() as world, Hub() as hub:
        outlet = world.outlets[0]

        async def feed(_request: web.Request) -> web.Response:
            link = f'<atom:link rel="hub" href="{hub.base}"/><atom:link rel="self" href="{outlet.base}/feed.xml"/>'
            text = outlet.feed().replace(
                '<rss version="2.0">', '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">'
            )
            return web.Response(text=text.replace("<channel>", f"<channel>{link}"), content_type="application/rss+xml")

        outlet.fault = feed
        outlet.publish("first", "Le marché de Tombouctou rouvre", ["Les étals ont été remis en place mardi matin."])
        port = free_port()
        config = world.configuration(tmp_path, port=port)
        text = config.read_text(encoding="utf-8").replace('poll = "1s"', 'poll = "6h"')
        public = f'listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"'
        config.write_text(text.replace(f'listen = "127.0.0.1:{port}"', public), encoding="utf-8")
        service = start_vigie("-c", config, "run")
        try:
            form = hub.subscribed.get(timeout=40)
            assert form["hub.topic"] == f"{outlet.base}/feed.xml"
            polls = outlet.requests.count("/feed.xml")
            outlet.publish("act", TITLE, ACTS)
            assert hub.announce(form, b"anything") == 202
            wait_until(lambda: len(world.events) == 1, within=40, what="the alert")
            assert outlet.requests.count("/feed.xml") == polls + 1
        finally:
            kill(service)
