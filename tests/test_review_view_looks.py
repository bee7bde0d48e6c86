"""What is new in a view since somebody opened it, and the order in which views stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from review import view_lists
from review.filters import DeskFilter
from review.settings import ReviewSettings
from review.view_lists import View
from review.view_looks import is_news, shown_by
from storage import audit, view_looks, views
from storage.database import open_writer, transaction
from storage.types import Person
from tests.outbox_fill import NOW, add_article, add_story
from tests.somebody import ANALYST, READER
from tests.visitor import Page, Visitor, application

AHEAD = {"sec-purpose": "prefetch"}
BY_SCRIPT = {"sec-fetch-dest": "empty"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="https://vigie.example/", allowed_hosts=("127.0.0.1",), language="en", timezone="UTC",
        data_folder=tmp_path, version="0.0",
    )  # fmt: skip
    return Visitor(application(database, settings))


def report(database: Database, story: int) -> None:
    """Let an article report on a story that is stored, or new."""
    with transaction(database):
        if database.execute("SELECT 1 FROM story WHERE id = ?", (story,)).fetchone() is None:
            add_story(database, story)
        number = database.execute("SELECT count(*) FROM article").fetchone()[0]
        article = add_article(database, f"outlet-{number}")
        database.execute("UPDATE article SET story_id = ? WHERE id = ?", (story, article))


def save(visitor: Visitor, name: str, query: str = "show=all", **more: str) -> None:
    visitor.get("/views?save=")
    assert visitor.post("/views", {"name": name, "query": query, "author": "Awa"} | more).status == 303


def card(page: Page, view: str) -> str:
    """What a card says, without its tags."""
    found = re.search(rf'<li class="view-card" id="{view}">(.*?)</header>(.*?)<ol', page.body, re.DOTALL)
    assert found, view
    return " ".join(re.sub(r"<[^>]+>", " ", found[2]).split())


def order(visitor: Visitor) -> list[str]:
    return re.findall(r'<li (?:class="view-card" )?id="([^"]+)">', visitor.get("/views").body)


def move(visitor: Visitor, view: str, do: str) -> int:
    return visitor.post(f"/views/{view}/move", {"do": do}).status


def test_a_card_counts_what_came_or_grew_since_its_list_was_opened(visitor: Visitor, database: Database) -> None:
    report(database, 1)
    save(visitor, "Everything")
    assert "You have not opened it yet" in card(visitor.get("/views"), "everything")
    assert visitor.get("/?show=all").status == 200
    assert "Nothing new since you looked" in card(visitor.get("/views"), "everything")
    report(database, 2)
    assert "1 new since you looked" in card(visitor.get("/views"), "everything")
    report(database, 1)
    report(database, 1)
    assert "2 new since you looked" in card(visitor.get("/views"), "everything")
    assert "2 nouveaux depuis votre passage" in card(visitor.get("/views?lang=fr"), "everything")
    visitor.get("/?show=all&story=1")
    assert "Rien de nouveau" in card(visitor.get("/views"), "everything")


def test_only_opening_its_own_list_counts(visitor: Visitor, database: Database) -> None:
    report(database, 1)
    save(visitor, "Everything")
    for path, headers in (
        ("/?show=all", AHEAD), ("/?show=all", BY_SCRIPT), ("/?show=all&story=1", {"hx-target": "pane"}),
        ("/?show=all&severity=4", {}), ("/?show=all&before=2026-03-10T09:00:00.000000Z~1", {}), ("/stories/1", {}),
        ("/?show=all&severity=x", {}), ("/views/everything.csv", {}), ("/feeds/everything.atom", {}),
    ):  # fmt: skip
        visitor.get(path, headers)
        assert "not opened it yet" in card(visitor.get("/views"), "everything"), path
    # A search that cannot be read shows no list.
    save(visitor, "Broken", "q=%28&show=all")
    assert visitor.get("/?q=%28&show=all").status == 400
    assert view_looks.of_person(database, None) == {}
    visitor.get("/?show=signals")
    assert set(view_looks.of_person(database, None)) == {"all"}


def test_everybody_looks_for_themselves(visitor: Visitor, database: Database) -> None:
    report(database, 1)
    save(visitor, "Everything", shared="on")
    visitor.get("/?show=all")
    visitor.person = READER
    assert "not opened it yet" in card(visitor.get("/views"), "everything")
    visitor.get("/?show=all")
    assert view_looks.of_person(database, READER.id) == view_looks.of_person(database, None) == {"everything": 1}
    assert [line.change for line in audit.lines(database)] == ["save_view"]


def test_the_count_stops(visitor: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    report(database, 1)
    save(visitor, "Everything")
    visitor.get("/?show=all")
    monkeypatch.setattr(view_lists, "MOST_NEW", 3)
    for story in range(2, 5):
        report(database, story)
    assert "3 new since you looked" in card(visitor.get("/views"), "everything")
    report(database, 5)
    assert "3+ new since you looked" in card(visitor.get("/views"), "everything")
    # Of a list that is not counted to its end, the next event may be new as well.
    monkeypatch.setattr(view_lists, "MOST_COUNTED", 2)
    assert "2+ new since you looked" in card(visitor.get("/views"), "everything")


def test_all_are_marked_up_to_what_the_page_knew(visitor: Visitor, database: Database) -> None:
    report(database, 1)
    save(visitor, "Everything")
    page = visitor.get("/views")
    (known,) = re.findall(r'name="up_to" value="(\d+)"', page.body)
    report(database, 2)
    assert visitor.post("/views/looked", {"up_to": known}).headers["location"] == "/views"
    assert "1 new since you looked" in card(visitor.get("/views"), "everything")
    assert visitor.post("/views/looked", {"up_to": "99"}).status == 303
    # No further than the archive reaches, and never back.
    assert view_looks.of_person(database, None) == {"all": 2, "everything": 2, "grave": 2}
    visitor.post("/views/looked", {"up_to": "x"})
    assert view_looks.of_person(database, None)["all"] == 2


def test_a_view_that_is_deleted_takes_its_looks_along(visitor: Visitor, database: Database) -> None:
    report(database, 1)
    save(visitor, "Everything")
    visitor.get("/?show=all")
    visitor.get("/views")
    assert visitor.post("/views/everything/change", {"do": "delete", "version": "1"}).status == 303
    assert view_looks.of_person(database, None) == {}


def test_a_list_is_every_view_of_its_conditions() -> None:
    some, same, other = (
        View(id=name, name=name, wanted=wanted)
        for name, wanted in (("a", DeskFilter(severity=4)), ("b", DeskFilter(severity=4)), ("c", DeskFilter()))
    )
    assert shown_by((some, same, other), DeskFilter(severity=4)) == ("a", "b")
    assert shown_by((some, same, other), DeskFilter(severity=4, before=(NOW, 1))) == ()
    assert [is_news({"a": 3}, "a", newest) for newest in (2, 3, 4)] == [False, False, True]
    assert is_news({}, "a", 0)


def test_views_are_moved_and_stay_where_they_were_put(visitor: Visitor, database: Database) -> None:
    for name in ("Zoulou", "Alpha", "Mike"):
        save(visitor, name, shared="on")
    assert order(visitor) == ["all", "grave", "zoulou", "alpha", "mike"]
    answer = visitor.post("/views/mike/move", {"do": "up"})
    assert (answer.status, answer.headers["location"]) == (303, "/views#mike")
    assert order(visitor)[2:] == ["zoulou", "mike", "alpha"]
    assert move(visitor, "zoulou", "down") == 303
    assert order(visitor)[2:] == ["mike", "zoulou", "alpha"]
    assert [view["id"] for view in visitor.get("/api/v1/views").json()["views"]][2:] == ["mike", "zoulou", "alpha"]
    page = visitor.get("/views")
    assert re.findall(r'<option value="(\w+)"', page.body) == ["grave", "mike", "zoulou", "alpha"]
    moves = [line for line in audit.lines(database) if line.change == "move_view"]
    assert [line.about for line in reversed(moves)] == ['{"view": "mike"}', '{"view": "zoulou"}']
    # Where there is no way, no button leads.
    assert '"Move mike up"' not in page.body.lower()
    assert 'title="Move Mike down"' in page.body
    assert 'title="Move Alpha down"' not in page.body
    assert move(visitor, "mike", "up") == 303
    assert order(visitor)[2:] == ["mike", "zoulou", "alpha"]
    assert move(visitor, "mike", "sideways") == 422
    assert move(visitor, "nowhere", "up") == 409


def test_a_move_passes_only_what_stands_in_the_same_list(visitor: Visitor, database: Database) -> None:
    for name in ("One", "Two", "Three"):
        save(visitor, name, shared="on")
    hidden = {"do": "change", "version": "1", "name": "Two"}
    assert visitor.post("/views/two/change", hidden).status == 303
    visitor.person = ANALYST
    save(visitor, "Mine")
    save(visitor, "Also mine")
    assert order(visitor)[2:] == ["one", "three", "mine", "also-mine", "two"]
    assert move(visitor, "three", "up") == 303
    assert order(visitor)[2:] == ["three", "one", "mine", "also-mine", "two"]
    assert move(visitor, "mine", "up") == 303
    assert move(visitor, "mine", "down") == 303
    assert order(visitor)[2:] == ["three", "one", "also-mine", "mine", "two"]
    visitor.person = READER
    assert order(visitor)[2:] == ["three", "one", "two"]
    assert move(visitor, "one", "up") == 409
    assert move(visitor, "mine", "up") == 409
    assert "/move" not in visitor.get("/views").body
    save(visitor, "A reader's")
    save(visitor, "Another one")
    assert move(visitor, "another-one", "up") == 303
    assert order(visitor)[2:] == ["three", "one", "another-one", "a-reader-s", "two"]


def test_views_saved_before_keep_the_order_of_their_names(database: Database) -> None:
    with transaction(database):
        for name, person in (("Bravo", None), ("alpha", None), ("Zoulou", 7), ("Charlie", 7)):
            views.add(
                database, view_id=name.lower(), name=name, query="", person_id=person, created_by="Awa",
                on_dashboard=True, now=NOW,
            )  # fmt: skip
        database.execute("ALTER TABLE saved_view DROP COLUMN place")
        views.create_places(database)
    assert [view.id for view in views.listing(database, 7)] == ["alpha", "bravo", "charlie", "zoulou"]
    assert [view.place for view in views.listing(database, 7)] == [1, 2, 1, 2]


def test_only_as_many_are_looked_for_as_are_wanted(database: Database) -> None:
    for story in range(1, 8):
        report(database, story)
    assert view_looks.newer(database, [1, 2, 3, 4, 5], 3, most=10) == {4, 5}
    assert len(view_looks.newer(database, range(1, 8), 0, most=3)) == 3
    assert view_looks.newer(database, [], 0, most=3) == set()
    with transaction(database):
        view_looks.look(database, ["a"], None, up_to=5, now=NOW)
        view_looks.look(database, ["a"], None, up_to=4, now=NOW)
        view_looks.look(database, ["a"], Person(id=3, name="Ben", role=READER.role).id, up_to=4, now=NOW)
    assert (view_looks.of_person(database, None), view_looks.of_person(database, 3)) == ({"a": 5}, {"a": 4})
