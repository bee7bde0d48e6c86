"""Silences: they hold from their start until before their end, and know what they hid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, deliveries, silences
from storage.alerts import NewDelivery
from storage.database import open_writer
from storage.errors import NotFoundError
from storage.types import Alert, DeliveryState, Silence

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def add(database: Database, watch: str | None = "w", *, start: int = 0, end: int = 2) -> Silence:
    return silences.add(
        database,
        watch_id=watch,
        author="Awa",
        reason="exercice",
        starts_at=NOW + start * HOUR,
        ends_at=NOW + end * HOUR,
    )


def add_alert(database: Database, name: str = "alr_1", channels: tuple[str, ...] = ("mail",)) -> list[int]:
    alert = Alert(
        id=name, key=name, type="alert.new", watch_id="w", story_id=None, severity=3, headline="h", payload="{}",
        created_at=NOW,
    )  # fmt: skip
    rows = [
        NewDelivery(
            key=f"{name}-{channel}", channel_id=channel, recipient="", state=DeliveryState.PENDING, next_attempt_at=NOW
        )
        for channel in channels
    ]
    alerts.raise_alert(database, alert, rows, decision=None, article_id=None)
    return [row.id for row in reversed(deliveries.listing(database, alert_id=name))]


def test_silence_holds_from_start_until_before_its_end(database: Database) -> None:
    silence = add(database, start=1)
    second = timedelta(seconds=1)
    assert silences.running(database, NOW + HOUR - second) == []
    assert silences.running(database, NOW + HOUR) == [silence]
    assert silences.running(database, NOW + 2 * HOUR - second) == [silence]
    assert silences.running(database, NOW + 2 * HOUR) == []
    assert silences.over(database, NOW + 2 * HOUR - second) == []
    assert silences.over(database, NOW + 2 * HOUR) == [silence]


def test_silence_keeps_every_part(database: Database) -> None:
    database.execute("INSERT INTO story (id, headline, first_seen_at, last_seen_at) VALUES (7, 'x', '', '')")
    silence = silences.add(
        database, watch_id="w", author=" Awa ", reason="exercice", starts_at=NOW, ends_at=NOW + HOUR, story_id=7,
        pair=("MLI", "FRA"), one_way=True, types=("expel_diplomats",), max_severity=3, source_id="rfi",
    )  # fmt: skip
    assert silence == Silence(
        id=1, watch_id="w", author="Awa", reason="exercice", starts_at=NOW, ends_at=NOW + HOUR, story_id=7,
        pair=("MLI", "FRA"), one_way=True, types=("expel_diplomats",), max_severity=3, source_id="rfi",
    )  # fmt: skip
    assert silences.get(database, 1) == silence


def test_the_longest_comes_first(database: Database) -> None:
    add(database, end=2)
    add(database, None, end=5)
    add(database, end=3)
    ends = [5 * HOUR, 3 * HOUR, 2 * HOUR]
    assert [silence.ends_at - NOW for silence in silences.running(database, NOW)] == ends
    assert [row.silence.ends_at - NOW for row in silences.listing(database)] == ends


def test_ended_silence_is_over_at_once_and_cannot_end_twice(database: Database) -> None:
    silence = add(database)
    silences.end(database, silence.id, NOW + HOUR)
    assert silences.running(database, NOW + HOUR) == []
    assert silences.listing(database)[0].silence.ends_at == NOW + HOUR
    with pytest.raises(NotFoundError, match="silence list"):
        silences.end(database, silence.id, NOW + HOUR)
    with pytest.raises(NotFoundError):
        silences.end(database, 99, NOW)


def test_closed_silence_stays_over_though_the_clock_goes_back(database: Database) -> None:
    silence = add(database)
    silences.close(database, silence.id, NOW + 3 * HOUR)
    assert silences.running(database, NOW + HOUR) == []
    assert silences.over(database, NOW + 3 * HOUR) == []
    assert silences.clamp(database, NOW - HOUR) == 0
    with pytest.raises(NotFoundError):
        silences.end(database, silence.id, NOW + HOUR)


def test_silence_asked_for_by_a_clock_that_ran_ahead_holds_now_and_for_its_length(database: Database) -> None:
    add(database, start=0, end=2)
    assert silences.clamp(database, NOW - 24 * HOUR) == 1
    found = silences.running(database, NOW - 24 * HOUR)
    assert [(silence.starts_at, silence.ends_at) for silence in found] == [(NOW - 24 * HOUR, NOW - 22 * HOUR)]


def test_silence_that_makes_no_sense_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="ends before"):
        add(database, start=2, end=2)
    for author, reason in (("", "exercice"), ("Awa", " ")):
        with pytest.raises(ValueError, match="author and a reason"):
            silences.add(database, watch_id=None, author=author, reason=reason, starts_at=NOW, ends_at=NOW + HOUR)
    with pytest.raises(NotFoundError, match="story 7"):
        silences.add(database, watch_id=None, author="A", reason="r", starts_at=NOW, ends_at=NOW + HOUR, story_id=7)
    assert silences.listing(database) == []


def test_what_a_silence_hid_is_known_alert_by_alert(database: Database) -> None:
    silence = add(database)
    for name in ("alr_1", "alr_2"):
        for delivery_id in add_alert(database, name, ("mail", "hook")):
            deliveries.hold_back(database, delivery_id, silence_id=silence.id, because="watch w")
    assert [row.hid for row in silences.listing(database)] == [2]
    found = silences.hidden(database, silence.id)
    assert [(one.alert.id, one.channel_id) for one in found] == [
        ("alr_1", "mail"), ("alr_1", "hook"), ("alr_2", "mail"), ("alr_2", "hook"),
    ]  # fmt: skip
    held = deliveries.listing(database)[0]
    assert (held.state, held.silence_id, held.held_because) == (DeliveryState.SUPPRESSED, silence.id, "watch w")


def test_what_was_sent_by_hand_is_hidden_no_more_and_never_again(database: Database) -> None:
    silence = add(database)
    (delivery_id,) = add_alert(database)
    assert len(silences.matters(database, delivery_id)) == 1
    deliveries.hold_back(database, delivery_id, silence_id=silence.id, because="watch w")
    deliveries.replay(database, delivery_id, NOW)
    assert silences.hidden(database, silence.id) == []
    assert silences.matters(database, delivery_id) == []
