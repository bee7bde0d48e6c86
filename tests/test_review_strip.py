"""The trust strip: late sources, the last message of each channel; and what an empty list hides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from storage import last_deliveries as last
from storage import overview, sources
from storage.database import open_writer, transaction
from storage.times import to_text
from storage.types import DeliveryState, Source
from tests.outbox_fill import NOW, add_alert, add_article
from tests.visitor import Visitor, application

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path)
    yield found
    found.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1:8470", language="en", timezone="Europe/Zurich", data_folder=tmp_path, version="1",
        channels=("hook", "mail"),
    )  # fmt: skip
    return Visitor(application(database, settings))


def tell(database: Database, name: str, state: DeliveryState, minutes_ago: int, error: str | None = None) -> None:
    """Store an alert whose one delivery was tried so long ago and stands in a state."""
    at = NOW - minutes_ago * MINUTE
    with transaction(database):
        alert = add_alert(database, name, now=at - MINUTE)
        sent_at = to_text(at) if state is DeliveryState.SENT else None
        database.execute(
            "UPDATE delivery SET state = ?, sent_at = ?, last_error = ?, created_at = ? WHERE alert_id = ?",
            (state, sent_at, error, to_text(at - MINUTE), alert.id),
        )
        if state not in {DeliveryState.SUPPRESSED, DeliveryState.BATCHED}:
            database.execute(
                "INSERT INTO attempt (delivery_id, started_at, ended_at, outcome, detail) "
                "SELECT id, ?, ?, 'x', '' FROM delivery WHERE alert_id = ?",
                (to_text(at), to_text(at), alert.id),
            )


def test_the_last_message_is_the_one_tried_last(database: Database) -> None:
    tell(database, "a", DeliveryState.SENT, 30)
    tell(database, "b", DeliveryState.DEAD, 20, "403 from the far end")
    [found] = last.last_deliveries(database, ["hook"])
    assert (found.at, found.ok, found.error) == (NOW - 20 * MINUTE, False, "403 from the far end")
    tell(database, "c", DeliveryState.SENT, 10)
    tell(database, "d", DeliveryState.SUPPRESSED, 2)
    [found] = last.last_deliveries(database, ["hook"])
    assert (found.at, found.ok, found.error) == (NOW - 10 * MINUTE, True, None)


def test_the_last_message_is_found_along_an_index(database: Database) -> None:
    plan = database.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM delivery WHERE channel_id = ? AND state NOT IN ('batched', 'suppressed') "
        "ORDER BY created_at DESC LIMIT 20",
        ("hook",),
    ).fetchall()
    assert ["delivery_traffic" in row[3] for row in plan] == [True]


def test_the_strip_tells_of_each_channel(visitor: Visitor, database: Database) -> None:
    tell(database, "a", DeliveryState.SENT, 3)
    page = visitor.get("/")
    assert "hook: sent 3 min ago" in page.text
    assert "mail: nothing sent yet" in page.text
    tell(database, "b", DeliveryState.DEAD, 1, "<b>no</b>")
    page = visitor.get("/?lang=fr")
    assert "hook : échec il y a 1 min" in page.text
    assert "<b>no</b>" not in page.body


def test_a_source_that_is_overdue_is_late_and_not_up_to_date(visitor: Visitor, database: Database) -> None:
    both = [Source(id=name, name=name, url="https://x.example/") for name in ("on-time", "overdue")]
    with transaction(database):
        sources.sync(database, both, NOW)
        for name, due in (("on-time", NOW + MINUTE), ("overdue", NOW - 31 * MINUTE)):
            sources.record_poll(
                database, name, failure=None, new_entries=0, next_check_at=due, now=NOW - 50 * MINUTE
            )  # fmt: skip
    assert overview.overview(database, NOW).sources_late == 1
    page = visitor.get("/")
    assert "1 source up to date, 1 late" in page.text
    assert 'class="strip"' in page.body


def test_a_blind_strip_is_red(visitor: Visitor, database: Database) -> None:
    with transaction(database):
        sources.sync(database, [Source(id="s", name="s", url="https://x.example/")], NOW)
        sources.record_poll(
            database, "s", failure=None, new_entries=0, next_check_at=NOW + MINUTE, now=NOW - 90 * MINUTE
        )  # fmt: skip
    assert 'class="strip blind"' in visitor.get("/").body


def test_an_empty_list_says_how_many_its_filters_hide(visitor: Visitor, database: Database) -> None:
    tell(database, "a", DeliveryState.SENT, 3)
    with transaction(database):
        add_article(database, "soir")
    assert "They hide 1 event." in visitor.get("/?show=all&type=sanctions").text
    assert "Without them the list is empty too." in visitor.get("/?type=sanctions").text
