"""Silences judged when something is about to be sent, on a real archive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from alerts import silencing
from scheduler.archive import Archive
from scheduler.outbox import MOST_JUDGED, ArchiveOutbox, lease_unsilenced
from storage import deliveries, silences
from storage.database import open_writer
from storage.types import Alert, Delivery, DeliveryState, Silence
from tests.outbox_fill import EXPULSION, NOW, add_alert, add_article, signal

HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def silence(database: Database, **parts: object) -> Silence:
    return silences.add(
        database,
        author="Awa",
        reason="exercice",
        starts_at=NOW,
        ends_at=NOW + HOUR,
        **{"watch_id": None, **parts},  # type: ignore[arg-type]
    )


def lease(database: Database, now: object = None, limit: int = 10) -> list[str]:
    """Return the headlines of what would be sent now."""
    leased = lease_unsilenced(database, "hook", NOW if now is None else now, limit, LEASE)  # type: ignore[arg-type]
    return [alert.headline for _, alert in leased.taken]


def states(database: Database) -> list[DeliveryState]:
    return [row.state for row in reversed(deliveries.listing(database))]


def test_a_silence_begun_while_an_alert_waits_holds_it(database: Database) -> None:
    add_alert(database, "one")
    begun = silence(database, watch_id="france-mali")
    assert lease(database) == []
    (held,) = deliveries.listing(database)
    assert (held.state, held.silence_id) == (DeliveryState.SUPPRESSED, begun.id)
    assert held.held_because == "silence 1: watch france-mali"
    assert held.lease_until is None


def test_a_silence_that_is_over_holds_nothing(database: Database) -> None:
    add_alert(database, "one")
    silence(database)
    assert lease(database, NOW + HOUR) == ["Grave · one"]


def test_what_no_silence_matches_is_sent_beside_what_is_held(database: Database) -> None:
    for number, name in enumerate(("one", "two", "three", "four"), start=1):
        add_alert(database, name, story=number)
    silence(database, story_id=2)
    silence(database, story_id=4)
    assert lease(database) == ["Grave · one", "Grave · three"]
    assert states(database) == [
        DeliveryState.LEASED, DeliveryState.SUPPRESSED, DeliveryState.LEASED, DeliveryState.SUPPRESSED,
    ]  # fmt: skip


def test_the_limit_counts_what_is_sent_not_what_is_held(database: Database) -> None:
    for number in range(1, 8):
        add_alert(database, f"n{number}", story=number, watch="held" if number < 5 else "france-mali")
    silence(database, watch_id="held")
    assert lease(database, limit=2) == ["Grave · n5", "Grave · n6"]
    assert states(database).count(DeliveryState.SUPPRESSED) == 4


@pytest.mark.parametrize(
    ("parts", "held"),
    [
        ({"pair": ("FRA", "MLI")}, True),
        ({"pair": ("FRA", "MLI"), "one_way": True}, False),
        ({"types": ("expel_diplomats",)}, True),
        ({"types": ("recall_ambassador",)}, False),
        ({"max_severity": 3}, False),
        ({"max_severity": 4}, True),
        ({"source_id": "rfi"}, True),
        ({"source_id": "ortm"}, False),
        ({"story_id": 1}, True),
        ({"watch_id": "russia"}, False),
    ],
    ids=str,
)
def test_every_part_is_read_from_the_archive(database: Database, parts: dict[str, object], held: bool) -> None:
    add_alert(database, "one", article=add_article(database, "rfi"))
    add_alert(database, "other", story=2, watch="russia", signals=(signal(("coup", "NER", "NER")),))
    silence(database, **parts)
    assert ("Grave · one" not in lease(database)) is held


def test_a_new_act_beside_a_silenced_one_is_sent(database: Database) -> None:
    add_alert(database, "both", signals=(signal(), signal(("recall_ambassador", "FRA", "MLI"))))
    silence(database, types=("expel_diplomats",))
    assert lease(database) == ["Grave · both"]


def test_a_correction_of_what_was_heard_is_sent_and_of_what_was_not_is_held(database: Database) -> None:
    add_alert(database, "first", channels=(("hook", ""), ("mail", "a@x.example")))
    (delivery, _), *_ = lease_unsilenced(database, "hook", NOW, 1, LEASE).taken
    database.execute("UPDATE delivery SET state = 'sent', sent_at = next_attempt_at WHERE id = ?", (delivery.id,))
    silence(database)
    assert lease_unsilenced(database, "mail", NOW, 9, LEASE).taken == ()
    add_alert(
        database, "correction", kind="alert.correction", sequence=2, channels=(("hook", ""), ("mail", "a@x.example"))
    )
    assert lease(database) == ["Grave · correction"]
    assert lease_unsilenced(database, "mail", NOW, 9, LEASE).taken == ()


def test_what_is_not_taken_keeps_its_place(database: Database) -> None:
    for number in range(1, 6):
        add_alert(database, f"n{number}", story=number, now=NOW - timedelta(minutes=9 - number))
    silence(database, story_id=1)
    assert lease(database, limit=2) == ["Grave · n2", "Grave · n3"]
    assert lease(database, limit=9) == ["Grave · n4", "Grave · n5"]


def test_what_is_sent_by_hand_passes_every_silence(database: Database) -> None:
    add_alert(database, "one")
    silence(database)
    assert lease(database) == []
    deliveries.replay(database, deliveries.listing(database)[0].id, NOW)
    assert lease(database) == ["Grave · one"]


def test_when_matching_fails_the_alert_is_sent_and_the_fault_logged(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_alert(database, "one")
    silence(database)

    def broken(*_: object) -> None:
        raise RuntimeError("no verdict")

    monkeypatch.setattr(silencing, "judge", broken)
    with caplog.at_level(logging.ERROR):
        assert lease(database) == ["Grave · one"]
    assert "no verdict" in caplog.text
    assert "could not be held against the silences" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE silence SET pair = 'no JSON'",
        "UPDATE silence SET types = '3'",
        "UPDATE silence SET ends_at = 'tomorrow', starts_at = ''",
        "UPDATE alert SET acts = '[[1]]'",
    ],
)
def test_when_the_archive_holds_nonsense_the_alert_is_sent(
    database: Database, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    add_alert(database, "one")
    silence(database)
    database.execute(damage)
    assert lease(database) == ["Grave · one"]
    assert "Traceback" in caplog.text


async def test_a_silence_over_many_alerts_is_judged_in_steps_and_lets_the_rest_through(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    await archive.open()

    def fill(database: Database) -> None:
        for number in range(1, 2 * MOST_JUDGED + 20):
            add_alert(database, f"n{number}", story=number)
        add_alert(database, "last", story=9999, signals=(signal(EXPULSION, 5),))
        silence(database, max_severity=4)

    await archive.write(fill)
    outbox = ArchiveOutbox(archive)
    leased: list[tuple[Delivery, Alert]] = await outbox.lease("hook", NOW, 8, LEASE)
    assert [alert.headline for _, alert in leased] == ["Grave · last"]
    assert await asyncio.wait_for(outbox.lease("hook", NOW, 8, LEASE), 5) == []
    await archive.close()
