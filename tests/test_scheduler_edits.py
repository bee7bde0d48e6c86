"""Labelled edits of one article through the whole path: one alert for what came or went, none for anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from alerts.payload import read_payload
from storage import sources
from storage.database import open_writer, transaction
from storage.types import Alert
from tests.test_scheduler_pipeline import HOUR, NOW, SOURCES, WATCH, article, build, raised

Act = tuple[str, str, str]


@dataclass(frozen=True)
class Pair:
    """Two versions of an article, and the acts that a reader sees come and go between them."""

    id: str
    kind: str
    language: str
    before: tuple[str, tuple[str, ...]]
    after: tuple[str, tuple[str, ...]]
    came: frozenset[Act]
    went: frozenset[Act]


def pairs() -> list[Pair]:
    rows = (Path(__file__).parent / "data" / "edits.jsonl").read_text("utf-8").splitlines()
    return [
        Pair(
            id=row["id"],
            kind=row["kind"],
            language=row["lang"],
            before=(row["before"]["title"], tuple(row["before"]["paragraphs"])),
            after=(row["after"]["title"], tuple(row["after"]["paragraphs"])),
            came=frozenset((one[0], one[1], one[2]) for one in row["came"]),
            went=frozenset((one[0], one[1], one[2]) for one in row["went"]),
        )
        for row in map(json.loads, rows)
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_writer(tmp_path_factory.mktemp("edits"))
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


class _Undo(Exception):  # noqa: N818 - no error: it takes a trial back
    """Leaves nothing of a pair in the archive."""


def edits_told(archive: Database, pair: Pair) -> list[Alert]:
    """Return the alerts that an edit led to, in an archive that forgets it again."""
    line, told = build(archive, WATCH), []
    page = replace(article(slug=pair.id), language=pair.language)
    try:
        with transaction(archive):
            for hours, (title, paragraphs) in enumerate((pair.before, pair.after)):
                version = replace(page, title=title, paragraphs=paragraphs)
                line.process(archive, version, key=page.url, now=NOW + hours * HOUR)
            told = [alert for alert in raised(archive) if alert.created_at > NOW]
            raise _Undo
    except _Undo:
        return told


def test_each_labelled_edit_is_told_as_what_it_is(archive: Database) -> None:
    given = pairs()
    assert len(given) >= 50
    wrong, told_right, told, expected = [], 0, 0, 0
    for pair in given:
        alerts = edits_told(archive, pair)
        events = [event for alert in alerts for event in read_payload(alert).data.events if event.change]
        found = {
            change: {(one.type, one.actor, one.target) for one in events if one.change == change}
            for change in ("added", "removed")
        }
        told += len(alerts)
        expected += bool(pair.came or pair.went)
        right = found == {"added": pair.came, "removed": pair.went} and len(alerts) == bool(pair.came or pair.went)
        told_right += right and bool(alerts)
        if not right:
            wrong.append((pair.id, [alert.headline for alert in alerts], found))
    assert told_right / told >= 0.95, wrong
    # What is missed keeps a sentence in which detection still reads the act.
    assert told_right / expected >= 0.85, wrong
    assert not [name for name, alerts, _ in wrong if name.startswith("none") and alerts]
