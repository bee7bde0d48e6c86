"""Channels of type apprise in the configuration, and ``check --send`` through them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from alerts.settings import AppriseChannel
from vigie.commands import run_command_line
from vigie.errors import ConfigurationError
from vigie.settings import parse_settings

SECRET = "S3CR3T-canary"
CHANNEL = '[[channel]]\nid = "phones"\ntype = "apprise"\nlanguage = "en"\nmin_severity = 3\n'


class Posts(BaseHTTPRequestHandler):
    """A service that takes everything but what is meant for ``/refuse``."""

    seen: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(403 if "refuse" in self.path else 200)
        self.end_headers()
        self.wfile.write(f"said {self.path}".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Posts.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Posts) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def read(text: str, base: Path, *, with_secrets: bool = True) -> AppriseChannel:
    settings = parse_settings(text, base / "vigie.toml", base, with_secrets=with_secrets)
    (channel,) = settings.channels
    assert isinstance(channel, AppriseChannel)
    assert SECRET not in repr(settings)
    return channel


def test_addresses_come_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chats").write_text(f"# the desk\nslack://{SECRET}/b/c\n\n  ntfy://ntfy.example/topic\n")
    channel = read(CHANNEL + 'urls_file = "chats"\n', tmp_path)
    assert channel.urls == (f"slack://{SECRET}/b/c", "ntfy://ntfy.example/topic")
    assert (channel.recipients, channel.language, channel.min_severity) == (("slack-1", "ntfy-1"), "en", 3)
    monkeypatch.setenv("VIGIE_CHAT", f"tgram://{SECRET}/1")
    assert read(CHANNEL + 'urls = "env:VIGIE_CHAT"\n', tmp_path).recipients == ("tgram-1",)
    both = read(CHANNEL + 'urls = ["env:VIGIE_CHAT", "env:VIGIE_CHAT"]\n', tmp_path)
    assert both.recipients == ("tgram-1", "tgram-2")


def test_what_sends_nothing_reads_no_address(tmp_path: Path) -> None:
    assert read(CHANNEL + 'urls_file = "missing"\n', tmp_path, with_secrets=False).urls == ("unknown://unknown",)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", "urls_file ="),
        ('urls = ["env:VIGIE_CHAT"]\nurls_file = "chats"', "not both"),
        ('urls = ["slack://a/b/c"]', "never written in this file"),
        ('urls = ["env:VIGIE_UNSET"]', "VIGIE_UNSET is not set"),
        ('urls_file = "missing"', "cannot be read"),
        ('urls_file = "empty"', "at least one service"),
        ('urls_file = "wrong"', "address 2 is no service address"),
        ('url = "x"', "known here"),
    ],
)
def test_what_cannot_work_is_told_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, told: str
) -> None:
    monkeypatch.setenv("VIGIE_CHAT", f"tgram://{SECRET}/1")
    monkeypatch.delenv("VIGIE_UNSET", raising=False)
    (tmp_path / "chats").write_text("json://a.example")
    (tmp_path / "empty").write_text("# nothing\n")
    (tmp_path / "wrong").write_text(f"json://a.example\n{SECRET}\n")
    with pytest.raises(ConfigurationError) as refused:
        read(f"{CHANNEL}{keys}\n", tmp_path)
    assert told in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_test_goes_to_every_address_and_each_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chats").write_text(
        f"json://127.0.0.1:{port}/{SECRET}\njson://127.0.0.1:{port}/refuse/{SECRET}\nntfy://127.0.0.1:{port}/topic\n"
    )
    head = '[network]\nallow_cidrs = ["127.0.0.0/8"]\n'
    (tmp_path / "vigie.toml").write_text(head + CHANNEL + 'urls_file = "chats"\n')
    assert run_command_line(["check", "--send"]) == 1
    told = "".join(capsys.readouterr())
    assert SECRET not in told
    assert [line.split(":")[0] for line in told.splitlines() if line.startswith("phones")] == [
        "phones json-1", "phones json-2", "phones ntfy-1",
    ]  # fmt: skip
    assert told.count(": ok ") == 2
    assert "HTTP 403" in told
    assert len(Posts.seen) == 3
    assert all("[Test]" in json.loads(body)["title"] for _, body in Posts.seen)
