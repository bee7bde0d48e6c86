"""Forms: who may send them, where they lead, and that no route takes one without asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from review.forms import Fields, safe_path
from review.settings import ReviewSettings
from scheduler import changes
from storage import audit
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from tests.outbox_fill import NOW, add_alert
from tests.somebody import ANALYST, HERE, READER
from tests.visitor import Visitor, application, routes


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


@pytest.fixture
def ack(database: Database) -> str:
    """The address of an alert's form."""
    return f"/alerts/{add_alert(database, 'one').id}/ack"


@pytest.fixture
def visitor(database: Database, tmp_path: Path, ack: str) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0"
    )
    found = Visitor(application(database, settings))
    found.get(ack)
    assert len(found.token) == 64
    return found


def form_paths(app: FastAPI, alert_id: str) -> list[str]:
    """Return the addresses of all forms, their places filled in."""
    return [
        re.sub(r"\{(\w+)[^}]*\}", lambda place: alert_id if place[1] == "alert_id" else "1", path)
        for method, path in routes(app)
        if method == "POST" and not path.startswith("/api/")
    ]


def test_every_route_that_takes_a_form_refuses_what_no_page_of_ours_sent(
    visitor: Visitor, database: Database, ack: str
) -> None:
    assert isinstance(visitor.app, FastAPI)
    paths = form_paths(visitor.app, ack.split("/")[2])
    assert len(paths) >= 3
    for path in paths:
        assert visitor.post(path, {"token": "0" * 64, "author": "Awa"}).status in {403, 404}, path
        assert visitor.post(path, {"author": "Awa"}, {"Origin": "https://evil.example"}).status in {403, 404}, path
        assert visitor.post(path, {"author": "Awa"}, {"Origin": "null"}).status in {403, 404}, path
        assert visitor.post(path, {"author": "Awa"}, {"Sec-Fetch-Site": "cross-site"}).status in {403, 404}, path
        assert visitor.post(path, {"author": "Awa"}, {"Content-Type": "text/plain"}).status in {403, 404}, path
    assert audit.lines(database) == ()


def test_a_token_belongs_to_its_browser(visitor: Visitor, ack: str) -> None:
    other = Visitor(visitor.app)
    other.get(ack)
    assert other.token != visitor.token
    assert other.post(ack, {"author": "Awa", "token": visitor.token}).status == 403


def test_a_change_leaves_a_line_that_tells_no_content(visitor: Visitor, database: Database, ack: str) -> None:
    answer = visitor.post(ack, {"author": "Awa"})
    assert (answer.status, answer.headers["location"]) == (303, ack)
    (line,) = audit.lines(database)
    assert (line.person_id, line.change, line.about) == (None, "acknowledge", f'{{"alert": "{ack.split("/")[2]}"}}')


def test_a_form_leads_back_to_where_it_was_shown(visitor: Visitor, ack: str) -> None:
    assert visitor.post(ack, {"author": "Awa", "back": "/?q=Mali"}).headers["location"] == "/?q=Mali"
    assert visitor.post(ack, {"author": "Awa", "back": "//evil.example"}).headers["location"] == ack


def test_an_account_signs_with_its_own_name(visitor: Visitor, database: Database, ack: str) -> None:
    visitor.person = ANALYST
    assert visitor.post(ack, {"author": "Somebody else"}).status == 303
    (line,) = audit.lines(database)
    assert (line.person_id, line.name) == (7, "Ines")
    (row,) = database.query("SELECT acknowledged_by FROM alert")
    assert row["acknowledged_by"] == "Ines"


def test_a_reader_changes_nothing(visitor: Visitor, database: Database, ack: str) -> None:
    visitor.person = READER
    answer = visitor.post(ack)
    assert answer.status == 403
    assert "Your role does not allow this" in answer.text
    assert audit.lines(database) == ()


def test_a_change_that_was_refused_leaves_no_line(database: Database) -> None:
    with pytest.raises(NotFoundError), transaction(database):
        changes.apply(database, "acknowledge", {"alert": "nowhere", "author": "Awa"}, NOW, by=HERE)
    assert audit.lines(database) == ()


@pytest.mark.parametrize(
    "path", ["/", "/stories/7", "/?q=Mali&period=7d", "/stories/7#notes", "/alerts/a_1/ack", "/?q=%22two+words%22"]
)
def test_forms_lead_back_to_pages_of_ours(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "https:evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "evil.example", "./x",
        "../x", "?q=x", "#x", " /x", "/x\n//evil.example", "/\t/evil.example", "\t//evil.example", "/\r/evil.example",
        "/\x00/evil.example", "\x01//evil.example", "/x y", "/\u2028/x", "/\u00a0x", "//127.0.0.1@evil.example",
        "/\u202e", "/x\\..\\..\\evil.example", "http://127.0.0.1", "/" + "x" * 20_000,
    ],
)  # fmt: skip
def test_forms_lead_nowhere_else(path: str) -> None:
    assert safe_path(path) is None


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=8))
def test_fields_keep_all_values_and_give_the_last(pairs: list[tuple[str, str]]) -> None:
    fields = Fields(pairs)
    for name, _ in pairs:
        assert fields.all(name) == tuple(value for key, value in pairs if key == name)
        assert fields[name] == fields.all(name)[-1]
    assert len(fields) == len({name for name, _ in pairs})
