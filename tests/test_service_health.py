"""The whole service tells of its sources, to the mail and the webhook that arrive."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from scheduler.service import Service
from scheduler.settings import ServiceSettings
from scheduler.watching import HealthSettings
from storage import health, watch_state
from storage.types import NetworkState
from tests.world import World, exported, free_port, start_vigie, vigie, wait_until
from vigie.running import service_settings
from vigie.settings import load


@pytest.fixture
def world() -> Iterator[World]:
    with World(outlets=2) as press:
        for outlet in press.outlets:
            outlet.publish(
                "crue", "Le fleuve est haut à Mopti", ["La crue du Niger est arrivée cette année en retard."] * 3
            )
        yield press


async def _consent(_request: web.Request) -> web.Response:
    return web.Response(text="<html><title>Cookies</title><body>Accept</body></html>", content_type="text/html")


def test_a_broken_feed_is_told_after_three_polls_and_its_recovery(world: World, tmp_path: Path) -> None:
    config = world.configuration(tmp_path, port=free_port())
    assert vigie("-c", config, "run", "--once").returncode == 0
    world.outlets[0].fault = _consent
    for _ in range(2):
        assert vigie("-c", config, "run", "--once").returncode == 1
        assert world.events == ()
    vigie("-c", config, "run", "--once")
    assert [event.body["type"] for event in world.events] == ["source.broken"]
    data = world.events[0].body["data"]
    assert (data["source"], data["state"]) == ("outlet-1", "broken_feed")
    assert "/feed.xml" in data["reason"]
    assert [mail.subject for mail in world.mails] == ["Source Outlet-1\u202f: flux cassé"]
    assert "page au lieu d’un flux" in world.mails[0].text
    vigie("-c", config, "run", "--once")
    assert len(world.events) == 1
    rows = [json.loads(line) for line in vigie("-c", config, "sources", "list", "--json").stdout.splitlines()]
    assert [row["health"] for row in rows] == ["broken_feed", "ok"]
    assert "4 times in a row" in rows[0]["reason"]
    world.outlets[0].fault = None
    vigie("-c", config, "run", "--once")
    assert [event.body["type"] for event in world.events] == ["source.broken", "source.recovered"]
    assert len(world.mails) == 2
    assert {alert["type"] for alert in exported(config, "alerts")} == {"source.broken", "source.recovered"}
    rows = [json.loads(line) for line in vigie("-c", config, "sources", "list", "--json").stdout.splitlines()]
    assert [row["health"] for row in rows] == ["ok", "ok"]
    shown = vigie("-c", config, "alerts", "show", data["alert"])
    assert "Outlet-1" in shown.stdout
    listed = [json.loads(line) for line in vigie("-c", config, "alerts", "list", "--json").stdout.splitlines()]
    assert {row["watch"] for row in listed} == {""}


def test_nobody_is_told_where_nobody_asked_for_it(world: World, tmp_path: Path) -> None:
    config = world.configuration(tmp_path, port=free_port())
    text = config.read_text("utf-8").replace("[network]", "notify = []\n[network]")
    config.write_text(text, "utf-8")
    checked = vigie("-c", config, "check")
    assert "notify is empty" in checked.stderr + checked.stdout
    world.outlets[0].fault = _consent
    for _ in range(4):
        vigie("-c", config, "run", "--once")
    assert world.events == ()
    assert [alert["type"] for alert in exported(config, "alerts")] == ["source.broken"]


def test_an_unknown_channel_is_refused(world: World, tmp_path: Path) -> None:
    config = world.configuration(tmp_path, port=free_port())
    config.write_text(config.read_text("utf-8").replace("[network]", 'notify = ["mial"]\n[network]'), "utf-8")
    refused = vigie("-c", config, "check")
    assert refused.returncode == 2
    assert "there is no channel 'mial'; did you mean 'mail'?" in refused.stderr


class _Pings(BaseHTTPRequestHandler):
    seen: list[str] = []  # noqa: RUF012 (one list for the one test)

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name of the base class)
        pass


def test_canary_and_heartbeat_of_a_running_service(world: World, tmp_path: Path) -> None:
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), _Pings)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    port = free_port()
    config = world.configuration(tmp_path, port=port)
    (tmp_path / "beat").write_text(f"http://127.0.0.1:{receiver.server_port}/ping/S3CR3T", "utf-8")
    own = 'canary = "10s"\nheartbeat_url_file = "beat"\nheartbeat_interval = "1s"\n[network]'
    config.write_text(config.read_text("utf-8").replace("[network]", own), "utf-8")

    def checks() -> dict[str, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        except OSError:
            return {}
        return {check["name"]: check for check in found["checks"]}

    process = start_vigie("-c", config, "run")
    try:
        wait_until(lambda: "came through" in checks().get("canary", {}).get("detail", ""), within=60, what="the canary")
        wait_until(lambda: len(_Pings.seen) > 0, within=30, what="a sign of life")
        found = checks()
        assert found["network"]["ok"]
        assert found["heartbeat"]["ok"]
        assert "S3CR3T" not in json.dumps(found)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        receiver.shutdown()
        receiver.server_close()
    assert set(_Pings.seen) == {"/ping/S3CR3T"}
    assert {article["source"] for article in exported(config, "articles")} <= {"outlet-1", "outlet-2"}
    assert exported(config, "alerts") == []
    assert world.events == ()
    doctor = vigie("-c", config, "doctor")
    assert "canary" in doctor.stdout
    assert "S3CR3T" not in doctor.stdout + doctor.stderr


def settings_of(config: Path) -> ServiceSettings:
    return replace(service_settings(load(config)), health=HealthSettings(network_confirm=timedelta(0)))


async def _portal(_request: web.Request) -> web.Response:
    return web.Response(text="<html><title>Hotel Wi-Fi</title><body>Sign in</body></html>", content_type="text/html")


@pytest.mark.parametrize("portal", [False, True])
def test_a_lost_network_is_one_notice_and_its_return_another(portal: bool, tmp_path: Path) -> None:
    """Three outlets behind one dead line, or behind one captive portal; nobody's feed is declared dead."""
    with World(outlets=3) as world:
        for outlet in world.outlets:
            outlet.publish("crue", "Le fleuve est haut à Mopti", ["La crue du Niger est arrivée cette année."] * 3)
        config = world.configuration(tmp_path, port=free_port())

        async def work() -> list[Mapping[str, Any]]:
            async with Service(settings_of(config)) as service:
                await service.run_once()
                for outlet in world.outlets:
                    outlet.fault = _portal if portal else _drop
                for _ in range(4):
                    await service.run_once()
                down = await service.archive.read(watch_state.network)
                assert down.state is NetworkState.DOWN
                assert (down.failure is None) is portal
                for outlet in world.outlets:
                    outlet.fault = None
                await service.run_once()
                assert (await service.archive.read(watch_state.network)).state is NetworkState.UP
                assert await service.archive.read(health.events) == []
            return [event.body for event in world.events]

        bodies = asyncio.run(work())
        assert [body["type"] for body in bodies] == ["network.down", "network.up"]
        assert bodies[0]["data"]["network"]["failed"] == 3
        assert len(world.mails) == 2


async def _drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
