"""Subscriptions as the archive keeps them, and what an announcement may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import sources, websub
from storage.database import open_writer, transaction
from storage.types import CrawlFailure, FailureReason, PollResult, Source, Subscription, SubscriptionState

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FEED = "https://gazette.example/feed.xml"
SOURCE = Source(id="gazette", name="Gazette", url="https://gazette.example/", feeds=(FEED,))
SUBSCRIPTION = Subscription(
    token="token", source_id="gazette", url=FEED, hub="https://hub.example/", topic=FEED,
    callback="https://vigie.example/websub/token", secret="secret", state=SubscriptionState.WANTED,
    created_at=NOW, next_step_at=NOW,
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_writer(tmp_path)
    with transaction(database):
        sources.sync(database, [SOURCE], NOW)
    yield database
    database.close()


def planned(database: Database, failure: CrawlFailure | None = None) -> None:
    """Store a poll after which feed and source rest until :data:`LATER`."""
    result = PollResult(order_id="1", source_id="gazette", url=FEED, failure=failure)
    with transaction(database):
        sources.record_feed(database, result, NOW)
        sources.plan_address(database, "gazette", FEED, resume_at=LATER, failure=failure)
        sources.record_poll(database, "gazette", failure=failure, new_entries=0, next_check_at=LATER, now=NOW)


def test_a_subscription_comes_back_as_it_was_stored(database: Database) -> None:
    full = replace(
        SUBSCRIPTION, state=SubscriptionState.ACTIVE, asked_at=NOW, lease_until=LATER, announced_at=NOW,
        failures=2, detail="HTTP 500",
    )  # fmt: skip
    with transaction(database):
        websub.save(database, SUBSCRIPTION)
        websub.save(database, replace(SUBSCRIPTION, token="other", created_at=LATER))
        websub.save(database, full)
    assert websub.all_subscriptions(database) == [full, replace(SUBSCRIPTION, token="other", created_at=LATER)]
    with transaction(database):
        websub.remove(database, "token")
    assert [known.token for known in websub.all_subscriptions(database)] == ["other"]


def test_an_announced_feed_is_due_when_it_may_be(database: Database) -> None:
    planned(database)
    soon = NOW + timedelta(minutes=1)
    with transaction(database):
        assert websub.hasten(database, "gazette", FEED, soon)
    assert sources.due(database, soon - timedelta(seconds=1)) == []
    assert sources.due(database, soon) == ["gazette"]
    assert sources.feed_state(database, "gazette", FEED).resume_at == soon
    with transaction(database):
        websub.hasten(database, "gazette", FEED, LATER)
    assert sources.due(database, soon) == ["gazette"]


def test_a_failing_an_unknown_and_a_switched_off_feed_keep_their_plan(database: Database) -> None:
    planned(database, CrawlFailure(reason=FailureReason.SERVER_ERROR, detail="down"))
    with transaction(database):
        assert not websub.hasten(database, "gazette", FEED, NOW)
        assert not websub.hasten(database, "gazette", "https://other.example/", NOW)
    assert sources.due(database, NOW) == []
    planned(database)
    with transaction(database):
        sources.sync(database, [replace(SOURCE, enabled=False)], NOW)
        assert not websub.hasten(database, "gazette", FEED, NOW)
    assert sources.due(database, LATER) == []
