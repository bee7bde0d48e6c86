"""Retention lets go of pages and attempts that are old, and of nothing that is still needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, articles, deliveries, retention, sources
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


def test_old_pages_go_and_their_articles_stay(database: Database) -> None:
    for days in (1, 10, 20):
        page = Article(
            source_id="fleuve", url=f"https://x.example/{days}", title="t", paragraphs=("p",), fetched_at=NOW
        )
        saved = articles.save(database, page, key=str(days), origin="o", now=NOW)
        evidence = Evidence(
            url="u", captured_at=NOW - days * DAY, status=200, headers=(), sha256="", body_gzip=str(days).encode()
        )
        articles.save_evidence(database, saved.revision_id, evidence)
    assert retention.forget_evidence(database, NOW - 10 * DAY) == 1
    assert {row["body_gzip"] for row in database.query("SELECT body_gzip FROM evidence")} == {b"1", b"10"}
    assert database.table("article").count == database.table("revision").count == 3


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
