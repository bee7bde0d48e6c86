"""The running service looks at pages again: an edit arrives as an update, a page that went is recorded."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.test_service_once import ACTS, TITLE, WEATHER
from tests.world import World, exported, free_port, vigie

RECALL = "Dans la soirée, le Mali a rappelé son ambassadeur en France pour consultations."


def hasten(folder: Path) -> None:
    """Make the looks that are planned due now."""
    with closing(sqlite3.connect(folder / "data" / "vigie.db")) as database, database:
        database.execute("UPDATE look SET next_look_at = '2026-01-01T00:00:00.000000+00:00' WHERE next_look_at NOTNULL")


def test_an_edit_is_told_and_so_is_a_page_that_went(tmp_path: Path) -> None:
    with World() as world:
        outlet = world.outlets[0]
        # A feed without a single entry is a failure of its own.
        outlet.publish("weather", "Le fleuve est haut à Mopti", WEATHER)
        outlet.publish("a", TITLE, ACTS[:4], datetime.now(UTC))
        config = world.configuration(tmp_path, port=free_port())
        assert vigie("-c", config, "run", "--once").returncode == 0
        assert [event.body["type"] for event in world.events] == ["alert.new"]

        outlet.publish("a", TITLE, [*ACTS[:4], RECALL], datetime.now(UTC))
        hasten(tmp_path)
        assert vigie("-c", config, "run", "--once").returncode == 0
        assert [event.body["type"] for event in world.events] == ["alert.new", "alert.edited"]
        update = world.events[1].body["data"]
        assert (update["events"][0]["type"], update["events"][0]["change"]) == ("recall_ambassador", "added")

        title, _ = outlet.pages.pop("a")
        for _ in range(2):
            hasten(tmp_path)
            assert vigie("-c", config, "run", "--once").returncode in {0, 1}
        (article,) = [found for found in exported(config, "articles") if found["title"] == title]
        assert article["withdrawn"] is not None
        explained = vigie("-c", config, "explain", str(article["id"])).stdout
        assert "edited" in explained
        assert "withdrawn" in explained
        assert [event.body["type"] for event in world.events] == ["alert.new", "alert.edited", "alert.correction"]
        assert world.events[2].body["data"]["reason"] == "withdrawn"

        alert_id = update["alert"]
        assert vigie("-c", config, "export", "evidence", alert_id, "-o", tmp_path / "packet.zip").returncode == 0
        verdict = vigie("verify", tmp_path / "packet.zip", "--json")
        assert verdict.returncode == 0, verdict.stdout
        assert json.loads(verdict.stdout)["pages"] == 2
