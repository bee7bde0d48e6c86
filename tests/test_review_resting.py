"""The ladder beside an empty reading pane: drawn once, and anew as soon as anything changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.forms import Forms
from review.health import Readiness
from review.moments import Moments
from review.readers import Readers
from review.rendering import environment
from review.resting import MOST_KEPT, RestingLadders
from review.room import Room
from review.settings import ReviewSettings
from scheduler import ladder
from storage.database import open_writer, transaction
from storage.types import Watch
from tests.outbox_fill import NOW
from tests.test_review_app import ORTM, Told, store

PAIR = ("FRA", "MLI")


@dataclass
class Clock:
    """A clock that can be set."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_writer(tmp_path / "data")
    yield database
    database.conn.close()


@pytest.fixture
def ladders(tmp_path: Path, clock: Clock) -> RestingLadders:
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=tmp_path / "data", version="0",
        watches=(Watch(id="france-mali", name="France – Mali", pairs=(PAIR,)),),
    )  # fmt: skip
    return RestingLadders(
        Room(
            settings=settings, readers=Readers(settings.data_folder), readiness=ready, templates=environment(),
            now=clock, forms=Forms(hosts=settings.hosts(), secure=False),
        )
    )  # fmt: skip


async def ready() -> Readiness:
    return Readiness(fit=True, checks=())


def tell(database: Database, told: Told) -> int:
    _, story = store(database, told)
    with transaction(database):
        database.execute("INSERT INTO story_act_due (story_id) VALUES (?)", (story,))
        ladder.catch_up(database, NOW)
    return story


def test_the_ladder_is_drawn_once_for_all(database: Database, ladders: RestingLadders, clock: Clock) -> None:
    tell(database, Told(when=NOW))
    first = ladders.figure(database, None, "en")
    assert first is not None
    clock.at += timedelta(seconds=59)
    assert ladders.figure(database, None, "en") is first
    assert ladders.figure(database, ("MLI", "FRA"), "en") is first


def test_it_is_drawn_anew_once_an_act_is_told(database: Database, ladders: RestingLadders) -> None:
    assert ladders.figure(database, None, "en") is None
    one = tell(database, Told(when=NOW))
    first = ladders.figure(database, None, "en")
    assert first is not None
    assert f"/stories/{one}" in first
    other = tell(
        database, Told(title="Le Mali rompt", type="sever_relations", source=ORTM, url="https://o.example/2", when=NOW)
    )
    again = ladders.figure(database, None, "en")
    assert again is not None
    assert f"/stories/{other}" in again


def test_it_is_drawn_anew_once_a_story_is_taken_back(database: Database, ladders: RestingLadders) -> None:
    story = tell(database, Told(when=NOW))
    assert ladders.figure(database, None, "en") is not None
    with transaction(database):
        database.execute("UPDATE story SET state = 'withdrawn' WHERE id = ?", (story,))
    assert ladders.figure(database, None, "en") is None


def test_it_is_drawn_anew_after_a_minute_and_when_the_clock_went_back(
    database: Database, ladders: RestingLadders, clock: Clock
) -> None:
    tell(database, Told(when=NOW))
    first = ladders.figure(database, None, "en")
    clock.at += timedelta(seconds=60)
    second = ladders.figure(database, None, "en")
    assert second is not first
    clock.at -= timedelta(seconds=1)
    assert ladders.figure(database, None, "en") is not second


def test_each_language_has_its_own(database: Database, ladders: RestingLadders) -> None:
    tell(database, Told(when=NOW))
    french, english = (ladders.figure(database, None, language) for language in ("fr", "en"))
    assert french is not None
    assert english is not None
    assert "Échelle" in french
    assert "Échelle" not in english


def test_no_more_are_kept_than_a_page_may_ask_for(database: Database, ladders: RestingLadders) -> None:
    tell(database, Told(when=NOW))
    first = ladders.figure(database, None, "en")
    for number in range(MOST_KEPT):
        ladders.figure(database, ("FRA", f"X{number}"), "en")
    assert ladders.figure(database, None, "en") is not first


def test_the_moments_of_a_ladder_are_dates_only() -> None:
    # What is kept for a minute must not say how long ago anything was.
    text = (Path(__file__).parent.parent / "review" / "templates" / "charts_parts.html").read_text("utf-8")
    asked = {part.split("(")[0] for part in text.split("moments.")[1:]}
    assert asked
    assert asked.isdisjoint({"relative", "span", "fresh"})
    assert {"relative", "span", "fresh"} <= set(dir(Moments))
