"""Pausing a source on its page, and where the page, the interface and the figures tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from storage import audit, pauses, sources
from storage.database import open_writer, transaction
from storage.types import Source
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, EDITOR
from tests.visitor import Visitor, application

SOIR = Source(id="soir", name="Le Soir", url="https://soir.example/", feeds=("https://soir.example/rss.xml",))
MATIN = Source(id="matin", name="Le Matin", url="https://matin.example/", feeds=("https://matin.example/rss.xml",))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path)
    with transaction(found):
        sources.sync(found, [SOIR, MATIN], NOW - timedelta(days=1))
    yield found
    found.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1:8470", language="en", timezone="UTC", data_folder=tmp_path, version="1"
    )
    return Visitor(application(database, settings), person=EDITOR)


def pause(database: Database, days_ago: int) -> None:
    with transaction(database):
        pauses.pause(
            database, "soir", NOW - timedelta(days=days_ago), ends_at=None, author="Awa", reason="<b>travaux</b>"
        )  # fmt: skip


def test_an_editor_pauses_and_resumes_a_source(visitor: Visitor, database: Database) -> None:
    visitor.get("/sources/soir")
    done = visitor.post("/sources/soir/pause", {"reason": "the outlet moves", "for": "1d"})
    assert (done.status, done.headers["location"]) == (303, "/sources/soir")
    assert sources.due(database, NOW) == ["matin"]
    page = visitor.get("/sources/soir")
    told = f"paused by {EDITOR.name} until {NOW + timedelta(days=1):%-d %b %Y, %H:%M}: the outlet moves"
    assert told in page.text
    assert "Try now" not in page.text
    refused = visitor.post("/sources/soir/poll")
    assert refused.status == 409
    assert "resume it first" in refused.text
    assert visitor.post("/sources/soir/resume").status == 303
    assert sources.due(database, NOW) == ["soir", "matin"]
    assert [line.change for line in audit.lines(database)] == ["resume_source", "pause_source"]
    assert "moves" not in audit.lines(database)[1].about, "a reason is content"


def test_a_form_that_lacks_something_is_shown_again(visitor: Visitor, database: Database) -> None:
    visitor.get("/sources/soir")
    bare = visitor.post("/sources/soir/pause", {"for": "1d"})
    assert bare.status == 422
    assert 'aria-invalid="true"' in bare.body
    assert '<details class="pausing" open>' in bare.body
    assert visitor.post("/sources/soir/pause", {"for": "2y", "reason": "x"}).status == 422
    assert visitor.post("/sources/soir/resume").status == 409, "nothing to resume"
    assert visitor.post("/sources/nowhere/pause", {"for": "1d", "reason": "x"}).status == 404
    assert pauses.active(database, NOW) == {}


def test_only_editors_pause(visitor: Visitor, database: Database) -> None:
    pause(database, 1)
    visitor.person = ANALYST
    page = visitor.get("/sources/soir")
    assert "/pause" not in page.body
    assert "/resume" not in page.body
    for path in ("/sources/soir/resume", "/sources/matin/pause"):
        assert visitor.post(path, {"for": "1d", "reason": "x"}).status == 403
    assert list(pauses.active(database, NOW)) == ["soir"]


def test_lists_and_strip_tell_paused_from_off(visitor: Visitor, database: Database) -> None:
    pause(database, 2)
    page = visitor.get("/sources")
    told = "paused by Awa until somebody resumes it: <b>travaux</b>"
    assert page.text.count(told) == 2, "in the strip and in the list"
    assert "<b>travaux" not in page.body
    assert "Le Soir: paused by" in page.text
    only = visitor.get("/sources?state=paused")
    assert "Le Soir" in only.text
    assert "Le Matin" not in only.text
    assert "Is that still meant?" not in page.text
    french = visitor.get("/sources?lang=fr")
    assert "en pause jusqu’à ce qu’on la reprenne, par Awa : <b>travaux</b>" in french.text


def test_a_pause_that_may_be_forgotten_is_a_notice_on_every_page(visitor: Visitor, database: Database) -> None:
    pause(database, 9)
    page = visitor.get("/")
    assert "A source has been paused for 9" in page.text
    assert 'href="/sources/soir"' in page.body


def test_a_watch_with_all_sources_paused_is_blind(visitor: Visitor, database: Database) -> None:
    pause(database, 1)
    with transaction(database):
        sources.sync(database, [SOIR], NOW)
    page = visitor.get("/sources")
    assert 'class="strip blind"' in page.body
    assert "no active source" not in page.text


def test_the_interface_and_the_figures_tell_it_too(visitor: Visitor, database: Database) -> None:
    pause(database, 1)
    listed = {one["id"]: one for one in visitor.get("/api/v1/sources").json()["sources"]}
    assert listed["soir"]["standing"] == "paused"
    assert listed["soir"]["pause"]["author"] == "Awa"
    assert listed["soir"]["pause"]["ends_at"] is None
    assert listed["matin"]["pause"] is None
    figures = visitor.get("/metrics").body
    assert 'vigie_sources{state="paused"} 1' in figures
    assert 'vigie_sources{state="unchecked"} 1' in figures
