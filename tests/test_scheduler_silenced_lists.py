"""Silences and escalation of alerts that are told in a list, on a real archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from alerts import digest
from scheduler import batches as desk
from scheduler.batches import GatheringSettings
from scheduler.escalation import Escalation
from scheduler.outbox import lease_unsilenced
from scheduler.outgoing import OutgoingSettings, Route
from storage import alerts, batches, deliveries, silences
from storage.database import open_writer, transaction
from storage.types import Alert, DeliveryState, Digest, QuietHours, Watch
from tests.holding import raise_one
from tests.outbox_fill import add_alert

#: 23:30 in Paris
NIGHT = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 11, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OUTGOING = OutgoingSettings(
    routes={"mail": Route(channel_id="mail", recipients=("duty@example.org",))}, timezone="Europe/Paris"
)
QUIET = Watch(id="w", name="W", channels=("mail",), quiet_hours=QuietHours(start=time(22), end=time(7)))
DAILY = Watch(id="w", name="W", channels=("mail",), digest=Digest(every="daily", at=time(8)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def hear(database: Database, watch: Watch, name: str, severity: int = 3) -> Alert:
    with transaction(database):
        return raise_one(database, OUTGOING, watch, name, now=NIGHT, severity=severity)


def silence(database: Database, **parts: Any) -> int:
    wanted: dict[str, Any] = {
        "watch_id": "w",
        "starts_at": NIGHT,
        "ends_at": MORNING + 4 * HOUR,
        "author": "Awa",
        "reason": "x",
    }
    return silences.add(database, **(wanted | parts)).id


def tick(database: Database, watch: Watch, now: datetime) -> None:
    settings = GatheringSettings(
        watches=(watch,), outgoing=OUTGOING, instance="i", public_url="https://vigie.example", language="fr"
    )
    with transaction(database):
        desk.keep(database, settings, now)
    for batch in batches.due(database, now):
        with transaction(database):
            desk.close(database, settings, batch, now)


def sent(database: Database, now: datetime) -> list[Alert]:
    return [alert for _, alert in lease_unsilenced(database, "mail", now, 50, HOUR).taken]


def named(alert: Alert) -> set[str]:
    return {member["alert"] for member in json.loads(alert.payload)["data"]["alerts"]}


def test_a_list_leaves_out_what_is_silenced_when_it_closes(database: Database) -> None:
    loud = {hear(database, QUIET, name, 4).id for name in ("un", "deux")}
    quiet = hear(database, QUIET, "trois", 3)
    number = silence(database, max_severity=3)
    tick(database, QUIET, MORNING)
    (told,) = sent(database, MORNING)
    assert named(told) == loud
    assert [one.alert.id for one in silences.hidden(database, number)] == [quiet.id]


def test_a_night_of_silenced_alerts_is_told_by_the_end_of_the_silence_alone(database: Database) -> None:
    held = [hear(database, QUIET, name).id for name in ("un", "deux")]
    number = silence(database)
    tick(database, QUIET, MORNING)
    assert sent(database, MORNING) == []
    assert [one.alert.id for one in silences.hidden(database, number)] == held


def test_a_list_that_waits_is_held_when_all_it_names_is_silenced(database: Database) -> None:
    for name in ("un", "deux"):
        hear(database, QUIET, name, 3)
    tick(database, QUIET, MORNING)
    silence(database, max_severity=3)
    assert sent(database, MORNING) == []
    (alert,) = [one for one in alerts.recent(database) if digest.is_digest(one)]
    assert deliveries.listing(database, alert_id=alert.id)[0].state is DeliveryState.SUPPRESSED


def test_a_list_that_waits_is_sent_when_one_that_it_names_is_not_silenced(database: Database) -> None:
    hear(database, QUIET, "un", 3)
    hear(database, QUIET, "deux", 4)
    tick(database, QUIET, MORNING)
    silence(database, max_severity=3)
    (told,) = sent(database, MORNING)
    assert len(named(told)) == 2


def test_a_daily_digest_is_a_sign_of_life_that_no_silence_holds(database: Database) -> None:
    tick(database, DAILY, NIGHT)
    hear(database, DAILY, "un")
    silence(database, watch_id=None)
    tick(database, DAILY, MORNING + HOUR)
    (told,) = sent(database, MORNING + HOUR)
    assert digest.is_digest(told)
    assert named(told) == set()


def test_what_a_list_named_goes_further_when_nobody_acknowledges_it(database: Database) -> None:
    grave = hear(database, QUIET, "un", 4)
    hear(database, QUIET, "deux", 3)
    tick(database, QUIET, MORNING)
    (told,) = sent(database, MORNING)
    escalation = Escalation(waits={"w": 15 * MINUTE}, least_severity=4)
    with transaction(database):
        database.execute("UPDATE delivery SET state = 'sent', sent_at = created_at WHERE alert_id = ?", (told.id,))
        escalation.sent(database, told.id, MORNING)
    armed = database.execute("SELECT id FROM alert WHERE escalate_at IS NOT NULL").fetchall()
    assert armed == [(grave.id,)]
    alerts.acknowledge(database, told.id, MORNING + MINUTE, author="Awa")
    assert alerts.get(database, grave.id).acknowledged_by == "Awa"
    assert database.execute("SELECT count(*) FROM alert WHERE escalate_at IS NOT NULL").fetchone()[0] == 0


def test_a_correction_of_what_a_list_told_is_never_held(database: Database) -> None:
    first = hear(database, QUIET, "un")
    hear(database, QUIET, "deux")
    tick(database, QUIET, MORNING)
    (told,) = sent(database, MORNING)
    (row,) = deliveries.listing(database, alert_id=told.id)
    silence(database)
    correction = add_alert(
        database, "correction", watch="w", story=first.story_id, kind="alert.correction", sequence=2,
        channels=(("mail", "duty@example.org"),), now=MORNING,
    )  # fmt: skip
    matter = silences.matter(database, correction.id, channel_id="mail", recipient="duty@example.org")
    assert matter is not None
    assert not matter.heard, "the list is under way"
    database.execute("UPDATE delivery SET state = 'sent', sent_at = created_at WHERE id = ?", (row.id,))
    assert [alert.id for alert in sent(database, MORNING)] == [correction.id]
