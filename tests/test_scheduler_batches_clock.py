"""Daily digests and wrong clocks on a real archive: one a local day, and nothing lost, parked or repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from storage import batches
from storage.database import open_writer
from storage.types import DeliveryState, Digest
from tests.holding import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MORNING,
    NIGHT,
    QUIET,
    gathering,
    hear,
    lists,
    send,
    tick,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


# --- daily digests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        ("Europe/Paris", date(2026, 3, 27), 5),
        ("Europe/Paris", date(2026, 10, 23), 5),
        ("Africa/Bamako", date(2026, 3, 27), 5),
        ("Africa/Bamako", date(2026, 10, 23), 5),
        ("Europe/Paris", date(2028, 2, 27), 4),
        ("Europe/Paris", date(2026, 12, 30), 4),
    ],
)
@pytest.mark.parametrize("at", [time(8), time(2, 30)])
def test_exactly_one_digest_a_local_day_over_every_change_of_the_clocks(
    database: Database, zone: str, first: date, days: int, at: time
) -> None:
    watch = replace(DAILY, digest=Digest(every="daily", at=at), timezone=zone)
    settings = gathering(watch)
    here = ZoneInfo(zone)
    now = datetime.combine(first, time(0), tzinfo=here).astimezone(UTC)
    end = datetime.combine(first + days * DAY, time(0), tzinfo=here).astimezone(UTC)
    received = []
    while now < end:
        tick(database, settings, now)
        received += [(what.id, now.astimezone(here).date()) for what in send(database, now)]
        now += 20 * MINUTE
    assert [day for _, day in received[::2]] == [first + step * DAY for step in range(days)]
    assert [data["day"] for data in reversed(lists(database))] == [str(first + step * DAY) for step in range(days)]
    assert len({key for key, _ in received}) == days


def test_an_empty_daily_digest_states_what_was_covered(database: Database) -> None:
    settings = gathering(DAILY)
    tick(database, settings, NIGHT)
    assert tick(database, settings, MORNING + HOUR) == 1
    (data,) = lists(database)
    assert (data["count"], data["alerts"], data["day"]) == (0, [], "2026-03-11")
    assert data["coverage"] == {
        "sources_ok": 0, "sources_silent": 0, "sources_broken": 0, "sources_new": 0, "articles": 0, "alerts": 0,
        "dead_letters": 0,
    }  # fmt: skip
    assert data["headline"] == "Bilan du mercredi 11\u00a0mars\u202f: aucune alerte"
    assert len(send(database, MORNING + HOUR)) == 2


def test_an_hour_without_alerts_has_no_digest(database: Database) -> None:
    hourly = replace(DAILY, digest=Digest(every="hourly"))
    settings = gathering(hourly)
    for hour in range(4):
        tick(database, settings, NIGHT + hour * HOUR)
    assert send(database, NIGHT + 4 * HOUR) == []
    hear(database, hourly, "un", NIGHT + 4 * HOUR)
    hear(database, hourly, "deux", NIGHT + 4 * HOUR)
    tick(database, settings, NIGHT + 5 * HOUR)
    (data,) = lists(database)
    assert data["headline"] == "2\u00a0alertes en une heure\u202f: aucune grave"


def test_a_daily_digest_gathers_what_is_not_urgent(database: Database) -> None:
    settings = gathering(DAILY)
    tick(database, settings, NIGHT)
    calm, _ = hear(database, DAILY, "un", NIGHT, 3)
    urgent, _ = hear(database, DAILY, "grave", NIGHT, 4)
    assert {what.id for what in send(database, NIGHT)} == {urgent.id}
    tick(database, settings, MORNING + HOUR)
    (data,) = lists(database)
    assert [member["alert"] for member in data["alerts"]] == [calm.id]
    assert data["coverage"]["alerts"] == 2


def test_a_service_that_slept_over_the_time_sends_that_digest_once(database: Database) -> None:
    settings = gathering(DAILY)
    tick(database, settings, NIGHT)
    assert tick(database, settings, NIGHT + 3 * DAY) == 1
    assert [data["day"] for data in lists(database)] == ["2026-03-11"]
    assert tick(database, settings, NIGHT + 3 * DAY + HOUR) == 0
    assert tick(database, settings, MORNING + 3 * DAY + HOUR) == 1


def test_a_watch_that_has_no_digest_any_more_sends_no_empty_one(database: Database) -> None:
    tick(database, gathering(DAILY), NIGHT)
    tick(database, gathering(replace(DAILY, digest=None)), MORNING + HOUR)
    assert batches.waiting(database) == []
    assert lists(database) == []


def test_a_digest_that_was_moved_goes_out_at_its_new_time(database: Database) -> None:
    tick(database, gathering(DAILY), NIGHT)
    later = gathering(replace(DAILY, digest=Digest(every="daily", at=time(9))))
    assert tick(database, later, MORNING + HOUR) == 0
    assert tick(database, later, MORNING + 2 * HOUR) == 1
    assert tick(database, later, MORNING + 3 * HOUR) == 0


@pytest.mark.parametrize("jump", [10 * 365 * DAY, DAY, HOUR], ids=["ten years", "a day", "an hour"])
def test_a_clock_ahead_and_back_loses_nothing_and_repeats_no_digest(database: Database, jump: timedelta) -> None:
    settings = gathering(DAILY)
    before, _ = hear(database, DAILY, "avant", NIGHT, 2)
    tick(database, settings, NIGHT)
    tick(database, settings, NIGHT + jump)
    ahead, _ = hear(database, DAILY, "devant", NIGHT + jump, 2)
    tick(database, settings, NIGHT + jump)
    received, now = [], NIGHT + MINUTE
    while now < NIGHT + 4 * DAY:
        tick(database, settings, now)
        received += [(what.id, now.astimezone(ZoneInfo("Europe/Paris")).date()) for what in send(database, now)]
        now += 20 * MINUTE
    told = {member["alert"] for data in lists(database) for member in data["alerts"]}
    assert told == {before.id, ahead.id}
    # A day may have had its digest while the clock was ahead; none has two.
    days = [data["day"] for data in lists(database)]
    assert len(days) == len(set(days))
    keys = [key for key, _ in received]
    assert all(keys.count(key) == 2 for key in keys), "one for each recipient"


def test_a_clock_set_back_by_a_day_parks_no_night(database: Database) -> None:
    for name in ("un", "deux"):
        hear(database, QUIET, name, NIGHT + 5 * DAY)
    settings = gathering(QUIET)
    assert tick(database, settings, NIGHT + 4 * DAY + 12 * HOUR) == 0
    assert tick(database, settings, NIGHT) == 1, "five days ahead is no night of ours"
    assert len(send(database, NIGHT)) == 2


def test_a_night_ended_by_a_clock_ahead_sends_the_rest_of_the_night_by_itself(database: Database) -> None:
    settings = gathering(QUIET)
    for name in ("un", "deux"):
        hear(database, QUIET, name, NIGHT)
    tick(database, settings, NIGHT + DAY)
    late, found = hear(database, QUIET, "trois", NIGHT + HOUR)
    assert {row.state for row in found} == {DeliveryState.PENDING}
    assert {row.next_attempt_at for row in found} == {MORNING}
    send(database, MORNING)
    assert late.id not in {member["alert"] for data in lists(database) for member in data["alerts"]}
