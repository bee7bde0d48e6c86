"""Edits of watches take effect in a service that runs, between two articles."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from detection.query import parse
from scheduler.archive import Archive
from scheduler.batches import BatchDesk
from scheduler.building import build_gathering, build_pipeline, routes
from scheduler.escalation import build_escalation
from scheduler.settings import ServiceSettings
from scheduler.watch_keeper import WatchKeeper, with_edits
from scheduler.watch_source import WatchSet
from storage import alerts, sources
from storage.database import instance_id
from storage.types import Watch
from tests.lived import settings_for
from tests.test_scheduler_pipeline import ELSEWHERE, NOW, REPORT, SOURCES, WATCH

QUERY = "Mali"


class Edits:
    """What the archive would give of edits."""

    def __init__(self, *watches: Watch) -> None:
        self.found = WatchSet(watches=watches)

    def __call__(self, _database: Database) -> WatchSet:
        return self.found

    def become(self, *watches: Watch, warnings: tuple[str, ...] = ()) -> None:
        queries = {one.id: parse(one.query) for one in watches if one.query is not None}
        self.found = WatchSet(watches=watches, queries=queries, warnings=warnings)


def settings_of(folder: Path, edits: Edits) -> ServiceSettings:
    return replace(settings_for(folder, [], WATCH), sources=SOURCES, read_watches=edits)


def test_watches_change_between_two_articles(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    edits = Edits(ELSEWHERE)
    heard: list[list[str]] = []

    async def whole() -> tuple[list[tuple[str, str]], dict[str, timedelta]]:
        archive = Archive(tmp_path)
        await archive.open()
        settings = await with_edits(archive, settings_of(tmp_path, edits))
        assert settings.watches == (ELSEWHERE,)
        instance = await archive.read(instance_id)
        await archive.write(sources.sync, SOURCES, NOW)
        line = build_pipeline(settings, instance)
        batches = BatchDesk(archive, build_gathering(settings, instance), clock=lambda: NOW)
        escalation = build_escalation(settings.watches, routes(settings.channels), urgent_severity=4)
        keeper = WatchKeeper(
            archive, settings, pipeline=line, batches=batches, escalation=escalation, clock=lambda: NOW
        )
        keeper.hearers.append(lambda watches: heard.append([one.id for one in watches]))
        await archive.write(line.process, REPORT, key="one", now=NOW)
        edited = replace(WATCH, query=QUERY, escalate_after=timedelta(minutes=15), escalate_to=("mail",))
        edits.become(edited, ELSEWHERE, warnings=("watch france-mali: a word",))
        await keeper.reread()
        await archive.write(line.process, replace(REPORT, url="https://fleuve.example/2"), key="two", now=NOW)
        assert keeper.heard() == ([WATCH.id, ELSEWHERE.id], NOW)
        told = await archive.read(alerts.recent)
        await keeper.reread()
        await archive.close()
        return [(one.watch_id, one.type) for one in told], dict(escalation.waits)

    told, waits = asyncio.run(whole())
    # The first article was decided without the watch, the second with it, its query and its escalation.
    assert told == [(WATCH.id, "alert.new")]
    assert waits == {WATCH.id: timedelta(minutes=15)}
    assert heard == [[WATCH.id, ELSEWHERE.id]] * 2
    assert [record.message for record in caplog.records].count("watch france-mali: a word") == 1
