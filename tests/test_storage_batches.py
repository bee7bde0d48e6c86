"""Batches: closed once in one transaction; every member is told, by the list or by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, batches, deliveries, stories
from storage.alerts import NewDelivery
from storage.database import open_writer, transaction
from storage.types import Alert, Batch, BatchKind, BatchPlan, Delivery, DeliveryState, Outcome, OutcomeClass

NOW = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 11, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = BatchPlan(kind=BatchKind.QUIET_HOURS, key="quiet_hours:w:mail:2026-03-11", closes_at=MORNING)
DUTY, DESK = "duty@example.org", "desk@example.org"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    for number in range(3):
        stories.create(opened, f"Titre {number}", NOW)
    yield opened
    opened.conn.close()


def alert(name: str, *, story: int | None = 1, severity: int = 3, at: datetime = NOW) -> Alert:
    return Alert(
        id=f"alr_{name}", key=name, type="alert.new", watch_id="w", story_id=story, severity=severity, headline=name,
        payload="{}", created_at=at,
    )  # fmt: skip


def queue(
    database: Database,
    name: str,
    *,
    batch: int | None = None,
    recipients: tuple[str, ...] = (DUTY, DESK),
    story: int | None = 1,
    severity: int = 3,
    at: datetime = NOW,
    state: DeliveryState = DeliveryState.PENDING,
) -> None:
    rows = [
        NewDelivery(
            key=f"msg_{name}_{recipient}", channel_id="mail", recipient=recipient, next_attempt_at=at, batch_id=batch,
            state=state if batch is None else DeliveryState.BATCHED, reason="quiet_hours" if batch else "at_once",
        )
        for recipient in recipients
    ]  # fmt: skip
    assert alerts.raise_alert(
        database, alert(name, story=story, severity=severity, at=at), rows, decision=None, article_id=None
    )


def held(database: Database, *names: str) -> Batch:
    batch_id = batches.join(database, NIGHT, watch_id="w", channel_id="mail", now=NOW)
    for name in names:
        queue(database, name, batch=batch_id)
    found = batches.find(database, NIGHT.key)
    assert found is not None
    assert found.id == batch_id
    return found


def rows(database: Database, name: str) -> list[Delivery]:
    return deliveries.listing(database, alert_id=f"alr_{name}")


def close(database: Database, batch: Batch, now: datetime = MORNING) -> bool:
    told = alert("list", story=None, at=now)
    to = [
        NewDelivery(
            key=f"msg_list_{recipient}", channel_id="mail", recipient=recipient, state=DeliveryState.PENDING,
            next_attempt_at=now, reason="quiet_hours",
        )
        for recipient in batches.recipients(database, batch.id)
    ]  # fmt: skip
    with transaction(database):
        return batches.close(database, batch, now, alert=told, deliveries=to)


def test_one_key_is_one_open_batch(database: Database) -> None:
    first = batches.join(database, NIGHT, watch_id="w", channel_id="mail", now=NOW)
    assert batches.join(database, NIGHT, watch_id="w", channel_id="mail", now=NOW + HOUR) == first
    assert [batch.opened_at for batch in batches.waiting(database)] == [NOW]


def test_what_is_gathered_is_not_leased(database: Database) -> None:
    held(database, "a", "b")
    assert deliveries.lease(database, "mail", MORNING + HOUR, 10, HOUR) == []
    assert [row.reason for row in rows(database, "a")] == ["quiet_hours", "quiet_hours"]


def test_a_batch_is_due_at_its_moment_and_once(database: Database) -> None:
    batch = held(database, "a", "b")
    assert batches.due(database, MORNING - timedelta(microseconds=1)) == []
    assert batches.due(database, MORNING) == [batch]
    assert batches.next_due(database) == MORNING
    assert close(database, batch)
    assert batches.due(database, MORNING + HOUR) == []
    assert batches.next_due(database) is None


def test_closing_queues_one_list_for_each_recipient(database: Database) -> None:
    batch = held(database, "a", "b")
    assert [member.id for member in batches.members(database, batch.id)] == ["alr_a", "alr_b"]
    assert batches.recipients(database, batch.id) == (DUTY, DESK)
    assert {batches.list_of(database, row) for row in rows(database, "a")} == {None}, "nothing was told yet"
    assert close(database, batch)
    for row in rows(database, "a"):
        told = batches.list_of(database, row)
        assert told is not None
        assert (told.alert_id, told.recipient, told.state) == ("alr_list", row.recipient, DeliveryState.PENDING)
    leased = deliveries.lease(database, "mail", MORNING, 10, HOUR)
    assert sorted((delivery.recipient, told.id) for delivery, told in leased) == [
        (DESK, "alr_list"),
        (DUTY, "alr_list"),
    ]
    assert {row.state for row in rows(database, "a")} == {DeliveryState.BATCHED}
    after = batches.find(database, NIGHT.key)
    assert after is not None
    assert (after.closed_at, after.alert_id) == (MORNING, "alr_list")


def test_closed_twice_is_closed_once(database: Database) -> None:
    batch = held(database, "a", "b")
    assert close(database, batch)
    assert not close(database, batch, MORNING + MINUTE)
    assert not batches.release(database, batch, MORNING + MINUTE)
    assert len(deliveries.lease(database, "mail", MORNING + HOUR, 10, HOUR)) == 2


def test_a_closed_batch_takes_no_member(database: Database) -> None:
    assert close(database, held(database, "a", "b"))
    assert batches.join(database, NIGHT, watch_id="w", channel_id="mail", now=MORNING) is None


def test_a_crash_in_the_middle_of_closing_leaves_the_batch_open(database: Database) -> None:
    batch = held(database, "a", "b")
    with pytest.raises(KeyboardInterrupt), transaction(database):
        assert batches.close(database, batch, MORNING, alert=alert("list", story=None))
        raise KeyboardInterrupt
    assert batches.due(database, MORNING) == [batch]
    assert len(batches.members(database, batch.id)) == 2
    assert close(database, batch)


def test_released_members_go_one_by_one_with_a_fresh_horizon(database: Database) -> None:
    batch = held(database, "a", "b")
    with transaction(database):
        assert batches.release(database, batch, MORNING)
    assert deliveries.expire(database, "mail", MORNING - MINUTE, "too old") == 0
    first = deliveries.lease(database, "mail", MORNING, 10, HOUR)
    # One story: the second alert waits until the first is through.
    assert [told.id for _, told in first] == ["alr_a", "alr_a"]
    for delivery, _ in first:
        deliveries.record(
            database, delivery.id, Outcome(outcome=OutcomeClass.OK, detail="250"), state=DeliveryState.SENT,
            next_attempt_at=None, counts=True, maybe_delivered=False, started_at=MORNING, ended_at=MORNING,
        )  # fmt: skip
    assert [told.id for _, told in deliveries.lease(database, "mail", MORNING, 10, HOUR)] == ["alr_b", "alr_b"]


def test_a_lone_member_is_what_its_batch_told(database: Database) -> None:
    batch = held(database, "a")
    with transaction(database):
        batches.release(database, batch, MORNING)
    after = batches.find(database, NIGHT.key)
    assert after is not None
    assert after.alert_id == "alr_a"


def test_a_list_waits_for_what_came_before_on_one_of_its_stories(database: Database) -> None:
    queue(database, "before", recipients=(DUTY,), at=NOW - HOUR)
    (earlier,) = deliveries.lease(database, "mail", NOW, 10, 24 * HOUR)
    batch = held(database, "a")
    queue(database, "b", batch=batch.id, story=2)
    assert close(database, batch)
    # The one recipient who has not got the earlier alert gets the list after it; the other is not held up.
    assert [row.recipient for row, _ in deliveries.lease(database, "mail", MORNING, 10, HOUR)] == [DESK]
    deliveries.record(
        database, earlier[0].id, Outcome(outcome=OutcomeClass.OK, detail="250"), state=DeliveryState.SENT,
        next_attempt_at=None, counts=True, maybe_delivered=False, started_at=MORNING, ended_at=MORNING,
    )  # fmt: skip
    assert [row.recipient for row, _ in deliveries.lease(database, "mail", MORNING, 10, HOUR)] == [DUTY]


def test_what_was_told_leaves_out_what_still_waits(database: Database) -> None:
    queue(database, "first", severity=3, at=NOW - HOUR)
    queue(database, "silenced", severity=5, at=NOW - HOUR, state=DeliveryState.SUPPRESSED)
    batch_id = batches.join(database, NIGHT, watch_id="w", channel_id="mail", now=NOW)
    queue(database, "held", severity=4, batch=batch_id)
    told = batches.told_on(database, "w", 1, "mail")
    assert told is not None
    assert (told.at, told.severity) == (NOW - HOUR, 3)
    batch = batches.find(database, NIGHT.key)
    assert batch is not None
    assert close(database, batch)
    told = batches.told_on(database, "w", 1, "mail")
    assert told is not None
    assert (told.at, told.severity) == (MORNING, 4)
    assert batches.told_on(database, "w", 2, "mail") is None
    assert batches.told_on(database, "w", 1, "hook") is None


def test_traffic_counts_messages_not_recipients(database: Database) -> None:
    queue(database, "old", at=NOW - HOUR)
    queue(database, "one", at=NOW - 2 * MINUTE)
    queue(database, "two", at=NOW - MINUTE, recipients=(DUTY,))
    held(database, "waits")
    found = batches.traffic(database, "mail", NOW - 10 * MINUTE, NOW)
    assert (found.messages, found.oldest_at) == (2, NOW - 2 * MINUTE)
    assert batches.traffic(database, "hook", NOW - 10 * MINUTE, NOW).messages == 0


def test_what_a_wrong_clock_parked_closes_now(database: Database) -> None:
    held(database, "a")
    assert batches.clamp(database, NOW, 26 * HOUR) == 0
    assert batches.clamp(database, NOW - 48 * HOUR, 26 * HOUR) == 1
    assert [batch.key for batch in batches.due(database, NOW - 48 * HOUR)] == [NIGHT.key]


def test_a_batch_that_is_not_closed_in_time_is_overdue(database: Database) -> None:
    held(database, "a", "b")
    assert deliveries.overdue_since(database, MORNING - MINUTE) is None
    assert deliveries.overdue_since(database, MORNING + HOUR) == MORNING


def test_members_can_be_handed_over(database: Database) -> None:
    batch = held(database, "a", "b")
    other = BatchPlan(kind=BatchKind.DAILY, key="daily:w:mail:2026-03-11", closes_at=MORNING + HOUR)
    heir = batches.join(database, other, watch_id="w", channel_id="mail", now=NOW)
    assert heir is not None
    batches.hand_over(database, batch, heir)
    assert batches.find(database, NIGHT.key) is None
    assert len(batches.members(database, heir)) == 2


def test_a_gathered_delivery_can_be_given_up_by_hand(database: Database) -> None:
    batch = held(database, "a", "b")
    for row in rows(database, "a"):
        deliveries.discard(database, row.id, NOW)
    assert [member.id for member in batches.members(database, batch.id)] == ["alr_b"]


def test_the_outbox_is_made_anew_without_a_loss(tmp_path: Path) -> None:
    """The step that widens the states keeps every delivery and attempt."""
    from storage import alert_steps, migrations

    step = migrations.STEPS.index(alert_steps.batches)
    folder = tmp_path / "old"
    folder.mkdir()
    database = Database(folder / "vigie.db")
    try:
        database.execute("PRAGMA foreign_keys = ON")
        steps, migrations.STEPS = migrations.STEPS, migrations.STEPS[:step]
        try:
            migrations.migrate(database)
        finally:
            migrations.STEPS = steps
        database.execute(
            "INSERT INTO alert (id, key, type, watch_id, severity, headline, payload, acts, sequence, created_at) "
            "VALUES ('alr_1', 'k', 'alert.new', 'w', 3, 'h', '{}', '[]', 1, '2026-03-10T09:00:00.000000+00:00')"
        )
        database.execute(
            "INSERT INTO delivery (id, key, alert_id, channel_id, recipient, state, created_at, next_attempt_at) "
            "VALUES (7, 'msg_1', 'alr_1', 'mail', 'd', 'sent', '2026-03-10T09:00:00.000000+00:00', "
            "'2026-03-10T09:00:00.000000+00:00')"
        )
        database.execute("INSERT INTO attempt VALUES (1, 7, 'a', 'b', 'ok', 250, 'fine')")
        database.conn.commit()
        migrations.migrate(database)
        (kept,) = deliveries.listing(database)
        assert (kept.id, kept.key, kept.state, kept.reason) == (7, "msg_1", DeliveryState.SENT, "at_once")
        assert database.execute("SELECT delivery_id, detail FROM attempt").fetchone() == (7, "fine")
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert 'REFERENCES "delivery"' in database.table("attempt").schema
    finally:
        database.conn.close()
