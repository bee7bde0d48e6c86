"""The ends of silences and alerts that nobody acknowledges, on a real archive: told once whatever the clock does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from alerts.notices import Speech, is_notice
from alerts.schedule import Next
from alerts.settings import EmailChannel, WebhookChannel
from scheduler import changes
from scheduler.archive import Archive
from scheduler.building import routes
from scheduler.escalation import Escalation, build_escalation
from scheduler.follow_ups import FollowUps
from scheduler.outbox import ArchiveOutbox, lease_unsilenced
from scheduler.silence_ends import tell_ends
from storage import alerts, deliveries, silences, telling, threads
from storage.database import open_writer, transaction
from storage.types import Alert, DeliveryState, Outcome, OutcomeClass, Watch
from tests.outbox_fill import NOW, add_alert, signal
from tests.somebody import HERE

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SPEECH = Speech(public_url="https://vigie.example/", language="fr", zone=ZoneInfo("Europe/Paris"))
MAIL = EmailChannel(
    id="mail", host="127.0.0.1", port=25, tls="none", sender="vigie@example.org", recipients=("a@x.example",)
)  # fmt: skip
HOOK = WebhookChannel(id="hook", url="https://hooks.example.org/vigie", secrets=("whsec_c2VjcmV0",))
CHIEF = WebhookChannel(id="chief", url="https://hooks.example.org/chief", secrets=("whsec_c2VjcmV0",))
WATCH = Watch(
    id="france-mali",
    name="France – Mali",
    channels=("hook", "mail"),
    escalate_after=15 * MINUTE,
    escalate_to=("chief",),
)
OTHER = Watch(id="russia", name="Russie", channels=("hook",))
ESCALATION = build_escalation((WATCH, OTHER), routes((MAIL, HOOK, CHIEF)), urgent_severity=4)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def silence(database: Database, watch: str | None = None, hours: int = 1) -> int:
    return silences.add(
        database, watch_id=watch, author="Awa", reason="exercice", starts_at=NOW, ends_at=NOW + hours * HOUR
    ).id  # fmt: skip


def ends(database: Database, now: object) -> int:
    with transaction(database):
        return tell_ends(database, now, instance="test", speech=SPEECH)  # type: ignore[arg-type]


def hold(database: Database, *channels: str) -> None:
    for channel in channels:
        assert lease_unsilenced(database, channel, NOW, 50, MINUTE).taken == ()


def notices(database: Database) -> list[Alert]:
    return [alert for alert in alerts.recent(database)[::-1] if is_notice(alert)]


def rows(database: Database, alert: Alert) -> set[tuple[str, str]]:
    return {(row.channel_id, row.recipient) for row in deliveries.listing(database, alert_id=alert.id)}


# --- ends of silences ---------------------------------------------------------------------------


def test_the_end_of_a_silence_tells_those_who_would_have_heard_what_it_hid(database: Database) -> None:
    held = add_alert(database, "one", channels=(("hook", ""), ("mail", "a@x.example")))
    silence(database)
    hold(database, "hook", "mail")
    assert ends(database, NOW + HOUR - MINUTE) == 0
    assert ends(database, NOW + HOUR) == 1
    (told,) = notices(database)
    assert (told.type, told.severity, told.watch_id) == ("silence.ended", 4, "")
    assert rows(database, told) == {("hook", ""), ("mail", "a@x.example")}
    data = json.loads(told.payload)["data"]
    assert data["count"] == 1
    (named,) = data["alerts"]
    assert (named["id"], named["severity"], named["headline"]) == (held.id, 4, "Grave · one")
    assert named["url"] == "https://vigie.example/stories/1"
    assert data["silence"]["author"] == "Awa"
    assert "exercice" in data["summary"]
    assert told.headline == "Fin de sourdine\u202f: 1\u00a0alerte retenue"


def test_a_silence_that_hid_nothing_ends_without_a_word(database: Database) -> None:
    silence(database)
    assert ends(database, NOW + HOUR) == 0
    assert notices(database) == []
    assert silences.over(database, NOW + 2 * HOUR) == []


def test_nobody_is_told_of_what_would_not_have_reached_them(database: Database) -> None:
    add_alert(database, "one", channels=(("hook", ""), ("mail", "a@x.example")))
    add_alert(database, "two", story=2, watch="russia", channels=(("hook", ""),))
    silence(database)
    hold(database, "hook", "mail")
    assert ends(database, NOW + HOUR) == 2
    told = {
        tuple(named["headline"] for named in json.loads(alert.payload)["data"]["alerts"]): rows(database, alert)
        for alert in notices(database)
    }
    assert told == {
        ("Grave · one", "Grave · two"): {("hook", "")},
        ("Grave · one",): {("mail", "a@x.example")},
    }


def test_an_end_is_told_once_though_the_clock_jumps_to_and_fro(database: Database) -> None:
    add_alert(database, "one")
    silence(database)
    hold(database, "hook")
    year = timedelta(days=365)
    assert ends(database, NOW + 10 * year) == 1
    for now in (NOW, NOW + HOUR, NOW - 10 * year, NOW + 20 * year):
        assert ends(database, now) == 0
    assert len(notices(database)) == 1
    # Over is over: nothing is held back after people were told so, though the clock says otherwise.
    add_alert(database, "late", story=2)
    taken = lease_unsilenced(database, "hook", NOW + MINUTE, 9, MINUTE).taken
    assert [alert.headline for _, alert in taken] == ["Grave · late"]


def test_a_silence_ended_by_hand_tells_at_once(database: Database) -> None:
    add_alert(database, "one")
    number = silence(database)
    hold(database, "hook")
    with transaction(database):
        changes.apply(database, "end_silence", {"silence": number}, NOW + MINUTE, by=HERE)
    assert ends(database, NOW + MINUTE) == 1
    assert ends(database, NOW + HOUR) == 0


def test_what_failed_half_way_is_told_by_the_next_look(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add_alert(database, "one")
    silence(database)
    hold(database, "hook")
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(silences, "close", lambda *_: (_ for _ in ()).throw(RuntimeError("cut")))
        ends(database, NOW + HOUR)
    assert notices(database) == []
    assert ends(database, NOW + HOUR) == 1


def test_the_notice_stays_small_whatever_was_hidden(database: Database) -> None:
    with transaction(database):
        for number in range(1, 300):
            add_alert(database, f"{'é' * 300} {number}", story=number)
        silence(database)
        while lease_unsilenced(database, "hook", NOW, 50, MINUTE).more:
            pass
    assert ends(database, NOW + HOUR) == 1
    (told,) = notices(database)
    assert len(told.payload.encode()) < 20_000
    data = json.loads(told.payload)["data"]
    assert data["count"] == 299
    assert data["links"]["page"] == "https://vigie.example/silences/1"


def test_a_silence_of_everything_holds_the_end_of_another(database: Database) -> None:
    add_alert(database, "one")
    silence(database, "france-mali", hours=1)
    silence(database, None, hours=2)
    hold(database, "hook")
    # The one that lasts longest holds it, so nobody hears of it before that is over.
    assert ends(database, NOW + HOUR) == 0
    assert ends(database, NOW + 2 * HOUR) == 1


def test_a_correction_follows_what_the_silence_hid_into_its_end(database: Database) -> None:
    add_alert(database, "one")
    silence(database)
    hold(database, "hook")
    # Who was kept from hearing the one is to hear of the other as well.
    assert telling.recipients(database, "france-mali", 1) == [("hook", "")]
    add_alert(database, "correction", kind="alert.correction", sequence=2, now=NOW + MINUTE)
    assert lease_unsilenced(database, "hook", NOW + MINUTE, 9, MINUTE).taken == ()
    assert ends(database, NOW + HOUR) == 1
    named = json.loads(notices(database)[0].payload)["data"]["alerts"]
    assert [one["headline"] for one in named] == ["Grave · one", "Grave · correction"]


def test_a_correction_of_what_an_end_told_passes_the_next_silence(database: Database) -> None:
    add_alert(database, "one")
    silence(database)
    hold(database, "hook")
    ends(database, NOW + HOUR)
    silences.add(
        database, watch_id="france-mali", author="Awa", reason="x", starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR
    )  # fmt: skip
    add_alert(database, "update", kind="alert.update", sequence=2, now=NOW + 2 * HOUR)
    add_alert(database, "correction", kind="alert.correction", sequence=3, now=NOW + 2 * HOUR)
    taken = [lease_unsilenced(database, "hook", NOW + 2 * HOUR, 9, MINUTE).taken for _ in range(2)]
    headlines = [alert.headline for some in taken for _, alert in some]
    assert "Grave · correction" in headlines
    assert "Grave · update" not in headlines


def test_a_silence_of_a_story_follows_it_into_another(database: Database) -> None:
    add_alert(database, "one", story=1)
    add_alert(database, "two", story=2)
    silences.add(
        database, watch_id=None, story_id=1, author="Awa", reason="x", starts_at=NOW, ends_at=NOW + HOUR
    )  # fmt: skip
    with transaction(database):
        threads.merge(database, 1, 2, author="Awa", reason="the same", now=NOW)
    hold(database, "hook")


# --- escalation ---------------------------------------------------------------------------------


def send(database: Database, alert: Alert, at: object = NOW, by: Escalation = ESCALATION) -> None:
    """Record the alert's first delivery as sent."""
    row = deliveries.listing(database, alert_id=alert.id)[-1]
    with transaction(database):
        database.execute(
            "UPDATE delivery SET state = 'sent', sent_at = ? WHERE id = ?",
            (at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), row.id),  # type: ignore[attr-defined]
        )
        by.sent(database, alert.id, at)  # type: ignore[arg-type]


