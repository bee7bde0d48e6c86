"""Which definition of a watch holds: the file's, or what people edited on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from scheduler import changes
from storage import watch_edits
from storage.database import open_writer, transaction
from storage.types import Person, Role
from storage.watch_edits import ChangedMeanwhileError
from vigie.settings import Settings, parse_settings
from vigie.watch_definitions import check, digest, read_watches, standings, with_edits

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
AWA = Person(id=None, name="Awa", role=Role.ADMIN)
FILE = """
[service]
data_dir = "data"
[[source]]
id = "lessor"
feeds = ["https://lessor.example/feed"]
[[channel]]
id = "hook"
type = "webhook"
url = "https://hooks.example/vigie"
secret = "env:VIGIE_HOOK"
[[watch]]
id = "sahel"
name = "Sahel"
query = "Mali"
pairs = ["FRA-MLI"]
quiet_hours = "22:00-07:00"
cooldown = "2h"
channels = ["hook"]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse_settings(FILE, None, tmp_path, with_secrets=False)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = open_writer(settings.data_dir)
    yield opened
    opened.conn.close()


def save(database: Database, settings: Settings, definition: dict[str, Any], **given: Any) -> str:
    watch_id = definition["id"]
    values = {
        "watch": watch_id, "definition": definition, "base": watch_edits.version(database, watch_id),
        "based_on": digest(settings.watch_tables.get(watch_id)), **given,
    }  # fmt: skip
    with transaction(database):
        return changes.apply(database, "save_watch", values, NOW, by=AWA).sentence


def edited(settings: Settings, **given: Any) -> dict[str, Any]:
    return {**settings.watch_tables["sahel"], **given}


@pytest.mark.parametrize(
    ("given", "key", "position"),
    [
        ({"query": "Mali AND (France"}, "query", 9),
        ({"pairs": ["FRA-France"]}, "pairs", None),
        ({"min_severity": 9}, "min_severity", None),
        ({"quiet_hours": "at night"}, "quiet_hours", None),
        ({"channels": ["fax"]}, "channels", None),
        ({"statuses": []}, "statuses", None),
        ({"cooldwn": "2h"}, "cooldwn", None),
        ({"types": ["quarrel"]}, "types", None),
        ({"id": "No id"}, "id", None),
    ],
)
def test_a_fault_names_its_key_and_in_a_query_its_character(
    settings: Settings, given: dict[str, Any], key: str, position: int | None
) -> None:
    checked = check(edited(settings, **given), settings)
    assert checked.watch is None
    assert {(fault.key, fault.position) for fault in checked.faults} == {(key, position)}


def test_the_files_own_definition_has_no_fault(settings: Settings) -> None:
    checked = check(settings.watch_tables["sahel"], settings)
    assert checked.watch == settings.watches[0]
    assert checked.faults == ()


def test_an_edit_holds_in_place_of_the_file_until_it_is_taken_back(settings: Settings, database: Database) -> None:
    assert save(database, settings, edited(settings, min_severity=4)) == "watch sahel is saved as version 1"
    (watch,) = read_watches(settings, database).watches
    assert (watch.min_severity, watch.cooldown) == (4, settings.watches[0].cooldown)
    with transaction(database):
        given = {"watch": "sahel", "base": 1, "based_on": digest(settings.watch_tables["sahel"])}
        changes.apply(database, "revert_watch", given, NOW, by=AWA)
    assert read_watches(settings, database).watches == settings.watches
    assert [edit.version for edit in watch_edits.history(database, "sahel")] == [2, 1]


