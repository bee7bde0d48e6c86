"""Views over the JSON interface, and the filters that its lists share with the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from review import view_lists
from review.searching import count_stories, find_stories, read_search
from review.settings import ReviewSettings
from storage import sources
from storage.database import open_writer, transaction
from storage.reading import StoryFilter
from storage.types import Watch
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, READER
from tests.test_review_app import ORTM, Told, store
from tests.visitor import Visitor, application


def fill(folder: Path) -> Database:
    database = open_writer(folder)
    with transaction(database):
        sources.sync(database, [ORTM], NOW)
    for number in range(3):
        told = Told(
            title=f"Fait {number}", url=f"https://o.example/{number}", source=ORTM, severity=3 + number % 2,
            when=NOW - timedelta(days=number, minutes=number),
        )  # fmt: skip
        store(database, told)
    return database


def visit(database: Database, folder: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=folder, version="0",
        watches=(Watch(id="france-mali", name="France – Mali"),),
    )  # fmt: skip
    return Visitor(application(database, settings))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    database = fill(tmp_path)
    yield database
    database.conn.close()


@pytest.fixture
def visitor(archive: Database, tmp_path: Path) -> Visitor:
    return visit(archive, tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Database]:
    """An archive that is only read."""
    database = fill(folder)
    yield database
    database.conn.close()


@pytest.fixture(scope="module")
def reader(shared: Database, folder: Path) -> Visitor:
    return visit(shared, folder)


def add(database: Database, view_id: str, query: str, person_id: int | None = None) -> None:
    """Save a view."""
    with transaction(database):
        database.conn.execute(
            "INSERT INTO saved_view (id, name, query, person_id, created_by, created_at) VALUES (?, ?, ?, ?, 'Awa', ?)",
            (view_id, view_id.title(), query, person_id, "2026-03-01T00:00:00.000000+00:00"),
        )


def headlines(visitor: Visitor, path: str) -> list[str]:
    answer = visitor.get(path)
    assert answer.status == 200, answer.body
    return [row["story"]["headline"] for row in answer.json()["stories"]]


def test_views_lead_to_their_stories_page_by_page(visitor: Visitor, archive: Database) -> None:
    add(archive, "lately", "period=24h&show=all")
    add(archive, "mine", "severity=5", person_id=ANALYST.id)
    visitor.person = ANALYST
    found = {view["id"]: view for view in visitor.get("/api/v1/views").json()["views"]}
    assert list(found) == ["all", "grave", "watch-france-mali", "lately", "mine"]
    assert (found["grave"]["built_in"], found["grave"]["conditions"]) == (True, {"severity": "4"})
    assert (found["mine"]["shared"], found["mine"]["created_by"]) == (False, "Awa")
    assert visitor.get("/api/v1/views/lately").json() == found["lately"]
    for form in ("page", "atom", "json_feed", "csv", "jsonl"):
        assert visitor.get(found["lately"][form]).status == 200
    assert headlines(visitor, "/api/v1/views/lately/stories") == ["Fait 0"]
    first = visitor.get("/api/v1/views/all/stories?limit=2").json()
    assert [row["story"]["headline"] for row in first["stories"]] == ["Fait 0", "Fait 1"]
    assert headlines(visitor, f"/api/v1/views/all/stories?limit=2&before={first['next']}") == ["Fait 2"]


def test_a_view_that_searches_shows_what_it_found(visitor: Visitor, archive: Database) -> None:
    add(archive, "second", "q=%22fait+1%22&show=all")
    (row,) = visitor.get("/api/v1/views/second/stories").json()["stories"]
    assert row["match"]["sentence"] == "Fait 1"
    assert all(row["match"] is None for row in visitor.get("/api/v1/views/all/stories").json()["stories"])


def test_nobody_sees_what_somebody_keeps_to_themselves(visitor: Visitor, archive: Database) -> None:
    add(archive, "mine", "severity=5", person_id=ANALYST.id)
    visitor.person = READER
    assert "mine" not in [view["id"] for view in visitor.get("/api/v1/views").json()["views"]]
    for path in ("/api/v1/views/mine", "/api/v1/views/mine/stories", "/feeds/mine.atom", "/views/mine.csv"):
        assert visitor.get(path).status == 404


def test_a_view_whose_search_cannot_be_read_says_so(visitor: Visitor, archive: Database) -> None:
    add(archive, "broken", "q=%28")
    assert visitor.get("/api/v1/views/broken/stories").status == 400


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("country=MLI", [0, 1, 2]),
        ("country=FRA", []),
        ("until=2026-03-09T12:00:00Z", [1, 2]),
        ("side=MLI", [0, 1, 2]),
        ("side=NER", []),
        ("rule=no.such.rule", []),
        ("watch=france-mali", []),
        ("seen=false&noted=false", [0, 1, 2]),
        ("seen=true", []),
        ("verdict=relevant", []),
        ("q=fait+since:2026-03-09+-2", [0, 1]),
    ],
)
def test_stories_are_narrowed_as_on_the_desk(reader: Visitor, query: str, numbers: list[int]) -> None:
    assert headlines(reader, f"/api/v1/stories?{query}") == [f"Fait {number}" for number in numbers]


@pytest.mark.parametrize("query", [None, "fait", "fait -2", "since:2026-03-09", "country:MLI fait", "fait /[01]/"])
def test_counting_finds_the_same_stories(shared: Database, query: str | None) -> None:
    search = None if query is None else read_search(query)
    for wanted in (StoryFilter(), StoryFilter(min_severity=4), StoryFilter(country="MLI", limit=2)):
        page = find_stories(shared, wanted, search)
        counted = count_stories(shared, wanted, search, shown=1)
        assert list(counted.moments) == [row.story.last_seen_at for row in page.rows]
        assert counted.more == (page.next is not None)
        assert counted.newest == page.rows[:1]


def test_a_file_that_takes_too_long_breaks_off(reader: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(reader.get("/views/all.jsonl").body.splitlines()) == 3
    monkeypatch.setattr(view_lists, "_BATCH", 1)
    monkeypatch.setattr(view_lists, "MOST_SECONDS", 0.0)
    with pytest.raises(Exception, match="took longer"):
        reader.get("/views/all.jsonl")