def look(database: Database, now: object, by: Escalation = ESCALATION) -> int:
    with transaction(database):
        return by.look(database, now, instance="test", speech=SPEECH)  # type: ignore[arg-type]


def test_what_nobody_acknowledges_goes_further_once(database: Database) -> None:
    alert = add_alert(database, "one")
    assert look(database, NOW + HOUR) == 0, "it was not sent yet"
    send(database, alert)
    assert look(database, NOW + 15 * MINUTE - timedelta(seconds=1)) == 0
    assert look(database, NOW + 15 * MINUTE) == 1
    assert [look(database, NOW + later * HOUR) for later in (1, 2, -9, 999)] == [0] * 4
    (told,) = notices(database)
    assert (told.type, told.severity, told.watch_id) == ("escalation.unacknowledged", 4, "france-mali")
    assert (told.story_id, told.escalates) == (None, alert.id)
    assert rows(database, told) == {("chief", "")}
    data = json.loads(told.payload)["data"]
    assert data["links"] == {
        "sources": "https://vigie.example/sources",
        "ack": f"https://vigie.example/alerts/{alert.id}/ack",
        "page": "https://vigie.example/stories/1",
    }
    assert "Personne n’a pris cette alerte en charge" in data["summary"]
    assert told.headline.startswith("Non prise en charge · Grave · Mali → France")
    assert data["since"] == "2026-03-10T09:00:00Z"


