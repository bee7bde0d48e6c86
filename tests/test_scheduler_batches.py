"""Batches from the decision to the list, on a real archive: what waits, what does not, and kills in between."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from alerts import digest, holding
from alerts.holding import HoldingSettings
from scheduler import batches as desk
from scheduler.archive import Archive
from scheduler.batches import BatchDesk
from storage import alerts, batches, deliveries, silences
from storage.database import open_writer, transaction
from storage.types import DeliveryState
from tests.holding import (
    HOUR,
    MINUTE,
    MORNING,
    NIGHT,
    OUTGOING,
    QUIET,
    gathering,
    hear,
    lists,
    raise_one,
    rows,
    send,
    tick,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


# --- holding -------------------------------------------------------------------------------------


def test_a_night_is_one_message_and_what_is_critical_breaks_through(database: Database) -> None:
    settings = gathering(QUIET)
    told = [hear(database, QUIET, name, NIGHT + n * HOUR, n) for n, name in enumerate(("un", "deux", "trois"), start=2)]
    assert {row.reason for _, found in told for row in found} == {"quiet_hours"}
    critical, _ = hear(database, QUIET, "rupture", NIGHT + 2 * HOUR, 5)
    assert tick(database, settings, MORNING - MINUTE) == 0
    assert [what.id for what in send(database, MORNING - MINUTE)] == [critical.id] * 2
    assert tick(database, settings, MORNING) == 1
    mailed = send(database, MORNING)
    assert [what.type for what in mailed] == ["alert.digest"] * 2
    (data,) = lists(database)
    assert data["headline"] == "3\u00a0alertes sur la nuit\u202f: 1\u00a0grave"
    assert [member["alert"] for member in data["alerts"]] == [what.id for what, _ in reversed(told)]
    assert tick(database, settings, MORNING + HOUR) == 0
    assert send(database, MORNING + HOUR) == []


def test_a_night_of_one_alert_sends_that_alert(database: Database) -> None:
    what, _ = hear(database, QUIET, "un", NIGHT)
    assert tick(database, gathering(QUIET), MORNING) == 1
    assert [sent.id for sent in send(database, MORNING)] == [what.id] * 2
    assert lists(database) == []


def test_a_rise_breaks_the_cooldown_and_the_rest_comes_as_one_update(database: Database) -> None:
    noon = NIGHT - 12 * HOUR
    first, _ = hear(database, QUIET, "un", noon, 3)
    send(database, noon)
    story = first.story_id
    for n in (1, 2):
        _, found = hear(database, QUIET, f"suite {n}", noon + n * 10 * MINUTE, 3, kind="update", story_id=story)
        assert {row.reason for row in found} == {"cooldown"}
    rise, found = hear(database, QUIET, "pire", noon + HOUR, 4, kind="update", story_id=story)
    assert {row.reason for row in found} == {"at_once"}
    assert {what.id for what in send(database, noon + HOUR)} == {rise.id}
    _, found = hear(database, QUIET, "correction", noon + HOUR, 3, kind="correction", story_id=story)
    assert {row.reason for row in found} == {"at_once"}
    send(database, noon + HOUR)
    assert tick(database, gathering(QUIET), noon + 2 * HOUR) == 1
    assert [what.type for what in send(database, noon + 2 * HOUR)] == ["alert.digest"] * 2
    (data,) = lists(database)
    assert (data["kind"], data["count"], data["story"]) == ("cooldown", 2, story)


def test_the_cooldown_counts_from_what_was_told_last(database: Database) -> None:
    noon = NIGHT - 12 * HOUR
    first, _ = hear(database, QUIET, "un", noon)
    send(database, noon)
    hear(database, QUIET, "deux", noon + HOUR, kind="update", story_id=first.story_id)
    hear(database, QUIET, "trois", noon + HOUR, kind="update", story_id=first.story_id)
    tick(database, gathering(QUIET), noon + 2 * HOUR)
    send(database, noon + 2 * HOUR)
    _, found = hear(database, QUIET, "quatre", noon + 3 * HOUR, kind="update", story_id=first.story_id)
    assert {(row.reason, row.next_attempt_at) for row in found} == {("cooldown", noon + 4 * HOUR)}


def test_a_silence_and_a_channels_bar_hold_back_before_any_plan(database: Database) -> None:
    watch = replace(QUIET, channels=("mail", "hook"))
    what, _ = hear(database, watch, "un", NIGHT, 2)
    states = {row.channel_id: row.state for row in rows(database, what.id)}
    assert states == {"mail": DeliveryState.BATCHED, "hook": DeliveryState.SUPPRESSED}


def test_planning_that_fails_sends_at_once_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(holding, "plan", broken)
    what, found = hear(database, QUIET, "un", NIGHT)
    assert {(row.state, row.reason, row.next_attempt_at) for row in found} == {
        (DeliveryState.PENDING, "at_once", NIGHT)
    }
    assert [sent.id for sent in send(database, NIGHT)] == [what.id] * 2
    assert "a fault of ours" in caplog.text


def test_what_a_silence_matches_is_held_back_out_of_the_list(database: Database) -> None:
    heard = [hear(database, QUIET, name, NIGHT)[0] for name in ("un", "deux", "trois")]
    with transaction(database):
        silence = silences.add(
            database, watch_id=None, author="a", reason="r", starts_at=NIGHT, ends_at=MORNING + HOUR,
            story_id=heard[1].story_id,
        )  # fmt: skip
    tick(database, gathering(QUIET), MORNING)
    (data,) = lists(database)
    assert {member["alert"] for member in data["alerts"]} == {heard[0].id, heard[2].id}
    assert [hidden.alert.id for hidden in silences.hidden(database, silence.id)] == [heard[1].id] * 2


def test_a_list_tells_nobody_what_was_not_addressed_to_them(database: Database) -> None:
    told = [hear(database, QUIET, name, NIGHT)[0] for name in ("un", "deux", "trois")]
    # A correction goes to those alone who got what it corrects.
    first, second = rows(database, told[1].id)
    with transaction(database):
        database.execute("DELETE FROM delivery WHERE id = ?", (second.id,))
    tick(database, gathering(QUIET), MORNING)
    (data,) = lists(database)
    assert {member["alert"] for member in data["alerts"]} == {told[0].id, told[2].id}
    (alone,) = rows(database, told[1].id)
    assert (alone.state, alone.recipient, alone.batch_id) == (DeliveryState.PENDING, first.recipient, None)
    assert sorted(what.id == told[1].id for what in send(database, MORNING)) == [False, False, True]


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.sets(st.sampled_from(("x@e", "y@e", "z@e")), min_size=1), min_size=1
    )
)
def test_what_is_left_in_a_list_goes_to_the_same_people(people: dict[str, set[str]]) -> None:
    waiting = [SimpleNamespace(alert_id=alert, recipient=one) for alert, found in people.items() for one in found]
    apart = desk.addressed_apart(waiting)  # type: ignore[arg-type] # only these two fields are read
    left = [frozenset(people[alert]) for alert in people if alert not in apart]
    assert len(set(left)) == 1
    assert len(left) == max(list(map(frozenset, people.values())).count(one) for one in map(frozenset, people.values()))


def test_acknowledging_a_list_acknowledges_all_it_tells(database: Database) -> None:
    told = [hear(database, QUIET, name, NIGHT)[0] for name in ("un", "deux")]
    tick(database, gathering(QUIET), MORNING)
    listed = send(database, MORNING)[0]
    with transaction(database):
        alerts.acknowledge(database, listed.id, MORNING + MINUTE, author="Awa")
    assert all(alerts.get(database, what.id).acknowledged_at == MORNING + MINUTE for what in told)


def test_what_must_not_wait_takes_along_what_waits_on_its_story(database: Database) -> None:
    watch = replace(QUIET, quiet_hours=None, cooldown=None)
    patient = replace(OUTGOING, holding=HoldingSettings(group_interval=5 * HOUR))
    noon = NIGHT - 12 * HOUR
    first, _ = hear(database, watch, "un", noon, outgoing=patient)
    send(database, noon)
    update, _ = hear(database, watch, "deux", noon, kind="update", story_id=first.story_id, outgoing=patient)
    critical, _ = hear(
        database, watch, "cinq", noon + HOUR, 5, kind="update", story_id=first.story_id, outgoing=patient
    )
    assert [what.id for what in send(database, noon + HOUR)] == [update.id] * 2 + [critical.id] * 2


# --- storm ---------------------------------------------------------------------------------------


def test_five_hundred_alerts_at_once_are_twenty_messages_and_one_list(database: Database) -> None:
    watch = replace(QUIET, quiet_hours=None, cooldown=None)
    noon = NIGHT - 12 * HOUR
    heard = [hear(database, watch, f"n{n}", noon + n * timedelta(seconds=1), 3)[0].id for n in range(500)]
    end = noon + 10 * MINUTE
    tick(database, gathering(watch), end + MINUTE)
    sent = [what for what in send(database, end + MINUTE) if what.sequence]
    assert len(sent) == 2 * 21
    (data,) = lists(database)
    assert data["count"] == 480
    named = {member["alert"] for member in data["alerts"]}
    assert len(named) + data["more"] == 480
    assert {what.id for what in sent} - {data["alert"]} == set(heard[:20])
    batched = list(deliveries.listing(database, state=DeliveryState.BATCHED, limit=2000))
    assert {row.alert_id for row in batched} == set(heard[20:])
    assert named <= set(heard[20:])


def test_what_is_critical_goes_through_the_storm_up_to_three_times_the_limit(database: Database) -> None:
    watch = replace(QUIET, quiet_hours=None, cooldown=None)
    small = replace(OUTGOING, holding=HoldingSettings(storm_limit=2))
    noon = NIGHT - 12 * HOUR
    reasons = []
    for n, severity in enumerate((3, 3, 3, 5, 5, 5, 5, 5)):
        _, found = hear(database, watch, f"n{n}", noon + n * timedelta(seconds=1), severity, outgoing=small)
        reasons.append(found[0].reason)
    assert reasons == ["at_once", "at_once", "storm", "at_once", "at_once", "at_once", "at_once", "storm"]


# --- kills and clocks ----------------------------------------------------------------------------


def test_a_kill_at_any_step_of_closing_loses_nothing_and_doubles_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = gathering(QUIET)
    for name in ("un", "deux"):
        hear(database, QUIET, name, NIGHT)
    (batch,) = batches.due(database, MORNING)

    class Killed(BaseException):
        pass

    real = database.execute
    for step in range(100):
        left = step

        def execute(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments)

        monkeypatch.setattr(database, "execute", execute)
        try:
            with transaction(database):
                desk.close(database, settings, batch, MORNING)
        except Killed:
            monkeypatch.setattr(database, "execute", real)
            assert [found.id for found in batches.due(database, MORNING)] == [batch.id]
            assert deliveries.count(database, DeliveryState.PENDING) == 0
        else:
            break
    monkeypatch.setattr(database, "execute", real)
    assert step > 5, "the kill came at several steps"
    assert not desk.close(database, settings, batch, MORNING + MINUTE)
    assert [what.type for what in send(database, MORNING)] == ["alert.digest"] * 2


async def test_a_list_that_cannot_be_made_sends_its_members_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive = Archive(tmp_path)
    await archive.open()
    try:
        heard = [await archive.write(raise_one, OUTGOING, QUIET, name, now=NIGHT) for name in ("un", "deux")]

        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError("a fault of ours")

        monkeypatch.setattr(digest, "build_digest", broken)
        closed = []
        work = BatchDesk(archive, gathering(QUIET), clock=lambda: MORNING, closed=lambda: closed.append(True))
        with caplog.at_level(logging.ERROR):
            assert await work.tick() == 1
        assert closed == [True]
        assert "a fault of ours" in caplog.text
        leased = await archive.write(deliveries.lease, "mail", MORNING, 10, HOUR)
        assert {what.id for _, what in leased} == {what.id for what in heard}
        assert await work.tick() == 0
    finally:
        await archive.close()


async def test_a_restart_in_the_middle_of_the_night_keeps_what_waits(tmp_path: Path) -> None:
    for hour, name in enumerate(("un", "deux", "trois")):
        archive = Archive(tmp_path)
        await archive.open()
        work = BatchDesk(archive, gathering(QUIET), clock=lambda hour=hour: NIGHT + hour * HOUR)  # type: ignore[misc]
        assert await work.tick() == 0
        await archive.write(raise_one, OUTGOING, QUIET, name, now=NIGHT + hour * HOUR)
        await archive.close()
    archive = Archive(tmp_path)
    await archive.open()
    try:
        assert await BatchDesk(archive, gathering(QUIET), clock=lambda: MORNING).tick() == 1
        leased = await archive.write(deliveries.lease, "mail", MORNING, 10, HOUR)
        assert {json.loads(what.payload)["data"]["count"] for _, what in leased} == {3}
    finally:
        await archive.close()
