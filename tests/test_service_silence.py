"""Silences, acknowledgements and escalation through the running service: real HTTP, real mail, real webhooks."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.world import World, free_port, kill, start_vigie, vigie, wait_until

WHEN = datetime(2025, 9, 19, 8, 30, tzinfo=UTC)
EXPULSION = (
    "Le Mali expulse deux diplomates français",
    ["Le Mali a expulsé vendredi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako."],
)
SUMMONS = (
    "La France convoque l’ambassadeur du Mali",
    ["La France a convoqué vendredi l’ambassadeur du Mali à Paris, a indiqué le Quai d’Orsay dans un message bref."],
)


@pytest.fixture
def world() -> Iterator[World]:
    with World(outlets=1) as started:
        yield started


def configuration(world: World, folder: Path, port: int, *extra: str) -> Path:
    """Write a configuration whose watch has the lines ``extra`` besides its own."""
    path = world.configuration(folder, port=port)
    text = path.read_text(encoding="utf-8").replace("[service]\n", '[service]\ncanary = "0s"\nnotify = []\n', 1)
    lines = "\n".join(extra)
    path.write_text(text.replace("[[watch]]\n", f"[[watch]]\n{lines}\n", 1), encoding="utf-8")
    return path


def ask(url: str, method: str = "GET", fields: dict[str, str] | None = None, cookie: str = "") -> tuple[int, str, str]:
    """Ask a page; return status, text and the cookies it gave."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request(
            method,
            parts.path + (f"?{parts.query}" if parts.query else ""),
            urlencode(fields or {}) if method == "POST" else None,
            headers,
        )
        response = connection.getresponse()
        cookies = [line.partition(";")[0] for line in response.headers.get_all("set-cookie", [])]
        return response.status, response.read().decode(), "; ".join(cookies)
    finally:
        connection.close()


def fill_in(url: str, **fields: str) -> None:
    """Open a page with a form, fill it in and send it, as a person does."""
    status, page, cookie = ask(url)
    assert status == 200
    token = re.search(r'name="token" value="([0-9a-f]+)"', page)
    assert token is not None
    status, answer, _ = ask(url, "POST", {"token": token[1], **fields}, cookie)
    assert status == 303, answer


def told(world: World, kind: str) -> list[Any]:
    return [event.body for event in world.events if event.body["type"] == kind]


def test_the_links_of_a_message_acknowledge_and_silence_and_the_end_tells_what_was_hidden(
    world: World, tmp_path: Path
) -> None:
    config = configuration(world, tmp_path, free_port())
    world.outlets[0].publish("expulsion", *EXPULSION, WHEN)
    service = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: bool(world.events) and bool(world.mails), within=30, what="the alert")
        links = world.events[0].body["data"]["links"]
        assert links["ack"] in world.mails[0].text
        assert links["silence"] in world.mails[0].text
        # What the scanner of a mail program does.
        for _ in range(2):
            assert ask(links["ack"])[0] == ask(links["silence"])[0] == 200
        assert "<button>Acknowledge</button>" in ask(f"{links['ack']}?lang=en")[1]
        fill_in(links["ack"], author="Awa")
        (listed,) = [json.loads(line) for line in vigie("-c", config, "alerts", "list", "--json").stdout.splitlines()]
        assert listed["acknowledged_by"] == "Awa"
        fill_in(links["silence"], author="Awa", reason="sommet", scope="watch", **{"for": "4h"})
        world.outlets[0].publish("convoque", *SUMMONS, WHEN)
        base = links["ack"].partition("/alerts/")[0]
        wait_until(lambda: "convocation" in ask(f"{base}/silences/1")[1], within=30, what="the alert to be held back")
        assert (len(world.events), len(world.mails)) == (1, 1)
        fill_in(f"{base}/silences/1")
        wait_until(lambda: bool(told(world, "silence.ended")) and len(world.mails) == 2, within=20, what="the end")
        (end,) = told(world, "silence.ended")
        (named,) = end["data"]["alerts"]
        assert "convocation" in named["headline"]
        assert named["url"] in world.mails[1].text
        assert "sommet" in world.mails[1].text
    finally:
        kill(service)


def _hid(config: Path) -> int:
    listed = vigie("-c", config, "silence", "list", "--json").stdout.splitlines()
    return sum(int(json.loads(line)["hid"]) for line in listed)


def test_the_end_of_a_silence_is_told_once_though_the_service_is_killed_around_it(world: World, tmp_path: Path) -> None:
    port = free_port()
    config = configuration(world, tmp_path, port)
    silence = vigie("-c", config, "silence", "add", "--for", "1d", "--watch", "watch", "--reason", "essai")
    assert silence.returncode == 0, silence.stderr
    world.outlets[0].publish("expulsion", *EXPULSION, WHEN)
    assert vigie("-c", config, "run", "--once").returncode == 0
    assert not world.events
    assert not world.mails
    assert _hid(config) == 1
    assert vigie("-c", config, "silence", "end", "1").returncode == 0
    # Killed at once, when it is up, and in the middle of sending.
    url = f"http://127.0.0.1:{port}/healthz"
    for reached in (lambda: True, lambda: _answers(url), lambda: bool(world.events or world.mails)):
        service = start_vigie("-c", config, "run")
        wait_until(reached, within=30, what="the service to get so far")
        kill(service)
    assert vigie("-c", config, "run", "--once").returncode == 0
    assert [event.body["type"] for event in world.events] == ["silence.ended"]
    assert len({mail.message_id for mail in world.mails}) == 1


def _answers(url: str) -> bool:
    try:
        return ask(url)[0] == 200
    except OSError:
        return False


def test_what_nobody_acknowledges_goes_to_the_second_channel_once(world: World, tmp_path: Path) -> None:
    config = configuration(world, tmp_path, free_port(), 'escalate_after = "2s"', 'escalate_to = ["mail"]')
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"^channels = .*$", 'channels = ["hook"]', text, flags=re.MULTILINE), encoding="utf-8")
    world.outlets[0].publish("expulsion", *EXPULSION, WHEN)
    service = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: len(world.events) == 1, within=30, what="the alert")
        assert not world.mails
        kill(service)
        service = start_vigie("-c", config, "run")
        wait_until(lambda: len(world.mails) == 1, within=30, what="the escalation")
        mail = world.mails[0]
        assert "Non prise en charge" in mail.subject
        assert "Personne n’a pris cette alerte en charge" in mail.text
        assert world.events[0].body["data"]["links"]["ack"] in mail.text
        fill_in(world.events[0].body["data"]["links"]["ack"], author="Awa")
    finally:
        kill(service)
    assert vigie("-c", config, "run", "--once").returncode == 0
    assert len(world.mails) == 1
