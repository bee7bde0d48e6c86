"""Rule folders of the real service: taken up while it runs, told once when broken, mended again."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.service import Service
from storage import alerts
from tests.world import World, free_port, vigie
from vigie.running import readiness, service_settings
from vigie.settings import load

RULE = """
language = "fr"
[[rule]]
id = "own.cake"
type = "sanctions"
match = ["~engloutir > gateau(x) <= 3"]
actor = ["subject"]
target = ["with"]
test = [{ text = "Le Mali engloutit les gâteaux avec la France.", actor = "MLI", target = "FRA" }]
"""
BROKEN = RULE.replace('target = "FRA"', 'target = "NER"')
TITLE = "Le Mali engloutit un gâteau avec la France"


def _folder(config: Path) -> Path:
    folder = config.parent / "rules"
    folder.mkdir()
    text = config.read_text("utf-8").replace("[network]", '[detection]\nrules = ["rules"]\n[network]')
    config.write_text(text, "utf-8")
    return folder


def _write(path: Path, text: str) -> None:
    """Write a file with a time of change of its own, as a person's edits have."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, "utf-8")
    if path.stat().st_mtime_ns == before:
        os.utime(path, ns=(before + 1, before + 1))


async def _until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    async def wait() -> None:
        while not await holds():  # noqa: ASYNC110 (nothing tells when it holds)
            await asyncio.sleep(0.02)

    try:
        await asyncio.wait_for(wait(), 30)
    except TimeoutError:
        pytest.fail(f"{what} did not come within 30 s")


def test_rules_are_taken_up_kept_and_mended_while_the_service_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.rulewatch")
    with World(outlets=1) as world:
        config = world.configuration(tmp_path, port=free_port())
        file = _folder(config) / "own.toml"
        settings = replace(service_settings(load(config)), rules_every=timedelta(seconds=0.1))

        async def work() -> None:
            async with Service(settings) as service:
                stop = asyncio.Event()
                running = asyncio.create_task(service.run(stop))

                async def check() -> tuple[bool, str]:
                    found = {check.name: check for check in (await readiness(service)).checks}["rules"]
                    return found.ok, found.detail

                async def version() -> str:
                    return service.rule_watch.loaded.rules.version

                first = await version()
                assert (await check())[0]
                _write(file, RULE)
                await _until(lambda: _differs(version, first), "the rule")
                second = await version()
                _write(file, BROKEN)
                await _until(lambda: _is(check, ok=False), "the refusal")
                _, detail = await check()
                assert f"{file}:9:9: own.cake: test[1]: " in detail
                assert "1 files stay in use as they were before" in detail
                assert await version() == second, "the earlier version stays"
                _write(file, BROKEN + "\n")
                world.outlets[0].publish("gateau", TITLE, ["Le gâteau était grand."] * 3)
                await service.desk.poll_source("outlet-1", everything=True)
                await service.desk.read_due_pages()
                decisions = await service.archive.read(alerts.decisions, 1)
                assert [one.rules_version for one in decisions] == [second]
                assert decisions[0].alert_id is not None
                _write(file, RULE.replace("<= 3", "<= 4"))
                await _until(lambda: _is(check, ok=True), "the mended rule")
                assert await version() not in {first, second}
                stop.set()
                await running

        asyncio.run(work())
    told = [record.message for record in caplog.records if "rule refused" in record.message]
    assert len(told) == 1, "one refusal is told once"
    changes = [record.message for record in caplog.records if record.message.startswith("rules changed")]
    assert len(changes) == 2


async def _differs(version: Callable[[], Awaitable[str]], first: str) -> bool:
    return await version() != first


async def _is(check: Callable[[], Awaitable[tuple[bool, str]]], *, ok: bool) -> bool:
    return (await check())[0] is ok


def test_a_refused_rule_is_told_by_every_command_and_costs_no_other(tmp_path: Path) -> None:
    with World(outlets=1) as world:
        config = world.configuration(tmp_path, port=free_port())
    folder = _folder(config)
    _write(folder / "own.toml", BROKEN)
    place = f"{folder / 'own.toml'}:9:9: own.cake: test[1]: "
    checked = vigie("-c", config, "check")
    assert checked.returncode == 1
    assert place in checked.stderr
    text = tmp_path / "text.txt"
    text.write_text(f"{TITLE}\nLe Mali expulse deux diplomates français.", "utf-8")
    flagged = vigie("-c", config, "flag", "--json", text)
    assert flagged.returncode == 1
    assert place in flagged.stderr
    assert {one["type"] for one in json.loads(flagged.stdout)["signals"]} == {"expel_diplomats"}
    examined = vigie("-c", config, "doctor", "--json")
    rows = {row["check"]: row for row in map(json.loads, examined.stdout.splitlines())}
    assert rows["rules"]["ok"] is False
    assert place in rows["rules"]["detail"]


def test_flag_and_evaluate_take_rules_that_are_not_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "draft"
    folder.mkdir()
    _write(folder / "own.toml", RULE)
    text = tmp_path / "text.txt"
    text.write_text(TITLE, "utf-8")
    assert json.loads(vigie("flag", "--json", text).stdout)["signals"] == []
    flagged = vigie("flag", "--json", "--rules", folder, text)
    assert flagged.returncode == 0
    assert [one["rule"] for one in json.loads(flagged.stdout)["signals"]] == ["own.cake"]
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text(json.dumps({"id": "1", "title": TITLE, "text": "", "should_alert": True}) + "\n", "utf-8")
    assert json.loads(vigie("evaluate", "--json", labelled).stdout)["missed"] == 1
    assert json.loads(vigie("evaluate", "--json", labelled, "--rules", folder).stdout)["missed"] == 0
