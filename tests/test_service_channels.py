"""The whole service with a chat beside mail and webhook, and with a channel that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from tests.test_service_once import ACTS, TITLE, WEATHER
from tests.world import World, free_port, vigie


class Far(BaseHTTPRequestHandler):
    """Takes messages for a chat, and wants no webhooks any more."""

    posts: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(410 if self.path == "/hook" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def far() -> Iterator[str]:
    Far.posts.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Far) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_article_reaches_a_chat_and_a_dead_channel_is_told_of_by_the_others(tmp_path: Path, far: str) -> None:
    with World() as world:
        world.outlets[0].publish("weather", "Le fleuve est haut à Mopti", WEATHER)
        world.outlets[0].publish("suspension", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
        (tmp_path / "chats").write_text(f"json://{far}/S3CR3T-canary\n", encoding="utf-8")
        chat = '[[channel]]\nid = "chat"\ntype = "apprise"\nurls_file = "chats"\nlanguage = "en"\n'
        config = world.configuration(tmp_path, port=free_port(), extra=chat)
        text = config.read_text(encoding="utf-8").replace(world.receiver.url, f"http://{far}/hook")
        config.write_text(text.replace('["mail", "hook"]', '["mail", "hook", "chat"]'), encoding="utf-8")
        told = [vigie("-c", config, "run", "--once") for _ in range(2)]
        assert [one.returncode for one in told] == [1, 1], "a dead letter is a failure"
        assert [path for path, _ in Far.posts].count("/hook") == 1
        chats = [json.loads(body) for path, body in Far.posts if path != "/hook"]
        assert len(chats) == 2, told[1].stderr
        assert "Mali" in chats[0]["title"]
        assert "Acknowledge" in chats[0]["message"]
        assert chats[1]["title"] == "Channel hook: the receiver wants no more"
        assert len(world.mails) == 2
        assert "vigie deliveries reset hook" in world.mails[1].text.replace("\n", " ")
    listed = vigie("-c", config, "deliveries", "list")
    assert "json-1" in listed.stdout
    everything = "".join(one.stdout + one.stderr for one in (*told, listed))
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert "S3CR3T" not in everything
    assert b"S3CR3T" not in stored
