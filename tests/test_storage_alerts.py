"""Alerts: one identity, one row, its deliveries with it, and what was told before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, articles, deliveries, sources, stories
from storage.alerts import NewDelivery
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.types import Alert, Article, Decision, DecisionKind, DeliveryState, Signal, Source, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Fleuve", url="https://fleuve.example/")], NOW)
        stories.create(opened, "Titre", NOW)
        stories.create(opened, "Autre", NOW)
        page = Article(source_id="fleuve", url="https://x.example/", title="t", paragraphs=("p",), fetched_at=NOW)
        articles.save(opened, page, key="k", origin="Fleuve", now=NOW)
    yield opened
    opened.conn.close()


def alert(number: int, *, watch: str = "w", story: int | None = 1, severity: int = 4, at: datetime = NOW) -> Alert:
    return Alert(
        id=f"alr_{number}", key=f"key {number}", type="alert.new", watch_id=watch, story_id=story, severity=severity,
        headline="Titre", payload='{"é": 1}', created_at=at, sequence=number,
    )  # fmt: skip


def delivery(key: str, *, state: DeliveryState = DeliveryState.PENDING) -> NewDelivery:
    return NewDelivery(key=key, channel_id="mail", recipient=f"{key}@example.org", state=state, next_attempt_at=NOW)


def signal(type_: str = "expel_diplomats", *, actor: str | None = "MLI", severity: int = 4) -> Signal:
    return Signal(
        type=type_, severity=severity, actor=actor, target="FRA", status=Status.ASSERTED, sentence="…", start=0, end=1,
        rule="r",
    )  # fmt: skip


def decision(*signals: Signal, watch: str = "w") -> Decision:
    return Decision(watch_id=watch, kind=DecisionKind.NEW, reason="new_story", detail="…", severity=4, signals=signals)


def put(database: Database, stored: Alert, *signals: Signal, rows: tuple[NewDelivery, ...] = ()) -> bool:
    return alerts.raise_alert(database, stored, rows, decision=decision(*signals), article_id=1)


def test_alert_comes_back_as_it_was_frozen(database: Database) -> None:
    assert put(database, alert(1), rows=(delivery("a"), delivery("b", state=DeliveryState.SUPPRESSED)))
    assert alerts.get(database, "alr_1") == alert(1)
    rows = deliveries.listing(database, alert_id="alr_1")
    assert [(row.key, row.state, row.created_at) for row in rows] == [
        ("b", DeliveryState.SUPPRESSED, NOW), ("a", DeliveryState.PENDING, NOW),
    ]  # fmt: skip


def test_same_identity_again_changes_nothing(database: Database) -> None:
    put(database, alert(1), rows=(delivery("a"),))
    changed = replace(alert(1), headline="Autre", payload="{}")
    assert not put(database, changed, rows=(delivery("a"), delivery("late")))
    assert alerts.get(database, "alr_1") == alert(1)
    assert [row.key for row in deliveries.listing(database)] == ["a"]


def test_one_recipient_named_twice_gets_one_row(database: Database) -> None:
    assert put(database, alert(1), rows=(delivery("a"), delivery("a")))
    assert len(deliveries.listing(database)) == 1


def test_what_was_told_is_the_sum_over_one_watch_and_story(database: Database) -> None:
    assert alerts.told(database, "w", 1) is None
    put(database, alert(1, severity=3, at=NOW), signal(severity=3), signal("summon", actor=None, severity=2))
    put(database, alert(2, severity=4, at=NOW + HOUR), signal(severity=4))
    put(database, alert(3, watch="other", severity=5), signal("war", severity=5))
    put(database, alert(4, story=2, severity=5), signal("war", severity=5))
    told = alerts.told(database, "w", 1)
    assert told is not None
    assert (told.alerts, told.severity, told.last_at) == (2, 4, NOW + HOUR)
    assert dict(told.acts) == {("expel_diplomats", "MLI", "FRA"): 4, ("summon", None, "FRA"): 2}


def test_every_article_and_watch_keeps_its_reason_by_revision(database: Database) -> None:
    def record(watch: str, revision: int, reason: str, at: datetime) -> None:
        alerts.record_decision(
            database, replace(decision(watch=watch), reason=reason, kind=DecisionKind.NONE),
            article_id=1, revision_id=revision, alert_id=None, rules_version="v", now=at,
        )  # fmt: skip

    record("w", 1, "no_signal", NOW)
    record("other", 1, "other_pair", NOW)
    record("w", 1, "below_severity", NOW + HOUR)
    kept = alerts.decisions(database, 1)
    assert [(row.watch_id, row.reason) for row in kept] == [("other", "other_pair"), ("w", "below_severity")]
    assert kept[1].decided_at == NOW + HOUR
    assert alerts.decisions(database, 2) == []


def test_newest_alerts_come_first(database: Database) -> None:
    for number in range(3):
        put(database, alert(number, at=NOW + number * HOUR, story=1 if number else 2))
    assert [found.id for found in alerts.recent(database)] == ["alr_2", "alr_1", "alr_0"]
    assert [found.id for found in alerts.recent(database, limit=1)] == ["alr_2"]
    assert [found.id for found in alerts.recent(database, story_id=2)] == ["alr_0"]


def test_first_acknowledgement_counts(database: Database) -> None:
    put(database, alert(1))
    assert alerts.acknowledge(database, "alr_1", NOW).acknowledged_at == NOW
    assert alerts.acknowledge(database, "alr_1", NOW + HOUR).acknowledged_at == NOW
    with pytest.raises(NotFoundError, match="alerts list"):
        alerts.acknowledge(database, "alr_9", NOW)


def test_alert_that_nobody_will_get_is_found(database: Database) -> None:
    put(database, alert(1), rows=(delivery("a"),))
    put(database, alert(2))
    put(database, alert(3, watch="removed"))
    alerts.raise_alert(database, alert(4), (), decision=None, article_id=None, recorded_only=True)
    assert alerts.without_deliveries(database, ["w"]) == ["alr_2"]
    assert alerts.without_deliveries(database, []) == []


def test_alert_and_deliveries_are_stored_together_or_not_at_all(database: Database) -> None:
    def rows() -> Iterator[NewDelivery]:
        yield delivery("a")
        raise RuntimeError("no further")

    with pytest.raises(RuntimeError), transaction(database):
        alerts.raise_alert(database, alert(1), rows(), decision=decision(signal()), article_id=1)
    assert alerts.recent(database) == []
    assert deliveries.listing(database) == []
