"""Saved views on the page: the dashboard, saving and changing, the desk's opening, feeds and files."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest
from sqlite_utils import Database

from review.cells import cell, csv_lines
from review.settings import ReviewSettings
from storage import audit, views
from storage.database import open_writer, transaction
from storage.types import Watch
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, READER
from tests.visitor import Visitor, application

FURTHER = (
    "side=MLI", "rule=fr.expel", "watch=france-mali", "since=2026-03-01", "until=2026-03-31", "state=new",
    "verdict=relevant", "tag=Kidal", "assignee=Awa", "seen=no", "important=yes", "noted=no", "period=shift",
    "country=FRA",
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        for number, headline in enumerate(("=cmd|'/C calc'!A1", "Le Mali expulse deux diplomates"), start=1):
            opened.execute(
                "INSERT INTO story (id, headline, first_seen_at, last_seen_at) VALUES (?, ?, ?, ?)",
                (number, headline, "2026-03-10T08:00:00.000000+00:00", f"2026-03-10T08:0{number}:00.000000+00:00"),
            )
    yield opened
    opened.conn.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="https://vigie.example/", allowed_hosts=("127.0.0.1",), language="en", timezone="Europe/Zurich",
        data_folder=tmp_path, version="0.0", watches=(Watch(id="france-mali", name="France – Mali"),),
    )  # fmt: skip
    return Visitor(application(database, settings))


def save(visitor: Visitor, name: str = "Kidal", query: str = "show=all&q=Kidal&severity=4", **more: str) -> str:
    visitor.get("/views?save=q%3DKidal")
    answer = visitor.post("/views", {"name": name, "query": query, "author": "Awa"} | more)
    assert answer.status == 303, answer.text
    return answer.headers["location"]


def test_the_dashboard_has_the_views_that_are_always_there(visitor: Visitor) -> None:
    page = visitor.get("/views")
    assert page.status == 200
    assert 'href="/feeds/watch-france-mali.atom"' in page.body
    assert 'href="/?watch=france-mali"' in page.body
    assert 'href="/?severity=4"' in page.body


def test_a_view_is_saved_shown_and_followed(visitor: Visitor, database: Database) -> None:
    assert save(visitor, shared="on") == "/views#kidal"
    (view,) = views.listing(database, None)
    assert (view.id, view.person_id, view.created_by) == ("kidal", None, "Awa")
    assert view.query == "q=Kidal&severity=4&show=all"
    page = visitor.get("/views")
    assert "/?q=Kidal&amp;severity=4&amp;show=all" in page.body
    assert visitor.get("/feeds/kidal.json").json()["title"] == "Kidal · Vigie"
    (line,) = audit.lines(database)
    assert line.change == "save_view"


def test_what_no_filter_knows_is_not_saved(visitor: Visitor, database: Database) -> None:
    save(visitor, query="severity=4&evil=%3Cscript%3E&before=1-1")
    assert [view.query for view in views.listing(database, None)] == ["severity=4"]


@pytest.mark.parametrize("name", ["", "  ", "all", "Grave", "!!!", "watch-france-mali"])
def test_a_name_that_cannot_be_had_is_refused_and_kept(visitor: Visitor, name: str, database: Database) -> None:
    visitor.get("/views?save=")
    answer = visitor.post("/views", {"name": name, "query": "", "author": "Awa"})
    assert answer.status in {409, 422}
    assert "Awa" in answer.body or not name.strip()
    assert views.listing(database, None) == ()


def test_a_name_is_taken_once(visitor: Visitor) -> None:
    save(visitor)
    assert visitor.post("/views", {"name": "KIDAL", "query": "", "author": "Awa"}).status == 409


def test_ones_own_views_are_nobody_elses(visitor: Visitor, database: Database) -> None:
    visitor.person = READER
    save(visitor, shared="on")
    assert [view.person_id for view in views.listing(database, READER.id)] == [READER.id]
    assert visitor.get("/feeds/kidal.atom").status == 200
    visitor.person = ANALYST
    assert visitor.get("/feeds/kidal.atom").status == 404
    assert "Kidal" not in visitor.get("/views").text
    assert visitor.post("/views/kidal/change", {"do": "delete", "version": "1"}).status == 409


def test_readers_change_no_view_of_everybodys(visitor: Visitor) -> None:
    save(visitor, shared="on")
    visitor.person = READER
    assert visitor.post("/views/kidal/change", {"do": "delete", "version": "1"}).status == 409


def test_a_change_over_somebody_elses_is_refused(visitor: Visitor, database: Database) -> None:
    save(visitor)
    changed = {"do": "change", "version": "1", "name": "Kidal et Ménaka"}
    assert visitor.post("/views/kidal/change", changed).status == 303
    assert visitor.post("/views/kidal/change", changed | {"name": "Other"}).status == 409
    assert visitor.post("/views/kidal/change", {"do": "delete", "version": "1"}).status == 409
    (view,) = views.listing(database, None)
    assert (view.name, view.version, view.on_dashboard) == ("Kidal et Ménaka", 2, False)
    assert visitor.post("/views/kidal/change", {"do": "delete", "version": "2"}).status == 303
    assert views.listing(database, None) == ()


def test_the_desk_opens_with_the_chosen_view(visitor: Visitor) -> None:
    save(visitor)
    assert visitor.get("/").status == 200
    assert visitor.post("/views/default", {"view": "kidal"}).status == 303
    answer = visitor.get("/")
    assert (answer.status, answer.headers["location"]) == (303, "/?q=Kidal&severity=4&show=all")
    assert visitor.get("/?show=signals").status == 200
    assert visitor.post("/views/default", {"view": "nowhere"}).status == 409
    assert visitor.post("/views/kidal/change", {"do": "delete", "version": "1"}).status == 303
    assert visitor.get("/").status == 200
    assert visitor.post("/views/default", {"view": "grave"}).status == 303
    assert visitor.get("/").headers["location"] == "/?severity=4"


def test_feeds_are_paged_and_asked_for_again_at_no_cost(visitor: Visitor, database: Database) -> None:
    with transaction(database):
        for number in range(3, 63):
            database.execute(
                "INSERT INTO story (id, headline, first_seen_at, last_seen_at) VALUES (?, 'Encore', ?, ?)",
                (number, "2026-03-10T07:00:00.000000+00:00", f"2026-03-10T07:{number - 3:02}:00.000000+00:00"),
            )
    save(visitor, name="Everything", query="show=all")
    first = visitor.get("/feeds/everything.atom")
    assert first.headers["content-type"] == "application/atom+xml; charset=utf-8"
    tag = first.headers["etag"]
    assert visitor.get("/feeds/everything.atom", {"If-None-Match": tag}).status == 304
    found = feedparser.parse(first.body)
    following = next(link.href for link in found.feed.links if link.rel == "next")
    second = feedparser.parse(visitor.get(following.removeprefix("https://vigie.example")).body)
    ids = [entry.id for entry in (*found.entries, *second.entries)]
    assert len(ids) == len(set(ids)) == 62
    assert not any(link.rel == "next" for link in second.feed.links)
    assert visitor.get("/feeds/everything.atom?before=x").status == 404


def test_files_hold_the_view_and_run_nothing(visitor: Visitor) -> None:
    table = visitor.get("/views/here.csv?show=all")
    assert table.headers["content-disposition"] == 'attachment; filename="vigie.csv"'
    assert table.body.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table.body.removeprefix("\ufeff"))))
    assert [row["headline"] for row in rows] == ["Le Mali expulse deux diplomates", "'=cmd|'/C calc'!A1"]
    lines = visitor.get("/views/here.jsonl?show=all").body.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [2, 1]
    assert visitor.get("/views/here.csv?q=(").status == 400
    assert visitor.get("/views/nowhere.csv").status == 404


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "x"]).startswith("'")


def test_numbers_and_gaps_stay_what_they_are() -> None:
    assert [cell(value) for value in (-3, 1.5, None, "", NOW)] == ["-3", "1.5", "", "", "2026-03-10T09:00:00+00:00"]
    assert list(csv_lines([{"a": 1, "b": 'say "x", y'}], ("a", "b"))) == ["a,b\r\n", '1,"say ""x"", y"\r\n']


def test_the_desk_leads_to_feeds_files_and_saving(visitor: Visitor) -> None:
    page = visitor.get("/?severity=4&show=all")
    assert 'type="application/atom+xml"' in page.body
    for query in FURTHER:
        answer = visitor.get(f"/?{query}")
        assert answer.status == 200, query
        assert query.partition("=")[0] in answer.body


def test_any_desk_address_is_a_feed(visitor: Visitor) -> None:
    page = visitor.get("/?q=Mali&show=all&before=1-2")
    address = html.unescape(re.findall(r'type="application/atom\+xml"[^>]*href="([^"]+)"', page.body)[0])
    assert address == "/feeds/here.atom?q=Mali&show=all"
    answer = visitor.get(f"{address}&x=secret")
    found = feedparser.parse(answer.body)
    assert not found.bozo
    assert [entry.title for entry in found.entries] == []
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == "https://vigie.example/feeds/here.atom?q=Mali&show=all"
    assert found.feed.id == "tag:vigie.example,2026:view/here?q=Mali&show=all"
    assert "secret" not in answer.body
    everything = feedparser.parse(visitor.get("/feeds/here.atom?show=all").body)
    assert [entry.id for entry in everything.entries] == [f"tag:vigie.example,2026:story/{number}" for number in (2, 1)]
    assert visitor.get("/feeds/here.json?q=%28").status == 400
    visitor.get("/views?save=q%3DKidal")
    assert visitor.post("/views", {"name": "Here", "query": "", "author": "Awa"}).status == 409