def test_a_watch_is_made_on_the_page_and_switched_off(settings: Settings, database: Database) -> None:
    save(database, settings, {"id": "niger", "query": "Niger", "channels": ["hook"]})
    found = read_watches(settings, database)
    assert [watch.id for watch in found.watches] == ["sahel", "niger"]
    assert "niger" in found.queries
    save(database, settings, {"id": "niger", "query": "Niger"}, enabled=False)
    assert [watch.id for watch in read_watches(settings, database).watches] == ["sahel"]
    assert [one.watch_id for one in standings(settings, watch_edits.latest(database))] == ["sahel", "niger"]
    with transaction(database):
        changes.apply(database, "revert_watch", {"watch": "niger", "base": 2, "based_on": ""}, NOW, by=AWA)
    assert [one.watch_id for one in standings(settings, watch_edits.latest(database))] == ["sahel"]


def test_who_saves_second_loses_nothing_of_the_first(settings: Settings, database: Database) -> None:
    save(database, settings, edited(settings, min_severity=4))
    with pytest.raises(ChangedMeanwhileError, match="changed meanwhile by Awa: version 1 holds, you saw 0"):
        save(database, settings, edited(settings, min_severity=1), base=0)
    assert read_watches(settings, database).watches[0].min_severity == 4


def test_a_file_that_changes_after_an_edit_is_told(settings: Settings, database: Database, tmp_path: Path) -> None:
    save(database, settings, edited(settings, min_severity=4))
    other = parse_settings(FILE.replace('"Mali"', '"Mali OR Niger"'), None, tmp_path, with_secrets=False)
    found = read_watches(other, database)
    assert found.watches[0].min_severity == 4
    assert found.warnings[0].startswith("watch sahel: it was changed in the configuration after Awa edited it")
    gone = parse_settings(FILE[: FILE.index("[[watch]]")], None, tmp_path, with_secrets=False)
    assert [watch.id for watch in read_watches(gone, database).watches] == ["sahel"]
    assert "was taken out of the configuration" in read_watches(gone, database).warnings[0]


def test_a_name_that_left_the_configuration_is_left_out_with_a_word(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    save(database, settings, edited(settings, min_severity=4))
    start, end = FILE.index("[[channel]]"), FILE.index("[[watch]]")
    other = parse_settings(
        (FILE[:start] + FILE[end:]).replace('channels = ["hook"]', ""), None, tmp_path, with_secrets=False
    )
    found = read_watches(other, database)
    assert found.watches[0].channels == ()
    assert any("channels names hook" in warning for warning in found.warnings)


def test_an_edit_that_cannot_be_used_takes_no_watch_away(settings: Settings, database: Database) -> None:
    save(database, settings, edited(settings, types=["quarrel"]))
    found = read_watches(settings, database)
    assert found.watches == settings.watches
    assert "version 1 cannot be used (types: there is no type 'quarrel'" in found.warnings[0]


def test_commands_beside_the_service_see_the_same_watches(settings: Settings, database: Database) -> None:
    assert with_edits(settings).watches == settings.watches
    save(database, settings, {"id": "niger", "query": "Niger", "channels": ["hook"]})
    both = with_edits(settings)
    assert [watch.id for watch in both.watches] == ["sahel", "niger"]
    assert set(both.queries) == {"sahel", "niger"}


def test_watches_made_in_code_hold_without_a_file(settings: Settings, database: Database) -> None:
    made = replace(settings, watch_tables={})
    assert read_watches(made, database).watches == settings.watches
    (one,) = standings(made, {})
    assert check({**one.definition, "quiet_hours": "22:00-07:00"}, made).watch == settings.watches[0]


def test_examples_are_kept_once(settings: Settings, database: Database) -> None:
    given = {"watch": "sahel", "title": "Un titre", "text": "Un texte", "must": True}
    with transaction(database):
        for must in (True, False):
            changes.apply(database, "add_example", given | {"must": must}, NOW, by=AWA)
    (example,) = watch_edits.examples(database, "sahel")
    assert (example.must, example.title, example.by) == (False, "Un titre", "Awa")
    with transaction(database):
        changes.apply(database, "drop_example", {"watch": "sahel", "example": example.id}, NOW, by=AWA)
    assert watch_edits.examples(database, "sahel") == []
