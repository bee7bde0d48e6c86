"""What ``doctor`` says of the parts that are not always there: the browser and the hubs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from storage import sources, websub
from storage.database import open_writer, transaction
from storage.types import Subscription, SubscriptionState
from vigie.examining import examine
from vigie.settings import Settings, parse_settings

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SOURCE = '[[source]]\nid = "gazette"\nfeeds = ["https://gazette.example/feed.xml"]\n'


def read(folder: Path, text: str) -> Settings:
    return parse_settings(f'[service]\ndata_dir = "data"\n{text}', None, folder)


def findings(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {found["check"]: (found["ok"], found["detail"]) for found in examine(settings)}


def test_a_browser_is_looked_for_only_where_a_source_needs_one(tmp_path: Path) -> None:
    assert "browser" not in findings(read(tmp_path, SOURCE))
    asking = SOURCE + 'javascript = true\n[network]\nchromium = "/nowhere/chromium"\n'
    ok, detail = findings(read(tmp_path, asking))["browser"]
    assert not ok
    assert "vigie[javascript]" in detail or "[network] chromium" in detail


def test_hubs_are_told_of_with_what_fails(tmp_path: Path) -> None:
    settings = read(tmp_path, SOURCE)
    feed = "https://gazette.example/feed.xml"
    subscription = Subscription(
        token="token", source_id="gazette", url=feed, hub="https://hub.example/", topic=feed,
        callback="https://vigie.example/websub/token", secret="secret", state=SubscriptionState.WANTED,
        created_at=NOW, next_step_at=NOW, failures=4, detail="HTTP 500",
    )  # fmt: skip
    settings.data_dir.mkdir(mode=0o700)
    database = open_writer(settings.data_dir)
    with transaction(database):
        sources.sync(database, settings.sources, NOW)
    database.close()
    assert "hubs" not in findings(settings)
    database = open_writer(settings.data_dir)
    with transaction(database):
        websub.save(database, subscription)
    database.close()
    ok, detail = findings(settings)["hubs"]
    assert ok
    assert "1 wanted" in detail
    assert "gazette at https://hub.example/: HTTP 500" in detail
    assert "secret" not in detail
    assert "token" not in detail