async def give_up(archive: Archive, channel: str) -> None:
    """Let the channel refuse for good what waits for it."""
    outbox = ArchiveOutbox(archive, ESCALATION)
    for delivery, _ in await outbox.lease(channel, NOW, 9, MINUTE):
        refused = Outcome(outcome=OutcomeClass.PERMANENT_RECIPIENT, detail="550 no such user")
        dead = Next(
            state=DeliveryState.DEAD, next_attempt_at=None, counts=True, maybe_delivered=False, reason="refused"
        )
        await outbox.record(delivery, refused, dead, NOW, NOW)


async def test_what_a_channel_brings_to_nobody_goes_further_at_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    await archive.open()
    lost = await archive.write(add_alert, "one")
    lesser = await archive.write(add_alert, "two", story=2, signals=(signal(severity=3),))
    await give_up(archive, "hook")
    assert await archive.write(ESCALATION.look, NOW, instance="test", speech=SPEECH) == 1
    (told,) = await archive.read(notices)
    assert told.escalates == lost.id != lesser.id
    assert await archive.write(ESCALATION.look, NOW + HOUR, instance="test", speech=SPEECH) == 0
    await archive.close()


def test_an_acknowledgement_in_time_prevents_it(database: Database) -> None:
    alert = add_alert(database, "one")
    send(database, alert)
    alerts.acknowledge(database, alert.id, NOW + MINUTE, author="Awa")
    assert look(database, NOW + HOUR) == 0
    send(database, alert, NOW + HOUR)
    assert look(database, NOW + 9 * HOUR) == 0


def test_acknowledging_a_later_alert_of_the_story_is_enough(database: Database) -> None:
    first = add_alert(database, "one")
    send(database, first)
    later = add_alert(database, "two", now=NOW + MINUTE, sequence=2)
    alerts.acknowledge(database, later.id, NOW + 2 * MINUTE, author="Awa")
    assert alerts.get(database, first.id).acknowledged_by == "Awa"
    assert look(database, NOW + HOUR) == 0


