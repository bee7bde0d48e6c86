"""Retention lets go of pages and attempts that are old, and of nothing that is still needed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, articles, deliveries, evidence, retention, sources, stories
from storage.alerts import NewDelivery
from storage.database import open_writer, transaction
from storage.types import Alert, Article, DeliveryState, Evidence, Outcome, OutcomeClass, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Fleuve", url="https://fleuve.example/")], NOW)
    yield opened
    opened.conn.close()


def with_pages(database: Database) -> list[int]:
    """Store three articles with their pages, 1, 10 and 20 days old."""
    stored = []
    for days in (1, 10, 20):
        page = Article(
            source_id="fleuve", url=f"https://x.example/{days}", title="t", paragraphs=("p",), fetched_at=NOW
        )
        saved = articles.save(database, page, key=str(days), origin="o", now=NOW)
        proof = Evidence(
            url=page.url, captured_at=NOW - days * DAY, status=200, headers=(), sha256="", body_gzip=gzip.compress(b"p")
        )
        evidence.save(database, saved.revision_id, proof, page)
        stored.append(saved.article_id)
    return stored


def kept(database: Database) -> set[str]:
    return {row["url"].rpartition("/")[2] for row in database.query("SELECT url FROM evidence")}


def test_old_pages_go_and_their_articles_stay(database: Database) -> None:
    with_pages(database)
    assert retention.forget_evidence(database, NOW - 10 * DAY) == 1
    assert kept(database) == {"1", "10"}
    assert database.table("article").count == database.table("revision").count == 3


@pytest.mark.parametrize(("recorded_only", "left"), [(False, {"1", "10", "20"}), (True, {"1"})])
def test_pages_of_an_alert_stay_until_somebody_took_it_in_hand(
    database: Database, recorded_only: bool, left: set[str]
) -> None:
    stored = with_pages(database)
    story_id = stories.create(database, "h", NOW)
    for article_id in stored:
        stories.attach(database, article_id, story_id, NOW, severity=4, copy_of=None, coverage=None, origin="o")
    alert = Alert(
        id="alr", key="k", type="alert.new", watch_id="w", story_id=story_id, severity=4, headline="h", payload="{}",
        created_at=NOW,
    )  # fmt: skip
    alerts.raise_alert(database, alert, [], decision=None, article_id=None, recorded_only=recorded_only)
    retention.forget_evidence(database, NOW - 5 * DAY)
    assert kept(database) == left
    alerts.acknowledge(database, "alr", NOW)
    retention.forget_evidence(database, NOW - 5 * DAY)
    assert kept(database) == {"1"}


def test_attempts_of_what_is_settled_go_and_those_of_dead_letters_stay(database: Database) -> None:
    states = (DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.PENDING, DeliveryState.SUPPRESSED)
    frozen = Alert(
        id="alr", key="k", type="alert.new", watch_id="w", story_id=None, severity=4, headline="h", payload="{}",
        created_at=NOW,
    )  # fmt: skip
    rows = [
        NewDelivery(key=state, channel_id="c", recipient=state, state=DeliveryState.PENDING, next_attempt_at=NOW)
        for state in states
    ]
    alerts.raise_alert(database, frozen, rows, decision=None, article_id=None)
    for delivery, _ in deliveries.lease(database, "c", NOW, 10, DAY):
        state = DeliveryState(delivery.key)
        for days in (1, 100):
            deliveries.record(
                database, delivery.id, Outcome(outcome=OutcomeClass.UNKNOWN, detail=f"{delivery.key} {days}"),
                state=state, next_attempt_at=None, counts=True, maybe_delivered=False,
                started_at=NOW - days * DAY, ended_at=NOW - days * DAY,
            )  # fmt: skip
    assert retention.forget_attempts(database, NOW - 90 * DAY) == 2
    assert {row["detail"] for row in database.query("SELECT detail FROM attempt")} == {
        "sent 1", "suppressed 1", "dead 1", "dead 100", "pending 1", "pending 100",
    }  # fmt: skip
    assert database.table("delivery").count == len(states)
