"""France and Mali, 2021–2025, read article by article: the right rung on the right day, one change an act."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from alerts.ladder import Ladder
from review.ladder import read_ladder
from scheduler import ladder as keeper
from storage import ladder as stored
from storage import sources
from storage.database import open_writer, transaction
from storage.types import Article
from tests.test_scheduler_pipeline import OUTLETS, SOURCES, build

CHRONOLOGY = Path(__file__).parent / "data" / "chronology.toml"
BEGIN, END = datetime(2021, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC)
PRINTED = timedelta(minutes=17)


def articles() -> list[Article]:
    """Return every article and every copy of it, in the order of the days."""
    found = []
    for entry in tomllib.loads(CHRONOLOGY.read_text("utf-8"))["article"]:
        at, first = datetime.fromisoformat(entry["at"]).astimezone(UTC), OUTLETS.index(entry["outlet"])
        for number in range(entry.get("copies", 0) + 1):
            outlet, moment = OUTLETS[(first + number) % len(OUTLETS)], at + number * PRINTED
            found.append(
                Article(
                    source_id=outlet, url=f"https://{outlet}.example/{at:%Y%m%d%H}-{number}", title=entry["title"],
                    paragraphs=tuple(entry["paragraphs"]), language="fr", published_at=moment, fetched_at=moment,
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (one.fetched_at, one.url))


def read_all(folder: Path, given: list[Article], now: datetime | None = None) -> Database:
    """Read articles as they came out, or all of them later."""
    database = open_writer(folder)
    with transaction(database):
        sources.sync(database, SOURCES, BEGIN)
        line = build(database)
        for one in given:
            moment = now or one.fetched_at
            keeper.keep(database, moment)
            line.process(database, one, key=one.url, now=moment)
        keeper.keep(database, END)
        while keeper.is_behind(database):
            keeper.keep(database, END)
    return database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = read_all(tmp_path_factory.mktemp("archive"), articles())
    yield opened
    opened.conn.close()


@pytest.fixture(scope="module")
def found(database: Database) -> Ladder:
    return whole(database)


def whole(database: Database) -> Ladder:
    return read_ladder(database, ("FRA", "MLI"), since=BEGIN, until=END)


def test_the_right_rung_stands_on_the_right_day(found: Ladder) -> None:
    forth, back = ({point.day: point.rung for point in side.points} for side in found.sides)
    expected = {
        "2021-06-02": (0, 0), "2021-06-03": (3, 0), "2021-07-02": (3, 0), "2021-07-03": (0, 0), "2021-10-05": (0, 2),
        "2022-01-30": (0, 0), "2022-01-31": (0, 4), "2022-02-17": (4, 4), "2022-03-03": (4, 0), "2022-03-17": (4, 2),
        "2022-05-01": (0, 0), "2022-05-02": (0, 4), "2022-08-15": (4, 0), "2022-08-17": (4, 2), "2022-11-17": (3, 0),
        "2022-11-21": (3, 3), "2023-01-01": (0, 0), "2023-08-07": (3, 0), "2023-08-09": (3, 3), "2025-08-13": (0, 0),
        "2025-08-14": (0, 4), "2025-09-18": (0, 0), "2025-09-19": (4, 5), "2025-10-20": (0, 0),
    }  # fmt: skip
    shown = {day: (forth[date.fromisoformat(day)], back[date.fromisoformat(day)]) for day in expected}
    assert shown == expected


def test_each_act_led_up_once_however_many_printed_it(found: Ladder) -> None:
    rises = Counter((one.actor, one.type, one.at.year) for one in found.changes if one.up)
    assert set(rises.values()) <= {1, 2}
    assert {kind for kind, count in rises.items() if count == 2} == {("FRA", "troop_withdrawal", 2022)}
    assert len(articles()) > 100
    assert len([one for one in found.acts if one.act.severity > 1]) == 16


def test_answers_and_their_reply_times_are_those_of_the_record(found: Ladder) -> None:
    assert [(one.reaction.type, one.action.type, one.after, one.reason, one.numbers) for one in found.replies] == [
        ("complaint_international", "troop_withdrawal", timedelta(days=2, hours=4, minutes=50), "same_affair", None),
        ("ngo_ban", "suspend_aid", timedelta(days=4, hours=11, minutes=25), "says_so", None),
        ("visa_restriction", "visa_restriction", timedelta(days=2, hours=5), "says_so", None),
        ("expel_diplomats", "detain_national", timedelta(days=35, hours=10, minutes=35), "says_so", None),
        ("suspend_cooperation", "detain_national", timedelta(days=35, hours=10, minutes=35), "says_so", None),
        ("expel_diplomats", "expel_diplomats", timedelta(hours=5, minutes=15), "says_so", (2, 5)),
    ]
    assert [one.reciprocal for one in found.replies] == [False, False, True, False, False, True]


def test_what_was_noted_day_by_day_is_what_the_whole_shows(database: Database, found: Ladder) -> None:
    both = [
        one for pair in (("FRA", "MLI"), ("MLI", "FRA")) for one in stored.changes(database, *pair, BEGIN, END)
    ]  # fmt: skip
    assert sorted(both, key=lambda one: (one.at, one.actor, one.target)) == list(found.changes)


def test_an_archive_imported_years_later_shows_the_same(tmp_path: Path, found: Ladder) -> None:
    database = read_all(tmp_path, articles()[::-1], now=END)
    try:
        late = whole(database)
    finally:
        database.conn.close()
    assert [side.points for side in late.sides] == [side.points for side in found.sides]
    assert [(one.at, one.before, one.after, one.reason) for one in late.changes] == [
        (one.at, one.before, one.after, one.reason) for one in found.changes
    ]
    assert [(one.reaction.kind, one.after) for one in late.replies if one.reason == "says_so"] == [
        (one.reaction.kind, one.after) for one in found.replies if one.reason == "says_so"
    ]
