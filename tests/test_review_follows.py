"""Following on the page: buttons, marks, the filter, the count above the list, undo, and the JSON interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from storage import audit, follows
from storage.database import open_writer, transaction
from storage.triage_history import of_story
from storage.types import Person, Role
from tests.somebody import ANALYST, READER
from tests.test_review_triage import add
from tests.test_storage_triage import add_sources, story_of
from tests.visitor import Page, Visitor, application


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        add_sources(opened)
        for name in ("Un", "Deux", "Trois"):
            story_of(opened, name)
    yield opened
    opened.conn.close()


@pytest.fixture
def visit(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0"
    )
    return Visitor(application(database, settings), person=READER)


def another(visit: Visitor, person: Person | None) -> Visitor:
    return Visitor(visit.app, person=person)


def follow(visit: Visitor, story: int, do: str = "follow", **fields: str) -> Page:
    visit.get("/?show=all")
    return visit.post(f"/stories/{story}/follow", {"do": do, **fields})


def row(page: Page, story: int) -> str:
    found = re.search(rf'<li class="row[^"]*" id="row-{story}".*?</li>', page.body, re.DOTALL)
    assert found, story
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def line(page: Page) -> str:
    found = re.search(r'<p class="followed" id="followed">(.*?)</p>', page.body, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_a_reader_follows_finds_what_is_new_and_lets_go(visit: Visitor, database: Database) -> None:
    assert line(visit.get("/?show=all")) == ""
    answer = follow(visit, 1, back="/?show=all")
    assert (answer.status, answer.headers["location"]) == (303, "/?show=all")
    assert follow(visit, 2).headers["location"] == "/stories/2"
    page = visit.get("/?show=all")
    assert line(page) == "⚑ You follow 2 events nothing new"
    assert "⚑ Followed" in row(page, 1)
    assert "⚑ Followed" not in row(page, 3)
    add(database, "Un bis", 1)
    page = visit.get("/?show=all")
    assert line(page) == "⚑ You follow 2 events 1 has something new"
    assert "1 new article" in row(page, 1)
    french = visit.get("/?show=all&lang=fr")
    assert line(french) == "⚑ Vous suivez 2 événements 1 a du nouveau"
    assert "1 nouvel article" in row(french, 1)
    visit.get("/?show=all&lang=en")
    for address in re.findall(r'href="(/\?following=[^"]+)"', page.body)[:2]:
        found = visit.get(address.replace("&amp;", "&"))
        assert ('id="row-1"' in found.body, 'id="row-3"' in found.body) == (True, False)
        assert ('id="row-2"' in found.body) == ("following=yes" in address)
    visit.get("/stories/1")
    assert line(visit.get("/?show=all")) == "⚑ You follow 2 events nothing new"
    assert follow(visit, 1, "unfollow").status == 303
    assert line(visit.get("/?show=all")) == "⚑ You follow 1 event nothing new"
    assert [one.change for one in audit.lines(database)] == ["follow"] * 3


def test_nobody_else_sees_it_and_the_machine_follows_for_itself(visit: Visitor, database: Database) -> None:
    follow(visit, 1)
    for person in (ANALYST, None):
        other = another(visit, person)
        page = other.get("/?show=all")
        assert (line(page), "Followed" in row(page, 1)) == ("", False)
        assert "followed" not in other.get("/stories/1/triage").text.replace("no longer followed", "")
        assert follow(other, 2).status == 303
        assert line(other.get("/?show=all")).startswith("⚑ You follow 1 event ")
    assert follows.followers(database, 2) == [0, ANALYST.id]


def test_it_is_in_ones_history_and_taken_back_by_a_reader_too(visit: Visitor, database: Database) -> None:
    follow(visit, 1)
    page = visit.get("/?show=all")
    assert "Your last change: followed on Un" in page.text
    assert "Karim followed" in visit.get("/stories/1").text
    (event,) = re.findall(r'class="undobar".*?name="event" value="(\d+)"', page.body, re.DOTALL)
    assert another(visit, ANALYST).post("/triage/undo", {"event": event}).status == 403
    other = another(visit, ANALYST)
    other.get("/?show=all")
    assert other.post("/triage/undo", {"event": event}).status == 409
    assert visit.post("/triage/undo", {"event": event}).status == 303
    assert follows.followers(database, 1) == []
    assert "taken back: no longer followed" in visit.get("/stories/1").text


def test_a_reader_takes_back_nothing_that_everybody_shares(visit: Visitor, database: Database) -> None:
    analyst = another(visit, Person(id=READER.id, name=READER.name, role=Role.ANALYST))
    analyst.get("/?show=all")
    assert analyst.post("/stories/1/triage", {"do": "important", "version": "0"}).status == 303
    (event,) = of_story(database, 1, READER.id)
    visit.get("/?show=all")
    refused = visit.post("/triage/undo", {"event": str(event.id)})
    assert (refused.status, "changed by analysts" in refused.text) == (409, True)
    assert f'name="event" value="{event.id}"' not in visit.get("/stories/1").body


@pytest.mark.parametrize("do", ["", "seen", "important", "FOLLOW"])
def test_what_is_no_choice_is_refused(visit: Visitor, do: str, database: Database) -> None:
    assert follow(visit, 1, do).status == 422
    assert follow(visit, 99, "follow").status == 409
    assert visit.post("/stories/1/seen", {"do": "follow"}).status == 422
    assert visit.post("/stories/1/follow", {"do": "follow", "token": "x"}).status == 403
    assert follows.followers(database, 1) == []


def test_many_are_followed_and_taken_back_as_one(visit: Visitor, database: Database) -> None:
    follow(visit, 1)
    page = visit.get("/triage/bulk?show=all&all=1&do=follow")
    assert "Follow 2 events change. 1 stands so already and stays as it is." in page.text
    boxes = [("story", value) for value in re.findall(r'name="story" value="(\d+\.\d+)"', page.body)]
    assert 'action="/triage/bulk-seen"' in page.body
    assert visit.post("/triage/bulk-seen", [("do", "follow"), *boxes]).status == 303
    page = visit.get("/?show=all")
    assert line(page).startswith("⚑ You follow 3 events")
    assert "Your last change: 2 events: followed" in page.text
    (event,) = re.findall(r'class="undobar".*?name="event" value="(\d+)"', page.body, re.DOTALL)
    assert visit.post("/triage/undo", {"event": event}).status == 303
    assert line(visit.get("/?show=all")).startswith("⚑ You follow 1 event")
    assert visit.post("/triage/bulk-seen", [("do", "relevant"), *boxes]).status == 422


def test_one_follows_so_many_and_no_more(visit: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows, "MOST_FOLLOWED", 2)
    assert [follow(visit, story).status for story in (1, 2, 2, 3)] == [303, 303, 303, 409]
    assert [follow(visit, 1, "unfollow").status, follow(visit, 3).status] == [303, 303]
    assert follows.number_of(database, READER.id) == 2


def test_a_view_of_what_one_follows_is_ones_own(visit: Visitor) -> None:
    follow(visit, 2)
    address = "/feeds/here.json?following=yes&show=all"
    assert [item["title"] for item in visit.get(address).json()["items"]] == ["Deux"]
    assert another(visit, ANALYST).get(address).json()["items"] == []
    assert "last-modified" in visit.get(address).headers
    # What they look at is noted nowhere that would say when it changed.
    assert "last-modified" not in visit.get(address.replace("yes", "new")).headers
    chips = visit.get("/?following=new&show=all")
    assert "Followed by me with something new" in chips.text
    assert "following" not in visit.get("/?following=maybe").text.partition("Filter not understood")[0]
    assert "left out: Followed by me" in visit.get("/?following=maybe").text
