"""The whole service, from a feed on loopback to the mail and the webhook that arrive."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.world import World, exported, free_port, kill, start_vigie, vigie, wait_until

SEED = Path(__file__).parents[2] / "shared" / "seed" / "keystone-ats-2025-09-19.txt"

TITLE = "Paris gèle sa coopération antiterroriste avec Bamako"
ACTS = [
    "La France a suspendu jeudi sa coopération antiterroriste avec le Mali et déclaré deux diplomates maliens "
    "persona non grata, en représailles à l'arrestation à Bamako d'un agent français.",
    "Le 15 août, les autorités maliennes avaient annoncé l'arrestation d'un Français accusé d'espionnage.",
    "En réaction, le Mali a déclaré à son tour persona non grata cinq membres de l'ambassade de France.",
    "Le pays est dirigé par des militaires depuis les coups d'État de 2020 et de 2021.",
    "(afl)",
]
WEATHER = [
    "La crue du Niger est arrivée cette année avec trois semaines de retard, et les pêcheurs de Mopti l'attendaient "
    "avec impatience pour reprendre leurs campagnes dans les bras morts du delta intérieur.",
    "Selon les relevés du port, le niveau dépasse de quarante centimètres celui de l'an dernier à la même date.",
]
EXPECTED = {
    ("suspend_cooperation", "FRA", "MLI"),
    ("expel_diplomats", "FRA", "MLI"),
    ("expel_diplomats", "MLI", "FRA"),
}


@pytest.fixture
def world() -> Iterator[World]:
    with World() as press:
        # A feed without a single entry is a failure of its own.
        press.outlets[0].publish("weather", "Le fleuve est haut à Mopti", WEATHER)
        yield press


def asserted(event_body: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    events = event_body["data"]["events"]
    return {(e["type"], e["actor"], e["target"]) for e in events if e["status"] == "asserted"}


def assert_told_once(world: World, config: Path) -> None:
    first = vigie("-c", config, "run", "--once")
    assert first.returncode == 0, first.stderr
    assert len(world.mails) == 1
    assert len(world.events) == 1
    assert asserted(world.events[0].body) >= EXPECTED
    told = {(event["type"], event["actor"], event["target"]) for event in world.events[0].body["data"]["events"]}
    assert ("detain_national", "MLI", "FRA") in told
    for _ in range(2):
        again = vigie("-c", config, "run", "--once")
        assert again.returncode == 0, again.stderr
    assert len(world.mails) == 1
    assert len(world.events) == 1
    assert world.receiver.repeats == 0


def test_one_article_is_told_once_with_all_its_acts(world: World, tmp_path: Path) -> None:
    world.outlets[0].publish("suspension", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
    config = world.configuration(tmp_path, port=free_port())
    assert_told_once(world, config)
    mail = world.mails[0]
    assert "persona non grata" in mail.text
    assert "persona non grata" in mail.html
    articles = exported(config, "articles")
    assert {article["title"] for article in articles} == {TITLE, "Le fleuve est haut à Mopti"}
    # What the service told is what a backtest of the same watch tells.
    tried = vigie("-c", config, "backtest", "--since", "1d", "--json")
    assert tried.returncode == 0, tried.stderr
    found = json.loads(tried.stdout)
    assert [found[name] for name in ("same", "other", "gained", "lost", "inexact_readings")] == [1, 0, 0, 0, 0]


def test_the_reference_article_is_told_once(world: World, tmp_path: Path) -> None:
    if not SEED.exists():
        pytest.skip("the reference article is not on this machine")
    paragraphs = [line for line in SEED.read_text(encoding="utf-8").splitlines() if line.strip()]
    world.outlets[0].publish("reference", paragraphs[1], paragraphs[2:], datetime(2025, 9, 19, 15, 0, tzinfo=UTC))
    assert_told_once(world, world.configuration(tmp_path, port=free_port()))


def test_five_outlets_with_one_dispatch_are_one_story_and_one_alert(tmp_path: Path) -> None:
    with World(outlets=5) as world:
        for number, outlet in enumerate(world.outlets):
            title = TITLE if number == 0 else f"{TITLE} ({outlet.id})"
            outlet.publish("dispatch", title, ACTS, datetime(2025, 9, 19, 8, 30 + number, tzinfo=UTC))
        config = world.configuration(tmp_path, port=free_port())
        result = vigie("-c", config, "run", "--once")
        assert result.returncode == 0, result.stderr
        assert len(world.events) == 1
        assert len(world.mails) == 1
        stories = exported(config, "stories")
        assert [(story["articles"], story["outlets"]) for story in stories] == [(5, 5)]


async def _html(_request: web.Request) -> web.Response:
    return web.Response(text="<html><body>Accept our cookies</body></html>", content_type="text/html")


async def _not_found(_request: web.Request) -> web.Response:
    return web.Response(status=404)


async def _error(_request: web.Request) -> web.Response:
    return web.Response(status=500)


async def _broken(_request: web.Request) -> web.Response:
    return web.Response(text="<rss><channel><item><title>cut", content_type="application/rss+xml")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
    await response.prepare(request)
    block = b"<!--" + b"x" * 65536 + b"-->"
    try:
        while True:
            await response.write(block)
    except ConnectionError:
        return response


def test_a_broken_feed_is_a_named_failure_and_disturbs_no_other(tmp_path: Path) -> None:
    faults = {"outlet-1": _html, "outlet-2": _not_found, "outlet-3": _error, "outlet-4": _broken, "outlet-5": _endless}
    names: dict[str, set[str | None]] = {
        "outlet-1": {"not_a_feed"},
        "outlet-2": {"not_found"},
        "outlet-3": {"server_error"},
        "outlet-4": {"broken_feed", "empty_feed"},
        "outlet-5": {"too_large"},
        "outlet-6": {None},
    }
    with World(outlets=6) as world:
        for outlet in world.outlets:
            outlet.fault = faults.get(outlet.id)
        world.outlets[5].publish("dispatch", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
        config = world.configuration(tmp_path, port=free_port())
        result = vigie("-c", config, "run", "--once")
        assert result.returncode == 1, result.stderr
        assert len(world.events) == 1
        listed = [json.loads(line) for line in vigie("-c", config, "sources", "list", "--json").stdout.splitlines()]
        assert {row["id"]: row["failure"] in names[row["id"]] for row in listed} == dict.fromkeys(names, True), listed


def test_a_second_instance_is_refused_and_told_who_owns_the_folder(world: World, tmp_path: Path) -> None:
    port = free_port()
    config = world.configuration(tmp_path, port=port)
    owner = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: _answers(port, "/readyz"), within=30, what="the service to be fit")
        second = vigie("-c", config, "run", "--once")
        assert second.returncode == 4
        assert str(owner.pid) in second.stderr
    finally:
        kill(owner)
    assert vigie("-c", config, "run", "--once").returncode == 0


def test_sigterm_stops_the_service_in_time_with_nothing_lost(world: World, tmp_path: Path) -> None:
    port = free_port()
    config = world.configuration(tmp_path, port=port)
    service = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: _answers(port, "/readyz"), within=30, what="the service to be fit")
        world.outlets[0].publish("suspension", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
        wait_until(lambda: len(world.events) == 1 and len(world.mails) == 1, within=30, what="the alert")
        service.terminate()
        assert service.wait(10) == 0
    finally:
        if service.poll() is None:
            kill(service)
    assert vigie("-c", config, "run", "--once").returncode == 0
    assert len(world.events) == 1


def test_a_damaged_archive_is_refused_and_not_touched(world: World, tmp_path: Path) -> None:
    config = world.configuration(tmp_path, port=free_port())
    assert vigie("-c", config, "run", "--once").returncode == 0
    database = tmp_path / "data" / "vigie.db"
    database.write_bytes(database.read_bytes()[:100])
    for name in ("vigie.db-wal", "vigie.db-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file() and path.name != "lock"
    }
    result = vigie("-c", config, "run", "--once")
    assert result.returncode == 3
    assert "vigie.db" in result.stderr
    after = {
        path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file() and path.name != "lock"
    }
    assert after == before


def _answers(port: int, path: str) -> bool:
    with socket.socket() as client:
        client.settimeout(2)
        try:
            client.connect(("127.0.0.1", port))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in client.recv(64)
        except OSError:
            return False


def test_an_alert_is_acknowledged_and_silenced_while_the_service_runs(world: World, tmp_path: Path) -> None:
    port = free_port()
    config = world.configuration(tmp_path, port=port)
    world.outlets[0].publish("suspension", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
    service = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: len(world.events) == 1, within=30, what="the alert")
        alert = str(world.events[0].body["data"]["alert"])
        told = vigie("-c", config, "alerts", "ack", alert)
        assert told.returncode == 0, told.stderr
        assert exported(config, "alerts")[0]["acknowledged"]
        assert vigie("-c", config, "alerts", "ack", "alr_unknown").returncode == 1
        held = vigie("-c", config, "silence", "add", "--for", "1h", "--reason", "a quiet hour")
        assert held.returncode == 0, held.stderr
        listed = vigie("-c", config, "silence", "list", "--json")
        assert json.loads(listed.stdout)["reason"] == "a quiet hour"
    finally:
        kill(service)


def test_what_an_import_recorded_silences_no_live_report(world: World, tmp_path: Path) -> None:
    config = world.configuration(tmp_path, port=free_port())
    line = {"id": "1", "title": TITLE, "text": "\n".join(ACTS), "published": "2025-09-19T08:00:00+00:00", "lang": "fr"}
    (tmp_path / "past.jsonl").write_text(json.dumps(line), encoding="utf-8")
    recorded = vigie("-c", config, "import", tmp_path / "past.jsonl")
    assert json.loads(recorded.stdout)["alerts"][0]["alert"] is True
    world.outlets[0].publish("suspension", TITLE, ACTS, datetime(2025, 9, 19, 8, 30, tzinfo=UTC))
    assert vigie("-c", config, "run", "--once").returncode == 0
    assert len(world.events) == 1