def test_acknowledging_the_first_leaves_a_later_one_open(database: Database) -> None:
    first = add_alert(database, "one")
    later = add_alert(database, "two", now=NOW + MINUTE, sequence=2)
    send(database, first)
    send(database, later, NOW + MINUTE)
    alerts.acknowledge(database, first.id, NOW + 2 * MINUTE, author="Awa")
    assert look(database, NOW + HOUR) == 1
    assert [notice.escalates for notice in notices(database)] == [later.id]


def test_acknowledging_the_escalation_acknowledges_the_alert(database: Database) -> None:
    alert = add_alert(database, "one")
    send(database, alert)
    look(database, NOW + HOUR)
    (told,) = notices(database)
    assert alerts.acknowledge(database, told.id, NOW + HOUR, author="Chef").acknowledged_by == "Chef"
    assert alerts.get(database, alert.id).acknowledged_by == "Chef"


def test_an_acknowledgement_while_the_escalation_waits_takes_it_back(database: Database) -> None:
    alert = add_alert(database, "one")
    send(database, alert)
    look(database, NOW + HOUR)
    alerts.acknowledge(database, alert.id, NOW + HOUR, author="Awa")
    assert lease_unsilenced(database, "chief", NOW + HOUR, 9, MINUTE).taken == ()
    (row,) = deliveries.listing(database, alert_id=notices(database)[0].id)
    assert (row.state, row.reason) == (DeliveryState.SUPPRESSED, "acknowledged")


def test_lesser_alerts_and_other_watches_never_go_further(database: Database) -> None:
    send(database, add_alert(database, "lesser", signals=(signal(severity=3),)))
    send(database, add_alert(database, "other", story=2, watch="russia"))
    assert look(database, NOW + 999 * HOUR) == 0


def test_a_clock_that_ran_ahead_delays_nothing_beyond_the_wait(database: Database) -> None:
    alert = add_alert(database, "one")
    send(database, alert, NOW + 1000 * HOUR)
    assert look(database, NOW) == 0
    assert look(database, NOW + 15 * MINUTE) == 1


def test_a_second_delivery_does_not_start_the_wait_anew(database: Database) -> None:
    alert = add_alert(database, "one", channels=(("hook", ""), ("mail", "a@x.example")))
    send(database, alert)
    mail = deliveries.listing(database, alert_id=alert.id)[0]
    with transaction(database):
        database.execute("UPDATE delivery SET state = 'sent', sent_at = created_at WHERE id = ?", (mail.id,))
        ESCALATION.sent(database, alert.id, NOW + 10 * MINUTE)
    assert look(database, NOW + 15 * MINUTE) == 1


def test_a_silence_of_the_alert_holds_its_escalation(database: Database) -> None:
    alert = add_alert(database, "one")
    send(database, alert)
    silences.add(
        database, watch_id=None, story_id=1, author="Awa", reason="vu", starts_at=NOW, ends_at=NOW + HOUR
    )  # fmt: skip
    assert look(database, NOW + 15 * MINUTE) == 1
    assert lease_unsilenced(database, "chief", NOW + 15 * MINUTE, 9, MINUTE).taken == ()
    (told,) = notices(database)
    (row,) = deliveries.listing(database, alert_id=told.id)
    assert row.state is DeliveryState.SUPPRESSED


def test_what_failed_half_way_goes_further_with_the_next_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(database, add_alert(database, "one"))
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("storage.escalations.disarm", lambda *_: (_ for _ in ()).throw(RuntimeError("cut")))
        look(database, NOW + HOUR)
    assert notices(database) == []
    assert look(database, NOW + HOUR) == 1


async def test_when_the_ends_cannot_be_told_the_escalations_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(tmp_path)
    await archive.open()

    def fill(database: Database) -> None:
        alert = add_alert(database, "one")
        database.execute("UPDATE delivery SET state = 'sent', sent_at = created_at")
        ESCALATION.sent(database, alert.id, NOW)
        silence(database)

    await archive.write(fill)
    told: list[bool] = []
    follow_ups = FollowUps(
        archive=archive, escalation=ESCALATION, instance="test", speech=SPEECH, clock=lambda: NOW + HOUR,
        told=lambda: told.append(True),
    )  # fmt: skip
    with monkeypatch.context() as broken, pytest.raises(RuntimeError, match="no ends"):
        broken.setattr(silences, "over", lambda *_: (_ for _ in ()).throw(RuntimeError("no ends")))
        await follow_ups.look()
    assert told == [True]
    assert [alert.type for alert in await archive.read(notices)] == ["escalation.unacknowledged"]
    await follow_ups.look()
    assert told == [True]
    await archive.close()
